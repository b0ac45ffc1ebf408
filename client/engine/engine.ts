/**
 * All torrents of one client: hands every fact to the swarm or connection it concerns, and decides nothing
 * itself. Synchronous and isolated: no clock, no socket, no file, and no randomness but the seed. `handle`
 * takes one fact and returns all actions that follow from it.
 */
import { Connections } from './connections.ts';
import type { Context } from './context.ts';
import type { Action, ConnectionId, Fact, PieceMemory, TorrentId } from './contract.ts';
import type { EngineUsage, Inspection } from './inspection.ts';
import { assertLimits, defaultLimits, type Limits } from './limits.ts';
import { OwnAddresses } from './peers/own-addresses.ts';
import { SharedBudget } from './peers/shared-budget.ts';
import { Prng } from './prng.ts';
import { TokenBucket } from './serving/token-bucket.ts';
import type { TorrentStatus } from './status.ts';
import { MetadataSwarm } from './swarm/metadata-swarm.ts';
import { Swarm } from './swarm/swarm.ts';
import { SwarmTable } from './tables/swarm-table.ts';
import { tableSizes } from './tables/table-sizes.ts';

export interface EngineOptions {
  /** 20 bytes. */
  readonly peerId: Uint8Array;
  /** The port we listen on. */
  readonly port: number;
  /** The same seed and facts give the same run. */
  readonly seed: number;
  readonly memory: PieceMemory;
  readonly limits?: Partial<Limits>;
  /** Payload bytes per second over all torrents; 0 or missing: no limit. */
  readonly uploadBpsMax?: number;
  readonly downloadBpsMax?: number;
}

const nothing: readonly Action[] = [];

/**
 * `nowMs` is not a getter: each engine's context would then have its own hidden class in V8, which makes
 * lookups slow.
 */
interface EngineContext extends Context {
  nowMs: number;
}

export class Engine {
  readonly #swarms = new SwarmTable();
  readonly #connections: Connections;
  readonly #context: EngineContext;
  /**
   * Actions of the current fact. The array is created with its first action: a reused one would move to V8's
   * old space.
   */
  #actions: readonly Action[] = nothing;
  #reads = 0;
  /** When sessions that a rate limit delays were last resumed. */
  #throttleMs = 0;
  #lastTickMs: number | undefined;
  #ticks = 0;
  /** Borrowed like the result of `inspect`: it shows the present state. */
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
      newConnection: (torrent) => this.#connections.newDial(torrent),
      newRead: () => ++this.#reads,
      toFlush: [],
      budget: new SharedBudget(limits),
    };
    this.#connections = new Connections(this.#swarms, this.#context);
    const { peerId, budget } = this.#context;
    const { sessions, dials } = this.#connections;
    const tables = () => [...this.#swarms.values()].flatMap(tableSizes);
    this.usage = { peerId, limits, budget, sessions: sessions.inOrder, dials, tables };
  }

  /** When the engine wants to be woken, in ms of the same clock as nowMs. */
  get wakeAtMs(): number {
    if (this.#swarms.size === 0 && this.#connections.sessions.size === 0) return Number.MAX_SAFE_INTEGER;
    const { limits, throttled } = this.#context;
    const tickAtMs = (this.#lastTickMs ?? 0) + limits.tickMs;
    return throttled.size === 0 ? tickAtMs : Math.min(tickAtMs, this.#throttleMs + limits.throttleMs);
  }

  /**
   * `nowMs` is an integer and never decreases. The caller carries out the actions in order, before the next
   * fact.
   */
  handle(fact: Fact, nowMs: number): readonly Action[] {
    this.#context.nowMs = nowMs;
    this.#dispatch(fact, nowMs);
    if (this.#lastTickMs === undefined || nowMs - this.#lastTickMs >= this.#context.limits.tickMs)
      this.#tick(nowMs);
    if (nowMs - this.#throttleMs >= this.#context.limits.throttleMs) this.#resumeThrottled(nowMs);
    // The list grows during the loop: the end of one session may make others send.
    const { toFlush } = this.#context;
    for (let i = 0; i < toFlush.length; i++) {
      toFlush[i]!.flush();
      if (toFlush[i]!.isNotReading) this.#connections.closeNotReading(toFlush[i]!.connection, nowMs);
    }
    // Clearing an array costs a call into V8: most turns have at most one sender.
    if (toFlush.length === 1) toFlush.pop();
    else if (toFlush.length > 1) toFlush.length = 0;
    const actions = this.#actions;
    this.#actions = nothing;
    return actions;
  }

  status(torrent: TorrentId): TorrentStatus | undefined {
    return this.#swarms.get(torrent)?.status();
  }

  /** For checkers, of a torrent whose pieces are known: the live parts, borrowed until the next fact. */
  inspect(torrent: TorrentId): Inspection | undefined {
    return this.#swarms.swarm(torrent);
  }

  /** The torrent of a connection: known from the dial on, or from the handshake of an incoming peer. */
  torrentOf(connection: ConnectionId): TorrentId | undefined {
    return this.#connections.torrentOf(connection);
  }

  #dispatch(fact: Fact, nowMs: number): void {
    switch (fact.type) {
      case 'received':
        return this.#connections.onReceived(fact.connection, fact.bytes, fact.count, nowMs);
      case 'flushed':
        return this.#connections.onFlushed(fact.connection, fact.bytes, nowMs);
      case 'block-read':
        return this.#swarms.swarm(fact.torrent)?.server.onRead(fact.read, fact.bytes);
      case 'block-unreadable':
        return this.#swarms.swarm(fact.torrent)?.troubles.onUnreadable(fact.read, fact.trouble, nowMs);
      case 'piece-stored':
        return this.#swarms.swarm(fact.torrent)?.onPieceStored(fact.pieceIndex, fact.digests, nowMs);
      case 'piece-corrupt':
        return this.#swarms.swarm(fact.torrent)?.onPieceCorrupt(fact.pieceIndex, fact.digests, nowMs);
      case 'piece-unstorable':
        return this.#swarms.swarm(fact.torrent)?.onPieceUnstorable(fact.pieceIndex, fact.trouble, nowMs);
      case 'pieces-lost':
        return this.#swarms.swarm(fact.torrent)?.troubles.onLost(fact.pieces, fact.trouble, nowMs);
      case 'content-offline':
        if (this.#swarms.swarm(fact.torrent)?.troubles.goOffline(fact.trouble, nowMs))
          this.#connections.forgetDials(fact.torrent);
        return;
      case 'content-online':
        return this.#swarms.swarm(fact.torrent)?.troubles.comeOnline(nowMs);
      case 'connected':
        return this.#connections.onConnected(fact, nowMs);
      case 'closed':
        return this.#connections.onClosed(fact.connection, fact.reason, nowMs);
      case 'announced':
      case 'announce-failed':
      case 'tracker-returned':
      case 'announce-wished':
        return this.#swarms.get(fact.torrent)?.peers.onTrackerFact(fact, nowMs);
      case 'peers-found':
        return this.#swarms.get(fact.torrent)?.peers.learn(fact.peers, fact.origin, nowMs);
      case 'added':
        return this.#swarms.add(new Swarm(fact.spec, this.#context, nowMs));
      case 'magnet-added':
        return this.#swarms.add(new MetadataSwarm(fact.spec, this.#context, nowMs));
      case 'metadata-checked':
        return this.#swarms.magnet(fact.torrent)?.onMetadataChecked(fact.connection, fact.isRight, nowMs);
      case 'pieces-selected':
        return this.#swarms.swarm(fact.torrent)?.onSelected(fact.priorities, nowMs);
      case 'order-chosen':
        return this.#swarms.swarm(fact.torrent)?.onOrderChosen(fact.sequential);
      case 'deadline-set':
        return this.#swarms.swarm(fact.torrent)?.onDeadlineSet(fact.pieceIndex, fact.atMs, nowMs);
      case 'stopped':
        return this.#onStopped(fact.torrent, nowMs);
      case 'limits-set':
        this.#context.uploadRate.setLimit(fact.uploadBpsMax, nowMs);
        return this.#context.downloadRate.setLimit(fact.downloadBpsMax, nowMs);
      case 'woke':
        return;
    }
  }

  #tick(nowMs: number): void {
    const elapsedMs = this.#lastTickMs === undefined ? 0 : nowMs - this.#lastTickMs;
    this.#lastTickMs = nowMs;
    this.#connections.closeOverdue(nowMs);
    // The first swarm takes the free dials, and many of its addresses may be dead. So each tick begins with
    // another swarm.
    const swarms = [...this.#swarms.values()];
    const first = this.#ticks++ % Math.max(1, swarms.length);
    for (const swarm of [...swarms.slice(first), ...swarms.slice(0, first)]) swarm.tick(nowMs, elapsedMs);
    this.#connections.removeEnded();
  }

  #resumeThrottled(nowMs: number): void {
    this.#throttleMs = nowMs;
    if (this.#context.throttled.size === 0) return;
    const held = [...this.#context.throttled];
    this.#context.throttled.clear();
    // The first session takes most of the tokens: each round begins with another one.
    const first = this.#context.random.below(held.length);
    for (const connection of [...held.slice(first), ...held.slice(0, first)]) {
      const session = this.#connections.sessions.get(connection);
      if (session?.isOpen) session.advance(nowMs);
    }
  }

  #onStopped(torrent: TorrentId, nowMs: number): void {
    const swarm = this.#swarms.get(torrent);
    if (swarm === undefined) return;
    swarm.stop(nowMs);
    this.#swarms.remove(swarm);
    this.#connections.forgetDials(torrent);
  }
}
