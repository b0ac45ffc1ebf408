/**
 * A peer of the swarm that runs Cicada: its disk, link and address, and its lives. It can crash, freeze and
 * restart. A new life begins with the recorded pieces and hashes the rest.
 */
import type { Action, Fact, PeerAddress, Report, TorrentId } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import type { Limits } from '../../../client/engine/limits.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import type { TorrentStatus } from '../../../client/engine/status.ts';
import type { Randomness } from '../kernel/randomness.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { traceKind } from '../kernel/trace.ts';
import type { SimDisk } from './disk.ts';
import { type DiskTemper, healthyDisk } from './disk-temper.ts';
import type { Stamp } from './file-table.ts';
import type { SimHost } from './host.ts';
import type { SimInternet } from './internet.ts';
import { Life } from './life.ts';
import { homeLink } from './link.ts';
import type { PeerOptions } from './peer-options.ts';
import type { SimMemory } from './piece-memory.ts';
import { lonePlace, type Place } from './place.ts';
import { eachMarked, Platter } from './platter.ts';
import { foundOn, Side } from './side.ts';
import type { SimTorrent } from './torrent.ts';
import type { SimTracker } from './tracker.ts';
import { noTraffic, type Traffic, withLife } from './traffic.ts';

/** The first torrent of a world, on every host: the one that checkers inspect. */
export const torrent: TorrentId = 1;
/** Time to read and hash one piece at the start of a life. */
const checkMs = 3;
/** From the stop to the end of the program: time for the last announce. */
const farewellMs = 1_000;

/** What a peer needs from its world, and its callbacks. */
export interface Surroundings {
  readonly options: { readonly limits?: Partial<Limits>; readonly keepsReports?: boolean };
  readonly random: Randomness;
  readonly internet: SimInternet;
  readonly scheduler: Scheduler;
  readonly trackers: ReadonlyMap<string, SimTracker>;
  readonly announceTiers: readonly (readonly string[])[];
  readonly torrent: SimTorrent;
  onHandled(peer: SimPeer, fact: Fact, actions: readonly Action[], nowMs: number): void;
  onTurn(peer: SimPeer, fact: Fact): void;
  onReport(peer: SimPeer, report: Report): void;
  onCrash(peer: SimPeer): void;
}

export class SimPeer {
  readonly number: number;
  /** Its first address. Peers of the other family see another one. */
  readonly address: PeerAddress;
  readonly place: Place;
  readonly platter: Platter;
  readonly sides: readonly Side[];
  readonly temper: DiskTemper;
  /** Payload bytes a second; 0: no limit. */
  readonly uploadBpsMax: number;
  readonly downloadBpsMax: number;
  /** The reports of all its lives. */
  readonly reports: Report[] = [];
  /** Whether its present life believes all wanted pieces stored. */
  isComplete = false;
  /** It has left and does not come back. */
  hasLeft = false;
  lives = 0;
  readonly #world: Surroundings;
  readonly #options: PeerOptions;
  readonly #random: Prng;
  #clockAheadMs = 0;
  /** The latest life, also after its end. */
  #life: Life;
  /** A start under way, which hashes. A crash cancels it. */
  #start: object | undefined;
  /** It is stopping; afterwards it starts again when `#comesBack`. */
  #isQuitting = false;
  #comesBack = false;
  /** The traffic of ended lives, and the last life counted in it. */
  #traffic = noTraffic;
  #counted: Life | undefined;
  /** When its present life inspected the disk, and when it began. */
  lookedMs = -1;
  beganMs = 0;

  constructor(world: Surroundings, number: number, options: PeerOptions) {
    const { has = 'none', lies = false } = options;
    this.#world = world;
    this.#options = options;
    this.downloadBpsMax = options.downloadBpsMax ?? 0;
    this.uploadBpsMax = options.uploadBpsMax ?? 0;
    this.number = number;
    this.place = options.place ?? lonePlace(number, 'ipv4');
    this.address = this.place.addresses[0];
    this.#random = world.random.of(`peer ${number}`);
    this.temper = { ...healthyDisk, ...options.disk };
    const hasIt = (pieceIndex: number) => has === 'all' || (has !== 'none' && has(pieceIndex));
    this.platter = new Platter(world.torrent.content, hasIt, lies ? 0xff : 0);
    this.sides = (options.sides ?? []).map((side) => new Side(side));
    this.#life = this.#begin(this.platter.record, this.platter.files.stamps);
  }

  get engine(): Engine {
    return this.#life.engine;
  }

  get host(): SimHost {
    return this.#life.host;
  }

  get disk(): SimDisk {
    return this.#life.disk;
  }

  get memory(): SimMemory {
    return this.#life.memory;
  }

  /** Whether its program runs, frozen or not. */
  get isAlive(): boolean {
    return !this.#life.gate.isEnded;
  }

  /** The time of the world, not of its own clock. */
  get nowMs(): number {
    return this.#world.scheduler.nowMs;
  }

  get isFrozen(): boolean {
    return this.#life.gate.isFrozen;
  }

  /** Whether its next life is on its way. */
  get isComingBack(): boolean {
    return this.#start !== undefined || (this.#isQuitting && this.#comesBack);
  }

  /** Only while the program runs and has the torrent. */
  get status(): TorrentStatus {
    return this.#life.engine.status(torrent)!;
  }

  /** Whether its disk holds the right content. */
  get isIdentical(): boolean {
    return this.platter.isAllRight;
  }

  /** Whether it is complete and its files are gone or changed: it will not come back as a seed. */
  get isOfflineForGood(): boolean {
    if (!this.isAlive || this.#isQuitting || !this.#life.isWhole) return false;
    return this.platter.isAway || (!this.#options.mends && this.platter.isVisiblyHarmed);
  }

  /** Whether it serves only content that it believes right and that was right at the start. */
  get isHonest(): boolean {
    const { lies = false, infoBytes } = this.#options;
    return !lies && infoBytes === undefined;
  }

  /** Over all its lives. */
  get traffic(): Traffic {
    const isCounted = !this.isAlive || this.#counted === this.#life;
    return isCounted ? this.#traffic : withLife(this.#traffic, this.#life.engine.status(torrent));
  }

  /** The engine drops its figures with the torrent: they are read before. */
  #countTraffic(): void {
    if (this.#counted === this.#life) return;
    this.#traffic = this.traffic;
    this.#counted = this.#life;
  }

  reportsOf<T extends Report['type']>(type: T): Extract<Report, { type: T }>[] {
    return this.reports.filter((r): r is Extract<Report, { type: T }> => r.type === type);
  }

  // Events ----------------------------------------------------------------------------------------------

  /** Passes a fact from the user or the surroundings to the program. */
  tell(fact: Fact): void {
    this.#life.tell(fact);
  }

  /** Tells the peer all addresses of another. */
  dial(other: { readonly place: Place }): void {
    const peers = other.place.addresses;
    this.tell({ type: 'peers-found', torrent, peers, origin: 'user' });
    for (const { id } of this.sides)
      if (id !== undefined) this.tell({ type: 'peers-found', torrent: id, peers, origin: 'user' });
  }

  /** The user stops all torrents; the program keeps running. */
  stop(): void {
    this.stopFirst();
    for (const side of this.sides) side.stop(this.#life);
  }

  /** The user stops a side torrent or adds it again. */
  want(side: Side, isWanted: boolean): void {
    side.isWanted = isWanted;
    if (!this.isAlive || this.#isQuitting || this.hasLeft || this.#start !== undefined) return;
    if (!isWanted) side.stop(this.#life);
    else if (side.id === undefined) side.add(this.#life, this.#tiers);
  }

  /** The user stops the first torrent only. */
  stopFirst(): void {
    this.#countTraffic();
    this.tell({ type: 'stopped', torrent });
    this.#life.disk.close(torrent);
  }

  /** It announces `stopped` and ends; its pieces are recorded. */
  leave(): void {
    this.hasLeft = true;
    if (!this.isAlive) return;
    const life = this.#life;
    this.stop();
    this.#world.scheduler.after(farewellMs, () => {
      if (!life.gate.isEnded) life.end();
    });
  }

  /**
   * The user stops the program to start it again later: it announces `stopped`, and its pieces are recorded.
   */
  quit(): void {
    if (!this.isAlive || this.isFrozen || this.#isQuitting || this.hasLeft) return;
    const life = this.#life;
    this.isComplete = false;
    this.#isQuitting = true;
    this.#comesBack = false;
    this.stop();
    this.#world.scheduler.after(farewellMs, () => {
      this.#isQuitting = false;
      if (!life.gate.isEnded) life.end();
      if (this.#comesBack) this.restart();
    });
  }

  /** The program is killed. With `power` the whole machine loses power, and unsynced data. */
  crash({ power = false } = {}): void {
    this.#countTraffic();
    this.isComplete = false;
    this.#world.internet.trace.mix(traceKind.crash);
    this.#world.internet.trace.mix(this.number);
    if (this.isAlive) this.host.crash(power);
    this.#start = undefined;
    if (power) this.platter.cutPower(this.#random);
    for (const side of this.sides) {
      if (power) side.platter.cutPower(this.#random);
      side.onEnd();
    }
    this.#world.onCrash(this);
  }

  freeze(): void {
    this.host.freeze();
  }

  thaw(): void {
    if (this.isAlive) this.host.thaw();
  }

  /** Moves its clock ahead. */
  jumpClock(byMs: number): void {
    this.#clockAheadMs += byMs;
    if (this.isAlive) this.#life.clock.jump(byMs);
  }

  /**
   * Starts a new life. Recorded pieces are believed when their file has the recorded stamp. All others on the
   * disk are hashed first.
   */
  restart(): void {
    this.#comesBack = true;
    if (this.isAlive || this.#start !== undefined || this.#isQuitting || this.hasLeft) return;
    const { platter } = this;
    // A missing folder is downloaded again into a new one.
    if (platter.isAway) platter.forsake();
    this.lookedMs = this.#world.scheduler.nowMs;
    const { stamps } = platter.files;
    const { have, doubtful } = foundOn(platter);
    const start = {};
    this.#start = start;
    this.#world.scheduler.after(1 + doubtful * checkMs, () => {
      if (this.#start !== start) return;
      this.#start = undefined;
      this.#life = this.#begin(have, stamps);
    });
  }

  #begin(have: Uint8Array, stamps: readonly Stamp[]): Life {
    const world = this.#world;
    this.beganMs = world.scheduler.nowMs;
    const { link = homeLink, reachability = 'open', limits } = this.#options;
    const life = new Life({
      internet: world.internet,
      trackers: world.trackers,
      name: `${this.number}.${this.lives++}`,
      number: this.number,
      place: this.place,
      link: this.#life?.host.link ?? link,
      reachability: this.#life?.host.reachability ?? reachability,
      temper: this.temper,
      limits: { ...world.options.limits, ...limits },
      uploadBpsMax: this.uploadBpsMax,
      downloadBpsMax: this.downloadBpsMax,
      clockAheadMs: this.#clockAheadMs,
      onReport: (report) => this.#hear(report),
      onHandled: (fact, actions, nowMs) => world.onHandled(this, fact, actions, nowMs),
      onTurn: (fact) => world.onTurn(this, fact),
    });
    life.open(torrent, this.platter, { have, stamps, mends: this.#options.mends ?? false });
    this.#life = life;
    this.#add(life, have);
    for (const side of this.sides) if (side.isWanted) side.add(life, this.#tiers);
    return life;
  }

  get #tiers(): readonly (readonly string[])[] {
    const { usesTracker = true, trackers = this.#world.announceTiers } = this.#options;
    return usesTracker ? trackers : [];
  }

  #add(life: Life, have: Uint8Array): void {
    const { geometry, infoHash, infoBytes, dataBytes } = this.#world.torrent;
    const spec = { torrent, infoHash, trackers: this.#tiers, private: false };
    if (this.#options.magnet === true) {
      life.disk.expectMetadata(torrent, infoBytes);
      return life.tell({ type: 'magnet-added', spec });
    }
    let count = 0;
    eachMarked(have, () => {
      count += 1;
    });
    this.isComplete = count === geometry.pieceCount;
    const given = this.#options.infoBytes ?? infoBytes;
    life.tell({ type: 'added', spec: { ...spec, geometry, dataBytes, have, infoBytes: given } });
  }

  #hear(report: Report): void {
    if (this.#world.options.keepsReports ?? true) this.reports.push(report);
    if (report.torrent !== torrent) for (const side of this.sides) side.hear(report);
    else if (report.type === 'completed') this.isComplete = true;
    else if (report.type === 'pieces-lost') this.isComplete = false;
    this.#world.onReport(this, report);
  }
}
