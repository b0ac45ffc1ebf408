/**
 * False bitfield: claims pieces that cannot exist, or pieces that it never serves. Attacks the checks that
 * turn a number from a peer into a piece index, and the availability counts, which one peer must not distort.
 *                                                                                                     BEP 3 6
 */
import { pick } from './choice.ts';
import type { Script } from './puppet.ts';

/**
 * Spare bits set; one byte too long; one byte too short; an index past the last piece; all pieces, none
 * served.
 */
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
        // A `have` for each piece, some pieces more than once. Each piece must be counted once all the same.
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

/** Most significant bit first, spare bits zero. */
function allBits(pieceCount: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(pieceCount / 8)).fill(255);
  const spare = bits.length * 8 - pieceCount;
  bits[bits.length - 1]! &= 255 << spare;
  return bits;
}
