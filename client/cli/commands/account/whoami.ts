/** `cicada whoami`: shows the user's account at a tracker, and its unread notices. */
import { count, list } from '../../../../torrents/wording.ts';
import { ownAccount } from '../../../account/account.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { calledAs } from '../../screen/command-line.ts';
import { plain } from '../making/torrent-summary.ts';
import { accountOptions, withAccount } from './account-session.ts';
import { tellAccount } from './register.ts';

export default defineCommand({
  usage: 'whoami',
  describe: 'Show your account at a tracker',
  positionals: {},
  options: { ...accountOptions },
  examples: [['whoami', 'at the tracker that was named last']],

  async run(args, output) {
    return await withAccount(args, async (account) => {
      const own = await ownAccount(account);
      tellAccount('account', own, account.url, output);
      if (own.groups.length > 0) output.result(`Groups: ${list(own.groups.map(plain))}`);
      if (own.unreadNotices > 0)
        output.result(`${count(own.unreadNotices, 'unread notice')}: ${calledAs} inbox`);
      return exitCode.done;
    });
  },
});
