/**
 * When the swarms are written to disk and read from it: at the start, every minute while something has changed, and at a
 * clean stop.
 *
 * A tracker's memory of peers has an id. It is a new one when peers may have been forgotten: after a crash, or without a
 * file. Clients that hold an alive stream (http/alive.ts) announce again then.
 */
import type { Clock } from '../clock.ts';
import { newMemoryId, type SnapshotTrouble, snapshotFile } from './snapshot-file.ts';
import type { SwarmAccess } from './swarm-access.ts';

export interface SwarmKeeperOptions extends Clock {
  readonly dataFolder: string;
  readonly key: Uint8Array;
  readonly swarmAccess: SwarmAccess;
  /** A number that grows with every announce: without one, the file on the disk is as good as a new one. */
  readonly changes: () => number;
  /** False: none is kept, and one that is there is removed. */
  readonly isWanted: boolean;
  readonly onTrouble: (trouble: SnapshotTrouble) => void;
}

export interface SwarmKeeper {
  readonly memoryId: string;
  /** Peers that were listed at the start. */
  readonly restored: number;
  /** Once a second or so. */
  tick(): void;
  /** After the last announce. */
  close(): Promise<void>;
}

/** What a crash may cost: peers that came within it are unknown until they announce again. */
const writeEveryMs = 5_000;
/** With more than some ten thousand peers: a million of them are 20 MB, and a disk is to have a rest. */
const writeLargeEveryMs = 60_000;
const largeBytes = 256 * 1024;

/** Before the first announce is answered. */
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
    // A clock that has gone back says nothing of how long we were away: as long as it takes to start.
    restored = swarmAccess.restore(found.swarms, now, Math.max(0, now.wallMs - found.madeMs));
  }
  const memoryId = found?.isLast === true ? found.memoryId : newMemoryId();
  /** At once: the file of a clean stop must not be taken for the state after a crash. */
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
        // A disk that refuses is asked again no sooner than it would be for a large one.
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
