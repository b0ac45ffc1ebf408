/** Checks that a stopped torrent leaves nothing behind: memory, timers, seats. */
import { expect } from 'vitest';
import type { EngineLab } from './engine-lab.ts';

const connectionsMax = 6;
export const limits = {
  connectionsMax,
  connectionsPerTorrentMax: connectionsMax,
  halfOpenMax: connectionsMax,
};

/** Nothing is left once the torrent has stopped, and a whole crowd can connect again. */
export function expectNothingLeft(lab: EngineLab): void {
  for (const peer of lab.peers.values()) peer.hangUp();
  lab.stop();
  expect(lab.memory.outstanding).toBe(0);
  expect(lab.engine.usage).toMatchObject({
    dials: new Map(),
    budget: { connections: 0, dials: 0, halfOpen: 0, unanswered: 0, pieceBytes: 0 },
  });
  expect(lab.engine.wakeAtMs).toBe(Number.MAX_SAFE_INTEGER);
  // Every seat is free again, and there are no more than before.
  const newcomers = Array.from({ length: connectionsMax + 1 }, () => lab.connect());
  expect(newcomers.map((peer) => peer.closed)).toEqual([
    'too-many-half-open',
    ...Array(connectionsMax).fill(undefined),
  ]);
}
