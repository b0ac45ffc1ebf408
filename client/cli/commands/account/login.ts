/** `cicada login`: signs in to an account, by the key of this client or by its password. */
import { ownAccount } from '../../../../tracker/protocol/api/people-shapes.ts';
import { type AccountPlace, openAccount, signIn } from '../../../account/account.ts';
import { rememberTracker } from '../../../account/last-tracker.ts';
import { trackerBase } from '../../../account/tracker-address.ts';
import { loadSession } from '../../../account/tracker-sessions.ts';
import { CliError, codeOf } from '../../cli-error.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { commandLine } from '../../screen/command-line.ts';
import { askPassword } from '../../screen/secret-prompt.ts';
import { plain } from '../making/torrent-summary.ts';
import { accountOptions, accountPlace } from './account-session.ts';
import { tellAccount } from './register.ts';

export default defineCommand({
  usage: 'login <name>',
  describe: 'Sign in to your account at a tracker',
  positionals: { name: { type: 'string', demandOption: true, describe: 'Your name at the tracker' } },
  options: {
    ...accountOptions,
    password: {
      type: 'boolean',
      describe: 'Sign in with the password (prompted, or from stdin) instead of the key',
    },
    'renew-passkeys': {
      type: 'boolean',
      describe: 'Invalidate all your announce URLs and feed keys, for example after one leaked',
    },
  },
  examples: [
    ['login ada --tracker http://host:6969', 'by the key that is kept here'],
    ['login ada --password', 'on another machine, at the tracker that was named last'],
    ['login ada --renew-passkeys', 'a torrent with your announce URL went to others: make it void'],
  ],

  async run({ name, ...args }, output) {
    const place = await accountPlace(args);
    const password =
      args.password === true ? await askPassword(`The password of ${plain(name)}: `) : undefined;
    const account = await signIn(place, name, password).catch(async (error: unknown) => {
      throw password === undefined ? await withKeyOwner(error, name, place) : error;
    });
    await rememberTracker(place.stateFolder, place.tracker);
    tellAccount('signed-in', account, place.tracker, output);
    if (args['renew-passkeys'] === true) {
      await renewPasskeys(place);
      output.document({ event: 'passkeys-renewed', tracker: place.tracker });
      output.result('Your announce URLs and feed keys are void now.');
      output.remark('Restart running shares and downloads; fetch the torrents of other programs again.');
    }
    return exitCode.done;
  },
});

/**
 * The tracker tells strangers nothing about names and keys, but this client remembers who was last signed in.
 */
async function withKeyOwner(error: unknown, name: string, place: AccountPlace): Promise<unknown> {
  if (codeOf(error) !== 'sign-in-failed') return error;
  const tracker = trackerBase(place.tracker);
  const owner = (await loadSession(place.stateFolder, tracker))?.name;
  const [quoted, at] = [plain(name), plain(tracker)];
  const whose =
    owner === undefined || owner === name
      ? `${commandLine(['register', name])} makes one, and --password signs in by password`
      : `it is signed in there as “${plain(owner)}”: ${commandLine(['login', owner])}`;
  const message = `the key of this computer does not open an account “${quoted}” at ${at}; ${whose}`;
  return new CliError('sign-in-failed', message, error);
}

async function renewPasskeys(place: AccountPlace): Promise<void> {
  const account = await openAccount(place);
  try {
    await account.call({ method: 'POST', path: '/accounts/me/passkey', answer: ownAccount });
  } finally {
    await account.close();
  }
}
