/**
 * All torrents: every fact finds its swarm, and the shared budgets are kept here. Synchronous and alone: no clock, no
 * socket, no file, no chance but the seed; `handle` is given one fact and answers with all actions.
 *
 * Invariant: every connection is in #sessions from `connected` to `closed` (or our own close). Until its handshake it is
 * among the half-open ones of the budget, and then it has a seat.
 */
import { latin1 } from '../../torrents/byte-text.ts';
import { PeerSession } from './connection/peer-session.ts';
import type { Doorkeeper } from './connection/session-events.ts';
import type { Context } from './context.ts';
import type { Action, ConnectedFact, ConnectionId, Fact, PieceMemory, TorrentId } from './contract.ts';
import type { EngineUsage, Inspection } from './inspection.ts';
import { assertLimits, defaultLimits, type Limits } from './limits.ts';
import { OwnAddresses } from './peers/own-addresses.ts';
import { SharedBudget } from './peers/shared-budget.ts';
import { Prng } from './prng.ts';
import { TokenBucket } from './serving/token-bucket.ts';
import type { TorrentStatus } from './status.ts';
import { MetadataSwarm } from './swarm/metadata-swarm.ts';
import { Swarm } from './swarm/swarm.ts';
import { SessionTable } from './tables/session-table.ts';
import { tableSizes } from './tables/table-sizes.ts';

export interface EngineOptions {
  /** 20 bytes. */
  readonly peerId: Uint8Array;
  /** The port we listen on. */
  readonly port: number;
  /** One seed, one run. */
  readonly seed: number;
  readonly memory: PieceMemory;
  readonly limits?: Partial<Limits>;
  /** Payload bytes per second over all torrents; 0 or missing: no limit. */
  readonly uploadBpsMax?: number;
  readonly downloadBpsMax?: number;
}

const nothing: readonly Action[] = [];

/** No getter for the time: each engine's context would have a hidden class of its own, and be looked up by name in. */
interface EngineContext extends Context {
  nowMs: number;
}

export class Engine {
  readonly #swarms = new Map<TorrentId, Swarm | MetadataSwarm>();
  readonly #byInfoHash = new Map<string, Swarm | MetadataSwarm>();
  readonly #sessions = new SessionTable();
  /** Which torrent a connection was dialed for, and when; until the handshake. */
  readonly #dials = new Map<ConnectionId, { readonly torrent: TorrentId; readonly sinceMs: number }>();
  /** The swarm of each open session. */
  readonly #swarmOf = new Map<ConnectionId, Swarm | MetadataSwarm>();
  readonly #context: EngineContext;
  /** Of the fact at hand. Its array is made with the first: one that waited for the next fact would grow old, and V8 keep it. */
  #actions: readonly Action[] = nothing;
  #connections = 0;
  #reads = 0;
  /** When those that a rate limit held up were last looked at. */
  #throttleMs = 0;
  #lastTickMs: number | undefined;
  #ticks = 0;
  /** Borrowed, as what `inspect` gives: it shows the present. */
  readonly usage: EngineUsage;

  constructor(options: EngineOptions) {
    const limits = { ...defaultLimits, ...options.limits };
    assertLimits(limits);
    this.#context = {
      nowMs: 0,
      uploadRate: new TokenBucket(options.uploadBpsMax ?? 0),
      downloadRate: new TokenBucket(options.downloadBpsMax ?? 0),
      throttled: new Set(),
      peerId: options.peerId,
      port: options.port,
      ownAddresses: new OwnAddresses(options.port),
      limits,
      random: new Prng(options.seed),
      memory: options.memory,
      emit: (action) => {
        if (this.#actions === nothing) this.#actions = [action];
        else (this.#actions as Action[]).push(action);
      },
      newConnection: (torrent) => {
        this.#connections += 2;
        this.#dials.set(this.#connections, { torrent, sinceMs: this.#context.nowMs });
        return this.#connections;
      },
      newRead: () => ++this.#reads,
      dirty: [],
      budget: new SharedBudget(limits),
    };
    const { peerId, budget } = this.#context;
    const tables = () => [...this.#swarms.values()].flatMap(tableSizes);
    this.usage = { peerId, limits, budget, sessions: this.#sessions.inOrder, dials: this.#dials, tables };
  }

  /** When the engine wants to be woken, in ms of the same clock as nowMs. */
  get wakeAtMs(): number {
    if (this.#swarms.size === 0 && this.#sessions.size === 0) return Number.MAX_SAFE_INTEGER;
    const { limits, throttled } = this.#context;
    const tickAtMs = (this.#lastTickMs ?? 0) + limits.tickMs;
    return throttled.size === 0 ? tickAtMs : Math.min(tickAtMs, this.#throttleMs + limits.throttleMs);
  }

  /** `nowMs` is an integer and never goes back. The answer is to be carried out in order, before the next fact. */
  handle(fact: Fact, nowMs: number): readonly Action[] {
    this.#context.nowMs = nowMs;
    this.#dispatch(fact, nowMs);
    if (this.#lastTickMs === undefined || nowMs - this.#lastTickMs >= this.#context.limits.tickMs)
      this.#tick(nowMs);
    if (nowMs - this.#throttleMs >= this.#context.limits.throttleMs) this.#resumeThrottled(nowMs);
    // The list grows while it is walked: the end of one session gives others something to say.
    const { dirty } = this.#context;
    for (let i = 0; i < dirty.length; i++) {
      dirty[i]!.flush();
      const session = dirty[i]!.isNotReading ? this.#sessions.get(dirty[i]!.connection) : undefined;
      if (session !== undefined) this.#close(session, 'not-reading', nowMs);
    }
    // To empty an array costs a call into V8 and its memory: most turns have one speaker, or none.
    if (dirty.length === 1) dirty.pop();
    else if (dirty.length > 1) dirty.length = 0;
    const actions = this.#actions;
    this.#actions = nothing;
    return actions;
  }

  status(torrent: TorrentId): TorrentStatus | undefined {
    return this.#swarms.get(torrent)?.status();
  }

  /** For whoever checks us, of a torrent whose pieces are known: the parts themselves, borrowed until the next fact. */
  inspect(torrent: TorrentId): Inspection | undefined {
    return this.#swarm(torrent);
  }

  /** The torrent that a connection is for, once that is known: from the dial on, or from the handshake of a peer that came. */
  torrentOf(connection: ConnectionId): TorrentId | undefined {
    return this.#swarmOf.get(connection)?.spec.torrent ?? this.#dials.get(connection)?.torrent;
  }

  #dispatch(fact: Fact, nowMs: number): void {
    switch (fact.type) {
      case 'received':
        return this.#onReceived(fact.connection, fact.bytes, fact.count, nowMs);
      case 'flushed': {
        const session = this.#sessions.get(fact.connection);
        session?.uploads.onFlushed(fact.bytes, nowMs);
        if (session?.isOpen) session.advance(nowMs);
        return;
      }
      case 'block-read':
        return this.#swarm(fact.torrent)?.server.onRead(fact.read, fact.bytes);
      case 'block-unreadable':
        return this.#swarm(fact.torrent)?.troubles.onUnreadable(fact.read, fact.trouble, nowMs);
      case 'piece-stored':
        return this.#swarm(fact.torrent)?.onPieceStored(fact.pieceIndex, fact.digests, nowMs);
      case 'piece-corrupt':
        return this.#swarm(fact.torrent)?.onPieceCorrupt(fact.pieceIndex, fact.digests, nowMs);
      case 'piece-unstorable':
        return this.#swarm(fact.torrent)?.onPieceUnstorable(fact.pieceIndex, fact.trouble, nowMs);
      case 'pieces-lost':
        return this.#swarm(fact.torrent)?.troubles.onLost(fact.pieces, fact.trouble, nowMs);
      case 'content-offline':
        if (this.#swarm(fact.torrent)?.troubles.goOffline(fact.trouble, nowMs))
          this.#forgetDials(fact.torrent);
        return;
      case 'content-online':
        return this.#swarm(fact.torrent)?.troubles.comeOnline(nowMs);
      case 'connected':
        return this.#onConnected(fact, nowMs);
      case 'closed':
        return this.#onClosed(fact.connection, fact.reason, nowMs);
      case 'announced':
      case 'announce-failed':
      case 'tracker-returned':
      case 'announce-wished':
        return this.#swarms.get(fact.torrent)?.peers.onTrackerFact(fact, nowMs);
      case 'peers-found':
        return this.#swarms.get(fact.torrent)?.peers.learn(fact.peers, fact.origin, nowMs);
      case 'added':
        return this.#add(new Swarm(fact.spec, this.#context, nowMs));
      case 'magnet-added':
        return this.#add(new MetadataSwarm(fact.spec, this.#context, nowMs));
      case 'metadata-checked':
        return this.#magnet(fact.torrent)?.onMetadataChecked(fact.connection, fact.isRight, nowMs);
      case 'pieces-selected':
        return this.#swarm(fact.torrent)?.onSelected(fact.priorities, nowMs);
      case 'order-chosen':
        return this.#swarm(fact.torrent)?.onOrderChosen(fact.sequential);
      case 'deadline-set':
        return this.#swarm(fact.torrent)?.onDeadlineSet(fact.pieceIndex, fact.atMs, nowMs);
      case 'stopped':
        return this.#onStopped(fact.torrent, nowMs);
      case 'limits-set':
        this.#context.uploadRate.setLimit(fact.uploadBpsMax, nowMs);
        return this.#context.downloadRate.setLimit(fact.downloadBpsMax, nowMs);
      case 'woke':
        return;
    }
  }

  #add(swarm: Swarm | MetadataSwarm): void {
    this.#swarms.set(swarm.spec.torrent, swarm);
    // Whoever asks for a hash is given to the torrent itself rather than to a magnet that still looks for it.
    const infoHash = latin1(swarm.spec.infoHash);
    const isFirst = !(this.#byInfoHash.get(infoHash) instanceof Swarm);
    if (isFirst) this.#byInfoHash.set(infoHash, swarm);
  }

  /** The swarm when its pieces are known. */
  #swarm(torrent: TorrentId): Swarm | undefined {
    const swarm = this.#swarms.get(torrent);
    return swarm instanceof Swarm ? swarm : undefined;
  }

  #magnet(torrent: TorrentId): MetadataSwarm | undefined {
    const swarm = this.#swarms.get(torrent);
    return swarm instanceof MetadataSwarm ? swarm : undefined;
  }

  #tick(nowMs: number): void {
    const elapsedMs = this.#lastTickMs === undefined ? 0 : nowMs - this.#lastTickMs;
    this.#lastTickMs = nowMs;
    if (this.#context.budget.handshakesDue > 0)
      for (const session of this.#sessions.inOrder.values()) {
        if (session.isOpen || nowMs - session.openedMs < this.#context.limits.handshakeTimeoutMs) continue;
        this.#close(session, 'handshake-timeout', nowMs);
      }
    for (const [connection, { sinceMs }] of this.#dials) {
      if (this.#sessions.has(connection) || nowMs - sinceMs < this.#context.limits.dialTimeoutMs) continue;
      this.#context.emit({ type: 'close', connection, reason: 'dial-timeout' });
      this.#endUnopened(connection, 'dial-timeout', nowMs);
    }
    // Whoever comes first takes the places to dial, and a torrent may know many addresses that are dead: all take turns.
    const swarms = [...this.#swarms.values()];
    const first = this.#ticks++ % Math.max(1, swarms.length);
    for (const swarm of [...swarms.slice(first), ...swarms.slice(0, first)]) swarm.tick(nowMs, elapsedMs);
    // Sessions that their swarms have ended leave the tables here: often enough, and never in the middle of a loop.
    if (this.#sessions.size === this.#context.budget.standing) return;
    for (const session of this.#sessions.inOrder.values()) {
      if (!session.gone) continue;
      this.#sessions.delete(session.connection);
      this.#swarmOf.delete(session.connection);
    }
  }

  #resumeThrottled(nowMs: number): void {
    this.#throttleMs = nowMs;
    if (this.#context.throttled.size === 0) return;
    const held = [...this.#context.throttled];
    this.#context.throttled.clear();
    // Whoever comes first takes most: the order changes every time.
    const first = this.#context.random.below(held.length);
    for (const connection of [...held.slice(first), ...held.slice(0, first)]) {
      const session = this.#sessions.get(connection);
      if (session?.isOpen) session.advance(nowMs);
    }
  }

  #onStopped(torrent: TorrentId, nowMs: number): void {
    const swarm = this.#swarms.get(torrent);
    if (swarm === undefined) return;
    swarm.stop(nowMs);
    this.#swarms.delete(torrent);
    this.#forgetDials(torrent);
    const infoHash = latin1(swarm.spec.infoHash);
    if (this.#byInfoHash.get(infoHash) === swarm) this.#byInfoHash.delete(infoHash);
  }

  /** Its swarm has closed its dials, those that had not shaken hands yet among them. */
  #forgetDials(torrent: TorrentId): void {
    for (const [connection, dial] of this.#dials) {
      if (dial.torrent !== torrent) continue;
      this.#sessions.get(connection)?.end();
      this.#sessions.delete(connection);
      this.#dials.delete(connection);
    }
  }

  #onConnected(fact: ConnectedFact, nowMs: number): void {
    const { connection, address, incoming } = fact;
    const { budget } = this.#context;
    const dialer = incoming ? undefined : this.#swarms.get(this.#dials.get(connection)?.torrent ?? -1);
    // Its torrent was stopped while the dial was under way: the close is on its way too.
    if (!incoming && dialer === undefined) return;
    const session = new PeerSession(fact, this.#admit, this.#context);
    this.#sessions.set(connection, session);
    const leaving = incoming
      ? budget.knock(connection, address.host, nowMs)
      : budget.onDialConnected(connection, address.host, nowMs);
    if (leaving !== undefined) this.#close(this.#sessions.get(leaving)!, 'too-many-half-open', nowMs);
    if (dialer !== undefined) session.sendHandshake(dialer.spec.infoHash);
  }

  /** The handshake names a torrent: its swarm takes the session in, or there is a reason not to. */
  readonly #admit: Doorkeeper<PeerSession> = (session, handshake, nowMs) => {
    const swarm = this.#byInfoHash.get(latin1(handshake.infoHash));
    if (swarm === undefined) return session.incoming ? 'unknown-torrent' : 'wrong-torrent';
    if (!session.incoming && this.#dials.get(session.connection)?.torrent !== swarm.spec.torrent)
      return 'wrong-torrent';
    const violation = swarm.peers.admit(session, handshake, nowMs);
    if (violation !== undefined) return violation;
    this.#dials.delete(session.connection);
    this.#swarmOf.set(session.connection, swarm);
    return undefined;
  };

  #onReceived(connection: ConnectionId, bytes: Uint8Array, count: number, nowMs: number): void {
    const session = this.#sessions.get(connection);
    if (session === undefined || session.gone) return;
    const violation = session.receive(bytes, count, nowMs);
    // One that drowns us would do so again: each time it came back it would have all its words again.
    if (violation === 'too-many-messages')
      this.#swarmOf.get(connection)?.peers.ban(session.record, violation, nowMs);
    else if (violation !== undefined) this.#close(session, violation, nowMs);
    else if (session.isOpen) session.advance(nowMs);
  }

  #onClosed(connection: ConnectionId, reason: string, nowMs: number): void {
    const session = this.#sessions.get(connection);
    if (session?.isOpen) {
      this.#swarmOf.get(connection)!.peers.detach(session, reason, nowMs);
    } else {
      session?.end();
      // A dial that was connected: the peer has said no handshake.
      const why = session?.incoming === false ? 'closed-at-handshake' : reason;
      this.#endUnopened(connection, why, nowMs);
    }
  }

  /** Closes for a reason of ours, whatever state the connection is in. */
  #close(session: PeerSession, reason: string, nowMs: number): void {
    if (session.gone) return;
    if (session.isOpen) return this.#swarmOf.get(session.connection)!.peers.drop(session, reason, nowMs);
    session.end();
    this.#context.emit({ type: 'close', connection: session.connection, reason });
    this.#endUnopened(session.connection, reason, nowMs);
  }

  /** A dial that failed, or a connection that never came to a handshake. */
  #endUnopened(connection: ConnectionId, reason: string, nowMs: number): void {
    this.#sessions.delete(connection);
    this.#context.budget.endKnock(connection);
    const swarm = this.#swarms.get(this.#dials.get(connection)?.torrent ?? -1);
    swarm?.peers.onDialEnded(connection, reason, nowMs);
    this.#dials.delete(connection);
  }
}
