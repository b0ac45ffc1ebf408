/**
 * Pages of results: requests them, measures latencies, numbers, remembers and prints them; for `search` and
 * `browse`.
 */
import process from 'node:process';
import type { Static } from 'typebox';
import { indexWords } from '../../../tracker/catalogue/words/words.ts';
import type * as shapes from '../../../tracker/protocol/api/release-shapes.ts';
import type { AccountPlace, TrackerAccount } from '../../account/account.ts';
import { measureNearness, nearestFirst, placeKey } from '../../host/network/nearness.ts';
import { dayWords } from '../commands/community/talk-view.ts';
import type { Output } from '../screen/output.ts';
import { resultsMax, saveResults } from './last-results.ts';
import { resultLines, type ShownHolder, type ShownResult } from './result-table.ts';

type TrackHit = Static<typeof shapes.trackHit>;
type AlbumHit = Static<typeof shapes.releaseHit>;
type Album = Omit<AlbumHit, 'approximate' | 'holders'> & Partial<Pick<AlbumHit, 'approximate' | 'holders'>>;

/** The tracker returns at most 50 rows a page. */
const pageRowsMax = 50;
const widthWithoutTerminal = 160;

export type Found =
  | { readonly kind: 'tracks'; readonly rows: readonly TrackHit[]; readonly hasMore: boolean }
  | { readonly kind: 'releases'; readonly rows: readonly Album[]; readonly hasMore: boolean };

/** Requests pages until there are `limit` rows. */
export async function pages<Row>(
  limit: number,
  ask: (page: { readonly after: string | undefined; readonly limit: number }) => Promise<{
    readonly rows: readonly Row[];
    readonly next?: string;
  }>,
): Promise<{ readonly rows: readonly Row[]; readonly hasMore: boolean }> {
  const rows: Row[] = [];
  for (let after: string | undefined; ; ) {
    const page = await ask({ after, limit: Math.min(pageRowsMax, limit - rows.length) });
    rows.push(...page.rows);
    after = page.next;
    const isEnough = after === undefined || rows.length >= limit || page.rows.length === 0;
    if (isEnough) return { rows, hasMore: after !== undefined };
  }
}

/** What was asked, for the document of `--json`; and whether publisher and time are shown. */
interface Asked {
  readonly about: object;
  readonly account: TrackerAccount;
  readonly place: AccountPlace;
  readonly shows?: { readonly by: boolean; readonly when: boolean };
}

export async function showResults(
  found: Found,
  { about, account, place, shows = { by: false, when: false } }: Asked,
  output: Output,
): Promise<void> {
  const { rows, kind, hasMore } = found;
  const holders = rows.flatMap((row): readonly ShownHolder[] => row.holders ?? []);
  const nearness = await measureNearness(holders, account.url);
  const remembered = rows.map((row) =>
    'releaseId' in row
      ? { releaseId: row.releaseId, song: { version: row.version, fileIndex: row.fileIndex } }
      : { releaseId: row.id, song: undefined },
  );
  await saveResults(place.stateFolder, { tracker: account.url, rows: remembered });
  output.document({
    ...about,
    kind,
    rows: rows.map((row, at) => ({
      number: at + 1,
      ...row,
      holders: nearestFirst<ShownHolder>(row.holders ?? [], nearness).map((holder) => {
        const ms = nearness.get(placeKey(holder));
        return { ...holder, connectMs: ms === undefined ? null : Math.round(ms * 10) / 10 };
      }),
    })),
    hasMore,
  });
  if (rows.length === 0) return;
  const columns = process.stdout.isTTY ? process.stdout.columns : widthWithoutTerminal;
  const shown = rows.map((row) => ('releaseId' in row ? shownTrack(row) : shownAlbum(row, shows)));
  if (rows.every(({ approximate }) => approximate === true)) {
    output.remark('Nothing is called just that; this comes nearest:');
  }
  output.data(resultLines(shown, { columns, nearness, self: account.name }).join('\n'));
  if (hasMore)
    output.remark(`There are more: -n ${Math.min(resultsMax, rows.length * 2)} lists more of them.`);
}

function shownTrack(hit: TrackHit): ShownResult {
  const { title, artist = '', album, torrentName, durationMs, seeds, leechers, holders } = hit;
  // A torrent's name that repeats the album, as in `Artist - Album (1999) [FLAC]`, is left out: a table of
  // songs is wide already.
  const torrent = torrentName === undefined || names(torrentName, album) ? '' : torrentName;
  const figures = { durationMs, format: formatWords(hit), seeds, leechers, holders };
  return { title, artist, album, torrent, by: '', when: '', ...figures };
}

function shownAlbum(hit: Album, shows: NonNullable<Asked['shows']>): ShownResult {
  const { album: title, torrentName, year, albumArtist, artist, durationMs, seeds, leechers } = hit;
  const { holders = [] } = hit;
  const songs = hit.trackCount === 1 ? '1 song' : `${hit.trackCount} songs`;
  // Long licences are legal texts: the page of the release shows them.
  const licence =
    hit.licence !== undefined && hit.licence.length <= licenceCharsMax ? `, ${hit.licence}` : '';
  return {
    title: year === undefined ? title : `${title} (${year})`,
    artist: albumArtist ?? artist ?? '',
    album: `${songs}${licence}`,
    torrent: torrentName === undefined || torrentName === title ? '' : torrentName,
    by: shows.by ? hit.publisher : '',
    when: shows.when ? dayWords(hit.updatedAtMs) : '',
    ...{ durationMs, format: formatWords(hit), seeds, leechers, holders },
  };
}

/** 16 characters fit `CC BY-NC-SA 4.0`, the longest name of a licence. */
const licenceCharsMax = 16;

/** The name contains all words of the album. */
function names(torrentName: string, album: string): boolean {
  const words = new Set(indexWords(torrentName));
  return indexWords(album).every((word) => words.has(word));
}

/** `flac`, `mp3 320k`. */
function formatWords(hit: {
  readonly codec?: string;
  readonly lossless?: boolean;
  readonly bitRate?: number;
}): string {
  const { codec = '', lossless = false, bitRate } = hit;
  const rate = lossless || bitRate === undefined ? '' : `${Math.round(bitRate / 1000)}k`;
  return [codec, rate].filter(Boolean).join(' ');
}
