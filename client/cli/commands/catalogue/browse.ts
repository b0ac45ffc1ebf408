/**
 * `cicada browse`: lists what a user shares, or the newest releases, numbered like the results of a search.
 */
import * as shapes from '../../../../tracker/protocol/api/api-shapes.ts';
import * as releaseShapes from '../../../../tracker/protocol/api/release-shapes.ts';
import { apiPath } from '../../../account/tracker-client.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { pages, showResults } from '../../results/results.ts';
import { personNamed } from '../../results/unknown-names.ts';
import { calledAs } from '../../screen/command-line.ts';
import { accountOptions, withTracker } from '../account/account-session.ts';
import { plain } from '../making/torrent-summary.ts';
import { resultOptions } from './search.ts';

const releasePage = shapes.page(releaseShapes.release);

export default defineCommand({
  usage: 'browse [user]',
  describe: 'List what a user shares, or the newest releases',
  positionals: {
    user: { type: 'string', describe: 'User whose albums to list; default: the newest of all users' },
  },
  options: { ...resultOptions, ...accountOptions },
  examples: [
    ['browse ada', `her albums, the newest first; then ${calledAs} get 1-3 fetches three of them`],
    ['browse', 'what is new at the tracker'],
  ],

  async run({ user: named, limit, ...args }, output) {
    const user = named && personNamed(named);
    return await withTracker(args, async (account, place) => {
      const path = user === undefined ? '/releases' : apiPath`/accounts/${user}/releases`;
      const { rows, hasMore } = await pages(limit, (page) =>
        account.call({ path, query: page, answer: releasePage }),
      );
      const found = { kind: 'releases' as const, rows, hasMore };
      const shows = { by: user === undefined, when: true };
      await showResults(found, { about: { user: user ?? null }, account, place, shows }, output);
      if (rows.length === 0)
        output.remark(
          user === undefined ? 'Nothing is shared yet.' : `${plain(user)} shares nothing that you see.`,
        );
      return exitCode.done;
    });
  },
});
