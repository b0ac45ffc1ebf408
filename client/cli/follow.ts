/** `cicada follow`: be told of new versions of a release, or of what somebody publishes; alone, what one follows. */
import * as talk from '../../tracker/protocol/talk-shapes.ts';
import type { TrackerAccount } from '../community/account.ts';
import { apiPath } from '../community/tracker-client.ts';
import { accountOptions, withAccount } from './account-session.ts';
import { defineCommand } from './command.ts';
import { exitCode } from './exit-codes.ts';
import { releaseIdOf } from './release-names.ts';
import { plain } from './torrent-summary.ts';

export const followedPositional = {
  type: 'string',
  describe: '@NAME, the id of a release, or its number among the last results',
} as const;

export default defineCommand({
  usage: 'follow [what]',
  describe: 'Be told of new versions of a release, or of what somebody publishes',
  positionals: { what: followedPositional },
  options: { ...accountOptions },
  examples: [
    ['follow 1', 'the release of the first of the last results; news come to cicada inbox'],
    ['follow @ada', 'everything that ada publishes'],
    ['follow', 'lists what you follow'],
  ],

  async run({ what, ...args }, output) {
    return await withAccount(args, async (account, { stateFolder }) => {
      if (what === undefined) {
        const followed = await account.call({ path: '/follows', answer: talk.follows });
        output.document(followed);
        for (const name of followed.accounts) output.data(`@${plain(name)}`);
        for (const id of followed.releases) output.data(plain(id));
        if (followed.accounts.length + followed.releases.length === 0)
          output.remark('You follow nothing yet.');
        return exitCode.done;
      }
      const target = await setFollow(account, what, stateFolder, 'PUT');
      output.document({ event: 'following', what: target });
      output.result(`Following ${plain(target)}: cicada inbox tells what is new`);
      return exitCode.done;
    });
  },
});

/** Answers what it is about, as `@NAME` or a release's id. */
export async function setFollow(
  account: TrackerAccount,
  what: string,
  stateFolder: string,
  method: 'PUT' | 'DELETE',
): Promise<string> {
  if (what.startsWith('@')) {
    await account.call({ method, path: apiPath`/accounts/${what.slice(1)}/follow` });
    return what;
  }
  const releaseId = await releaseIdOf(what, stateFolder);
  await account.call({ method, path: apiPath`/releases/${releaseId}/follow` });
  return releaseId;
}
