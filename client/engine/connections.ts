/**
 * All connections of one engine, from the dial or the accept to the close. The handshake decides which swarm
 * a connection belongs to; before it, only the address is known. BEP 3
 *
 * Invariant: every connection is in #sessions from `connected` to `closed` (or our own close). Before its
 * handshake the budget counts it as half-open, and after it as a seat.
 */
import { PeerSession } from './connection/peer-session.ts';
import type { Doorkeeper } from './connection/session-events.ts';
import type { Context } from './context.ts';
import type { ConnectedFact, ConnectionId, TorrentId } from './contract.ts';
import type { MetadataSwarm } from './swarm/metadata-swarm.ts';
import type { Swarm } from './swarm/swarm.ts';
import { SessionTable } from './tables/session-table.ts';
import type { SwarmTable } from './tables/swarm-table.ts';

export class Connections {
  readonly #context: Context;
  readonly #swarms: SwarmTable;
  readonly #sessions = new SessionTable();
  /** The torrent that a connection was dialed for, and when. An entry leaves at the handshake. */
  readonly #dials = new Map<ConnectionId, { readonly torrent: TorrentId; readonly sinceMs: number }>();
  /** The swarm of each open session. */
  readonly #swarmOf = new Map<ConnectionId, Swarm | MetadataSwarm>();
  #lastDialed = 0;

  constructor(swarms: SwarmTable, context: Context) {
    this.#swarms = swarms;
    this.#context = context;
  }

  get sessions(): Pick<SessionTable, 'size' | 'get' | 'inOrder'> {
    return this.#sessions;
  }

  /** Dials without an accepted handshake. */
  get dials(): ReadonlyMap<ConnectionId, unknown> {
    return this.#dials;
  }

  /** A number for a dial that is about to begin. */
  newDial(torrent: TorrentId): ConnectionId {
    this.#lastDialed += 2;
    this.#dials.set(this.#lastDialed, { torrent, sinceMs: this.#context.nowMs });
    return this.#lastDialed;
  }

  /** Known from the dial on, or from the handshake of an incoming peer. Undefined before. */
  torrentOf(connection: ConnectionId): TorrentId | undefined {
    return this.#swarmOf.get(connection)?.spec.torrent ?? this.#dials.get(connection)?.torrent;
  }

  /** Closes connections that take too long to connect or to send a handshake. */
  closeOverdue(nowMs: number): void {
    const { budget, limits } = this.#context;
    if (budget.handshakesDue > 0)
      for (const session of this.#sessions.inOrder.values()) {
        if (session.isOpen || nowMs - session.openedMs < limits.handshakeTimeoutMs) continue;
        this.close(session, 'handshake-timeout', nowMs);
      }
    for (const [connection, { sinceMs }] of this.#dials) {
      if (this.#sessions.has(connection) || nowMs - sinceMs < limits.dialTimeoutMs) continue;
      this.#context.emit({ type: 'close', connection, reason: 'dial-timeout' });
      this.#endUnopened(connection, 'dial-timeout', nowMs);
    }
  }

  /**
   * Sessions that their swarms have ended leave the tables at the tick, never in the middle of a loop over
   * them.
   */
  removeEnded(): void {
    if (this.#sessions.size === this.#context.budget.standing) return;
    for (const session of this.#sessions.inOrder.values()) {
      if (!session.gone) continue;
      this.#sessions.delete(session.connection);
      this.#swarmOf.delete(session.connection);
    }
  }

  /** Its torrent has been stopped, and the swarm has closed its dials; some may have connected already. */
  forgetDials(torrent: TorrentId): void {
    for (const [connection, dial] of this.#dials) {
      if (dial.torrent !== torrent) continue;
      this.#sessions.get(connection)?.end();
      this.#sessions.delete(connection);
      this.#dials.delete(connection);
    }
  }

  onConnected(fact: ConnectedFact, nowMs: number): void {
    const { connection, address, incoming } = fact;
    const { budget } = this.#context;
    const dialer = incoming ? undefined : this.#swarms.get(this.#dials.get(connection)?.torrent ?? -1);
    // The torrent was stopped during the dial: a `close` is on its way.
    if (!incoming && dialer === undefined) return;
    const session = new PeerSession(fact, this.#admit, this.#context);
    this.#sessions.set(connection, session);
    const leaving = incoming
      ? budget.knock(connection, address.host, nowMs)
      : budget.onDialConnected(connection, address.host, nowMs);
    if (leaving !== undefined) this.close(this.#sessions.get(leaving)!, 'too-many-half-open', nowMs);
    if (dialer !== undefined) session.sendHandshake(dialer.spec.infoHash);
  }

  /** The handshake names a torrent: its swarm admits the peer, or there is a reason to close. */
  readonly #admit: Doorkeeper<PeerSession> = (session, handshake, nowMs) => {
    const swarm = this.#swarms.byInfoHash(handshake.infoHash);
    if (swarm === undefined) return session.incoming ? 'unknown-torrent' : 'wrong-torrent';
    if (!session.incoming && this.#dials.get(session.connection)?.torrent !== swarm.spec.torrent)
      return 'wrong-torrent';
    const violation = swarm.peers.admit(session, handshake, nowMs);
    if (violation !== undefined) return violation;
    this.#dials.delete(session.connection);
    this.#swarmOf.set(session.connection, swarm);
    return undefined;
  };

  onReceived(connection: ConnectionId, bytes: Uint8Array, count: number, nowMs: number): void {
    const session = this.#sessions.get(connection);
    if (session === undefined || session.gone) return;
    const violation = session.receive(bytes, count, nowMs);
    // Flooding peers are banned: a reconnect would reset their message allowance.
    if (violation === 'too-many-messages')
      this.#swarmOf.get(connection)?.peers.ban(session.record, violation, nowMs);
    else if (violation !== undefined) this.close(session, violation, nowMs);
    else if (session.isOpen) session.advance(nowMs);
  }

  onFlushed(connection: ConnectionId, bytes: number, nowMs: number): void {
    const session = this.#sessions.get(connection);
    session?.uploads.onFlushed(bytes, nowMs);
    if (session?.isOpen) session.advance(nowMs);
  }

  /** The peer takes nothing of what we send: see `isNotReading`. */
  closeNotReading(connection: ConnectionId, nowMs: number): void {
    const session = this.#sessions.get(connection);
    if (session !== undefined) this.close(session, 'not-reading', nowMs);
  }

  onClosed(connection: ConnectionId, reason: string, nowMs: number): void {
    const session = this.#sessions.get(connection);
    if (session?.isOpen) {
      this.#swarmOf.get(connection)!.peers.detach(session, reason, nowMs);
    } else {
      session?.end();
      // A dial that connected, and was closed by the peer before its handshake.
      const why = session?.incoming === false ? 'closed-at-handshake' : reason;
      this.#endUnopened(connection, why, nowMs);
    }
  }

  /** Closes for a reason of ours, in any state of the connection. */
  close(session: PeerSession, reason: string, nowMs: number): void {
    if (session.gone) return;
    if (session.isOpen) return this.#swarmOf.get(session.connection)!.peers.drop(session, reason, nowMs);
    session.end();
    this.#context.emit({ type: 'close', connection: session.connection, reason });
    this.#endUnopened(session.connection, reason, nowMs);
  }

  /** A failed dial, or a connection that ended before its handshake. */
  #endUnopened(connection: ConnectionId, reason: string, nowMs: number): void {
    this.#sessions.delete(connection);
    this.#context.budget.endKnock(connection);
    const swarm = this.#swarms.get(this.#dials.get(connection)?.torrent ?? -1);
    swarm?.peers.onDialEnded(connection, reason, nowMs);
    this.#dials.delete(connection);
  }
}
