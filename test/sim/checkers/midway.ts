/**
 * A half-done download for tests that stage violations: one seed, one leecher with pieces in every state, and
 * a way to show a checker one turn of either.
 */
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { Action, Fact } from '../../../client/engine/contract.ts';
import type { Inspection } from '../../../client/engine/inspection.ts';
import { MessageWriter } from '../../../client/wire/message.ts';
import { type SimPeer, torrent } from '../world/peer.ts';
import { World } from '../world/world.ts';
import type { Checker, Disbelief } from './checker.ts';

export const KiB = 1024;
export const minuteMs = 60_000;
export const pieceLength = 64 * KiB;
export const woke: Fact = { type: 'woke' };

export interface Midway {
  readonly world: World;
  readonly seed: SimPeer;
  readonly leech: SimPeer;
  /** Tells `checker` that `peer` has answered `fact` with `actions`. */
  turn(checker: Checker, peer: SimPeer, fact: Fact, ...actions: Action[]): Disbelief;
}

export function midway(): Midway {
  const world = new World({ seed: 5, totalBytes: 40 * pieceLength - 1_234, pieceLength });
  const seed = world.join({ has: 'all' });
  const leech = world.join();
  world.runUntil(() => leech.status.haveCount >= 10, minuteMs);
  return {
    world,
    seed,
    leech,
    turn: (checker, peer, fact, ...actions) =>
      checker.onTurn!({ world, peer, fact, actions, nowMs: world.nowMs }),
  };
}

export function parts(peer: SimPeer): Inspection {
  return peer.engine.inspect(torrent)!;
}

/** Its only session. */
export function sessionIn(peer: SimPeer): PeerSession {
  return [...parts(peer).sessions.values()][0]!;
}

/** Forged messages, on a connection that does not exist. */
export function said(write: (writer: MessageWriter) => void): Action {
  const writer = new MessageWriter();
  write(writer);
  return { type: 'send', connection: 901, bytes: writer.take() };
}
