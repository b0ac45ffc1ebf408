/**
 * Simulated users who select pieces: wanted pieces with priorities, the download order and deadlines. Which
 * pieces is drawn for each peer.
 */
import { priorityDefault, priorityMax } from '../../../client/engine/pieces/piece-selection.ts';
import type { Fault } from '../plan/schema.ts';
import { type SimPeer, torrent } from '../world/peer.ts';
import type { World } from '../world/world.ts';

const deadlineMsDefault = 1_000;

export function choose(world: World, peer: SimPeer, choice: Extract<Fault, { type: 'choice' }>): void {
  if (!peer.isAlive) return;
  const { wantedPerMille, sequential, deadlines = 0, deadlineMs = deadlineMsDefault } = choice;
  const random = world.random.of(`choice of ${peer.number} at ${choice.atMs}`);
  const { geometry } = world;
  const priorities = new Uint8Array(geometry.pieceCount).map(() =>
    random.below(1_000) < wantedPerMille ? 1 + random.below(priorityMax) : 0,
  );
  peer.tell({ type: 'pieces-selected', torrent, priorities });
  if (sequential !== undefined) peer.tell({ type: 'order-chosen', torrent, sequential });
  if (choice.asksTrackers === true) peer.tell({ type: 'announce-wished', torrent });
  const first = random.below(geometry.pieceCount);
  for (let n = 0; n < deadlines; n++) {
    const pieceIndex = geometry.pieceIndex((first + n) % geometry.pieceCount)!;
    // One deadline in eight is removed.
    const atMs = random.below(8) === 0 ? undefined : world.nowMs + (n + 1) * deadlineMs;
    peer.tell({ type: 'deadline-set', torrent, pieceIndex, atMs });
  }
}

export function wantAllAgain(world: World, peer: SimPeer): void {
  if (!peer.isAlive || peer.hasLeft) return;
  const priorities = new Uint8Array(world.geometry.pieceCount).fill(priorityDefault);
  peer.tell({ type: 'pieces-selected', torrent, priorities });
  peer.tell({ type: 'order-chosen', torrent, sequential: false });
}
