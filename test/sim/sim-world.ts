/**
 * A swarm in a box: the production engine and driver on simulated ports, one per host, in virtual time. A scenario
 * builds a world, lets it run until a condition holds, and looks at what happened. One seed, one run.
 */
import type { PeerAddress, Report, TorrentId } from '../../client/engine/contract.ts';
import { Engine } from '../../client/engine/engine.ts';
import type { Limits } from '../../client/engine/limits.ts';
import { Prng } from '../../client/engine/prng.ts';
import type { TorrentStatus } from '../../client/engine/status.ts';
import { Driver } from '../../client/host/driver.ts';
import { Geometry } from '../../torrents/geometry.ts';
import { Scheduler } from './scheduler.ts';
import { SimDisk, SimMemory } from './sim-disk.ts';
import { type Link, type SimHost, SimInternet } from './sim-network.ts';
import { SimTracker } from './sim-tracker.ts';

const torrent: TorrentId = 1;
const trackerUrl = 'http://tracker.sim/announce';
/** 20 Mbit/s both ways at 20 ms: a good home link. */
export const homeLink: Link = { latencyMs: 20, bytesPerMs: 2_500 };

export interface WorldOptions {
  readonly seed: number;
  readonly totalBytes: number;
  readonly pieceLength: number;
  readonly limits?: Partial<Limits>;
}

export interface PeerOptions {
  /** What it has at first: everything, nothing, or the pieces for which this is true. */
  readonly has?: 'all' | 'none' | ((pieceIndex: number) => boolean);
  /** It knows only the hash and asks others for the info dictionary. */
  readonly magnet?: boolean;
  /** The info dictionary it gives out, right or not. */
  readonly infoBytes?: Uint8Array;
  /** Its blocks are wrong although it believes in them: a poisoner. */
  readonly lies?: boolean;
  readonly link?: Link;
  readonly usesTracker?: boolean;
  readonly uploadBpsMax?: number;
  readonly downloadBpsMax?: number;
  readonly limits?: Partial<Limits>;
}

export class World {
  readonly scheduler = new Scheduler();
  readonly geometry: Geometry;
  readonly tracker: SimTracker;
  readonly peers: SimPeer[] = [];
  readonly internet: SimInternet;
  readonly truth: Uint8Array;
  /** Stands for the info dictionary: three blocks and a bit. */
  readonly infoBytes = new Uint8Array(50_000).map((_, i) => (i * 7919) & 255);
  readonly options: WorldOptions;

  constructor(options: WorldOptions) {
    this.options = options;
    this.geometry = new Geometry(options.totalBytes, options.pieceLength);
    this.internet = new SimInternet(this.scheduler, options.seed);
    this.tracker = new SimTracker(this.scheduler, options.seed + 1);
    this.truth = new Uint8Array(options.totalBytes);
    const random = new Prng(options.seed + 2);
    for (let i = 0; i < this.truth.length; i++) this.truth[i] = random.below(256);
  }

  join(options: PeerOptions = {}): SimPeer {
    const peer = new SimPeer(this, this.peers.length + 1, options);
    this.peers.push(peer);
    return peer;
  }

  /** Runs until every one of these peers is complete; false when it takes longer than `withinMs` of virtual time. */
  runUntilComplete(peers: readonly SimPeer[], withinMs: number): boolean {
    return this.runUntil(() => peers.every((peer) => peer.status.complete), withinMs);
  }

  runUntil(condition: () => boolean, withinMs: number): boolean {
    return this.scheduler.run(condition, this.scheduler.nowMs + withinMs);
  }
}

export class SimPeer {
  readonly address: PeerAddress;
  readonly disk: SimDisk;
  readonly memory = new SimMemory();
  readonly reports: Report[] = [];
  readonly host: SimHost;
  readonly #engine: Engine;
  readonly #driver: Driver;
  readonly #world: World;

  constructor(world: World, number: number, options: PeerOptions) {
    const { has = 'none', lies = false, link = homeLink, usesTracker = true } = options;
    const { uploadBpsMax = 0, downloadBpsMax = 0 } = options;
    this.#world = world;
    this.address = { host: `10.0.${number >> 8}.${number & 255}`, port: 6881 };
    this.#engine = new Engine({
      peerId: Buffer.from(`-SM0001-${String(number).padStart(12, '0')}`),
      port: this.address.port,
      seed: world.options.seed * 1000 + number,
      memory: this.memory,
      uploadBpsMax,
      downloadBpsMax,
      limits: { ...world.options.limits, ...options.limits },
    });
    const sink = (fact: Parameters<Driver['enqueue']>[0]) => this.#driver.enqueue(fact);
    this.host = world.internet.join(this.address, link, sink);
    this.disk = new SimDisk(world.scheduler, this.memory, sink);
    const ports = {
      network: this.host,
      disk: this.disk,
      announcer: world.tracker.announcer(this.address, sink),
      clock: world.scheduler.clock(sink),
    };
    this.#driver = new Driver(this.#engine, ports, (report) => this.reports.push(report));

    const content = new Uint8Array(world.truth.length);
    const have = new Uint8Array(Math.ceil(world.geometry.pieceCount / 8));
    for (const pieceIndex of world.geometry.pieces()) {
      const hasIt = has === 'all' || (has !== 'none' && has(pieceIndex));
      if (!hasIt) continue;
      have[pieceIndex >> 3] = have[pieceIndex >> 3]! | (0x80 >> (pieceIndex & 7));
      const from = world.geometry.pieceOffset(pieceIndex);
      content.set(world.truth.subarray(from, from + world.geometry.pieceBytes(pieceIndex)), from);
    }
    if (lies) for (let i = 0; i < content.length; i++) content[i] = content[i]! ^ 0xff;
    this.disk.add(torrent, world.geometry, world.truth, content);
    const infoHash = Buffer.alloc(20, 'swarm-in-a-box');
    const trackers = usesTracker ? [[trackerUrl]] : [];
    if (options.magnet) {
      this.disk.expectMetadata(torrent, world.infoBytes);
      this.#driver.enqueue({ type: 'magnet-added', spec: { torrent, infoHash, trackers } });
      return;
    }
    const { infoBytes = world.infoBytes } = options;
    const { geometry } = world;
    this.#driver.enqueue({ type: 'added', spec: { torrent, infoHash, geometry, have, trackers, infoBytes } });
  }

  get status(): TorrentStatus {
    return this.#engine.status(torrent)!;
  }

  get content(): Uint8Array {
    return this.disk.content(torrent);
  }

  get isIdentical(): boolean {
    return Buffer.compare(this.content, this.#world.truth) === 0;
  }

  dial(other: SimPeer): void {
    this.#driver.enqueue({ type: 'peers-found', torrent, peers: [other.address] });
  }

  stop(): void {
    this.#driver.enqueue({ type: 'stopped', torrent });
  }

  reportsOf<T extends Report['type']>(type: T): Extract<Report, { type: T }>[] {
    return this.reports.filter((r): r is Extract<Report, { type: T }> => r.type === type);
  }
}
