/** `cicada account`: exports everything that a tracker keeps of the account, or deletes the account. */
import { deleteAccount, ownAccount } from '../../../account/account.ts';
import { badOption, CliError, codeOf } from '../../cli-error.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { calledAs } from '../../screen/command-line.ts';
import { Interrupted } from '../../screen/interruption.ts';
import { askPassword } from '../../screen/secret-prompt.ts';
import { canAsk, isYes } from '../../screen/yes-or-no.ts';
import { plain } from '../making/torrent-summary.ts';
import { exportAccount } from './account-export.ts';
import { accountOptions, withAccount } from './account-session.ts';

export default defineCommand({
  usage: 'account <action>',
  describe: "Export your account's data from a tracker, or delete the account",
  positionals: {
    action: { type: 'string', demandOption: true, choices: ['export', 'delete'], describe: 'What to do' },
  },
  options: {
    output: {
      type: 'string',
      alias: 'o',
      requiresArg: true,
      describe: 'With export: the file to write; default: stdout',
    },
    force: { type: 'boolean', describe: 'With export: replace an existing file' },
    yes: { type: 'boolean', alias: 'y', describe: 'With delete: do not ask for confirmation' },
    password: {
      type: 'boolean',
      describe: 'With delete: confirm with the password (prompted, or from stdin) instead of the key',
    },
    ...accountOptions,
  },
  examples: [
    ['account export -o my-account.ndjson', 'profile, releases, messages: an object of JSON a line'],
    ['account delete', 'says first what becomes of your releases and messages, then asks'],
  ],

  async run({ action, output: file, force, yes, password, ...args }, output) {
    if (action === 'export' && (yes ?? password) !== undefined)
      throw badOption('--yes and --password are of account delete');
    if (action === 'delete' && (file ?? force) !== undefined)
      throw badOption('--output and --force are of account export');
    return await withAccount(args, async (account, place) => {
      if (action === 'export') return await exportAccount(account, file, force === true, output);
      const { name, groups } = await ownAccount(account);
      const [quoted, tracker] = [plain(name), plain(account.url)];
      output.remark(`Deleting the account ${quoted} at ${tracker}, for good:
  - All your releases there are withdrawn, with their comments. The files on your disk stay.
  - Your messages and comments lose their texts. Messages that others wrote to you stay with them.
  - Sessions, announce URLs, feed keys, follows, wishes and notices end at once.
  - ${groups.length === 0 ? 'Groups' : `Groups (yours: ${groups.map(plain).join(', ')})`} that you founded go to the member with the oldest account.
  - Reports and what moderators decided stay, without your name.
  - For half a year nobody else can register the name ${quoted}.
${calledAs} account export takes along what is there now.`);
      if (yes !== true) {
        if (!canAsk()) {
          throw new CliError('option-yes-missing', 'nothing was deleted: without a terminal it takes --yes');
        }
        if (!(await isYes(`Delete ${quoted}? [y/N] `))) throw new Interrupted();
      }
      const secret = password === true ? await askPassword(`The password of ${quoted}: `) : undefined;
      await deleteAccount(place, name, secret).catch((error: Error) => {
        if (codeOf(error) !== 'sign-in-failed' || secret !== undefined) throw error;
        const message = `the key of this computer does not open ${quoted}: ${calledAs} account delete --password`;
        throw new CliError('sign-in-failed', message, error);
      });
      output.document({ event: 'account-deleted', name, tracker: account.url });
      output.result(`The account ${quoted} is deleted.`);
      output.remark('Shares of it that are running can be stopped: nothing finds them any more.');
      return exitCode.done;
    });
  },
});
