/** `cicada logout`: ends the session of this client at a tracker. The key stays: it can sign in again. */
import { signOut } from '../../../account/account.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { calledAs } from '../../screen/command-line.ts';
import { plain } from '../making/torrent-summary.ts';
import { accountOptions, accountPlace } from './account-session.ts';

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
