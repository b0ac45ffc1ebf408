/**
 * `cicada read`: prints the messages of a room, a conversation or a release; with --follow new ones as they
 * arrive.
 */
import * as talk from '../../../../tracker/protocol/api/talk-shapes.ts';
import { ownAccount, type TrackerAccount } from '../../../account/account.ts';
import { liveNews } from '../../../account/live-news.ts';
import { apiPath } from '../../../account/tracker-client.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { isNumber, isReleaseId, releaseIdOf } from '../../results/release-names.ts';
import { orUnknown } from '../../results/unknown-names.ts';
import { interruption } from '../../screen/interruption.ts';
import type { Output } from '../../screen/output.ts';
import { accountOptions, withTracker } from '../account/account-session.ts';
import { type Message, messageLines, noSuchPlace, type Place, placeOf } from './talk-view.ts';

const page = talk.talk(talk.message);
/** The number of messages in one response. */
const rowsMax = 50;

type Heard = Place | { readonly releaseId: string };

export default defineCommand({
  usage: 'read <place>',
  describe: 'Read a room, a conversation, or the comments on a release',
  positionals: {
    place: {
      type: 'string',
      demandOption: true,
      describe: 'A room, @NAME, the id of a release, or its number in the last list',
    },
  },
  options: {
    follow: { type: 'boolean', describe: 'Keep showing new messages until Ctrl-C' },
    ...accountOptions,
  },
  examples: [
    ['read music', 'the last of what was said there'],
    ['read 1', 'what is said about the first of the last list; a room of that name is #1'],
    ['read @ada --follow', 'your conversation with ada, as it goes on'],
  ],

  async run({ place: given, follow = false, ...args }, output) {
    const signal = interruption();
    return await withTracker(args, async (account, { stateFolder }) => {
      const isRelease = isReleaseId(given) || isNumber(given);
      const place: Heard = isRelease ? { releaseId: await releaseIdOf(given, stateFolder) } : placeOf(given);
      const withId = output.verbose || (await mayDelete(account));
      const seen = new Set<string>();
      const tell = (message: Message) => {
        if (seen.has(message.id)) return;
        seen.add(message.id);
        if (follow) output.document({ event: 'message', message });
        output.data(messageLines(message, { withId }));
      };
      const messages = await lastSaid(account, place);
      if (!follow) output.document({ messages });
      for (const message of messages) tell(message);
      if (messages.length === 0) output.remark('Nothing has been said there yet.');
      if (follow) await goOn(account, place, signal, tell, output);
      return exitCode.done;
    });
  },
});

async function mayDelete(account: TrackerAccount): Promise<boolean> {
  if (account.name === undefined) return false;
  const { role } = await ownAccount(account);
  return role === 'moderator' || role === 'owner';
}

/** Oldest first. */
async function lastSaid(account: TrackerAccount, place: Heard): Promise<Message[]> {
  const path =
    'releaseId' in place
      ? apiPath`/releases/${place.releaseId}/comments`
      : 'person' in place
        ? apiPath`/direct/${place.person}/messages`
        : apiPath`/rooms/${place.room}/messages`;
  const said = account.call({ path, query: { limit: rowsMax }, answer: page });
  const { rows } = 'releaseId' in place ? await said : await orUnknown(said, noSuchPlace(place));
  return rows.toReversed();
}

async function goOn(
  account: TrackerAccount,
  place: Heard,
  signal: AbortSignal,
  tell: (message: Message) => void,
  output: Output,
): Promise<void> {
  for await (const news of liveNews(account, { signal })) {
    if (news.type === 'message' && isThere(news.message, place, account.name)) tell(news.message);
    // Messages may arrive between the page and the stream, or while the stream is broken and has no event id
    // to resume from.
    if (news.type !== 'listening' && news.type !== 'reload') continue;
    for (const message of await lastSaid(account, place)) tell(message);
    if (news.type === 'listening') output.document({ event: 'listening' });
  }
}

function isThere(message: Message, place: Heard, self: string | undefined): boolean {
  if ('releaseId' in place) return message.releaseId === place.releaseId;
  if ('room' in place) return isSame(message.room, place.room);
  const { author, receiver } = message;
  if (receiver === undefined) return false;
  return isSame(isSame(author, self) ? receiver : author, place.person);
}

/** Compares names without case. The tracker folds more than case, but always sends a name in one spelling. */
function isSame(a: string | undefined, b: string | undefined): boolean {
  return (
    a !== undefined &&
    b !== undefined &&
    a.normalize('NFC').toLowerCase() === b.normalize('NFC').toLowerCase()
  );
}
