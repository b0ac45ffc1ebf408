/** The results of a run: one entry for each honest peer. */
import { expect, it } from 'vitest';
import { peerTable, sizeText } from '../cli/peer-table.ts';
import type { SwarmPlan } from '../plan/schema.ts';
import type { PeerResult } from './peer-results.ts';
import { runPlan } from './run-plan.ts';

const totalBytes = 24 * 65_536;
const plan: SwarmPlan = {
  seed: 1,
  torrent: { pieces: 24, pieceBytes: 65_536 },
  trackers: [{ name: 'main' }],
  peers: [
    { name: 'seed', has: 'all' },
    { name: 'leech', count: 3, joinMs: 500 },
  ],
};
const resultsOf = (changed: Partial<SwarmPlan>) =>
  Object.fromEntries(runPlan({ ...plan, ...changed }).peers.map((peer) => [peer.name, peer]));

it('a complete download has received every byte once, apart from wasted bytes', () => {
  const { seed, ...leeches } = resultsOf({});
  expect(seed).toMatchObject({ outcome: 'complete', doneSeconds: 0, downloaded: 0, lives: 1 });
  for (const { outcome, joinedSeconds, doneSeconds, downloaded, wasted, haveBytes } of Object.values(
    leeches,
  ) as PeerResult[]) {
    expect(outcome).toBe('complete');
    expect(joinedSeconds).toBe(0.5);
    expect(doneSeconds).toBeGreaterThan(0.5);
    expect([downloaded - wasted, haveBytes]).toEqual([totalBytes, totalBytes]);
  }
});

it('the traffic figures of a peer continue after a crash and after a restart', () => {
  const { 'leech-0': leech, 'leech-1': other } = resultsOf({
    faults: [
      { type: 'crash', peers: ['leech-0'], atMs: 900, forMs: 500, powerCut: true },
      { type: 'restart', peers: ['leech-1'], atMs: 900, forMs: 500 },
    ],
    healMs: 5_000,
  });
  expect([leech!.lives, other!.lives]).toEqual([2, 2]);
  // Pieces lost in the power cut are downloaded twice, and the figures of the first life still count.
  expect(leech!.downloaded).toBeGreaterThanOrEqual(totalBytes);
  expect(other!.downloaded).toBeGreaterThanOrEqual(totalBytes);
});

it('a peer that leaves early has the outcome no-source and keeps its figures', () => {
  const { gone } = resultsOf({ peers: [...plan.peers, { name: 'gone', joinMs: 0, leaveMs: 900 }] });
  expect(gone).toMatchObject({ outcome: 'no-source', doneSeconds: undefined });
  expect(gone!.downloaded).toBeGreaterThan(0);
  expect(gone!.haveBytes).toBeGreaterThan(0);
});

it('a magnet that finds its metadata has the outcome metadata, and a peer that is too slow the outcome incomplete', () => {
  const { magnet, late } = resultsOf({
    peers: [...plan.peers, { name: 'magnet', magnet: true }, { name: 'late', link: { downBps: 1_000 } }],
    untilMs: 30_000,
  });
  expect(magnet).toMatchObject({ outcome: 'metadata', haveBytes: 0 });
  expect(late).toMatchObject({ outcome: 'incomplete', doneSeconds: undefined });
});

it('a table of many peers lists the incomplete ones first', () => {
  const peer = (name: string, outcome: PeerResult['outcome']): PeerResult => ({
    ...{ name, outcome, joinedSeconds: 1, doneSeconds: outcome === 'complete' ? 3.5 : undefined },
    ...{ haveBytes: 1, downloaded: 2_000, uploaded: 3_000_000, wasted: 0, lives: 1 },
  });
  const many = Array.from({ length: 30 }, (_, i) => peer(`leech-${i}`, 'complete'));
  const lines = peerTable([...many, peer('poor', 'incomplete')]);
  expect(lines[1]).toMatch(/^poor +INCOMPLETE +– +2\.0 KiB +2\.9 MiB +0 B$/);
  expect(lines[2]).toMatch(/^leech-0 +complete +2\.5 s/);
  expect(lines.at(-1)).toBe('and 11 more; --json tells of all');
});

it('sizes are shown with one decimal in the unit that fits', () => {
  expect([0, 1_023, 1_024, 1_048_575, 5 * 1024 ** 4].map(sizeText)).toEqual([
    ...['0 B', '1023 B', '1.0 KiB', '1.0 MiB', '5.0 TiB'],
  ]);
});
