/**
 * Stores the content that a moderator has taken down, so that it is recognised when it is published again.
 */
import type { DatabaseSync } from 'node:sqlite';
import { type BlockedContent, blockOf, type ContentPrint } from './content-print.ts';

export interface ContentBlocks {
  /**
   * The block that this content meets, of takedowns with a number above `after`; undefined: none. `print` is
   * called only if any block exists.
   */
  blockOf(print: () => ContentPrint, after?: number): number | undefined;
  /** Blocks the prints of all versions of a release. Returns the bytes of their music. */
  add(takedownId: number, prints: readonly ContentPrint[]): number;
  lift(takedownId: number): void;
}

/**
 * A look-up takes about 10 µs, and a file needs one or two. For more files than this, one scan of all
 * blocked sizes is cheaper.
 */
const filesLookedUpMax = 500;

export function contentBlocks(db: DatabaseSync): ContentBlocks {
  const sql = statements(db);
  /** `sizes`: the sizes of all blocked files. Undefined: each file is looked up. */
  const blockedBy = (sizes: ReadonlySet<number> | undefined, after: number): BlockedContent => {
    const idsOf = (rows: readonly unknown[]) =>
      rows.map((row) => (row as { id: number }).id).filter((id) => id > after);
    const mayBe = (bytes: number) => sizes === undefined || sizes.has(bytes);
    return {
      byHash: (hash) => idsOf(sql.byHash.all(hash)),
      byRoot: (root, bytes) => (mayBe(bytes) ? idsOf(sql.byRoot.all(root)) : []),
      byBytes: (bytes) => (mayBe(bytes) ? idsOf(sql.byBytes.all(bytes)) : []),
      musicBytesOf: (id) => Number(sql.musicBytes.get(id)?.music_bytes ?? Infinity),
    };
  };
  return {
    blockOf(printOf, after = 0) {
      if (sql.any.get() === undefined) return undefined;
      const print = printOf();
      const isLong = print.files.length > filesLookedUpMax;
      const sizes = isLong ? new Set(sql.sizes.all().map((row) => row.bytes as number)) : undefined;
      return blockOf(print, blockedBy(sizes, after));
    },
    add(takedownId, prints) {
      const files = new Map<string, { readonly root: Uint8Array | undefined; readonly bytes: number }>();
      for (const { hashes, files: printed } of prints) {
        for (const hash of hashes) sql.addHash.run(hash, takedownId);
        for (const { root, bytes, counts } of printed) {
          const key = `${root === undefined ? '' : Buffer.from(root).toString('hex')} ${bytes}`;
          if (counts) files.set(key, { root, bytes });
        }
      }
      for (const { root, bytes } of files.values()) sql.addFile.run(takedownId, root ?? null, bytes);
      return [...files.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    },
    lift(takedownId) {
      sql.dropHashes.run(takedownId);
      sql.dropFiles.run(takedownId);
    },
  };
}

function statements(db: DatabaseSync) {
  const knownBy = (condition: string) =>
    db.prepare(`SELECT DISTINCT takedown_id AS id FROM blocked_files WHERE ${condition}`);
  return {
    any: db.prepare('SELECT 1 FROM takedowns WHERE unblocked_ms IS NULL LIMIT 1'),
    byHash: db.prepare('SELECT takedown_id AS id FROM blocked_hashes WHERE hash = ?'),
    byRoot: knownBy('root = ?'),
    byBytes: knownBy('bytes = ?'),
    sizes: db.prepare('SELECT DISTINCT bytes FROM blocked_files'),
    musicBytes: db.prepare('SELECT music_bytes FROM takedowns WHERE id = ?'),
    addHash: db.prepare('INSERT OR IGNORE INTO blocked_hashes VALUES (?, ?)'),
    addFile: db.prepare('INSERT INTO blocked_files VALUES (?, ?, ?)'),
    dropHashes: db.prepare('DELETE FROM blocked_hashes WHERE takedown_id = ?'),
    dropFiles: db.prepare('DELETE FROM blocked_files WHERE takedown_id = ?'),
  };
}
