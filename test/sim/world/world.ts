/**
 * A simulated swarm: the production engine, driver and tracker registry on simulated ports, in virtual time.
 * A test builds a world, adds peers, runs it until a condition holds, and checks the result. One seed is one
 * run.
 *
 * The real world is shut out while it runs (kernel/guard.ts).
 */
import type { Action, Fact, Report, TorrentId } from '../../../client/engine/contract.ts';
import type { Limits } from '../../../client/engine/limits.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import type { Announcer, FactSink } from '../../../client/host/ports.ts';
import type { Geometry } from '../../../torrents/geometry.ts';
import type { RegistryOptions } from '../../../tracker/registry.ts';
import { Gate } from '../kernel/gate.ts';
import { guarded } from '../kernel/guard.ts';
import { Randomness } from '../kernel/randomness.ts';
import { Scheduler } from '../kernel/scheduler.ts';
import { Trace } from '../kernel/trace.ts';
import { simAnnouncer } from './announcer.ts';
import type { Content } from './content.ts';
import { healthyDisk } from './disk-temper.ts';
import type { SimHost } from './host.ts';
import { SimInternet } from './internet.ts';
import type { Link, Reachability } from './link.ts';
import { SimPeer } from './peer.ts';
import type { PeerOptions } from './peer-options.ts';
import type { Place } from './place.ts';
import { torrentsMax } from './side.ts';
import { SimTorrent, type TorrentShape } from './torrent.ts';
import { SimTracker } from './tracker.ts';

const trackerUrl = 'http://tracker.sim/announce';

export interface WorldOptions extends TorrentShape {
  readonly seed: number;
  /** For every peer; its own limits take precedence. */
  readonly limits?: Partial<Limits>;
  /** False: peers keep none of their reports, for runs with a million of them. */
  readonly keepsReports?: boolean;
}

export interface VisitorOptions {
  /** Its name for generators. */
  readonly name: string;
  readonly link: Link;
  readonly sink: FactSink;
  readonly reachability?: Reachability;
  /** Its addresses; an IPv4 address of its own when missing. */
  readonly place?: Place;
}

export interface Visitor {
  readonly number: number;
  readonly place: Place;
  readonly host: SimHost;
  readonly announcer: Announcer;
  readonly random: Prng;
}

/** Callbacks for checkers and measurements. Each may be missing. */
export interface Watcher {
  /**
   * The engine has returned the actions of a fact; none is carried out yet. `nowMs`: by the clock of this
   * host.
   */
  onHandled?(peer: SimPeer, fact: Fact, actions: readonly Action[], nowMs: number): void;
  /** A fact was handled, and all its actions are carried out. */
  onTurn?(peer: SimPeer, fact: Fact): void;
  onReport?(peer: SimPeer, report: Report): void;
  onCrash?(peer: SimPeer): void;
}

export class World {
  readonly options: WorldOptions;
  readonly scheduler = new Scheduler();
  readonly random: Randomness;
  readonly trace = new Trace();
  readonly torrent: SimTorrent;
  /** The other torrents, by number from 2 on. */
  readonly sides: SimTorrent[] = [];
  readonly internet: SimInternet;
  /** By URL. */
  readonly trackers = new Map<string, SimTracker>();
  readonly peers: SimPeer[] = [];
  /** Checks that run beside the swarm, with their first error (checkers/tracker-answers.ts). */
  readonly besides: { readonly name: string; readonly disbelief: string | undefined }[] = [];
  /** The default announce tiers of peers. */
  announceTiers: readonly (readonly string[])[] = [[trackerUrl]];
  readonly #turnWatchers: Required<Pick<Watcher, 'onTurn'>>[] = [];
  readonly #handledWatchers: Required<Pick<Watcher, 'onHandled'>>[] = [];
  readonly #watchers: Watcher[] = [];
  #visitors = 0;

  constructor(options: WorldOptions) {
    this.options = options;
    this.random = new Randomness(options.seed);
    this.torrent = new SimTorrent(1, options, this.random);
    this.internet = new SimInternet(this.scheduler, this.random, this.trace);
    this.addTracker(trackerUrl);
  }

  /** Adds a side torrent, which peers may have in addition to the first. */
  addTorrent(shape: TorrentShape): SimTorrent {
    const torrent = new SimTorrent(2 + this.sides.length, shape, this.random);
    this.sides.push(torrent);
    return torrent;
  }

  /** The torrent with this engine number. */
  torrentOf(id: TorrentId): SimTorrent {
    const number = id % torrentsMax;
    return number === 1 ? this.torrent : this.sides[number - 2]!;
  }

  get geometry(): Geometry {
    return this.torrent.geometry;
  }

  get content(): Content {
    return this.torrent.content;
  }

  get infoHash(): Uint8Array {
    return this.torrent.infoHash;
  }

  get infoBytes(): Uint8Array {
    return this.torrent.infoBytes;
  }

  /** The tracker that peers announce to by default. */
  get tracker(): SimTracker {
    return this.trackers.get(trackerUrl)!;
  }

  get nowMs(): number {
    return this.scheduler.nowMs;
  }

  addTracker(url: string, registry?: Partial<RegistryOptions>): SimTracker {
    const random = this.random.of(`tracker ${url}`);
    const tracker = new SimTracker({ scheduler: this.scheduler, random }, registry);
    this.trackers.set(url, tracker);
    return tracker;
  }

  join(options: PeerOptions = {}): SimPeer {
    const peer = new SimPeer(this, this.peers.length + 1, options);
    this.peers.push(peer);
    return peer;
  }

  /** Adds a host that runs something other than Cicada, such as a hostile actor. Its facts go to `sink`. */
  addVisitor({ name, link, sink, reachability = 'open', place }: VisitorOptions): Visitor {
    const { internet, scheduler, trackers, trace } = this;
    const number = ++this.#visitors;
    // Each in a network of its own.
    const own = { host: `70.${16 + (number >> 8)}.${number & 255}.1`, port: 6881 };
    const there: Place = place ?? { addresses: [own], hairpin: true, isShared: false };
    const [address] = there.addresses;
    const gate = new Gate();
    const host = internet.join({ address, place: there, link, sink, gate, reachability });
    const announcer = simAnnouncer({ scheduler, trace, gate, sink, self: there.addresses, trackers });
    return { number, place: there, host, announcer, random: this.random.of(`visitor ${name}`) };
  }

  /** Adds a watcher. */
  watch(watcher: Watcher): void {
    this.#watchers.push(watcher);
    if (watcher.onHandled !== undefined) this.#handledWatchers.push(watcher as Required<Watcher>);
    if (watcher.onTurn !== undefined) this.#turnWatchers.push(watcher as Required<Watcher>);
  }

  // Time ----------------------------------------------------------------------------------------------------

  /**
   * Runs until the condition holds, checking it after every event. Returns false when that takes longer than
   * `withinMs`.
   */
  runUntil(condition: () => boolean, withinMs: number): boolean {
    return guarded(() => this.scheduler.run(condition, this.nowMs + withinMs));
  }

  runFor(ms: number): void {
    this.runUntil(() => false, ms);
  }

  /** Runs until every one of these peers is complete. */
  runUntilComplete(peers: readonly SimPeer[], withinMs: number): boolean {
    let waiting = peers.find((peer) => !peer.isComplete);
    // A complete peer may crash and be incomplete again: then the search starts anew.
    return this.runUntil(() => {
      if (waiting !== undefined && !waiting.isComplete) return false;
      waiting = peers.find((peer) => !peer.isComplete);
      return waiting === undefined;
    }, withinMs);
  }

  // Faults ----------------------------------------------------------------------------------------------

  /** Blocks all bytes from `from` to `to`, and back unless `oneWay`. Returns the function that ends it. */
  partition(from: readonly SimPeer[], to: readonly SimPeer[], { oneWay = false } = {}): () => void {
    const ways: [string, string][] = [];
    for (const a of from) {
      for (const b of to) {
        if (a === b) continue;
        ways.push([a.host.name, b.host.name]);
        if (!oneWay) ways.push([b.host.name, a.host.name]);
      }
    }
    for (const [a, b] of ways) this.internet.shut(a, b);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      for (const [a, b] of ways) this.internet.open(a, b);
    };
  }

  /** Blocks all bytes between this peer and the others for this long; then they arrive. */
  clog(peer: SimPeer, forMs: number): void {
    const end = this.partition([peer], this.peers);
    this.scheduler.after(forMs, end);
  }

  /**
   * Ends all faults: ways open, disks and trackers work, folders that were not moved for good come back,
   * links lose nothing, frozen programs continue, and crashed ones restart.
   */
  heal(): void {
    this.internet.openAll();
    for (const tracker of this.trackers.values()) tracker.heal();
    for (const peer of this.peers) {
      Object.assign(peer.temper, healthyDisk);
      peer.host.link = { ...peer.host.link, lossPpm: 0, resetPpm: 0 };
      peer.platter.comeBack();
      peer.thaw();
      peer.restart();
    }
  }

  // Callbacks of peers ----------------------------------------------------------------------------------

  onHandled(peer: SimPeer, fact: Fact, actions: readonly Action[], nowMs: number): void {
    for (const watcher of this.#handledWatchers) watcher.onHandled(peer, fact, actions, nowMs);
  }

  onTurn(peer: SimPeer, fact: Fact): void {
    for (const watcher of this.#turnWatchers) watcher.onTurn(peer, fact);
  }

  onReport(peer: SimPeer, report: Report): void {
    for (const watcher of this.#watchers) watcher.onReport?.(peer, report);
  }

  onCrash(peer: SimPeer): void {
    for (const watcher of this.#watchers) watcher.onCrash?.(peer);
  }
}
