/** `cicada unfollow`: stops following a release or a user. */
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { calledAs } from '../../screen/command-line.ts';
import { accountOptions, withAccount } from '../account/account-session.ts';
import { followedPositional, setFollow } from './follow.ts';

export default defineCommand({
  usage: 'unfollow <what>',
  describe: 'Stop notices of a release or a user',
  positionals: { what: { ...followedPositional, demandOption: true } },
  options: { ...accountOptions },
  examples: [['unfollow @ada', `${calledAs} follow lists what is left`]],

  async run({ what, ...args }, output) {
    return await withAccount(args, async (account, { stateFolder }) => {
      const { target, words } = await setFollow(account, what, stateFolder, 'DELETE');
      output.document({ event: 'unfollowed', what: target });
      output.result(`Not following ${words} any more`);
      return exitCode.done;
    });
  },
});
