/**
 * A checker verifies one rule for every honest host and describes a violation. Failing runs are named after
 * it. It can look at four moments: after a fact (cheap: only what the fact concerns), between events now and
 * then (expensive: everything of a host), at a crash, and at the end of the run.
 */
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { Action, AnnounceRequest, ConnectionId, Fact, Report } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import type { Inspection } from '../../../client/engine/inspection.ts';
import { type SimPeer, torrent } from '../world/peer.ts';
import type { World } from '../world/world.ts';

/** The engine of one host has handled one fact. Its actions are not carried out yet. */
export interface Turn {
  readonly world: World;
  readonly peer: SimPeer;
  readonly fact: Fact;
  readonly actions: readonly Action[];
  /** By that host's clock. */
  readonly nowMs: number;
}

/** What is wrong, or undefined if the rule holds. */
export type Disbelief = string | undefined;

/** A fact, an action, or one kind of report. No fact has the name of an action. */
export type Happening = Fact['type'] | Action['type'] | `report ${Report['type']}`;

export interface Checker {
  readonly name: string;
  onTurn?(turn: Turn): Disbelief;
  /** onTurn is called only for turns with one of these. Missing: for every turn. */
  readonly hears?: readonly Happening[];
  /** Called between two events. */
  inspect?(peer: SimPeer): Disbelief;
  onCrash?(peer: SimPeer): Disbelief;
  /** Called some time after the torrent was stopped. */
  atEnd?(peer: SimPeer): Disbelief;
}

/** The first torrent of a running host, undefined while its metadata is unknown. */
export function inspectionOf(peer: SimPeer): Inspection | undefined {
  return peer.isAlive ? peer.engine.inspect(torrent) : undefined;
}

/** All torrents of a running host whose metadata is known. */
export function inspectionsOf(peer: SimPeer): Inspection[] {
  const others = peer.sides.map(({ id }) => (id === undefined ? undefined : peer.engine.inspect(id)));
  return [inspectionOf(peer), ...(peer.isAlive ? others : [])].filter((known) => known !== undefined);
}

/** The session that the fact concerns, unless it is for another torrent than the first. */
export function sessionOf({ peer, fact }: Turn): PeerSession | undefined {
  if (!('connection' in fact) || !mayBeOfFirst(peer, fact.connection)) return undefined;
  return peer.engine.usage.sessions.get(fact.connection);
}

/** Whether the connection is for the first torrent, or its torrent is not known yet. */
export function mayBeOfFirst({ engine, sides }: SimPeer, connection: ConnectionId): boolean {
  if (sides.length === 0) return true;
  // Remembered here, because the engine may forget a connection before its last facts and actions are seen.
  const others = ofSides.get(engine) ?? new Set<ConnectionId>();
  ofSides.set(engine, others);
  const known = engine.torrentOf(connection);
  if (known !== undefined && known !== torrent) others.add(connection);
  return !others.has(connection);
}

const ofSides = new WeakMap<Engine, Set<ConnectionId>>();

/** Whether it concerns another torrent than the first. */
export function isOfSide(told: Fact | Report | AnnounceRequest): boolean {
  if ('spec' in told) return told.spec.torrent !== torrent;
  return 'torrent' in told && told.torrent !== torrent;
}

/**
 * Whether the disk may hold something other than what was written, or the download began with wrong content,
 * which the host cannot know.
 */
export function misremembers(peer: SimPeer): boolean {
  return !peer.isHonest || peer.temper.lostWritePpm > 0;
}

/** The first of the findings that is not undefined. */
export function firstOf(...disbeliefs: readonly Disbelief[]): Disbelief {
  return disbeliefs.find((disbelief) => disbelief !== undefined);
}
