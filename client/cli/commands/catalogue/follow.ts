/** `cicada follow`: follows a release or a user; without an argument it lists what the user follows. */
import * as talk from '../../../../tracker/protocol/api/talk-shapes.ts';
import type { TrackerAccount } from '../../../account/account.ts';
import { apiPath } from '../../../account/tracker-client.ts';
import { releaseAt } from '../../../sharing/publishing.ts';
import { badOption } from '../../cli-error.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { isNumbers, isReleaseId, releaseIdOf, releaseTitle } from '../../results/release-names.ts';
import { noSuchPerson, orUnknown } from '../../results/unknown-names.ts';
import { calledAs, quoted } from '../../screen/command-line.ts';
import { accountOptions, withAccount } from '../account/account-session.ts';
import { plain } from '../making/torrent-summary.ts';

export const followedPositional = {
  type: 'string',
  describe: '@NAME, the id of a release, or its number in the last list',
} as const;

export default defineCommand({
  usage: 'follow [what]',
  describe: "Get notices of new versions of a release, or of a user's releases",
  positionals: { what: followedPositional },
  options: { ...accountOptions },
  examples: [
    ['follow 1', `the release of the first of the last list; news come to ${calledAs} inbox`],
    ['follow @ada', 'everything that ada publishes'],
    ['follow', 'lists what you follow'],
  ],

  async run({ what, ...args }, output) {
    return await withAccount(args, async (account, { stateFolder }) => {
      if (what === undefined) {
        const followed = await account.call({ path: '/follows', answer: talk.follows });
        output.document(followed);
        for (const name of followed.accounts) output.data(`@${plain(name)}`);
        for (const id of followed.releases) {
          // The JSON output needs no title, so it is not requested.
          if (!output.json) output.data(await followedWords(account, id));
        }
        if (followed.accounts.length + followed.releases.length === 0)
          output.remark('You follow nothing yet.');
        return exitCode.done;
      }
      const { target, words } = await setFollow(account, what, stateFolder, 'PUT');
      output.document({ event: 'following', what: target });
      output.result(`Following ${words}: ${calledAs} inbox tells what is new`);
      return exitCode.done;
    });
  },
});

/** Returns what is followed: `@NAME` or a release's id, and its words for the terminal. */
export async function setFollow(
  account: TrackerAccount,
  what: string,
  stateFolder: string,
  method: 'PUT' | 'DELETE',
): Promise<{ readonly target: string; readonly words: string }> {
  if (what.startsWith('@')) {
    const name = what.slice(1);
    const asked = account.call({ method, path: apiPath`/accounts/${name}/follow` });
    await orUnknown(asked, noSuchPerson(name));
    return { target: what, words: plain(what) };
  }
  if (!isReleaseId(what) && !isNumbers(what)) {
    const person = quoted(`@${what}`);
    const how = `${calledAs} ${method === 'PUT' ? 'follow' : 'unfollow'} ${person}`;
    throw badOption(`"${what}" is neither the id of a release nor a result; for a person: ${how}`);
  }
  const releaseId = await releaseIdOf(what, stateFolder);
  await account.call({ method, path: apiPath`/releases/${releaseId}/follow` });
  return { target: releaseId, words: await followedWords(account, releaseId) };
}

/** The title with the id that `unfollow` takes; the id alone when the user can no longer see the release. */
async function followedWords(account: TrackerAccount, releaseId: string): Promise<string> {
  const release = await releaseAt(account, releaseId);
  const id = plain(releaseId);
  return release === undefined ? id : `${releaseTitle(release)} (${id})`;
}
