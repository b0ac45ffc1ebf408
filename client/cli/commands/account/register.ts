/** `cicada register`: creates an account at a tracker. The key of this client owns the name there. */
import { type OwnAccount, register } from '../../../account/account.ts';
import { rememberTracker } from '../../../account/last-tracker.ts';
import { CliError, codeOf } from '../../cli-error.ts';
import { defineCommand } from '../../command.ts';
import { errorWords } from '../../error-words.ts';
import { exitCode } from '../../exit-codes.ts';
import { commandLine } from '../../screen/command-line.ts';
import { type Output, paint } from '../../screen/output.ts';
import { askPassword } from '../../screen/secret-prompt.ts';
import { plain } from '../making/torrent-summary.ts';
import { accountOptions, accountPlace } from './account-session.ts';

export default defineCommand({
  usage: 'register <name>',
  describe: 'Create an account at a tracker, to publish, talk and follow',
  positionals: {
    name: {
      type: 'string',
      demandOption: true,
      describe: 'Your name at the tracker, as other members see it',
    },
  },
  options: {
    ...accountOptions,
    password: {
      type: 'boolean',
      describe: 'Also set a password (prompted, or from stdin), for the page and other machines',
    },
    invitation: {
      type: 'string',
      requiresArg: true,
      describe: 'Invitation from a member',
    },
    setup: {
      type: 'string',
      requiresArg: true,
      describe: 'Setup token that a new tracker prints; makes you its owner',
    },
  },
  examples: [
    ['register ada --tracker http://host:6969', 'a key that is kept here signs you in from now on'],
    ['register ada --password', 'with a password too, at the tracker that was named last'],
    ['register ada --tracker http://host:6969 --setup TOKEN', 'as the owner of a tracker of your own'],
  ],

  async run({ name, invitation, setup: setupToken, ...args }, output) {
    const place = await accountPlace(args);
    const password =
      args.password === true ? await askPassword(`A password for ${plain(name)}: `) : undefined;
    const account = await register(place, { name, password, invitation, setupToken }).catch(
      (error: unknown) => {
        throw withLogin(error, name);
      },
    );
    await rememberTracker(place.stateFolder, place.tracker);
    tellAccount('registered', account, place.tracker, output);
    return exitCode.done;
  },
});

/** The tracker does not tell who owns the name: it may be the user's own earlier account. */
function withLogin(error: unknown, name: string): unknown {
  const code = codeOf(error);
  if (code === 'name-taken') {
    const message = `${errorWords(error)}; if it is yours: ${commandLine(['login', name])}`;
    return new CliError(code, message, error);
  }
  return error;
}

/** The passkey is not printed: its holder can announce under this name. */
export function tellAccount(event: string, account: OwnAccount, tracker: string, output: Output): void {
  const { name, role, groups, unreadNotices, hasPassword } = account;
  output.document({ event, tracker, name, role, groups, unreadNotices, hasPassword });
  output.result(`You are ${paint('bold', plain(name))} (${role}) at ${plain(tracker)}`);
}
