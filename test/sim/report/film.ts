/**
 * Records a run as frames: the state of every peer over time. Recording changes nothing: a filmed run has the
 * same trace. A frame is kept only when a peer has changed, so a quiet hour costs nothing.
 */
import type { PlannedSwarm } from '../runner/planned-swarm.ts';
import type { SimPeer } from '../world/peer.ts';

/** The state of a peer in a frame. */
export type PeerState = 'absent' | 'running' | 'frozen' | 'down';

export interface PeerMoment {
  readonly state: PeerState;
  /** The share of the torrent's bytes on its disk, 0 to 1. */
  readonly share: number;
}

export interface Frame {
  readonly seconds: number;
  /** In the order of `Film.names`. */
  readonly peers: readonly PeerMoment[];
  /** Copies of the rarest piece among peers whose program runs. */
  readonly rarest: number;
  /** Payload bytes that all peers have received so far. */
  readonly received: number;
}

/**
 * A plot is about 400 points wide. Beyond 800 frames every other one is dropped, and the time between two
 * doubles.
 */
const framesMax = 800;
const gapMsFirst = 20;

export class Film {
  /** Honest peers, in the order of the plan. */
  readonly names: readonly string[];
  readonly #swarm: PlannedSwarm;
  #frames: Frame[] = [];
  #gapMs = gapMsFirst;
  /** The first frame is at 1 ms: peers of the start have joined by then. */
  #nextMs = 1;
  #hasEnded = false;

  constructor(swarm: PlannedSwarm) {
    this.#swarm = swarm;
    this.names = swarm.cast.filter(({ role }) => role === 'honest').map(({ name }) => name);
    swarm.world.watch({ onTurn: () => this.#onTurn() });
  }

  get frames(): readonly Frame[] {
    return this.#frames;
  }

  #onTurn(): void {
    const { nowMs } = this.#swarm.world;
    if (nowMs < this.#nextMs || this.#hasEnded) return;
    this.#nextMs = nowMs + this.#gapMs;
    // The end of a run stops all peers: that is not filmed.
    const joined = [...this.#swarm.peers.values()];
    this.#hasEnded = joined.length === this.names.length && joined.every(({ hasLeft }) => hasLeft);
    if (!this.#hasEnded) this.#look(nowMs / 1000);
  }

  #look(seconds: number): void {
    const peers = this.names.map((name) => momentOf(this.#swarm.peers.get(name)));
    const last = this.#frames.at(-1);
    if (last?.peers.every((moment, i) => isSame(moment, peers[i]!))) return;
    const received = [...this.#swarm.peers.values()].reduce(
      (sum, { traffic }) => sum + traffic.downloaded,
      0,
    );
    this.#frames.push({ seconds, peers, rarest: this.#rarest(), received });
    if (this.#frames.length <= framesMax) return;
    this.#frames = this.#frames.filter((_, i) => i % 2 === 0);
    this.#gapMs *= 2;
  }

  #rarest(): number {
    const present = [...this.#swarm.peers.values()].filter(({ isAlive }) => isAlive);
    let rarest = present.length;
    for (const pieceIndex of this.#swarm.world.geometry.pieces()) {
      let copies = 0;
      for (const { platter } of present) if (platter.holds(pieceIndex)) copies += 1;
      rarest = Math.min(rarest, copies);
    }
    return rarest;
  }
}

function momentOf(peer: SimPeer | undefined): PeerMoment {
  if (peer === undefined || peer.hasLeft) return { state: 'absent', share: 0 };
  const state = !peer.isAlive ? 'down' : peer.isFrozen ? 'frozen' : 'running';
  const { geometry } = peer.platter.content;
  let bytes = 0;
  for (const pieceIndex of geometry.pieces())
    if (peer.platter.holds(pieceIndex)) bytes += geometry.pieceBytes(pieceIndex);
  return { state, share: bytes / geometry.totalBytes };
}

function isSame(a: PeerMoment, b: PeerMoment): boolean {
  return a.state === b.state && a.share === b.share;
}
