/**
 * Free-rider: takes what it can get and gives nothing. Attacks the choker: whoever gives should get more than whoever
 * does not, and a swarm in which many give nothing should still be quick for the others.                       BEP 3
 */
import { blockBytesMax } from '../../../torrents/geometry.ts';
import type { Line } from './line.ts';
import type { Script } from './puppet.ts';

export interface FreeRiderOptions {
  /** It says what it has, as if it would share it; otherwise it seems to have nothing for ever. */
  readonly boasts?: boolean;
  /** Requests on their way to one peer. */
  readonly requestsMax?: number;
}

interface Asking {
  /** Blocks asked for and not here, by key. */
  readonly asked: Set<number>;
  /** Where its next look for a piece begins: not everybody should be asked for the same. */
  at: number;
}

export function freeRider({ boasts, requestsMax = 32 }: FreeRiderOptions = {}): Script {
  return (puppet) => {
    const { random, torrent } = puppet.stage;
    const { geometry } = torrent;
    const tells = boasts ?? random.below(2) === 0;
    const { blocksPerPiece, pieceCount } = geometry;
    const askings = new WeakMap<Line, Asking>();
    /** Blocks that are here or on their way, by key; and how many of a piece are here. */
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
    /** Looks at so many pieces from the one where it left off, or from the one it has just heard of. */
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
