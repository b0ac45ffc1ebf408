/**
 * Publications that met a block and wait for a moderator. Their content is not stored: an approved publisher
 * sends it again, so that unapproved content cannot fill the disk, and nothing is published that its
 * publisher no longer wants.
 *
 * Invariant: an approval is for one account and one torrent, and covers the blocks that existed when it was
 * given. Moderators are asked once about a publication, as long as its row is kept.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import type { ReleaseAccess } from '../../access.ts';
import type { TorrentFacts } from './publication.ts';

export interface NewWaiting {
  readonly publisherId: number;
  readonly torrent: TorrentFacts;
  /** The takedown whose block the publication met. */
  readonly takedownId: number;
  /** The publication is a version of the release that was taken down. */
  readonly isVersionOfDown: boolean;
  readonly title: string;
  readonly access: ReleaseAccess;
  readonly nowMs: number;
}

/**
 * Undecided publications per account: beyond this the oldest is deleted, so that no account can fill the
 * moderators' list.
 */
const undecidedPerPublisherMax = 100;
/** All rows of an account, decided and undecided. */
const rowsPerPublisherMax = 1_000;
/** 90 days: then an undecided or refused publication is deleted, and its publisher may ask again. */
const undecidedMs = 90 * 86_400_000;

export interface Waiting {
  /** The highest takedown number that the approval covers; 0 without an approval. */
  approvedUpTo(publisherId: number, torrent: TorrentFacts): number;
  /** Replaces an earlier approval, which does not cover this block. */
  put(waiting: NewWaiting): void;
  /** The content was taken down again: an earlier approval no longer counts. */
  forget(publisherId: number, torrent: Uint8Array): void;
}

export function waitingPublications(db: DatabaseSync): Waiting {
  const approved = db.prepare(
    'SELECT takedown_id FROM waiting WHERE publisher_id = ? AND torrent = ? AND approved_ms IS NOT NULL',
  );
  const put = db.prepare(`
    INSERT INTO waiting (publisher_id, torrent, takedown_id, title, access, bytes, file_count, asked_ms,
                         is_version_of_down)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (publisher_id, torrent) DO UPDATE SET takedown_id = excluded.takedown_id, title = excluded.title,
      access = excluded.access, asked_ms = excluded.asked_ms, approved_ms = NULL,
      is_version_of_down = excluded.is_version_of_down`);
  const dropOld = db.prepare('DELETE FROM waiting WHERE approved_ms IS NULL AND asked_ms < ?');
  const dropMore = db.prepare(`
    DELETE FROM waiting WHERE publisher_id = :publisher AND id IN (
      SELECT id FROM waiting WHERE publisher_id = :publisher AND approved_ms IS NULL AND refused_ms IS NULL
      ORDER BY asked_ms DESC LIMIT -1 OFFSET ${undecidedPerPublisherMax})
    OR publisher_id = :publisher AND id IN (
      SELECT id FROM waiting WHERE publisher_id = :publisher ORDER BY asked_ms DESC
      LIMIT -1 OFFSET ${rowsPerPublisherMax})`);
  const forget = db.prepare('DELETE FROM waiting WHERE publisher_id = ? AND torrent = ?');
  return {
    approvedUpTo: (publisherId, torrent) =>
      Number(approved.get(publisherId, torrentKey(torrent))?.takedown_id ?? 0),
    put({ publisherId, torrent, takedownId, isVersionOfDown, title, access, nowMs }) {
      const { bytes, fileCount } = torrent;
      dropOld.run(nowMs - undecidedMs);
      const seen = JSON.stringify(access);
      const facts = [title, seen, bytes, fileCount, nowMs, Number(isVersionOfDown)] as const;
      put.run(publisherId, torrentKey(torrent), takedownId, ...facts);
      dropMore.run({ publisher: publisherId });
    },
    forget(publisherId, torrent) {
      forget.run(publisherId, torrent);
    },
  };
}

/** Both info-hashes: the approval is for exactly the torrent that was sent. */
export function torrentKey({
  format,
  infoHash,
  infoHashV2,
}: Pick<Metainfo, 'format' | 'infoHash' | 'infoHashV2'>): Uint8Array {
  const v1 = format === 'v2' ? new Uint8Array(0) : infoHash;
  return new Uint8Array(Buffer.concat([v1, infoHashV2 ?? new Uint8Array(0)]));
}
