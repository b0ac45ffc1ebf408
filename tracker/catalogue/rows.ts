/** Converts database rows to the types of the contract. */
import type { ReleaseTrack } from '../../torrents/release/release.ts';
import type { Visibility } from '../access.ts';
import type { ReleaseSummary, VersionSummary } from './contract.ts';

export type Row = Record<string, unknown>;

/** The tables store the index into this list: never reorder it. */
export const visibilities: readonly Visibility[] = ['everyone', 'members', 'group', 'people', 'nobody'];

/** `place`: the index in `visibilities`. */
export function visibilityOf(place: unknown): Visibility {
  const visibility = visibilities[place as number];
  if (visibility === undefined) throw new RangeError(`no visibility: ${place}`);
  return visibility;
}

/** Needs `releases r` joined with its latest version `v`. */
export const summaryColumns = `r.id, r.public_id, r.publisher_id, r.visibility, r.group_id, r.album, r.artist,
  r.album_artist, r.year, r.genre, r.licence, r.copyright, r.track_count, r.duration_ms, r.bytes, r.codec, r.lossless, r.completeness, r.version,
  r.created_at, r.updated_at, r.taken_down_ms, v.info_hash, v.info_hash_v2, v.torrent_name, v.torrent,
  EXISTS (SELECT 1 FROM covers c WHERE c.release_id = r.id) AS has_cover`;
export const releasesWithLatest =
  'releases r JOIN versions v ON v.release_id = r.id AND v.number = r.version';

export function summaryOf(
  row: Row,
  torrentName: string | undefined,
  swarm: { seeds: number; leechers: number },
): ReleaseSummary {
  return {
    releaseId: row.public_id as string,
    publisherId: row.publisher_id as number,
    visibility: visibilityOf(row.visibility),
    album: row.album as string,
    torrentName,
    artist: text(row.artist),
    albumArtist: text(row.album_artist),
    year: number(row.year),
    genre: text(row.genre),
    licence: text(row.licence),
    copyright: text(row.copyright),
    trackCount: row.track_count as number,
    durationMs: row.duration_ms as number,
    bytes: row.bytes as number,
    codec: text(row.codec),
    lossless: row.lossless === 1,
    completeness: row.completeness as number,
    hasCover: row.has_cover === 1,
    version: row.version as number,
    infoHash: blob(row.info_hash),
    infoHashV2: blob(row.info_hash_v2),
    createdAtMs: row.created_at as number,
    updatedAtMs: row.updated_at as number,
    ...swarm,
  };
}

/** Needs `tracks t`. t.artist is set only where it differs from the release's. */
export const trackColumns = `t.id AS track_id, t.file_index, t.path, t.disc, t.track, t.title, t.artist AS track_artist,
  t.duration_ms AS track_duration_ms, t.codec AS track_codec, t.lossless AS track_lossless, t.bit_rate, t.sample_rate,
  t.bytes AS track_bytes, t.pieces_root`;

export function trackOf(row: Row): ReleaseTrack {
  return {
    fileIndex: row.file_index as number,
    path: row.path as string,
    disc: number(row.disc),
    track: number(row.track),
    title: row.title as string,
    artist: text(row.track_artist),
    durationMs: number(row.track_duration_ms),
    codec: text(row.track_codec),
    lossless: row.track_lossless === null ? undefined : row.track_lossless === 1,
    bitRate: number(row.bit_rate),
    sampleRate: number(row.sample_rate),
    bytes: row.track_bytes as number,
    piecesRoot: blob(row.pieces_root),
  };
}

export function versionRow(row: Row): VersionSummary {
  return {
    version: row.number as number,
    infoHash: blob(row.info_hash),
    infoHashV2: blob(row.info_hash_v2),
    bytes: row.bytes as number,
    fileCount: row.file_count as number,
    publishedAtMs: row.published_at as number,
    signature: blob(row.signature),
  };
}

export function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** For a column that is never NULL. */
export function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new RangeError('a column is without its bytes');
}

export function blob(value: unknown): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined;
}
