/**
 * Free-rider: downloads what it can and uploads nothing. Attacks the choker: peers that upload should receive
 * more than peers that do not, and a swarm with many free-riders should still be fast for the others.   BEP 3
 */
import { blockBytesMax } from '../../../torrents/geometry.ts';
import type { Line } from './line.ts';
import type { Script } from './puppet.ts';

export interface FreeRiderOptions {
  /**
   * Whether it announces its pieces with `have` as if it would share them. Otherwise it appears to have none.
   */
  readonly boasts?: boolean;
  /** Outstanding requests to one peer. */
  readonly requestsMax?: number;
}

interface Asking {
  /** Blocks requested and not yet received, by key. */
  readonly asked: Set<number>;
  /**
   * Piece at which its next search begins. Drawn for each connection, so that it requests different pieces
   * from each.
   */
  at: number;
}

export function freeRider({ boasts, requestsMax = 32 }: FreeRiderOptions = {}): Script {
  return (puppet) => {
    const { random, torrent } = puppet.stage;
    const { geometry } = torrent;
    const tells = boasts ?? random.below(2) === 0;
    const { blocksPerPiece, pieceCount } = geometry;
    const askings = new WeakMap<Line, Asking>();
    /** Blocks received or requested, by key, and how many blocks of each piece are received. */
    const taken = new Set<number>();
    const received = new Uint16Array(pieceCount);
    const askingOf = (line: Line) => {
      const asking = askings.get(line) ?? { asked: new Set(), at: random.below(pieceCount) };
      askings.set(line, asking);
      return asking;
    };
    const forget = (line: Line) => {
      const { asked } = askingOf(line);
      for (const key of asked) taken.delete(key);
      asked.clear();
    };
    /** Searches this many pieces, from where the last search ended or from the piece that a `have` named. */
    const ask = (line: Line, from = askingOf(line).at, pieces = pieceCount) => {
      const asking = askingOf(line);
      if (line.peerChoking || asking.asked.size > requestsMax / 2) return;
      line.say((writer) => {
        for (let seen = 0; seen < pieces && asking.asked.size < requestsMax; seen++) {
          const pieceIndex = geometry.pieceIndex((from + seen) % pieceCount)!;
          if (!line.has(pieceIndex) || received[pieceIndex] === geometry.blockCount(pieceIndex)) continue;
          for (let i = 0; i < geometry.blockCount(pieceIndex) && asking.asked.size < requestsMax; i++) {
            const key = pieceIndex * blocksPerPiece + i;
            if (taken.has(key)) continue;
            taken.add(key);
            asking.asked.add(key);
            writer.request(pieceIndex, i * blockBytesMax, geometry.blockBytes(pieceIndex, i));
          }
          asking.at = pieceIndex;
        }
      });
    };
    return {
      dials: true,
      onOpen: (line) =>
        line.say((writer) => {
          writer.haveNone();
          writer.interested();
        }),
      onMessage(line, message) {
        if (message.type === 'choke') forget(line);
        else if (message.type === 'reject') {
          const key = message.index * blocksPerPiece + message.begin / blockBytesMax;
          if (askingOf(line).asked.delete(key)) taken.delete(key);
        } else if (message.type === 'unchoke') ask(line);
        else if (message.type === 'have') ask(line, message.index, 1);
      },
      onBlock(line, index, begin) {
        if (!askingOf(line).asked.delete(index * blocksPerPiece + begin / blockBytesMax)) return;
        received[index]! += 1;
        const isWhole = received[index] === geometry.blockCount(geometry.pieceIndex(index)!);
        if (isWhole && tells) for (const other of puppet.lines) other.say((writer) => writer.have(index));
        ask(line);
      },
      onClosed: forget,
    };
  };
}
