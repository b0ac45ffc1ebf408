/** `cicada comment`: comments on a release. */
import * as talk from '../../../../tracker/protocol/api/talk-shapes.ts';
import { apiPath } from '../../../account/tracker-client.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { releaseIdOf, releasePositional } from '../../results/release-names.ts';
import { calledAs } from '../../screen/command-line.ts';
import { accountOptions, withAccount } from '../account/account-session.ts';

export default defineCommand({
  usage: 'comment <release> <text..>',
  describe: 'Comment on a release',
  positionals: {
    release: releasePositional,
    text: { type: 'string', array: true, demandOption: true, describe: 'Text of the message' },
  },
  options: { ...accountOptions },
  examples: [['comment 1 "the last song skips at 2:10"', 'about the first of the last list']],

  async run({ release, text, ...args }, output) {
    return await withAccount(args, async (account, { stateFolder }) => {
      const releaseId = await releaseIdOf(release, stateFolder);
      const path = apiPath`/releases/${releaseId}/comments`;
      const body = { text: text.join(' ') };
      const message = await account.call({ method: 'POST', path, body, answer: talk.message });
      output.document({ event: 'said', message });
      output.result(`Said; ${calledAs} read ${releaseId} shows what others say`);
      return exitCode.done;
    });
  },
});
