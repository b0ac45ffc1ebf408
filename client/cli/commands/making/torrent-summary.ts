/** Describes a torrent for people and for programs: the same words after `create`, `share` and `info`. */
import { hex } from '../../../../torrents/byte-text.ts';
import { magnetOf } from '../../../../torrents/magnet.ts';
import type { Metainfo } from '../../../../torrents/metainfo/metainfo.ts';
import { comparePaths } from '../../../../torrents/paths/natural-order.ts';
import { displayPath } from '../../../../torrents/paths/path-rules.ts';
import { count, grouped, size } from '../../../../torrents/wording.ts';
import { paint } from '../../screen/output.ts';
import { unsupportedSources } from '../../swarm-view/obstacles.ts';

/**
 * The fields that are printed of every torrent. A Metainfo has them all; a torrent that is not hashed yet has
 * no hashes.
 */
export type TorrentSummary = Pick<
  Metainfo,
  | 'name'
  | 'format'
  | 'private'
  | 'pieceLength'
  | 'bytes'
  | 'trackers'
  | 'webSeeds'
  | 'comment'
  | 'source'
  | 'createdBy'
  | 'creationDate'
> & {
  readonly infoHash: Uint8Array | undefined;
  readonly infoHashV2: Uint8Array | undefined;
  readonly geometry: { readonly pieceCount: number };
  readonly files: readonly { readonly isPad?: boolean | undefined }[];
};

/**
 * The document of `create --json`; `torrent` is the path of the torrent file, or null when none is written.
 */
export function torrentDocument(
  summary: TorrentSummary,
  torrent: string | null,
  skipped: readonly { readonly path: string; readonly reason: string }[] = [],
) {
  const { infoHash, infoHashV2, format, pieceLength, geometry, bytes } = summary;
  return {
    torrent,
    name: summary.name,
    infoHash: infoHash === undefined ? null : hex(infoHash),
    infoHashV2: infoHashV2 === undefined ? null : hex(infoHashV2),
    magnet: infoHash === undefined ? null : magnetOf({ ...summary, infoHash }),
    format,
    private: summary.private,
    pieceLength,
    pieces: geometry.pieceCount,
    files: realFiles(summary).length,
    bytes,
    skipped,
  };
}

/** The document of `info --json`: also lists every file, the trackers and the web seeds. */
export function torrentDetailDocument(metainfo: Metainfo, torrent: string) {
  const {
    trackers,
    webSeeds,
    comment = null,
    source = null,
    createdBy = null,
    creationDate = null,
  } = metainfo;
  const unsupported = unsupportedSources({ trackers: trackers.flat(), webSeeds }).map(
    ({ code, message }) => ({
      code,
      message,
    }),
  );
  const numbers = new Map(listedFiles(metainfo).map((file, at) => [file.index, at + 1]));
  return {
    ...torrentDocument(metainfo, torrent),
    diskName: metainfo.layout.rootName,
    files: realFiles(metainfo).map(({ index, components, bytes, piecesRoot }) => ({
      index,
      number: numbers.get(index),
      path: components.join('/'),
      bytes,
      piecesRoot: piecesRoot === undefined ? null : hex(piecesRoot),
    })),
    trackers,
    webSeeds,
    comment,
    source,
    createdBy,
    creationDate,
    warnings: metainfo.warnings,
    /** Sources that this client ignores: a stable code and words for each. */
    unsupported,
  };
}

/** Lines of `name  value`, for below a title. */
export function torrentLines(summary: TorrentSummary): string {
  const { infoHash, infoHashV2, geometry, pieceLength, bytes, trackers, webSeeds } = summary;
  const tiers = trackers.map((tier) => tier.map(plain).join(', '));
  return table([
    ['size', `${size(bytes)} in ${count(realFiles(summary).length, 'file')}`],
    ['pieces', `${grouped(geometry.pieceCount)} of ${size(pieceLength)}`],
    ...(infoHash === undefined ? [] : [row('info-hash', hex(infoHash))]),
    ...(infoHashV2 === undefined ? [] : [row('info-hash 2', hex(infoHashV2))]),
    ...(summary.private ? [row('private', 'yes: peers come from its trackers only')] : []),
    ...tiers.map((tier, index) => row(index === 0 ? 'tracker' : '', tier)),
    ...webSeeds.map((url, index) => row(index === 0 ? 'web seed' : '', plain(url))),
    ...(summary.source === undefined ? [] : [row('source', plain(summary.source))]),
    ...(summary.comment === undefined ? [] : [row('comment', plain(summary.comment))]),
    ...created(summary),
  ]);
}

/** In track order; the position, counted from 1, is the number by which a file is chosen. */
export function listedFiles(metainfo: Metainfo): readonly Metainfo['files'][number][] {
  return realFiles(metainfo).toSorted((a, b) => comparePaths(a.components, b.components));
}

/** Every file with its number. */
export function fileLines(metainfo: Metainfo): string {
  const files = listedFiles(metainfo);
  const digits = String(files.length).length;
  const sizes = files.map(({ bytes }) => size(bytes));
  const width = Math.max(...sizes.map((text) => text.length));
  return files
    .map((file, at) => {
      const figures = `${String(at + 1).padStart(digits)}  ${sizes[at]!.padStart(width)}`;
      return `  ${paint('dim', figures)}  ${displayPath(file.components)}`;
    })
    .join('\n');
}

/** Text from others, made safe to print on a terminal. */
export function plain(text: string): string {
  return displayPath([text]);
}

function realFiles<File extends { readonly isPad?: boolean | undefined }>({
  files,
}: {
  readonly files: readonly File[];
}): readonly File[] {
  return files.filter((file) => !file.isPad);
}

function created({ createdBy, creationDate }: TorrentSummary): [string, string][] {
  const date = creationDate === undefined ? undefined : new Date(creationDate * 1000);
  const day = date === undefined || Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(0, 10);
  const by = createdBy === undefined ? '' : `by ${plain(createdBy)}`;
  const text = [day, by].filter(Boolean).join(' ');
  return text === '' ? [] : [row('created', text)];
}

function row(name: string, value: string): [string, string] {
  return [name, value];
}

function table(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${paint('dim', name.padEnd(width))}  ${value}`).join('\n');
}
