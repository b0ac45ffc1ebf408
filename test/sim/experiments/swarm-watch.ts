/**
 * Observes a swarm second by second: what each peer has, copies of the rarest piece, and the data sent by the
 * first seed. It counts what engines report, so that observing costs little and changes nothing.
 *
 * Fetchers are the honest peers that lack something at first and stay: the run waits for them. The first seed
 * is the first peer of the cast that has everything.
 */
import type { CastMember } from '../plan/cast.ts';
import type { PlannedSwarm } from '../runner/planned-swarm.ts';

/** The swarm at one moment. */
export interface Sample {
  readonly seconds: number;
  /** Shares from 0 to 1: of all wanted bytes, and of the fetchers that are complete. */
  readonly fetched: number;
  readonly complete: number;
  /** Copies of the rarest and of the average piece among fetchers. */
  readonly rarest: number;
  readonly copies: number;
  /** Sent by the first seed, in copies of the torrent. */
  readonly givenBySeed: number;
  /** Bytes that fetchers stored since the last sample, per second and peer. */
  readonly bps: number;
}

export interface Figures {
  readonly uploaded: number;
  readonly downloaded: number;
  /** Received and discarded. */
  readonly wasted: number;
}

const nothing: Figures = { uploaded: 0, downloaded: 0, wasted: 0 };

/** This many samples fill a plot. In a longer run every other sample is dropped. */
const samplesMax = 600;

export class SwarmWatch {
  readonly swarm: PlannedSwarm;
  readonly fetchers: readonly CastMember[];
  readonly firstSeed: CastMember;
  /** When each peer completed, in seconds from the start. */
  readonly completeSeconds = new Map<string, number>();
  /** When the first seed had sent every piece, and what it had sent by then. */
  firstCopy: { readonly seconds: number; readonly givenBySeed: number } | undefined;
  samples: Sample[] = [];
  /** When a peer last stored a piece. */
  progressSeconds = 0;
  readonly #fetching: ReadonlySet<string>;
  /** Copies of each piece among fetchers. */
  readonly #copies: Uint32Array;
  #without: number;
  #stored = 0;
  readonly #wanted: number;
  #everySeconds = 1;
  readonly #figures = new Map<string, Figures>();

  constructor(swarm: PlannedSwarm) {
    this.swarm = swarm;
    const { geometry } = swarm.world;
    const lacks = (member: CastMember) => [...geometry.pieces()].filter((piece) => !member.has(piece)).length;
    const honest = swarm.cast.filter(({ role }) => role === 'honest');
    this.firstSeed = honest.find((member) => lacks(member) === 0) ?? honest[0]!;
    this.fetchers = honest.filter((member) => lacks(member) > 0 && member.leaveMs === undefined);
    this.#fetching = new Set(this.fetchers.map(({ name }) => name));
    this.#copies = new Uint32Array(geometry.pieceCount);
    this.#without = geometry.pieceCount;
    this.#wanted = this.fetchers.reduce((sum, member) => sum + lacks(member), 0);
    for (const member of this.fetchers)
      for (const piece of geometry.pieces()) if (member.has(piece)) this.#addCopy(piece);
    swarm.world.watch({
      onReport: (peer, report) => {
        const name = swarm.nameOf(peer);
        if (!this.#fetching.has(name)) return;
        if (report.type === 'piece-stored') this.#onStored(report.pieceIndex);
        if (report.type === 'completed') this.completeSeconds.set(name, this.seconds);
      },
    });
  }

  get seconds(): number {
    return this.swarm.world.nowMs / 1000;
  }

  get isDone(): boolean {
    return this.completeSeconds.size === this.fetchers.length;
  }

  /** In copies of the torrent. */
  get givenBySeed(): number {
    const peer = this.swarm.peers.get(this.firstSeed.name);
    if (peer === undefined || !peer.isAlive || peer.hasLeft) return this.samples.at(-1)?.givenBySeed ?? 0;
    return peer.status.uploaded / this.swarm.world.geometry.totalBytes;
  }

  /** Payload bytes of a fetcher so far. For a peer that has left, up to then. */
  figuresOf(name: string): Figures {
    const peer = this.swarm.peers.get(name);
    if (peer === undefined || !peer.isAlive || peer.hasLeft) return this.#figures.get(name) ?? nothing;
    const { uploaded, downloaded, wasted } = peer.status;
    return { uploaded, downloaded, wasted };
  }

  /** The peer has all it wanted, and leaves. */
  leave(name: string): void {
    this.#figures.set(name, this.figuresOf(name));
    this.swarm.leave(name);
  }

  /** Called every second of virtual time. `isLast`: at the end, at any time. */
  look(isLast = false): void {
    const { seconds } = this;
    const last = this.samples.at(-1);
    if (last !== undefined && seconds - last.seconds < (isLast ? 0.001 : this.#everySeconds)) return;
    const { pieceCount, pieceLength } = this.swarm.world.geometry;
    const fetched = this.#stored / this.#wanted;
    const count = this.fetchers.length;
    const since = last === undefined ? 0 : (fetched - last.fetched) * this.#wanted * pieceLength;
    this.samples.push({
      ...{ seconds, fetched, complete: this.completeSeconds.size / count },
      rarest: this.#copies.reduce((least, copies) => Math.min(least, copies), Number.MAX_SAFE_INTEGER),
      copies: this.#copies.reduce((sum, copies) => sum + copies, 0) / pieceCount,
      givenBySeed: this.givenBySeed,
      bps: last === undefined ? 0 : since / (seconds - last.seconds) / count,
    });
    if (this.samples.length < samplesMax) return;
    this.samples = this.samples.filter((_, i) => i % 2 === 0);
    this.#everySeconds *= 2;
  }

  #onStored(pieceIndex: number): void {
    this.#stored += 1;
    this.progressSeconds = this.seconds;
    this.#addCopy(pieceIndex);
  }

  #addCopy(pieceIndex: number): void {
    this.#copies[pieceIndex]! += 1;
    if (this.#copies[pieceIndex] !== 1) return;
    this.#without -= 1;
    if (this.#without === 0) this.firstCopy = { seconds: this.seconds, givenBySeed: this.givenBySeed };
  }
}
