/** `cicada logout`: ends the session of this client at a tracker. The key stays: it can sign in again. */
import { signOut } from '../community/account.ts';
import { accountOptions, accountPlace } from './account-session.ts';
import { defineCommand } from './command.ts';
import { calledAs } from './command-line.ts';
import { exitCode } from './exit-codes.ts';
import { plain } from './torrent-summary.ts';

export default defineCommand({
  usage: 'logout',
  describe: 'Sign out of a tracker',
  positionals: {},
  options: { ...accountOptions },
  examples: [['logout', `of the tracker that was named last; ${calledAs} login comes back`]],

  async run(args, output) {
    const place = await accountPlace(args);
    const wasSignedIn = await signOut(place);
    output.document({ event: 'signed-out', tracker: place.tracker, wasSignedIn });
    output.result(wasSignedIn ? `Signed out of ${plain(place.tracker)}` : 'You were not signed in');
    return exitCode.done;
  },
});
