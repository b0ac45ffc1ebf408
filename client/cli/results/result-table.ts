/** Search results as a table: one numbered line per row, cut to the width of the terminal. */
import { type Nearness, nearestFirst, type PeerPlace, placeKey } from '../../host/network/nearness.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import { paint } from '../screen/output.ts';
import { cutToWidth, padToWidth, textWidth } from '../screen/text-width.ts';

export interface ShownHolder extends PeerPlace {
  readonly name: string;
  readonly isSeed: boolean;
}

/** A song, or an album. */
export interface ShownResult {
  readonly title: string;
  readonly artist: string;
  readonly album: string;
  /** The name of its torrent, where it says more than the album's title; else ''. */
  readonly torrent: string;
  readonly durationMs: number | undefined;
  readonly format: string;
  readonly seeds: number;
  readonly leechers: number;
  readonly holders: readonly ShownHolder[];
  /** The publisher, and the time of publication in words; '' where these are not shown. */
  readonly by: string;
  readonly when: string;
}

/** At most 3 names are shown; the rest are counted. */
const namesMax = 3;
const gap = '  ';

/** `first`: the number of the first row. `self`: the user's own name at the tracker. */
export function resultLines(
  rows: readonly ShownResult[],
  options: {
    readonly columns: number;
    readonly nearness: Nearness;
    readonly self: string | undefined;
  },
): string[] {
  const { columns, nearness, self } = options;
  const cells = rows.map((row, at) => [
    String(at + 1),
    plain(row.title),
    plain(row.artist),
    plain(row.album),
    plain(row.torrent),
    plain(row.by),
    row.when,
    lengthWords(row.durationMs),
    plain(row.format),
    row.leechers === 0 ? String(row.seeds) : `${row.seeds}+${row.leechers}`,
    holderWords(row.holders, nearness, self),
  ]);
  const titles = ['#', 'title', 'artist', 'album', 'torrent', 'by', 'when', 'length', 'format', 'seeds'];
  titles.push('who has it');
  const kept = titles.map((_, column) => column).filter((column) => cells.some((row) => row[column] !== ''));
  const widest = (column: number) =>
    Math.max(textWidth(titles[column]!), ...cells.map((row) => textWidth(row[column]!)));
  const widths = fitted(
    kept.map((column) => ({ wanted: widest(column), mayShrink: [1, 2, 3, 4, 5, 10].includes(column) })),
    columns - gap.length * (kept.length - 1),
  );
  const line = (row: readonly string[]) =>
    kept
      .map((column, at) => {
        const [text, width] = [row[column]!, widths[at]!];
        if (column === 0) return text.padStart(width);
        return at === kept.length - 1 ? cutToWidth(text, width) : padToWidth(text, width);
      })
      .join(gap)
      .trimEnd();
  return [paint('dim', line(titles)), ...cells.map(line)];
}

/** Narrow columns keep their width; the others share the rest, none wider than it needs. */
function fitted(
  columns: readonly { readonly wanted: number; readonly mayShrink: boolean }[],
  total: number,
): number[] {
  const widths = columns.map(({ wanted }) => wanted);
  const shrinkable = columns.flatMap(({ mayShrink }, at) => (mayShrink ? [at] : []));
  const sum = () => widths.reduce((all, width) => all + width, 0);
  const least = 6;
  while (sum() > total) {
    const widest = shrinkable.reduce((best, at) => (widths[at]! > widths[best]! ? at : best), shrinkable[0]!);
    if (shrinkable.length === 0 || widths[widest]! <= least) break;
    widths[widest]! -= 1;
  }
  return widths;
}

/** `ada 3 ms, bob (part)`, the peer with the lowest latency first. */
function holderWords(holders: readonly ShownHolder[], nearness: Nearness, self: string | undefined): string {
  const byName = new Map<string, ShownHolder>();
  for (const holder of nearestFirst(holders, nearness)) {
    if (!byName.has(holder.name)) byName.set(holder.name, holder);
  }
  const words = [...byName.values()].map((holder) => {
    const ms = nearness.get(placeKey(holder));
    const name = holder.name === self ? 'you' : plain(holder.name);
    const far = ms === undefined || holder.name === self ? '' : ` ${milliseconds(ms)}`;
    return `${name}${far}${holder.isSeed ? '' : ' (part)'}`;
  });
  const more = words.length - namesMax;
  return [...words.slice(0, namesMax), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

function milliseconds(ms: number): string {
  return ms < 1 ? '<1 ms' : `${Math.round(ms)} ms`;
}

/** `3:05`, `1:02:03`. */
export function lengthWords(durationMs: number | undefined): string {
  if (durationMs === undefined || durationMs === 0) return '';
  const seconds = Math.round(durationMs / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, at) => (at === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}
