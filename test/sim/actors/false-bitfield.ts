/**
 * False bitfield: what it says it has cannot be, or is not so. Attacks the door where numbers from outside become piece
 * indices, and the counts of how rare a piece is, which one peer's word must not upset.                       BEP 3 6
 */
import { pick } from './choice.ts';
import type { Script } from './puppet.ts';

/** Bits beyond the last piece; a length that fits another torrent; a piece that is none; everything, and never served. */
export const falseBitfields = ['spare-bits', 'too-long', 'too-short', 'no-such-piece', 'unserved'] as const;

export interface FalseBitfieldOptions {
  readonly kind?: (typeof falseBitfields)[number];
}

export function falseBitfield(options: FalseBitfieldOptions = {}): Script {
  return ({ stage }) => {
    const kind = options.kind ?? pick(falseBitfields, stage.random);
    const { pieceCount } = stage.torrent.geometry;
    const bytes = Math.ceil(pieceCount / 8);
    return {
      dials: true,
      onOpen(line) {
        if (kind === 'spare-bits') line.say((writer) => writer.bitfield(new Uint8Array(bytes).fill(255)));
        else if (kind === 'too-long') line.say((writer) => writer.bitfield(new Uint8Array(bytes + 1)));
        else if (kind === 'too-short') line.say((writer) => writer.bitfield(new Uint8Array(bytes - 1)));
        else if (kind === 'no-such-piece') line.say((writer) => writer.have(pieceCount));
        // Word by word, and some words twice: each piece counts once all the same.
        else
          line.say((writer) => {
            for (let index = 0; index < pieceCount; index++) writer.have(index);
            writer.have(0);
            writer.bitfield(allBits(pieceCount));
            writer.haveAll();
          });
      },
    };
  };
}

/** MSB first, spare bits zero. */
function allBits(pieceCount: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(pieceCount / 8)).fill(255);
  const spare = bits.length * 8 - pieceCount;
  bits[bits.length - 1]! &= 255 << spare;
  return bits;
}
