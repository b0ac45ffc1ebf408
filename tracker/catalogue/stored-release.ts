/** A release as its rows tell it: what its index entry was made of, and what the announce path has to know. */
import type { DatabaseSync } from 'node:sqlite';
import type { CatalogueViewer, ReleaseAccess, ServedRelease } from './contract.ts';
import { number, type Row, text, trackColumns, trackOf, visibilities } from './rows.ts';
import type { IndexedRelease } from './search-index.ts';
import { trackRange } from './track-id.ts';
import { visibleParameters, visibleSql } from './visible.ts';

export interface StoredRelease {
  readonly number: number;
  /** The latest. */
  readonly version: number;
  readonly isPrivate: boolean;
  readonly indexed: IndexedRelease;
}

/** BEP 52: announces name a v2 torrent by the beginning of its hash. */
const announcedHashBytes = 20;

export function storedReleases(db: DatabaseSync) {
  const byNumber = db.prepare('SELECT * FROM releases WHERE id = ?');
  const byPublicId = db.prepare(`SELECT * FROM releases r WHERE public_id = :releaseId AND ${visibleSql}`);
  const tracks = db.prepare(
    `SELECT ${trackColumns} FROM tracks t WHERE t.id >= ? AND t.id < ? ORDER BY t.id`,
  );
  const people = db.prepare('SELECT account_id FROM release_people WHERE release_id = ? ORDER BY account_id');
  const hashes = db.prepare(
    'SELECT info_hash, info_hash_v2 FROM versions WHERE release_id = ? ORDER BY number',
  );

  function accessOf(row: Row): ReleaseAccess {
    const visibility = visibilities[row.visibility as number]!;
    const publisherId = row.publisher_id as number;
    if (visibility === 'group') return { visibility, publisherId, groupId: row.group_id as number };
    if (visibility !== 'people') return { visibility, publisherId };
    return {
      visibility,
      publisherId,
      peopleIds: people.all(row.id as number).map((p) => p.account_id as number),
    };
  }

  function read(row: Row | undefined): StoredRelease | undefined {
    if (row === undefined) return undefined;
    return {
      number: row.id as number,
      version: row.version as number,
      isPrivate: row.private === 1,
      indexed: {
        access: accessOf(row),
        album: row.album as string,
        artist: text(row.artist),
        albumArtist: text(row.album_artist),
        year: number(row.year),
        genre: text(row.genre),
        tracks: tracks.all(...trackRange(row.id as number)).map(trackOf),
      },
    };
  }

  function servedOf(row: Row): ServedRelease {
    const infoHashes = hashes.all(row.id as number).flatMap((version) => {
      const { info_hash: v1, info_hash_v2: v2 } = version as {
        info_hash: Uint8Array | null;
        info_hash_v2: Uint8Array | null;
      };
      // A copy, since what goes to another thread takes its whole buffer along.
      return [...(v1 === null ? [] : [v1]), ...(v2 === null ? [] : [v2.slice(0, announcedHashBytes)])];
    });
    return { releaseId: row.public_id as string, infoHashes, access: accessOf(row) };
  }

  return {
    of: (releaseNumber: number) => read(byNumber.get(releaseNumber)),
    visibleTo: (viewer: CatalogueViewer, releaseId: string) =>
      read(byPublicId.get({ releaseId, ...visibleParameters(viewer) })),
    accessOf,
    served: (releaseNumber: number) => servedOf(byNumber.get(releaseNumber)!),
    servedAll: () => db.prepare('SELECT * FROM releases ORDER BY id').all().map(servedOf),
  };
}
