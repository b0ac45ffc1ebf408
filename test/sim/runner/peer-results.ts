/**
 * The result of each honest peer of a run: when it was complete, and the bytes it moved and wasted. The
 * figures are the engine's own, summed over all lives of the peer's program.
 */
import type { SimPeer } from '../world/peer.ts';
import type { PlannedSwarm } from './planned-swarm.ts';

/**
 * `complete`: the peer has every piece. `metadata`: it started from a magnet link without content and has the
 * info dictionary. `incomplete`: it could have had every piece and has not. `no-source`: it could not: it
 * left, or the peers that it can meet do not have every piece together.
 */
export type PeerOutcome = 'complete' | 'metadata' | 'incomplete' | 'no-source';

export interface PeerResult {
  readonly name: string;
  readonly outcome: PeerOutcome;
  /** Seconds of virtual time since the start of the run. */
  readonly joinedSeconds: number;
  /**
   * When the peer first had every piece (or the metadata). Its join time when it joined as a seed. Undefined
   * when it never had.
   */
  readonly doneSeconds: number | undefined;
  /** Bytes of verified pieces on its disk, without pieces that were damaged afterwards. */
  readonly haveBytes: number;
  /** Payload bytes of all its lives. */
  readonly downloaded: number;
  readonly uploaded: number;
  /** The part of `downloaded` that was received and never stored. */
  readonly wasted: number;
  /** How many times its program was started. */
  readonly lives: number;
}

export class PeerResults {
  readonly #swarm: PlannedSwarm;
  readonly #doneMs = new Map<SimPeer, number>();

  constructor(swarm: PlannedSwarm) {
    this.#swarm = swarm;
    swarm.world.watch({
      onReport: (peer, { type, torrent }) => {
        if (torrent !== 1) return;
        const isDone = type === 'completed' || type === 'metadata-received';
        if (isDone && !this.#doneMs.has(peer)) this.#doneMs.set(peer, swarm.world.nowMs);
      },
    });
  }

  /** In the order of the plan, without peers that had not joined when the run ended. */
  list(isDone: (name: string) => boolean, able: ReadonlySet<string> | undefined): PeerResult[] {
    return this.#swarm.cast.flatMap(({ name, magnet, joinMs }) => {
      const peer = this.#swarm.peers.get(name);
      if (peer === undefined) return [];
      const isExpected = able?.has(name) ?? true;
      const done = magnet ? 'metadata' : 'complete';
      const doneMs = this.#doneMs.get(peer) ?? (isDone(name) ? joinMs : undefined);
      return {
        name,
        outcome: isDone(name) ? done : isExpected ? 'incomplete' : 'no-source',
        joinedSeconds: joinMs / 1000,
        doneSeconds: doneMs === undefined ? undefined : doneMs / 1000,
        haveBytes: haveBytesOf(peer),
        ...peer.traffic,
        lives: peer.lives,
      };
    });
  }
}

function haveBytesOf({ platter }: SimPeer): number {
  const { geometry } = platter.content;
  let bytes = 0;
  for (const pieceIndex of geometry.pieces())
    if (platter.holds(pieceIndex)) bytes += geometry.pieceBytes(pieceIndex);
  return bytes;
}
