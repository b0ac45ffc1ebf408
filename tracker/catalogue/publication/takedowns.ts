/**
 * The writer's side of taking a release down and restoring it. Who may do so is decided in
 * tracker/moderation.
 *
 * Invariant: no data of a release that is taken down is lost, and until it is restored it is in no search
 * index, page or swarm. Its content is blocked in the same transaction.
 */
import type { DatabaseSync } from 'node:sqlite';
import { peerLimits } from '../../../torrents/bencode/bencode.ts';
import { parseMetainfo } from '../../../torrents/metainfo/metainfo.ts';
import type { ReleaseAccess, Viewer } from '../../access.ts';
import type { ServedRelease } from '../contract.ts';
import { blob, bytesOf, type Row } from '../rows.ts';
import { searchIndex } from '../search/search-index.ts';
import { storedReleases } from '../stored-release.ts';
import { contentBlocks } from './content-blocks.ts';
import { type ContentPrint, contentPrint } from './content-print.ts';
import { torrentFiles } from './torrent-files.ts';
import { torrentKey, waitingPublications } from './waiting.ts';

/** The release that a moderation is about, and its publisher. */
export interface TakedownSubject {
  readonly takedownId: number;
  readonly releaseId: string;
  readonly publisherId: number;
  readonly title: string;
  readonly access: ReleaseAccess;
}

/** A waiting publication that was decided or freed. */
export interface DecidedWaiting {
  readonly waitingId: number;
  readonly publisherId: number;
  readonly title: string;
  readonly access: ReleaseAccess;
}

export interface NewTakedown {
  readonly releaseId: string;
  readonly moderatorId: number;
  readonly reason: string;
  readonly nowMs: number;
}

/**
 * How many bytes of torrents are read for a block, the newest version first, because the writer answers no
 * other call during this.
 */
const printedBytesMax = 16 * 1024 * 1024;

export function takedowns(db: DatabaseSync) {
  const stored = storedReleases(db);
  const index = searchIndex(db);
  const blocks = contentBlocks(db);
  const waiting = waitingPublications(db);
  const printsOf = versionPrints(db);
  const { free, decide } = waitingDecisions(db);
  const sql = statements(db);

  function setTakenDown(releaseNumber: number, atMs: number | null): void {
    sql.setTakenDown.run(atMs, releaseNumber);
    sql.nextChange.run();
    sql.change.run(releaseNumber);
  }

  /**
   * Undefined: no release with that id is up. `viewer` undefined: the release was reported, so it may be
   * hidden from the moderator.
   */
  function takeDown(
    viewer: Viewer | undefined,
    { releaseId, moderatorId, reason, nowMs }: NewTakedown,
  ): { readonly subject: TakedownSubject; readonly served: ServedRelease } | undefined {
    const release = viewer === undefined ? stored.up(releaseId) : stored.visibleTo(viewer, releaseId);
    if (release === undefined) return undefined;
    const { number, indexed } = release;
    const { access, album: title } = indexed;
    const { publisherId } = access;
    const served = stored.served(number);
    const { lastInsertRowid } = sql.insert.run(
      ...[releaseId, publisherId, moderatorId, title, JSON.stringify(access), reason, nowMs],
    );
    const takedownId = Number(lastInsertRowid);
    sql.setMusicBytes.run(blocks.add(takedownId, printsOf(number)), takedownId);
    for (const row of sql.versions.all(number)) waiting.forget(publisherId, keyOf(row));
    index.take(number, indexed);
    setTakenDown(number, nowMs);
    const subject = { takedownId, releaseId, publisherId, title, access };
    return { subject, served: { ...served, access: undefined } };
  }

  /**
   * Restores the release as it was and lifts the block on its content. Undefined: the release is not taken
   * down.
   */
  function restore(
    releaseId: string,
    nowMs: number,
  ):
    | {
        readonly subject: TakedownSubject;
        readonly served: ServedRelease;
        readonly freed: readonly DecidedWaiting[];
      }
    | undefined {
    const row = sql.standing.get(releaseId);
    const release = row && stored.takenDown(releaseId);
    if (row === undefined || release === undefined) return undefined;
    const { number, indexed } = release;
    const subject = subjectOf(row);
    sql.setRestored.run(nowMs, subject.takedownId);
    const { freed: unblocked = [] } = unblock(subject.takedownId, nowMs) ?? {};
    // Waiting versions of the release itself are freed, too.
    const freed = [...unblocked, ...free(subject.takedownId, true)];
    setTakenDown(number, null);
    index.put(number, indexed);
    return { subject, served: stored.served(number), freed };
  }

  /**
   * Undefined: no such block stands. `freed`: the publications that waited only for this block. A version of
   * the release itself continues to wait, since the release stays down.
   */
  function unblock(
    takedownId: number,
    nowMs: number,
  ): { readonly subject: TakedownSubject; readonly freed: readonly DecidedWaiting[] } | undefined {
    const row = sql.blocking.get(takedownId);
    if (row === undefined) return undefined;
    blocks.lift(takedownId);
    sql.setUnblocked.run(nowMs, takedownId);
    return { subject: subjectOf(row), freed: free(takedownId, false) };
  }

  return { takeDown, restore, unblock, decide };
}

/** The prints of all versions of a release, for a block. */
function versionPrints(db: DatabaseSync) {
  const files = torrentFiles(db);
  const versions = db.prepare(versionsSql);

  /** Undefined: the file is lost. Its release is taken down all the same. */
  function readTorrent(digest: Uint8Array): Uint8Array | undefined {
    try {
      return files.read(digest);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  return (releaseNumber: number): ContentPrint[] => {
    const prints: ContentPrint[] = [];
    let readBytes = 0;
    for (const row of versions.all(releaseNumber)) {
      const hashes = [blob(row.info_hash), blob(row.info_hash_v2)].filter((hash) => hash !== undefined);
      if (readBytes >= printedBytesMax) {
        prints.push({ hashes, files: [] });
        continue;
      }
      const torrent = readTorrent(bytesOf(row.torrent));
      readBytes += torrent?.length ?? 0;
      prints.push(
        torrent === undefined
          ? { hashes, files: [] }
          : contentPrint(parseMetainfo(torrent, { limits: peerLimits })),
      );
    }
    return prints;
  };
}

/** Decides about waiting publications. */
function waitingDecisions(db: DatabaseSync) {
  const sql = {
    undecided: db.prepare(
      'SELECT * FROM waiting WHERE id = ? AND approved_ms IS NULL AND refused_ms IS NULL',
    ),
    // The approval covers all blocks up to the latest takedown.
    approve: db.prepare(
      'UPDATE waiting SET approved_ms = ?, takedown_id = (SELECT max(id) FROM takedowns) WHERE id = ?',
    ),
    refuse: db.prepare('UPDATE waiting SET refused_ms = ? WHERE id = ?'),
    waitingFor: db.prepare(`SELECT * FROM waiting WHERE ${undecidedOf}`),
    dropWaiting: db.prepare(`DELETE FROM waiting WHERE ${undecidedOf}`),
  };

  /** Deletes and returns the undecided publications that wait because of this takedown. */
  function free(takedownId: number, isVersionOfDown: boolean): DecidedWaiting[] {
    const freed = sql.waitingFor.all(takedownId, Number(isVersionOfDown)).map(waitingOf);
    sql.dropWaiting.run(takedownId, Number(isVersionOfDown));
    return freed;
  }

  /** Approves or refuses a waiting publication. Undefined: no undecided publication has this number. */
  function decide(waitingId: number, isApproved: boolean, nowMs: number): DecidedWaiting | undefined {
    const row = sql.undecided.get(waitingId);
    if (row === undefined) return undefined;
    (isApproved ? sql.approve : sql.refuse).run(nowMs, waitingId);
    return waitingOf(row);
  }

  return { free, decide };
}

function subjectOf(row: Row): TakedownSubject {
  return {
    takedownId: row.id as number,
    releaseId: row.public_id as string,
    publisherId: row.publisher_id as number,
    title: row.title as string,
    access: JSON.parse(row.access as string) as ReleaseAccess,
  };
}

function waitingOf(row: Row): DecidedWaiting {
  return {
    waitingId: row.id as number,
    publisherId: row.publisher_id as number,
    title: row.title as string,
    access: JSON.parse(row.access as string) as ReleaseAccess,
  };
}

function keyOf(row: Row): Uint8Array {
  const [v1, v2] = [blob(row.info_hash), blob(row.info_hash_v2)];
  return torrentKey({
    format: v1 === undefined ? 'v2' : 'v1',
    infoHash: v1 ?? new Uint8Array(0),
    infoHashV2: v2,
  });
}

const versionsSql = 'SELECT * FROM versions WHERE release_id = ? ORDER BY number DESC';
const undecidedOf =
  'takedown_id = ? AND is_version_of_down = ? AND approved_ms IS NULL AND refused_ms IS NULL';

function statements(db: DatabaseSync) {
  return {
    versions: db.prepare(versionsSql),
    insert: db.prepare(`
      INSERT INTO takedowns (public_id, publisher_id, moderator_id, title, access, reason, music_bytes, made_ms)
      VALUES (?, ?, ?, ?, ?, ?, 0, ?)`),
    setMusicBytes: db.prepare('UPDATE takedowns SET music_bytes = ? WHERE id = ?'),
    standing: db.prepare(
      'SELECT * FROM takedowns WHERE public_id = ? AND restored_ms IS NULL ORDER BY id DESC LIMIT 1',
    ),
    blocking: db.prepare('SELECT * FROM takedowns WHERE id = ? AND unblocked_ms IS NULL'),
    setRestored: db.prepare('UPDATE takedowns SET restored_ms = ? WHERE id = ?'),
    setUnblocked: db.prepare('UPDATE takedowns SET unblocked_ms = ? WHERE id = ?'),
    setTakenDown: db.prepare('UPDATE releases SET taken_down_ms = ? WHERE id = ?'),
    nextChange: db.prepare('UPDATE changes SET last = last + 1'),
    change: db.prepare('UPDATE releases SET change = (SELECT last FROM changes) WHERE id = ?'),
  };
}
