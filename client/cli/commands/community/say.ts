/** `cicada say`: writes to a room, or to a user. */
import * as talk from '../../../../tracker/protocol/api/talk-shapes.ts';
import { apiPath } from '../../../account/tracker-client.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { orUnknown } from '../../results/unknown-names.ts';
import { accountOptions, withAccount } from '../account/account-session.ts';
import { plain } from '../making/torrent-summary.ts';
import { noSuchPlace, placeOf, placeWords } from './talk-view.ts';

const placePositional = {
  type: 'string',
  demandOption: true,
  describe: 'Room, or @NAME for a direct message',
} as const;

export default defineCommand({
  usage: 'say <place> <text..>',
  describe: 'Write to a room, or to a user',
  positionals: {
    place: placePositional,
    text: { type: 'string', array: true, demandOption: true, describe: 'Text of the message' },
  },
  options: { ...accountOptions },
  examples: [
    ['say music "who has the live version?"', 'in the room called music'],
    ['say @ada thank you', 'to ada alone'],
  ],

  async run({ place: given, text, ...args }, output) {
    const place = placeOf(given);
    return await withAccount(args, async (account) => {
      const path =
        'person' in place
          ? apiPath`/direct/${place.person}/messages`
          : apiPath`/rooms/${place.room}/messages`;
      const body = { text: text.join(' ') };
      const said = account.call({ method: 'POST', path, body, answer: talk.message });
      const message = await orUnknown(said, noSuchPlace(place));
      output.document({ event: 'said', message });
      output.result(`Said to ${plain(placeWords(place))}`);
      return exitCode.done;
    });
  },
});
