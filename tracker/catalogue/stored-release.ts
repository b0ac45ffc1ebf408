/** A release as its rows describe it: what its index entry was made of, and what the announce path needs. */
import type { DatabaseSync } from 'node:sqlite';
import type { ReleaseAccess, Viewer } from '../access.ts';
import type { ServedRelease } from './contract.ts';
import { trackRange } from './publication/track-id.ts';
import { blob, number, type Row, text, trackColumns, trackOf, visibilityOf } from './rows.ts';
import type { IndexedRelease } from './search/search-index.ts';
import { takenDownSql, visibleParameters, visibleSql } from './visible.ts';

export interface StoredRelease {
  readonly number: number;
  /** The latest version. */
  readonly version: number;
  readonly isPrivate: boolean;
  readonly indexed: IndexedRelease;
}

/** BEP 52: announces name a v2 torrent by the first 20 bytes of its hash. */
const announcedHashBytes = 20;

export function storedReleases(db: DatabaseSync) {
  const byNumber = db.prepare('SELECT * FROM releases WHERE id = ?');
  const byPublicId = db.prepare(`SELECT * FROM releases r WHERE public_id = :releaseId AND ${visibleSql}`);
  const ownTakenDown = db.prepare(
    `SELECT * FROM releases r WHERE public_id = :releaseId AND ${takenDownSql}`,
  );
  const upById = db.prepare('SELECT * FROM releases WHERE public_id = ? AND taken_down_ms IS NULL');
  const downById = db.prepare('SELECT * FROM releases WHERE public_id = ? AND taken_down_ms IS NOT NULL');
  const tracks = db.prepare(
    `SELECT ${trackColumns} FROM tracks t WHERE t.id >= ? AND t.id < ? ORDER BY t.id`,
  );
  const people = db.prepare('SELECT account_id FROM release_people WHERE release_id = ? ORDER BY account_id');
  // One scan over both tables: the tracker reads all releases at start, before its first answer, and may have
  // a million tracks.
  const announced = `SELECT r.id, r.public_id, r.publisher_id, r.visibility, r.group_id, v.info_hash,
      substr(v.info_hash_v2, 1, ${announcedHashBytes}) AS info_hash_v2
    FROM releases r JOIN versions v ON v.release_id = r.id WHERE r.taken_down_ms IS NULL`;
  const announcedOf = db.prepare(`${announced} AND r.id = ? ORDER BY v.number`);
  const announcedByAll = db.prepare(`${announced} ORDER BY r.id, v.number`);

  function accessOf(row: Row): ReleaseAccess {
    const visibility = visibilityOf(row.visibility);
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
        licence: text(row.licence),
        tracks: tracks.all(...trackRange(row.id as number)).map(trackOf),
      },
    };
  }

  return {
    /** Throws if the release does not exist. */
    of(releaseNumber: number): StoredRelease {
      const release = read(byNumber.get(releaseNumber));
      if (release === undefined) throw new RangeError(`there is no release ${releaseNumber}`);
      return release;
    },
    visibleTo: (viewer: Viewer, releaseId: string) =>
      read(byPublicId.get({ releaseId, ...visibleParameters(viewer) })),
    /** The viewer's own release, if it was taken down. */
    ownTakenDown: (viewer: Viewer, releaseId: string) =>
      viewer.accountId === undefined
        ? undefined
        : read(ownTakenDown.get({ releaseId, viewer: viewer.accountId })),
    /** Regardless of who may see it. */
    up: (releaseId: string) => read(upById.get(releaseId)),
    takenDown: (releaseId: string) => read(downById.get(releaseId)),
    accessOf,
    /** Throws if the release is not up. */
    served(releaseNumber: number): ServedRelease {
      const [served] = servedOf(announcedOf.iterate(releaseNumber), accessOf);
      if (served === undefined) throw new RangeError(`release ${releaseNumber} is not up`);
      return served;
    },
    servedAll: () => servedOf(announcedByAll.iterate(), accessOf),
  };
}

/** `rows`: from the statement `announced`, one per version. */
function servedOf(rows: Iterable<Row>, accessOf: (row: Row) => ReleaseAccess): ServedRelease[] {
  const served: ServedRelease[] = [];
  let infoHashes: Uint8Array[] = [];
  let last: unknown;
  for (const row of rows) {
    if (row.id !== last) {
      last = row.id;
      infoHashes = [];
      served.push({
        number: row.id as number,
        releaseId: row.public_id as string,
        infoHashes,
        access: accessOf(row),
      });
    }
    for (const hash of [blob(row.info_hash), blob(row.info_hash_v2)]) if (hash) infoHashes.push(hash);
  }
  return served;
}
