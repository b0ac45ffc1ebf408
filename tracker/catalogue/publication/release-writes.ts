/**
 * The writer's side of publishing, new versions, access changes and withdrawal.
 *
 * Invariant: the rows of a release, its words in the search index and its files change together or not at
 * all. Only the latest version keeps its tracks; older versions remain as torrents, so that their swarms
 * continue.
 */
import type { DatabaseSync } from 'node:sqlite';
import { isPublisher, type Viewer } from '../../access.ts';
import { CatalogueError, noSuchRelease, notYours } from '../catalogue-error.ts';
import type {
  AddVersionInput,
  OwnedRelease,
  PublishInput,
  ReadVersionInput,
  ServedRelease,
  VersionInput,
  WantedAccess,
} from '../contract.ts';
import { visibilities } from '../rows.ts';
import { searchIndex } from '../search/search-index.ts';
import { type StoredRelease, storedReleases } from '../stored-release.ts';
import { type Publication, readAccess, readPublication } from './publication.ts';
import { unpackPublication } from './publication-parcel.ts';
import { publicationRules } from './publication-rules.ts';
import { releaseRows } from './release-rows.ts';
import { removeDropped, type TorrentFiles, torrentFiles } from './torrent-files.ts';
import { trackRange } from './track-id.ts';

/**
 * The publication waits for a moderator. This is returned, not thrown, so that the transaction with its row
 * in `waiting` is committed.
 */
export interface Awaiting {
  readonly isAwaiting: true;
}
const awaiting: Awaiting = { isAwaiting: true };

/** Three months for a folder that changes daily; older torrents are dropped. */
const versionsKeptMax = 100;

export function releaseWrites(db: DatabaseSync, files: TorrentFiles = torrentFiles(db)) {
  removeDropped(db);
  const store = openStore(db, files);
  return { ...publishing(db, store), ...changing(store), indexMore: store.indexMore };
}

/** What all writes share: the rows of releases and the search index over them. */
function openStore(db: DatabaseSync, files: TorrentFiles) {
  const stored = storedReleases(db);
  const index = searchIndex(db);
  const rows = releaseRows(db, files);
  const sql = statements(db);

  function ownRelease(viewer: Viewer, releaseId: string): StoredRelease {
    const release = stored.visibleTo(viewer, releaseId);
    if (release === undefined) throw noSuchRelease();
    if (!isPublisher(viewer.accountId, release.indexed.access)) throw notYours();
    return release;
  }

  /** Indexes the stored rows, and sets the change number that tells the readers to read the release again. */
  function publishStored(number: number): ServedRelease {
    index.put(number, stored.of(number).indexed);
    sql.nextChange.run();
    sql.change.run(number);
    return stored.served(number);
  }

  /** Indexes one slice of what is left of large releases. False: nothing is left. */
  function indexMore(): boolean {
    return index.putMore((number) => stored.of(number).indexed);
  }

  return { stored, index, rows, sql, ownRelease, publishStored, indexMore };
}

type Store = ReturnType<typeof openStore>;

function publishing(db: DatabaseSync, { stored, index, rows, sql, ownRelease, publishStored }: Store) {
  const rules = publicationRules(db);

  function publish(input: PublishInput): ServedRelease | Awaiting {
    const publisherId = accountOf(input.viewer);
    const publication = publicationOf(input, 1);
    const access = readAccess(input.access, publication.torrent);
    rules.checkNew(input.releaseId, publisherId);
    rules.refuseTwice(publication, publisherId);
    if (rules.mustWait(publication, { ...access, publisherId }, undefined, input.nowMs)) return awaiting;
    const { lastInsertRowid } = sql.insert.run(input.releaseId, publisherId, input.nowMs, input.nowMs);
    const number = Number(lastInsertRowid);
    rows.storeAccess(number, access);
    rows.storeVersion(number, 1, input, publication);
    return publishStored(number);
  }

  function addVersion(input: AddVersionInput): ServedRelease | Awaiting {
    const takenDown = stored.ownTakenDown(input.viewer, input.releaseId);
    const before = takenDown ?? ownRelease(input.viewer, input.releaseId);
    const { number, version, indexed } = before;
    const publication = publicationOf(input, input.version);
    const access = readAccess(input.access ?? indexed.access, publication.torrent);
    if (input.version !== version + 1) {
      const message = `the latest version is ${version}, so the next one is ${version + 1}, not ${input.version}`;
      throw new CatalogueError('version-not-next', message);
    }
    const { publisherId } = indexed.access;
    rules.refuseTwice(publication, publisherId, { number, version });
    if (rules.mustWait(publication, { ...access, publisherId }, takenDown && input.releaseId, input.nowMs))
      return awaiting;
    if (takenDown === undefined) index.take(number, indexed);
    else {
      // A moderator has approved this version, so that the release is up again. Its earlier versions are
      // dropped while their content is blocked: they could be fetched as older versions otherwise.
      const isBlocked = rules.takedownOf(input.releaseId).isBlocked;
      sql.up.run(number);
      sql.restored.run(input.nowMs, input.releaseId);
      if (isBlocked) dropVersions(number, version);
    }
    sql.dropTracks.run(...trackRange(number));
    if (input.access !== undefined) rows.storeAccess(number, access);
    rows.storeVersion(number, input.version, input, publication);
    dropVersions(number, input.version - versionsKeptMax);
    return publishStored(number);
  }

  /** Drops the versions up to this number; their torrent files are removed at the next start. */
  function dropVersions(number: number, upTo: number): void {
    sql.keepDropped.run(number, upTo);
    sql.dropVersions.run(number, upTo);
  }

  return { publish, addVersion };
}

function changing({ stored, index, rows, sql, ownRelease, publishStored }: Store) {
  function changeAccess(input: {
    readonly viewer: Viewer;
    readonly releaseId: string;
    readonly access: WantedAccess;
    readonly nowMs: number;
  }): ServedRelease {
    const { number, indexed, isPrivate } = ownRelease(input.viewer, input.releaseId);
    const access = readAccess(input.access, { private: isPrivate });
    index.take(number, indexed);
    rows.storeAccess(number, access);
    sql.touch.run(input.nowMs, number);
    return publishStored(number);
  }

  /**
   * Permanent. A block on its content stays. The id stays reserved for its publisher, because notices and
   * reports name it.
   */
  function withdraw(input: { readonly viewer: Viewer; readonly releaseId: string }): ServedRelease {
    const { viewer, releaseId } = input;
    const takenDown = stored.ownTakenDown(viewer, releaseId);
    const { number, indexed } = takenDown ?? ownRelease(viewer, releaseId);
    const served = takenDown ? { number, releaseId, infoHashes: [] } : stored.served(number);
    if (takenDown === undefined) index.take(number, indexed);
    sql.keepDropped.run(number, Number.MAX_SAFE_INTEGER);
    sql.dropTracks.run(...trackRange(number));
    sql.drop.run(number);
    sql.noteWithdrawn.run(releaseId, indexed.access.publisherId);
    return { ...served, access: undefined };
  }

  /**
   * Up to a hundred releases of an account, taken down or not. A write, so that no earlier publication is
   * missing.
   */
  function ownedBy({ publisherId, after }: { publisherId: number; after: number }): OwnedRelease[] {
    return sql.ownedBy
      .all(publisherId, after)
      .map((row) => ({ releaseId: row.public_id as string, number: row.id as number }));
  }

  /** Deletes the waiting publications of a deleted account. */
  function dropWaitingOf(publisherId: number): void {
    sql.dropWaitingOf.run(publisherId);
  }

  return { changeAccess, withdraw, ownedBy, dropWaitingOf };
}

/**
 * Reads the publication here, or unpacks what another thread has read. `version`: the version number that was
 * signed.
 */
function publicationOf(input: VersionInput | ReadVersionInput, version: number): Publication {
  return 'parcel' in input ? unpackPublication(input.parcel) : readPublication(input, version);
}

function accountOf({ accountId }: Viewer): number {
  if (accountId !== undefined) return accountId;
  throw new CatalogueError('not-allowed', 'only who has an account here publishes: sign in');
}

function statements(db: DatabaseSync) {
  return {
    noteWithdrawn: db.prepare('INSERT OR IGNORE INTO withdrawn_releases VALUES (?, ?)'),
    ownedBy: db.prepare(
      'SELECT id, public_id FROM releases WHERE publisher_id = ? AND id > ? ORDER BY id LIMIT 100',
    ),
    dropWaitingOf: db.prepare('DELETE FROM waiting WHERE publisher_id = ?'),
    insert: db.prepare(`
      INSERT INTO releases (public_id, publisher_id, visibility, album, track_count, duration_ms, bytes, lossless,
                            completeness, private, version, created_at, updated_at, change)
      VALUES (?, ?, ${visibilities.indexOf('nobody')}, '', 0, 0, 0, 0, 0, 0, 0, ?, ?,
              -(SELECT last FROM changes) - 1)`),
    touch: db.prepare('UPDATE releases SET updated_at = ? WHERE id = ?'),
    nextChange: db.prepare('UPDATE changes SET last = last + 1'),
    change: db.prepare('UPDATE releases SET change = (SELECT last FROM changes) WHERE id = ?'),
    up: db.prepare('UPDATE releases SET taken_down_ms = NULL WHERE id = ?'),
    restored: db.prepare('UPDATE takedowns SET restored_ms = ? WHERE public_id = ? AND restored_ms IS NULL'),
    dropTracks: db.prepare('DELETE FROM tracks WHERE id >= ? AND id < ?'),
    keepDropped: db.prepare(
      'INSERT OR IGNORE INTO dropped_torrents SELECT torrent FROM versions WHERE release_id = ? AND number <= ?',
    ),
    dropVersions: db.prepare('DELETE FROM versions WHERE release_id = ? AND number <= ?'),
    drop: db.prepare('DELETE FROM releases WHERE id = ?'),
  };
}
