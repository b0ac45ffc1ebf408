/**
 * When the swarms are read from and written to disk: read at the start, written regularly while they change,
 * and written at a clean stop.
 *
 * A tracker's memory of peers has an id. It is new if peers may have been forgotten: after a crash, or
 * without a file. Clients that hold an alive stream (http/alive.ts) then announce again.
 */
import type { Clock } from '../clock.ts';
import { newMemoryId, type SnapshotTrouble, snapshotFile } from './snapshot-file.ts';
import type { SwarmAccess } from './swarm-access.ts';

export interface SwarmKeeperOptions extends Clock {
  readonly dataFolder: string;
  readonly key: Uint8Array;
  readonly swarmAccess: SwarmAccess;
  /** A number that grows with every change of the swarms. While it is unchanged, the file is up to date. */
  readonly changes: () => number;
  /** False: no snapshot is written, and an existing one is removed. */
  readonly isWanted: boolean;
  readonly onTrouble: (trouble: SnapshotTrouble) => void;
}

export interface SwarmKeeper {
  readonly memoryId: string;
  /** Peers that were listed at the start. */
  readonly restored: number;
  /** Call it about once a second. */
  tick(): void;
  /** Call it after the last announce. */
  close(): Promise<void>;
}

/** Peers of the last seconds before a crash are unknown until they announce again. */
const writeEveryMs = 5_000;
/**
 * For snapshots over `largeBytes`, some ten thousand peers: those of a million peers have 20 MB, too much to
 * write every five seconds.
 */
const writeLargeEveryMs = 60_000;
const largeBytes = 256 * 1024;

/** Call it before the first announce is answered. */
export async function openSwarmKeeper(options: SwarmKeeperOptions): Promise<SwarmKeeper> {
  const { swarmAccess, nowMs, wallMs, changes } = options;
  const file = snapshotFile(options);
  if (!options.isWanted) {
    await file.remove().catch((error: NodeJS.ErrnoException) => {
      const message = `the swarm snapshot cannot be removed (${error.code ?? error.message})`;
      options.onTrouble({ code: 'snapshot-unwritten', message });
    });
    return { memoryId: newMemoryId(), restored: 0, tick() {}, close: async () => {} };
  }
  const found = await file.read();
  let restored = 0;
  if (found !== undefined) {
    const now = { nowMs: nowMs(), wallMs: wallMs() };
    // If the clock went back, the downtime is unknown and taken for zero.
    restored = swarmAccess.restore(found.swarms, now, Math.max(0, now.wallMs - found.madeMs));
  }
  const memoryId = found?.isLast === true ? found.memoryId : newMemoryId();
  /** At once, so that after a crash the file of a clean stop is not mistaken for the current state. */
  let dueMs = nowMs();
  let writtenChanges = -1;
  let writing: Promise<unknown> | undefined;

  function write(isLast: boolean): Promise<number | undefined> {
    writtenChanges = changes();
    const swarms = swarmAccess.snapshot(nowMs());
    return file.write({ swarms, madeMs: wallMs(), memoryId, isLast });
  }

  return {
    memoryId,
    restored,
    tick() {
      if (writing !== undefined || nowMs() < dueMs || changes() === writtenChanges) return;
      writing = write(false).then((bytes) => {
        // After a failed write, the next attempt comes after the long interval.
        dueMs = nowMs() + ((bytes ?? largeBytes) < largeBytes ? writeEveryMs : writeLargeEveryMs);
        if (bytes === undefined) writtenChanges = -1;
        writing = undefined;
      });
    },
    async close() {
      await writing;
      await write(true);
    },
  };
}
