/** `cicada search`: finds songs or albums in the catalogue of a tracker, and shows who has them. */
import type { Options } from 'yargs';
import * as shapes from '../../../../tracker/protocol/api/api-shapes.ts';
import * as releaseShapes from '../../../../tracker/protocol/api/release-shapes.ts';
import { badOption } from '../../cli-error.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { searchFilters, searchOptions, wishArguments } from '../../options/search-options.ts';
import { resultsMax } from '../../results/last-results.ts';
import { type Found, pages, showResults } from '../../results/results.ts';
import { calledAs, commandLine } from '../../screen/command-line.ts';
import { accountOptions, withTracker } from '../account/account-session.ts';
import { plain } from '../making/torrent-summary.ts';

export const resultOptions = {
  limit: {
    type: 'string',
    alias: 'n',
    requiresArg: true,
    default: '50',
    describe: `Number of results, at most ${resultsMax}`,
    coerce: parseLimit,
  },
} as const satisfies Record<string, Options>;

const trackPage = shapes.page(releaseShapes.trackHit);
const albumPage = shapes.page(releaseShapes.releaseHit);

export default defineCommand({
  usage: 'search <words..>',
  describe: "Search a tracker's catalogue for songs, and see who has them",
  positionals: {
    words: {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'Words of title, artist, album or genre, in any script; typing errors are fine',
    },
  },
  options: {
    ...searchOptions,
    albums: { type: 'boolean', describe: 'List albums instead of songs' },
    ...resultOptions,
    ...accountOptions,
  },
  examples: [
    ['search evning call', `finds “Evening Call”; then ${calledAs} get 1 fetches the first result`],
    ['search brood --albums --lossless', 'whole albums, as they were recorded'],
    ['search summer --codec mp3 --bit-rate 320k --year 1990-1999', 'good enough, and old enough'],
    ['search -- -M-', 'what begins with a dash'],
    ['search seventeen --json | jq ".rows[].title"', 'for a program'],
  ],

  async run({ words, limit, albums = false, ...args }, output) {
    return await withTracker(args, async (account, place) => {
      const query = words.join(' ');
      const filters = searchFilters(args);
      const ask = { q: query, ...filters };
      const found: Found = albums
        ? {
            kind: 'releases',
            ...(await pages(limit, (page) =>
              account.call({
                path: '/search',
                query: { ...ask, ...page, kind: 'releases' },
                answer: albumPage,
              }),
            )),
          }
        : {
            kind: 'tracks',
            ...(await pages(limit, (page) =>
              account.call({
                path: '/search',
                query: { ...ask, ...page, kind: 'tracks' },
                answer: trackPage,
              }),
            )),
          };
      await showResults(found, { about: { query }, account, place }, output);
      if (found.rows.length > 0) return exitCode.done;
      const isFiltered = Object.values(filters).some((value) => value !== undefined);
      const how = isFiltered ? ' with these filters' : '';
      output.remark(
        `Nothing there is called like “${plain(query)}”${how}. To be told once there is: ${plain(commandLine(wishArguments(words, args)))}`,
      );
      return exitCode.notFound;
    });
  },
});

function parseLimit(text: string): number {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= resultsMax) return limit;
  throw badOption(`--limit: "${text}" is not a number from 1 to ${resultsMax}`);
}
