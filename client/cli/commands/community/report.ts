/** `cicada report`: reports a release, a message or a user to the moderators. */
import { newReport } from '../../../../tracker/protocol/api/moderation-shapes.ts';
import { badOption } from '../../cli-error.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { isNumber, isReleaseId, releaseIdOf } from '../../results/release-names.ts';
import { orUnknown } from '../../results/unknown-names.ts';
import { calledAs } from '../../screen/command-line.ts';
import { accountOptions, withAccount } from '../account/account-session.ts';

export default defineCommand({
  usage: 'report <what> <text..>',
  describe: 'Report a release, a message or a user to the moderators',
  positionals: {
    what: {
      type: 'string',
      demandOption: true,
      describe: 'The id of a release or its number in the last list, message:ID, or @NAME',
    },
    text: { type: 'string', array: true, demandOption: true, describe: 'What is wrong' },
  },
  options: { ...accountOptions },
  examples: [
    ['report 1 "this is my recording, and not theirs to share"', 'the first of the last list'],
    ['report message:23oglennjhgm2vlbonxrx2m6a4 "insults"', `the id stands in ${calledAs} read -v`],
    ['report @mallory "writes to me every day"', `and ${calledAs} block mallory keeps them away`],
  ],

  async run({ what, text, ...args }, output) {
    return await withAccount(args, async (account, { stateFolder }) => {
      const thing = await reported(what, stateFolder);
      const body = { ...thing, text: text.join(' ') };
      const made = account.call({ method: 'POST', path: '/reports', body, answer: newReport });
      const { id } = await orUnknown(made, `there is no ${what} here that you may see`);
      output.document({ event: 'reported', report: id });
      output.result('Reported. The moderators are told; your inbox says when it was dealt with');
      return exitCode.done;
    });
  },
});

async function reported(what: string, stateFolder: string) {
  const [, name] = /^@(.+)$/s.exec(what) ?? [];
  if (name !== undefined) return { account: name };
  const [, message] = /^message:#?([a-z2-7]{26})$/.exec(what) ?? [];
  if (message !== undefined) return { messageId: message };
  if (isReleaseId(what) || isNumber(what)) return { releaseId: await releaseIdOf(what, stateFolder) };
  throw badOption(`"${what}" is no release, message:ID or @NAME`);
}
