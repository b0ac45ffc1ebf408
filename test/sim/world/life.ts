/**
 * One life of a program on a simulated host, from its start to its end or crash: the production engine and
 * driver with their ports. What outlives it belongs to the peer (peer.ts).
 */
import type { Action, Fact, Report, TorrentId } from '../../../client/engine/contract.ts';
import { Engine, type EngineOptions } from '../../../client/engine/engine.ts';
import type { Limits } from '../../../client/engine/limits.ts';
import { Driver } from '../../../client/host/driver.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { Gate } from '../kernel/gate.ts';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import { simAnnouncer } from './announcer.ts';
import type { ContentWatch } from './content-watch.ts';
import { type ContentStart, SimDisk } from './disk.ts';
import type { DiskTemper } from './disk-temper.ts';
import { traceFact } from './fact-trace.ts';
import type { SimHost } from './host.ts';
import type { SimInternet } from './internet.ts';
import { ResumeJournal } from './journal.ts';
import type { Link, Reachability } from './link.ts';
import { SimMemory } from './piece-memory.ts';
import type { Place } from './place.ts';
import type { Platter } from './platter.ts';
import type { SimTracker } from './tracker.ts';

export interface LifeOptions {
  readonly internet: SimInternet;
  readonly trackers: ReadonlyMap<string, SimTracker>;
  /** Its name for generators and the trace. */
  readonly name: string;
  readonly number: number;
  readonly place: Place;
  readonly link: Link;
  readonly reachability: Reachability;
  readonly temper: DiskTemper;
  readonly limits: Partial<Limits>;
  readonly uploadBpsMax: number;
  readonly downloadBpsMax: number;
  readonly clockAheadMs: number;
  readonly onReport: (report: Report) => void;
  /**
   * The engine has returned the actions of a fact; none is carried out yet. `nowMs`: by the clock of this
   * host.
   */
  readonly onHandled: (fact: Fact, actions: readonly Action[], nowMs: number) => void;
  /** A fact was handled, and all its actions are carried out. */
  readonly onTurn: (fact: Fact) => void;
}

export class Life {
  readonly gate = new Gate();
  readonly memory = new SimMemory();
  readonly engine: Engine;
  readonly host: SimHost;
  readonly disk: SimDisk;
  readonly clock: VirtualClock;
  readonly #options: LifeOptions;
  readonly #driver: Driver;
  readonly #journals = new Map<TorrentId, ResumeJournal>();
  #watch: ContentWatch | undefined;

  constructor(options: LifeOptions) {
    const { internet, trackers, name, place, link, reachability, temper, clockAheadMs, onReport } = options;
    const [address] = place.addresses;
    const { scheduler, trace, random } = internet;
    const { gate, memory } = this;
    this.#options = options;
    this.engine = new WatchedEngine(options.onHandled, {
      peerId: Buffer.from(`-SM0001-${String(options.number).padStart(12, '0')}`),
      port: address.port,
      seed: random.seedOf(`engine ${name}`),
      memory,
      uploadBpsMax: options.uploadBpsMax,
      downloadBpsMax: options.downloadBpsMax,
      limits: options.limits,
    });
    const sink = this.tell;
    this.host = internet.join({ address, place, link, sink, gate, reachability });
    const diskRandom = random.of(`disk ${name}`);
    this.disk = new SimDisk({ scheduler, trace, gate, memory, random: diskRandom, sink, temper });
    this.clock = new VirtualClock(scheduler, gate, sink, clockAheadMs);
    const announcer = simAnnouncer({ scheduler, trace, gate, sink, self: place.addresses, trackers });
    const ports = { network: this.host, disk: this.disk, announcer, clock: this.clock };
    this.#driver = new Driver(this.engine, ports, onReport);
  }

  /**
   * Passes a fact to the program. Ports may call it during a turn: the turn then continues with this fact.
   */
  readonly tell = (fact: Fact): void => {
    const { internet, number, onTurn } = this.#options;
    if (this.gate.isEnded) return;
    traceFact(internet.trace, internet.scheduler.nowMs, number, fact);
    this.#driver.enqueue(fact);
    onTurn(fact);
  };

  open(torrent: TorrentId, platter: Platter, start: ContentStart): void {
    const { have, stamps } = start;
    const { internet, name, temper } = this.#options;
    const { scheduler, random } = internet;
    const { gate } = this;
    let watch: ContentWatch | undefined;
    const knownStamps = () => watch?.stamps ?? stamps;
    const isFirst = torrent === 1;
    const parts = {
      scheduler,
      gate,
      random: random.of(isFirst ? `fsync ${name}` : `fsync ${name} ${torrent}`),
      platter,
      temper,
      stamps: knownStamps,
      onUnforced: (pieces: readonly PieceIndex[]) => watch?.onUnforced(pieces) ?? false,
    };
    const journal = new ResumeJournal(parts, have);
    this.#journals.set(torrent, journal);
    this.disk.add(torrent, platter, journal, start);
    watch = this.disk.watch(torrent);
    if (isFirst) this.#watch = watch;
  }

  /** The torrent is stopped: its pieces are recorded. */
  close(torrent: TorrentId): void {
    this.disk.close(torrent);
    this.#journals.get(torrent)?.stop();
  }

  /** Whether the life believes every piece of the first torrent stored. */
  get isWhole(): boolean {
    return this.#watch?.isWhole ?? false;
  }

  /** The program stops regularly and records its pieces. */
  end(): void {
    for (const journal of this.#journals.values()) journal.stop();
    this.host.crash();
  }
}

/** The production engine, with a callback after every fact. */
class WatchedEngine extends Engine {
  readonly #onHandled: LifeOptions['onHandled'];

  constructor(onHandled: LifeOptions['onHandled'], options: EngineOptions) {
    super(options);
    this.#onHandled = onHandled;
  }

  override handle(fact: Fact, nowMs: number): readonly Action[] {
    const actions = super.handle(fact, nowMs);
    this.#onHandled(fact, actions, nowMs);
    return actions;
  }
}
