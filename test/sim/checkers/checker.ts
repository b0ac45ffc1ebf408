/**
 * A checker believes one thing about every honest host and says so when it is not so. It has a name, which failing runs
 * are called by, and looks at three kinds of moments: after every fact (cheap: only at what that fact touched), now and
 * then (dear: at everything of a host), and when all is over.
 */
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { Action, AnnounceRequest, ConnectionId, Fact, Report } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import type { Inspection } from '../../../client/engine/inspection.ts';
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

/** A fact, an action, or one kind of report. No fact has the name of an action. */
export type Happening = Fact['type'] | Action['type'] | `report ${Report['type']}`;

export interface Checker {
  readonly name: string;
  onTurn?(turn: Turn): Disbelief;
  /** What onTurn is to be told of: turns in which one of these happens. Missing: every turn. */
  readonly hears?: readonly Happening[];
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

/** Of all its torrents whose pieces are known. */
export function inspectionsOf(peer: SimPeer): Inspection[] {
  const others = peer.sides.map(({ id }) => (id === undefined ? undefined : peer.engine.inspect(id)));
  return [inspectionOf(peer), ...(peer.isAlive ? others : [])].filter((known) => known !== undefined);
}

/** The session a fact is about, unless it is for another torrent than the first. */
export function sessionOf({ peer, fact }: Turn): PeerSession | undefined {
  if (!('connection' in fact) || !mayBeOfFirst(peer, fact.connection)) return undefined;
  return peer.engine.usage.sessions.get(fact.connection);
}

/** The connection is for the first torrent, or it is not known yet for which. */
export function mayBeOfFirst({ engine, sides }: SimPeer, connection: ConnectionId): boolean {
  if (sides.length === 0) return true;
  // The engine forgets what has ended, and may do so before its last words are heard.
  const others = ofSides.get(engine) ?? new Set<ConnectionId>();
  ofSides.set(engine, others);
  const known = engine.torrentOf(connection);
  if (known !== undefined && known !== torrent) others.add(connection);
  return !others.has(connection);
}

const ofSides = new WeakMap<Engine, Set<ConnectionId>>();

/** It is about another torrent than the first. */
export function isOfSide(told: Fact | Report | AnnounceRequest): boolean {
  if ('spec' in told) return told.spec.torrent !== torrent;
  return 'torrent' in told && told.torrent !== torrent;
}

/** Its disk may hold something else than it was given, or began with it: nobody there could know. */
export function misremembers(peer: SimPeer): boolean {
  return !peer.isHonest || peer.temper.lostWritePpm > 0;
}

/** The first that has something to say. */
export function firstOf(...disbeliefs: readonly Disbelief[]): Disbelief {
  return disbeliefs.find((disbelief) => disbelief !== undefined);
}
