import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PeerRecord } from '../../../client/engine/peers/peer-record.ts';
import type { FetchingPiece, Sink } from '../../../client/engine/pieces/fetching-piece.ts';
import { PieceLedger } from '../../../client/engine/pieces/piece-ledger.ts';
import { PieceProvenance } from '../../../client/engine/pieces/piece-provenance.ts';
import { Geometry, type PieceIndex } from '../../../torrents/geometry.ts';
import { ByteMemory } from '../byte-memory.ts';

const blockBytes = 16_384;
/** Three pieces: two of four blocks, and one of a block and a byte. */
const geometry = new Geometry(9 * blockBytes + 1, 4 * blockBytes);
const [p0, p1, p2] = [...geometry.pieces()] as [PieceIndex, PieceIndex, PieceIndex];

function newLedger(spec: { have?: Uint8Array; dataBytes?: ReadonlyMap<PieceIndex, number> } = {}) {
  const memory = new ByteMemory();
  const budget = { pieceBytes: 0 };
  return { memory, budget, ledger: new PieceLedger(geometry, memory, budget, spec) };
}

const peer = (name: string) => ({ key: name }) as PeerRecord;
const content = (buffer: unknown) => (buffer as { content: Uint8Array }).content;

/** One peer sends a whole block at once. */
function deliver(piece: FetchingPiece, blockIndex: number, source = peer('a'), fill = 1): boolean {
  const sink = piece.openSink(blockIndex);
  if (sink === undefined) return false;
  const bytes = new Uint8Array(sink.blockBytes).fill(fill);
  piece.write(sink, bytes, 0, bytes.length);
  return piece.receive(sink, source);
}

describe('a piece', () => {
  it('a piece goes from missing over fetching and storing to have, and counts once', () => {
    const { ledger, budget, memory } = newLedger();
    expect(ledger.isMissing(p2)).toBe(true);
    const piece = ledger.begin(p2);
    expect([ledger.isMissing(p2), ledger.fetching(p2)]).toEqual([false, piece]);
    expect(budget.pieceBytes).toBe(blockBytes + 1);
    deliver(piece, 0);
    deliver(piece, 1);
    const buffer = ledger.finish(piece);
    expect([ledger.isMissing(p2), ledger.fetching(p2), ledger.has(p2)]).toEqual([false, undefined, false]);
    // The disk owns the buffer; the budget counts it until the disk has answered.
    expect(budget.pieceBytes).toBe(blockBytes + 1);
    ledger.stored(p2);
    memory.release(buffer);
    expect(ledger).toMatchObject({ haveCount: 1, haveBytes: blockBytes + 1, leftBytes: 8 * blockBytes });
    expect([ledger.has(p2), budget.pieceBytes, memory.outstanding]).toEqual([true, 0, 0]);
  });

  it('a piece that fails or is abandoned is missing again, and its memory is free', () => {
    const { ledger, budget, memory } = newLedger();
    const failed = ledger.begin(p0);
    for (let i = 0; i < 4; i++) deliver(failed, i);
    memory.release(ledger.finish(failed));
    ledger.failed(p0);
    const abandoned = ledger.begin(p1);
    deliver(abandoned, 2);
    ledger.abandon(abandoned);
    expect([ledger.isMissing(p0), ledger.isMissing(p1)]).toEqual([true, true]);
    expect([budget.pieceBytes, memory.outstanding]).toEqual([0, 0]);
  });

  it('a piece is in one state: only a missing piece is begun, only a complete one is stored', () => {
    const { ledger } = newLedger({ have: Uint8Array.of(0b0100_0000) });
    const piece = ledger.begin(p0);
    expect(() => ledger.begin(p0)).toThrow('missing');
    expect(() => ledger.begin(p1)).toThrow('missing');
    expect(() => ledger.finish(piece)).toThrow('complete');
    expect(() => ledger.stored(p0)).toThrow('being stored');
    expect(() => ledger.failed(p2)).toThrow('being stored');
  });

  it('a piece of the initial bitfield is stored; spare bits are ignored', () => {
    const { ledger } = newLedger({ have: Uint8Array.of(0b1010_1111) });
    expect([ledger.has(p0), ledger.has(p1), ledger.has(p2)]).toEqual([true, false, true]);
    expect(ledger.haveBits()).toEqual(Uint8Array.of(0b1010_0000));
    expect(ledger.haveBytes).toBe(5 * blockBytes + 1);
  });

  it('a piece that ends in a pad is requested and counted without the pad', () => {
    const { ledger } = newLedger({ dataBytes: new Map([[p0, blockBytes + 5]]) });
    expect(ledger.totalBytes).toBe(9 * blockBytes + 1 - 3 * blockBytes + 5);
    const piece = ledger.begin(p0);
    expect([piece.askFree(), piece.askFree(), piece.askFree()]).toEqual([0, 1, undefined]);
    deliver(piece, 0);
    deliver(piece, 1);
    expect(piece.isComplete).toBe(true);
    const bytes = content(ledger.finish(piece));
    expect(bytes.subarray(2 * blockBytes).every((b) => b === 0)).toBe(true);
  });

  it('pieces in every state release their memory when the torrent stops', () => {
    const { ledger, budget, memory } = newLedger();
    deliver(ledger.begin(p0), 0);
    const storing = ledger.begin(p2);
    deliver(storing, 0);
    deliver(storing, 1);
    const buffer = ledger.finish(storing);
    ledger.abandonAll();
    expect(budget.pieceBytes).toBe(0);
    memory.release(buffer);
    expect(memory.outstanding).toBe(0);
  });
});

describe('a block', () => {
  it('a block is requested once, and again when it is given back', () => {
    const piece = newLedger().ledger.begin(p0);
    expect([piece.askFree(), piece.askFree()]).toEqual([0, 1]);
    piece.giveBack(0);
    expect(piece.freeCount).toBe(3);
    expect([piece.askFree(), piece.askFree(), piece.askFree(), piece.askFree()]).toEqual([
      0,
      2,
      3,
      undefined,
    ]);
  });

  it('a block with two copies in flight is free only when both are given up', () => {
    const piece = newLedger().ledger.begin(p0);
    piece.askFree();
    piece.askAgain(0);
    piece.giveBack(0);
    expect([piece.copies(0), piece.freeCount]).toEqual([1, 3]);
    piece.giveBack(0);
    expect([piece.copies(0), piece.freeCount]).toEqual([0, 4]);
  });

  it('a block that arrives after it was given back is not requested again', () => {
    const piece = newLedger().ledger.begin(p2);
    piece.askFree();
    piece.giveBack(0);
    expect(deliver(piece, 0)).toBe(true);
    expect([piece.freeCount, piece.askFree(), piece.askFree()]).toEqual([1, 1, undefined]);
    piece.giveBack(0);
    expect(piece.freeCount).toBe(0);
  });

  it('a received block opens no sink', () => {
    const piece = newLedger().ledger.begin(p0);
    deliver(piece, 0);
    expect(piece.openSink(0)).toBeUndefined();
  });

  it('a block written by two peers at once keeps the copy that was complete first', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 9_000 }))), (runs) => {
        const { ledger, memory } = newLedger();
        const piece = ledger.begin(p0);
        const writers = [1, 2].map((fill) => ({ fill, sink: piece.openSink(0) as Sink, done: false }));
        expect(memory.outstanding).toBe(2);
        let winner: number | undefined;
        const finishing = [true, false].map((first): [boolean, number] => [first, blockBytes]);
        for (const [first, length] of [...runs, ...finishing]) {
          const writer = writers[first ? 0 : 1]!;
          if (writer.done) continue;
          const run = Math.min(length, blockBytes - writer.sink.got);
          piece.write(writer.sink, new Uint8Array(run).fill(writer.fill), 0, run);
          if (writer.sink.got < blockBytes) continue;
          writer.done = true;
          const used = piece.receive(writer.sink, peer(`${writer.fill}`));
          expect(used).toBe(winner === undefined);
          winner ??= writer.fill;
        }
        expect((piece.sources[0] as PeerRecord).key).toBe(`${winner}`);
        expect(
          content(piece.buffer)
            .subarray(0, blockBytes)
            .every((b) => b === winner),
        ).toBe(true);
        expect([memory.outstanding, piece.receivedCount]).toEqual([1, 1]);
      }),
      { numRuns: 60 },
    );
  });

  it('a block whose piece was handed to the disk is dropped', () => {
    const { ledger, memory } = newLedger();
    const piece = ledger.begin(p2);
    const late = piece.openSink(0)!;
    piece.write(late, new Uint8Array(100).fill(9), 0, 100);
    deliver(piece, 0, peer('quick'), 1);
    deliver(piece, 1, peer('quick'), 1);
    const buffer = ledger.finish(piece);
    const before = content(buffer).slice();
    piece.write(late, new Uint8Array(blockBytes - 100).fill(9), 0, blockBytes - 100);
    expect(piece.receive(late, peer('late'))).toBe(false);
    expect(content(buffer)).toEqual(before);
    memory.release(buffer);
    expect(memory.outstanding).toBe(0);
  });
});

describe('proof of guilt', () => {
  const fetched = (sources: (PeerRecord | undefined)[]) => {
    const piece = newLedger().ledger.begin(p0);
    for (const [i, source] of sources.entries()) piece.sources[i] = source;
    return piece;
  };
  const [ann, bob, cleo] = [peer('ann'), peer('bob'), peer('cleo')];

  it('the only source of a corrupt piece is guilty at once', () => {
    const provenance = new PieceProvenance();
    expect(provenance.onCorrupt(fetched([ann, ann, ann, ann]), ['1', '2', '3', '4'])).toEqual([ann]);
    expect(provenance.isSuspect(p0)).toBe(true);
  });

  it('the guilty one of several sources is found block by block with the next good copy', () => {
    const provenance = new PieceProvenance();
    expect(provenance.onCorrupt(fetched([ann, bob, ann, cleo]), ['1', 'x', '3', '4'])).toEqual([]);
    expect(provenance.onCorrupt(fetched([cleo, cleo, bob, ann]), ['1', '2', '3', 'y'])).toEqual([]);
    expect(provenance.onStored(p0, ['1', '2', '3', '4'])).toEqual([bob, ann]);
    expect(provenance.isSuspect(p0)).toBe(false);
  });

  it('no source is guilty when the good copy has no digests, or a block has no source', () => {
    const provenance = new PieceProvenance();
    provenance.onCorrupt(fetched([ann, undefined, bob, ann]), ['1', 'x', '3', '4']);
    expect(provenance.onStored(p0, undefined)).toEqual([]);
    provenance.onCorrupt(fetched([ann, undefined, bob, ann]), ['1', 'x', '3', '4']);
    expect(provenance.onStored(p0, ['1', '2', '3', '4'])).toEqual([]);
    expect(provenance.onStored(p1, ['1'])).toEqual([]);
  });
});
