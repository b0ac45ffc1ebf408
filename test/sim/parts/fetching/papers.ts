/** Stand-ins for the parts that fetch: piece memory that only records writes, and peers. */
import type { PieceBuffer, PieceMemory } from '../../../../client/engine/contract.ts';
import { newRecord, type PeerRecord } from '../../../../client/engine/peers/peer-record.ts';
import { Doubt } from '../step.ts';

/** A write by a peer: the source, its offset there, and the place in the piece. */
interface Written {
  readonly at: number;
  readonly source: Uint8Array;
  readonly from: number;
  readonly bytes: number;
}

class PaperBuffer implements PieceBuffer {
  readonly bytes: number;
  readonly written: Written[] = [];
  isReleased = false;

  constructor(bytes: number) {
    this.bytes = bytes;
  }
}

/** Piece memory without bytes: a source is identified by its object. */
export class PaperMemory implements PieceMemory {
  outstanding = 0;

  allocate(bytes: number): PieceBuffer {
    this.outstanding += 1;
    return new PaperBuffer(bytes);
  }

  write(target: PieceBuffer, offset: number, source: Uint8Array, from: number, to: number): void {
    this.#put(target as PaperBuffer, { at: offset, source, from, bytes: to - from });
  }

  copy(target: PieceBuffer, offset: number, source: PieceBuffer): void {
    for (const one of (source as PaperBuffer).written)
      this.#put(target as PaperBuffer, { ...one, at: one.at + offset });
  }

  release(buffer: PieceBuffer): void {
    if ((buffer as PaperBuffer).isReleased) throw new Doubt('memory of a piece is released twice');
    (buffer as PaperBuffer).isReleased = true;
    this.outstanding -= 1;
  }

  /** The byte at a place: its source, and its offset there. */
  at(buffer: PieceBuffer, place: number): readonly [source: Uint8Array | undefined, byte: number] {
    const last = (buffer as PaperBuffer).written.findLast(
      ({ at, bytes }) => place >= at && place < at + bytes,
    );
    return [last?.source, last === undefined ? 0 : last.from + place - last.at];
  }

  #put(target: PaperBuffer, written: Written): void {
    if (target.isReleased) throw new Doubt('bytes are written into memory that is released');
    const { at, bytes } = written;
    if (at < 0 || at + bytes > target.bytes) throw new Doubt(`bytes are written to ${at} of ${target.bytes}`);
    target.written.push(written);
  }
}

export function drawRecord(goodPieces = 0): PeerRecord {
  return { ...newRecord('', { host: '10.0.0.1', port: 1 }, 'user', true, 0), goodPieces };
}
