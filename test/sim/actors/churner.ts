/**
 * Churner: connects and disconnects all the time, mostly in the middle of something. Attacks everything that
 * a connection takes and must give back when it closes: requests, slots, memory, availability counts, table
 * entries.
 */
import { encodePieceHeader } from '../../../client/wire/message.ts';
import type { Line } from './line.ts';
import type { Script } from './puppet.ts';

export interface ChurnerOptions {
  /** Longest connection and longest absence, in milliseconds. The actual lengths are drawn. */
  readonly staysMsMax?: number;
  readonly awayMsMax?: number;
}

export function churner({ staysMsMax = 3_000, awayMsMax = 4_000 }: ChurnerOptions = {}): Script {
  return (puppet) => {
    const { random, torrent } = puppet.stage;
    const { geometry } = torrent;
    const comeBack = (line: Line) => {
      if (!line.incoming) puppet.comeBack(line.address, 1 + random.below(awayMsMax));
    };
    return {
      dials: true,
      onOpen(line) {
        line.say((writer) => {
          // Either a seed or a peer with one piece.
          if (random.below(2) === 0) writer.haveAll();
          else writer.have(random.below(geometry.pieceCount));
          writer.unchoke();
          writer.interested();
        });
        puppet.after(1 + random.below(staysMsMax), () => {
          if (!line.isOpen) return;
          puppet.hangUp(line);
          comeBack(line);
        });
      },
      onMessage(line, message) {
        if (message.type !== 'request' || random.below(2) === 0) return;
        const block = geometry.block(message.index, message.begin, message.length);
        if (block === undefined) return;
        if (random.below(4) > 0) return line.sendBlock(block, true);
        // It disconnects in the middle of a block.
        line.sendBytes(encodePieceHeader(block.pieceIndex, block.begin, block.bytes));
        line.sendBytes(torrent.payload(block, true).slice(0, 1 + random.below(block.bytes)));
        puppet.hangUp(line);
        comeBack(line);
      },
      onClosed: comeBack,
    };
  };
}
