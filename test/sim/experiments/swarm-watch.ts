/**
 * What happens in a swarm, second by second: who has what, how many copies of the rarest piece there are, what the first
 * seed has given. Counted from what engines report, so that watching costs little and changes nothing.
 *
 * Those who fetch are the honest who lack something at first and stay: they are waited for. The first seed is the first
 * of the cast who has everything.
 */
import type { CastMember } from '../plan/cast.ts';
import type { PlannedSwarm } from '../runner/planned-swarm.ts';

/** A moment of the swarm. */
export interface Sample {
  readonly seconds: number;
  /** Shares, 0 to 1: of all bytes that are wanted, and of those who fetch and have everything. */
  readonly fetched: number;
  readonly complete: number;
  /** Copies of the rarest and of the average piece, with those who fetch. */
  readonly rarest: number;
  readonly copies: number;
  /** Given by the first seed, in copies of the torrent. */
  readonly givenBySeed: number;
  /** What those who fetch stored since the last sample, bytes per second and peer. */
  readonly bps: number;
}

export interface Figures {
  readonly uploaded: number;
  readonly downloaded: number;
  /** Received and thrown away. */
  readonly wasted: number;
}

const nothing: Figures = { uploaded: 0, downloaded: 0, wasted: 0 };

/** So many fill a page; of a longer run every other one is kept. */
const samplesMax = 600;

export class SwarmWatch {
  readonly swarm: PlannedSwarm;
  readonly fetchers: readonly CastMember[];
  readonly firstSeed: CastMember;
  /** When each was complete, in seconds from the start. */
  readonly completeSeconds = new Map<string, number>();
  /** When every piece had left the first seed, and what it had given by then. */
  firstCopy: { readonly seconds: number; readonly givenBySeed: number } | undefined;
  samples: Sample[] = [];
  /** When somebody last stored a piece. */
  progressSeconds = 0;
  readonly #fetching: ReadonlySet<string>;
  /** Copies of each piece with those who fetch. */
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

  /** Payload bytes of one who fetches, so far; of one that has left, up to then. */
  figuresOf(name: string): Figures {
    const peer = this.swarm.peers.get(name);
    if (peer === undefined || !peer.isAlive || peer.hasLeft) return this.#figures.get(name) ?? nothing;
    const { uploaded, downloaded, wasted } = peer.status;
    return { uploaded, downloaded, wasted };
  }

  /** It has what it came for, and goes. */
  leave(name: string): void {
    this.#figures.set(name, this.figuresOf(name));
    this.swarm.leave(name);
  }

  /** Every second of virtual time; `isLast`: at the end, whatever the time. */
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
