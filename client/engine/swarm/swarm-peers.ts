/**
 * The connections of one torrent and its dials, and through swarm-announces.ts its announces: the half of a
 * swarm that does not depend on what is exchanged. The other half (swarm.ts, metadata-swarm.ts) is notified
 * when peers join and leave.
 *
 * Invariant: a dial is in #dialing until its handshake is accepted or it ends. From then on its session is in
 * `sessions` until it ends. The shared budget counts both. BEP 3 12
 */
import { programName, version } from '../../../torrents/program.ts';
import type { Handshake } from '../../wire/handshake.ts';
import type { PeerSession } from '../connection/peer-session.ts';
import type { Violation } from '../connection/session-events.ts';
import type { Context } from '../context.ts';
import type { ConnectionId, PeerAddress, PeerOrigin, TrackerFact } from '../contract.ts';
import { networkOf } from '../peers/address-groups.ts';
import { PeerDirectory } from '../peers/peer-directory.ts';
import { compareIds, isBelieved, isSameId, namesakeOf, succeeds } from '../peers/peer-ids.ts';
import { mayMeetPrivate } from '../peers/peer-origin.ts';
import type { PeerRecord } from '../peers/peer-record.ts';
import { SeatedPeer, standingOf } from '../peers/seat-standing.ts';
import type { TrackerStatus } from '../status.ts';
import { SwarmAnnounces } from './swarm-announces.ts';
import type { SwarmExchange, SwarmIdentity, SwarmReport } from './swarm-exchange.ts';

/** BEP 10's `v`, which other clients display. */
export const clientName = `${programName} ${version}`;

export class SwarmPeers {
  readonly sessions = new Map<ConnectionId, PeerSession>();
  stopping = false;
  /** The torrent's files are missing: peers are neither dialed nor admitted, and trackers do not list us. */
  isOffline = false;
  readonly #identity: SwarmIdentity;
  readonly #content: SwarmExchange;
  readonly #context: Context;
  readonly #dialing = new Map<ConnectionId, PeerRecord>();
  readonly #directory: PeerDirectory;
  readonly #announces: SwarmAnnounces;

  constructor(identity: SwarmIdentity, content: SwarmExchange, context: Context) {
    const { limits, random } = context;
    this.#identity = identity;
    this.#content = content;
    this.#context = context;
    this.#directory = new PeerDirectory(limits, random);
    this.#announces = new SwarmAnnounces(identity, content, this, context);
  }

  get connectionCount(): number {
    return this.sessions.size + this.#dialing.size;
  }

  get knownAddresses(): PeerAddress[] {
    return this.#directory.dialable;
  }

  get knownCount(): number {
    return this.#directory.size;
  }

  tick(nowMs: number): void {
    this.#dial(nowMs);
    this.#announces.tick(this.#content.wantsSeeds && this.connectionCount === 0, nowMs);
  }

  // Connections
  // -----------------------------------------------------------------------------------------------------

  learn(peers: readonly PeerAddress[], origin: PeerOrigin, nowMs: number): void {
    if (this.#identity.private === true && !mayMeetPrivate(origin)) return;
    this.#directory.learn(this.#context.ownAddresses.others(peers), origin, nowMs);
    this.#dial(nowMs);
  }

  #dial(nowMs: number): void {
    if (this.stopping || this.isOffline) return;
    // Looking at a full table has a cost, and at most ticks no peer is due.
    if (!this.#directory.hasDue(nowMs, this.#content.wantsSeeds)) return;
    const { budget } = this.#context;
    const replaces = () => this.#replacesByDial(nowMs);
    const room = budget.placesToDial(this.#identity.torrent, this.#dialing.size, replaces, nowMs);
    const isFull = (host: string) => budget.isHostFull(host) || networkOf(host) === room.crowd;
    for (let { places } = room; places > 0 && budget.mayDial(nowMs); places--) {
      const record = this.#directory.next(nowMs, this.#content.wantsSeeds, isFull);
      if (record === undefined) return;
      const connection = this.#context.newConnection(this.#identity.torrent);
      this.#dialing.set(connection, record);
      budget.dial(record.address.host);
      this.#context.emit({ type: 'dial', connection, address: record.address });
    }
  }

  /** We download again, so seeds that we disconnected are useful again. */
  seekSeeds(nowMs: number): void {
    this.#directory.redialSeeds(nowMs);
    this.#dial(nowMs);
  }

  /**
   * What a dialed peer may replace in a full table. A waiting peer is replaced only while no peer sends us
   * blocks.
   */
  #replacesByDial(nowMs: number): 'useless' | 'waiting' {
    if (!this.#content.wantsSeeds) return 'useless';
    for (const session of this.sessions.values())
      if (standingOf(session, this.#context.limits, nowMs).standing === 'giving') return 'useless';
    return 'waiting';
  }

  /** The dial ended without an accepted handshake. */
  onDialEnded(connection: ConnectionId, reason: string, nowMs: number): void {
    const record = this.#dialing.get(connection);
    if (record === undefined) return;
    this.#dialing.delete(connection);
    this.#context.budget.endDial(connection, record.address.host);
    // A second connection to the same peer is no failed dial.
    this.#directory.release(record, reason === 'connected-twice', nowMs);
    if (!this.stopping && !this.isOffline)
      this.report({ type: 'dial-failed', address: record.address, reason });
  }

  /** Admits the session, or returns why not. */
  admit(session: PeerSession, handshake: Handshake, nowMs: number): Violation | undefined {
    if (this.isOffline) return 'torrent-offline';
    const { limits, peerId: ourId } = this.#context;
    const dialed = this.#dialing.get(session.connection);
    if (isSameId(handshake.peerId, ourId)) {
      if (dialed === undefined) {
        // Our own dial at the other end must see our peer id, or it would try again.
        session.sendHandshake(this.#identity.infoHash);
        session.flush();
      } else {
        this.#context.ownAddresses.add(dialed.address);
        this.#directory.forget(dialed);
        this.#announces.notCounted(dialed.address);
      }
      return 'connected-to-self';
    }
    const record = dialed ?? this.#directory.incoming(session.address, handshake.peerId, nowMs);
    const isBannedHost = session.incoming && this.#directory.isBannedHost(session.address.host, nowMs);
    if (isBannedHost || this.#directory.isBannedAs(record, handshake.peerId, nowMs)) return 'banned';
    const other = namesakeOf(session, handshake.peerId, this.sessions.values(), (known) =>
      isBelieved(known, limits, nowMs),
    );
    const former = other?.record;
    const heldByFormer = former === undefined ? [] : this.#directory.heldBy(former);
    if (other !== undefined) {
      const isGreater = compareIds(handshake.peerId, ourId) > 0;
      if (!succeeds(session, other, isGreater, limits, nowMs)) {
        if (dialed !== undefined) this.#directory.hold(dialed, other.record, nowMs);
        return 'connected-twice';
      }
      this.drop(other, 'connected-twice', nowMs);
    }
    if (!this.#takeSeat(session, nowMs)) return 'too-many-connections';
    this.#dialing.delete(session.connection);
    this.#directory.keep(record, nowMs);
    if (former !== undefined) this.#directory.succeed(former, heldByFormer, record, nowMs);
    this.sessions.set(session.connection, session);
    if (session.incoming) session.sendHandshake(this.#identity.infoHash);
    this.#content.onJoined(session, record, handshake);
    this.report({ type: 'peer-connected', address: session.address });
    return undefined;
  }

  /** False when the tables are full and no peer has to make room. */
  #takeSeat(session: PeerSession, nowMs: number): boolean {
    const { budget, limits } = this.#context;
    const guest = new SeatedPeer(session, this.#identity.torrent, limits, this);
    const replaces = () => (session.incoming ? 'waiting' : this.#replacesByDial(nowMs));
    const leaving = budget.roomFor(guest, replaces, nowMs);
    for (const occupant of leaving ?? []) occupant.makeRoom(nowMs);
    if (leaving === undefined) return false;
    budget.sit(guest);
    return true;
  }

  /** The peer leaves its seat to another peer. */
  makeRoom(session: PeerSession, nowMs: number): void {
    this.#context.budget.putOff(session.address, nowMs);
    this.drop(session, 'made-room', nowMs);
  }

  /** Closes the connection for a reason of ours. */
  drop(session: PeerSession, reason: string, nowMs: number): void {
    if (!this.sessions.has(session.connection)) return;
    this.#context.emit({ type: 'close', connection: session.connection, reason });
    this.detach(session, reason, nowMs);
  }

  /** The connection has ended, closed by either side. */
  detach(session: PeerSession, reason: string, nowMs: number): void {
    if (!this.sessions.delete(session.connection)) return;
    session.end();
    session.uploads.clear();
    // A short connection without payload counts as a failure: otherwise a peer that always leaves at once has
    // no backoff.
    const lastedMs = nowMs - session.openedMs;
    const { dialTimeoutMs } = this.#context.limits;
    const hasTraded = session.down.total + session.up.total > 0;
    const worked = hasTraded || (lastedMs >= dialTimeoutMs && reason !== 'made-room');
    this.#directory.release(session.record, worked, nowMs);
    this.#context.budget.leave(session.connection);
    this.report({ type: 'peer-dropped', address: session.address, reason, downloaded: session.down.total });
    this.#content.onLeft(session, nowMs);
  }

  /** Bans a peer that sent corrupt data or flooded us, and drops its connections. */
  ban(record: PeerRecord, reason: string, nowMs: number): void {
    this.#directory.ban(record, nowMs);
    for (const session of this.sessions.values())
      if (session.record === record) this.drop(session, reason, nowMs);
  }

  /** The listen port that the peer announces: not dialed while the peer is connected. BEP 10 */
  onListenPort(session: PeerSession, port: number, nowMs: number): void {
    // Only the first handshake of a connection counts, or one peer could fill the directory.
    if (session.incoming && session.extensionHandshakes === 1)
      this.#directory.alias({ host: session.address.host, port }, session.record, nowMs);
  }

  // Trackers: swarm-announces.ts ----------------------------------------------------------------------------

  onTrackerFact(fact: TrackerFact, nowMs: number): void {
    this.#announces.onFact(fact, nowMs);
  }

  /** The last piece is stored. `isDownload`: pieces were missing at the start. */
  onCompleted(isDownload: boolean, nowMs: number): void {
    this.#announces.onCompleted(isDownload, nowMs);
  }

  /** We had all pieces and have lost some. */
  onIncomplete(nowMs: number): void {
    this.#announces.onIncomplete(nowMs);
  }

  get trackers(): readonly TrackerStatus[] {
    return this.#announces.trackers;
  }

  // The end -------------------------------------------------------------------------------------------------

  /** Sends `stopped` to trackers and disconnects all peers. */
  stop(nowMs: number): void {
    this.stopping = true;
    this.#announces.stop();
    this.#part('stopped', nowMs);
  }

  /** Like `stop`, until `comeOnline`. */
  goOffline(nowMs: number): void {
    this.isOffline = true;
    this.#announces.suspend();
    this.#part('torrent-offline', nowMs);
  }

  comeOnline(nowMs: number): void {
    this.isOffline = false;
    this.#announces.resume(nowMs);
    this.#dial(nowMs);
  }

  #part(reason: string, nowMs: number): void {
    for (const session of this.sessions.values()) this.drop(session, reason, nowMs);
    for (const connection of [...this.#dialing.keys()]) {
      this.#context.emit({ type: 'close', connection, reason });
      this.onDialEnded(connection, reason, nowMs);
    }
  }

  report(report: SwarmReport): void {
    this.#context.emit({ type: 'report', report: { ...report, torrent: this.#identity.torrent } });
  }
}
