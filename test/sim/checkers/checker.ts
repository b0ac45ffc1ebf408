/**
 * A checker believes one thing about every honest host and says so when it is not so. It has a name, which failing runs
 * are called by, and looks at three kinds of moments: after every fact (cheap: only at what that fact touched), now and
 * then (dear: at everything of a host), and when all is over.
 */
import type { Action, Fact } from '../../../client/engine/contract.ts';
import type { Inspection } from '../../../client/engine/inspection.ts';
import type { PeerSession } from '../../../client/engine/peer-session.ts';
import { type SimPeer, torrent } from '../world/peer.ts';
import type { World } from '../world/world.ts';

/** The engine of one host has answered one fact; nothing of the answer is carried out yet. */
export interface Turn {
  readonly world: World;
  readonly peer: SimPeer;
  readonly fact: Fact;
  readonly actions: readonly Action[];
  /** By the clock of that host. */
  readonly nowMs: number;
}

/** What was believed, when it was not so. */
export type Disbelief = string | undefined;

export interface Checker {
  readonly name: string;
  onTurn?(turn: Turn): Disbelief;
  /** Between two events. */
  inspect?(peer: SimPeer): Disbelief;
  onCrash?(peer: SimPeer): Disbelief;
  /** The torrent was stopped a while ago. */
  atEnd?(peer: SimPeer): Disbelief;
}

/** Of a host whose program runs and knows the pieces of the torrent. */
export function inspectionOf(peer: SimPeer): Inspection | undefined {
  return peer.isAlive ? peer.engine.inspect(torrent) : undefined;
}

/** The session a fact is about. */
export function sessionOf({ peer, fact }: Turn): PeerSession | undefined {
  return 'connection' in fact ? peer.engine.usage.sessions.get(fact.connection) : undefined;
}

/** Its disk may hold something else than it was given, or began with it: nobody there could know. */
export function misremembers(peer: SimPeer): boolean {
  return !peer.isHonest || peer.temper.lostWritePpm > 0;
}

/** The first that has something to say. */
export function firstOf(...disbeliefs: readonly Disbelief[]): Disbelief {
  return disbeliefs.find((disbelief) => disbelief !== undefined);
}
