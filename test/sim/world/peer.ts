/**
 * A participant of the swarm who runs Cicada: the disk, the line and the address it keeps, and its lives. It can be
 * crashed, frozen and started again; a new life begins with what the last one had recorded, and hashes the rest.
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

/** The first torrent of a world, on every host: the one that checkers look at. */
export const torrent: TorrentId = 1;
/** Reading and hashing one piece at the start of a life. */
const checkMs = 3;
/** From the word to stop until the program has ended: the tracker is told. */
const farewellMs = 1_000;

/** What a peer needs of its world, and tells it. */
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
  /** Its first; others see it at this one unless they call by the other family. */
  readonly address: PeerAddress;
  readonly place: Place;
  readonly platter: Platter;
  readonly sides: readonly Side[];
  readonly temper: DiskTemper;
  /** Payload bytes a second; 0: no limit. */
  readonly uploadBpsMax: number;
  readonly downloadBpsMax: number;
  /** Of all its lives. */
  readonly reports: Report[] = [];
  /** All that it wants is stored, as far as its present life knows. */
  isComplete = false;
  /** It has left for good. */
  hasLeft = false;
  lives = 0;
  readonly #world: Surroundings;
  readonly #options: PeerOptions;
  readonly #random: Prng;
  #clockAheadMs = 0;
  /** The last one, also when it has ended. */
  #life: Life;
  /** A start that is under way: it hashes. A crash ends it. */
  #start: object | undefined;
  /** It was told to end, and says goodbye; then it is started again when `#comesBack`. */
  #isQuitting = false;
  #comesBack = false;
  /** Of lives that have ended, and the last one that is counted in it. */
  #traffic = noTraffic;
  #counted: Life | undefined;
  /** When its present life looked at what the disk holds, and when it began to work. */
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

  /** Its program runs, frozen or not. */
  get isAlive(): boolean {
    return !this.#life.gate.isEnded;
  }

  /** Of the world, not of its clock. */
  get nowMs(): number {
    return this.#world.scheduler.nowMs;
  }

  get isFrozen(): boolean {
    return this.#life.gate.isFrozen;
  }

  /** Its next life is on its way. */
  get isComingBack(): boolean {
    return this.#start !== undefined || (this.#isQuitting && this.#comesBack);
  }

  /** Only while the program runs and knows the torrent. */
  get status(): TorrentStatus {
    return this.#life.engine.status(torrent)!;
  }

  /** What its disk holds is what the author had. */
  get isIdentical(): boolean {
    return this.platter.isAllRight;
  }

  /** It is complete, and its files are not there any more or not what they were: it will not come back as a seed. */
  get isOfflineForGood(): boolean {
    if (!this.isAlive || this.#isQuitting || !this.#life.isWhole) return false;
    return this.platter.isAway || (!this.#options.mends && this.platter.isVisiblyHarmed);
  }

  /** Whatever it gives out, it believes to be right, and from the start it was. */
  get isHonest(): boolean {
    const { lies = false, infoBytes } = this.#options;
    return !lies && infoBytes === undefined;
  }

  /** Over all its lives. */
  get traffic(): Traffic {
    const isCounted = !this.isAlive || this.#counted === this.#life;
    return isCounted ? this.#traffic : withLife(this.#traffic, this.#life.engine.status(torrent));
  }

  /** The engine forgets its figures with the torrent: they are taken before. */
  #countTraffic(): void {
    if (this.#counted === this.#life) return;
    this.#traffic = this.traffic;
    this.#counted = this.#life;
  }

  reportsOf<T extends Report['type']>(type: T): Extract<Report, { type: T }>[] {
    return this.reports.filter((r): r is Extract<Report, { type: T }> => r.type === type);
  }

  // What happens to it ----------------------------------------------------------------------------------------------

  /** Something that the user, or anything around the program, tells it. */
  tell(fact: Fact): void {
    this.#life.tell(fact);
  }

  /** It is told of all addresses of another. */
  dial(other: { readonly place: Place }): void {
    const peers = other.place.addresses;
    this.tell({ type: 'peers-found', torrent, peers, origin: 'user' });
    for (const { id } of this.sides)
      if (id !== undefined) this.tell({ type: 'peers-found', torrent: id, peers, origin: 'user' });
  }

  /** The user stops all torrents; the program goes on. */
  stop(): void {
    this.stopFirst();
    for (const side of this.sides) side.stop(this.#life);
  }

  /** The user stops another torrent than the first, or adds it again. */
  want(side: Side, isWanted: boolean): void {
    side.isWanted = isWanted;
    if (!this.isAlive || this.#isQuitting || this.hasLeft || this.#start !== undefined) return;
    if (!isWanted) side.stop(this.#life);
    else if (side.id === undefined) side.add(this.#life, this.#tiers);
  }

  /** The user stops the first torrent alone. */
  stopFirst(): void {
    this.#countTraffic();
    this.tell({ type: 'stopped', torrent });
    this.#life.disk.close(torrent);
  }

  /** It says goodbye and ends; what it had is recorded. */
  leave(): void {
    this.hasLeft = true;
    if (!this.isAlive) return;
    const life = this.#life;
    this.stop();
    this.#world.scheduler.after(farewellMs, () => {
      if (!life.gate.isEnded) life.end();
    });
  }

  /** The user ends the program, and starts it again later: it says goodbye, and what it had is recorded. */
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

  /** The program is killed; with `power` the whole machine loses its power, and what was not forced to the disk. */
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

  /** Its clock shows so much more from now on. */
  jumpClock(byMs: number): void {
    this.#clockAheadMs += byMs;
    if (this.isAlive) this.#life.clock.jump(byMs);
  }

  /**
   * A new life: recorded pieces are believed in when their file has the stamp that was recorded with them, all others that
   * are there are hashed first.
   */
  restart(): void {
    this.#comesBack = true;
    if (this.isAlive || this.#start !== undefined || this.#isQuitting || this.hasLeft) return;
    const { platter } = this;
    // What is not there is fetched anew, into a new folder.
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
