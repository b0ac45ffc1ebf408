/** `cicada login`: opens one's account, by the key of this client or by its password. */
import { signIn } from '../community/account.ts';
import { rememberTracker } from '../community/last-tracker.ts';
import { accountOptions, accountPlace } from './account-session.ts';
import { defineCommand } from './command.ts';
import { exitCode } from './exit-codes.ts';
import { tellAccount } from './register.ts';
import { askPassword } from './secret-prompt.ts';
import { plain } from './torrent-summary.ts';

export default defineCommand({
  usage: 'login <name>',
  describe: 'Sign in to your account at a tracker',
  positionals: { name: { type: 'string', demandOption: true, describe: 'As you are called there' } },
  options: {
    ...accountOptions,
    password: { type: 'boolean', describe: 'By password: asked for, or read from stdin; by key if left out' },
  },
  examples: [
    ['login ada --tracker http://host:6969', 'by the key that is kept here'],
    ['login ada --password', 'on another machine, at the tracker that was named last'],
  ],

  async run({ name, ...args }, output) {
    const place = await accountPlace(args);
    const password =
      args.password === true ? await askPassword(`The password of ${plain(name)}: `) : undefined;
    const account = await signIn(place, name, password);
    await rememberTracker(place.stateFolder, place.tracker);
    tellAccount('signed-in', account, place.tracker, output);
    return exitCode.done;
  },
});
