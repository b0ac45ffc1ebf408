/** Decides whether a publication is stored at once, waits for a moderator, or is refused. */
import type { DatabaseSync } from 'node:sqlite';
import type { ReleaseAccess } from '../../access.ts';
import { CatalogueError } from '../catalogue-error.ts';
import type { StoredRelease } from '../stored-release.ts';
import { contentBlocks } from './content-blocks.ts';
import type { Publication } from './publication.ts';
import { waitingPublications } from './waiting.ts';

/** As many torrents as one address may seed (tracker/registry/limits.ts). */
const releasesPerPublisherMax = 20_000;
export function publicationRules(db: DatabaseSync) {
  const blocks = contentBlocks(db);
  const waiting = waitingPublications(db);
  const sql = statements(db);

  /** The last takedown of a release. `isBlocked`: its content is still blocked. */
  function takedownOf(releaseId: string): { readonly id: number; readonly isBlocked: boolean } {
    const row = sql.takedownOf.get(releaseId);
    if (row === undefined) throw new RangeError(`release ${releaseId} was never taken down`);
    return { id: Number(row.id), isBlocked: row.unblocked_ms === null };
  }

  /** Throws if the id is taken or the publisher is at the limit of releases. */
  function checkNew(releaseId: string, publisherId: number): void {
    if (sql.taken.get({ releaseId, publisherId }) !== undefined) {
      throw new CatalogueError('release-exists', 'there is a release with this id: choose another');
    }
    if (Number(sql.countOf.get(publisherId)?.n ?? 0) >= releasesPerPublisherMax) {
      throw new CatalogueError(
        'release-limit',
        `an account publishes at most ${releasesPerPublisherMax} releases`,
      );
    }
  }

  /**
   * `takenDown`: the release's id, if the publication is a new version of a release that was taken down. Such
   * a version waits regardless of its content.
   */
  function mustWait(
    publication: Publication,
    access: ReleaseAccess,
    takenDown: string | undefined,
    nowMs: number,
  ): boolean {
    const { torrent, album: title } = publication;
    const { publisherId } = access;
    const approvedUpTo = waiting.approvedUpTo(publisherId, torrent);
    const takedownId =
      takenDown === undefined
        ? blocks.blockOf(() => publication.print, approvedUpTo)
        : takedownOf(takenDown).id;
    if (takedownId === undefined || takedownId <= approvedUpTo) return false;
    const isVersionOfDown = takenDown !== undefined;
    waiting.put({ publisherId, torrent, takedownId, isVersionOfDown, title, access, nowMs });
    return true;
  }

  /**
   * Checks the publisher's own releases only: those of others may be hidden. To undo a change, a publisher
   * may publish the torrent of an earlier version of `own` again.
   */
  function refuseTwice(
    { torrent }: Publication,
    publisherId: number,
    own: Pick<StoredRelease, 'number' | 'version'> = { number: 0, version: 0 },
  ): void {
    const { infoHash, infoHashV2, format } = torrent;
    const hashes = [format === 'v2' ? null : infoHash, infoHashV2 ?? null];
    const twice = sql.publishedBy.get(publisherId, ...hashes, own.number, own.version);
    if (twice === undefined) return;
    const message = `you have published this torrent, as version ${twice.number} of release ${twice.public_id}`;
    throw new CatalogueError('already-published', message);
  }

  return { takedownOf, checkNew, mustWait, refuseTwice };
}

function statements(db: DatabaseSync) {
  return {
    taken: db.prepare(`
      SELECT 1 FROM releases WHERE public_id = :releaseId
      UNION ALL SELECT 1 FROM withdrawn_releases WHERE public_id = :releaseId AND publisher_id <> :publisherId`),
    countOf: db.prepare('SELECT count(*) AS n FROM releases WHERE publisher_id = ?'),
    publishedBy: db.prepare(`
      SELECT v.number, r.public_id FROM versions v JOIN releases r ON r.id = v.release_id
      WHERE r.publisher_id = ? AND r.taken_down_ms IS NULL AND (v.info_hash = ? OR v.info_hash_v2 = ?)
        AND NOT (v.release_id = ? AND v.number < ?) LIMIT 1`),
    takedownOf: db.prepare(
      'SELECT id, unblocked_ms FROM takedowns WHERE public_id = ? ORDER BY id DESC LIMIT 1',
    ),
  };
}
