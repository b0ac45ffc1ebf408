/** Writes the rows of a release: who sees it, and its latest version with tracks and cover. */
import type { DatabaseSync } from 'node:sqlite';
import type { ReleaseTrack } from '../../../torrents/release/release.ts';
import type { VersionInput, WantedAccess } from '../contract.ts';
import { visibilities } from '../rows.ts';
import { completenessOf, type Publication } from './publication.ts';
import type { TorrentFiles } from './torrent-files.ts';
import { torrentNameText } from './torrent-names.ts';
import { trackId } from './track-id.ts';

export function releaseRows(db: DatabaseSync, files: TorrentFiles) {
  const sql = statements(db);

  function storeTorrent(
    number: number,
    version: number,
    { publishedAtMs, signature }: Pick<VersionInput, 'publishedAtMs' | 'signature'>,
    { torrent, file }: Publication,
  ): void {
    const { infoHash, infoHashV2, format } = torrent;
    sql.version.run(
      number,
      version,
      format === 'v2' ? null : infoHash,
      infoHashV2 ?? null,
      torrent.bytes,
      torrent.fileCount,
      publishedAtMs,
      signature ?? null,
      file instanceof Uint8Array ? files.write(file) : files.adopt(file),
      torrentNameText(torrent.name),
    );
  }

  return {
    storeAccess(number: number, { visibility, groupId, peopleIds = [] }: WantedAccess): void {
      sql.access.run(visibilities.indexOf(visibility), groupId ?? null, number);
      sql.dropPeople.run(number);
      for (const accountId of peopleIds) sql.person.run(number, accountId);
    },
    /** The caller has already deleted the tracks of the earlier version. */
    storeVersion(
      number: number,
      version: number,
      input: Pick<VersionInput, 'publishedAtMs' | 'signature' | 'nowMs'>,
      publication: Publication,
    ): void {
      const { tracks, cover } = publication;
      storeTorrent(number, version, input, publication);
      sql.describe.run(...descriptionOf(publication), version, input.nowMs, number);
      sql.dropCover.run(number);
      if (cover !== undefined) sql.cover.run(number, cover.type, cover.bytes);
      for (const [place, track] of tracks.entries())
        sql.track.run(trackId(number, place), ...columnsOf(track));
    },
  };
}

/** In the order of the `describe` statement. */
function descriptionOf(publication: Publication) {
  const { torrent, album, artist, albumArtist, year, genre, licence, copyright, tracks } = publication;
  return [
    album,
    artist ?? null,
    albumArtist ?? null,
    year ?? null,
    genre ?? null,
    licence ?? null,
    copyright ?? null,
    tracks.length,
    tracks.reduce((sum, { durationMs = 0 }) => sum + durationMs, 0),
    torrent.bytes,
    mostOf(tracks.map(({ codec }) => codec)) ?? null,
    tracks.length > 0 && tracks.every(({ lossless }) => lossless === true) ? 1 : 0,
    Math.min(...tracks.map(({ bitRate = 0 }) => bitRate), Number.MAX_SAFE_INTEGER),
    completenessOf(tracks),
    torrent.private ? 1 : 0,
  ] as const;
}

/** In the order of the table's columns, after the id. */
function columnsOf(track: ReleaseTrack) {
  return [
    track.fileIndex,
    track.path,
    track.disc ?? null,
    track.track ?? null,
    track.title,
    track.artist ?? null,
    track.durationMs ?? null,
    track.codec ?? null,
    track.lossless === undefined ? null : Number(track.lossless),
    track.bitRate ?? null,
    track.sampleRate ?? null,
    track.bytes,
    track.piecesRoot ?? null,
  ] as const;
}

function mostOf(values: readonly (string | undefined)[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

function statements(db: DatabaseSync) {
  return {
    describe: db.prepare(`
      UPDATE releases SET album = ?, artist = ?, album_artist = ?, year = ?, genre = ?, licence = ?, copyright = ?, track_count = ?, duration_ms = ?,
        bytes = ?, codec = ?, lossless = ?, bit_rate = ?, completeness = ?, private = ?, version = ?, updated_at = ?
      WHERE id = ?`),
    access: db.prepare('UPDATE releases SET visibility = ?, group_id = ? WHERE id = ?'),
    person: db.prepare('INSERT INTO release_people VALUES (?, ?)'),
    dropPeople: db.prepare('DELETE FROM release_people WHERE release_id = ?'),
    cover: db.prepare('INSERT INTO covers VALUES (?, ?, ?)'),
    dropCover: db.prepare('DELETE FROM covers WHERE release_id = ?'),
    version: db.prepare(`
      INSERT INTO versions (release_id, number, info_hash, info_hash_v2, bytes, file_count, published_at, signature, torrent,
                            torrent_name)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    track: db.prepare('INSERT INTO tracks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
  };
}
