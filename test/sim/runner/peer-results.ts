/**
 * What each honest peer of a run came to: when it had everything, what it moved, what it threw away. Counted beside the
 * engine from its own figures, over all lives of its program.
 */
import type { SimPeer } from '../world/peer.ts';
import type { PlannedSwarm } from './planned-swarm.ts';

/**
 * `complete`: it has every piece. `metadata`: it was started with a magnet link alone and has the info dictionary.
 * `incomplete`: it could have had everything, and has not. `no-source`: it could not: it left, or the peers it can meet
 * do not have every piece together.
 */
export type PeerOutcome = 'complete' | 'metadata' | 'incomplete' | 'no-source';

export interface PeerResult {
  readonly name: string;
  readonly outcome: PeerOutcome;
  /** Seconds of virtual time from the start of the run. */
  readonly joinedSeconds: number;
  /** When it first had everything (or the metadata); undefined: never. Its join when it brought everything. */
  readonly doneSeconds: number | undefined;
  /** Bytes of verified pieces on its disk, without those that others have spoiled. */
  readonly haveBytes: number;
  /** Payload bytes, of all its lives. */
  readonly downloaded: number;
  readonly uploaded: number;
  /** Of `downloaded`: received and never stored. */
  readonly wasted: number;
  /** How often its program was started. */
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

  /** In the order of the plan; peers that had not joined when the run ended are left out. */
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
