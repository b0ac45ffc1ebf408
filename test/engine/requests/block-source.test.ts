/** The classes that request blocks, with a source that is not a peer. */
import { describe, expect, it } from 'vitest';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { blocksPerPiece, type MemorySource, SourceLab } from './memory-source.ts';

const pieceCount = 6;

function finish(lab: SourceLab, sources: readonly MemorySource[]): void {
  for (let round = 0; round < 10 * pieceCount * blocksPerPiece && !lab.ledger.hasAll; round++)
    for (const source of sources) lab.serve(source);
}

function expectAll(lab: SourceLab): void {
  expect(lab.ledger.hasAll).toBe(true);
  const got = [...lab.verified].sort(([a], [b]) => a - b).map(([, content]) => Buffer.from(content));
  expect(Buffer.concat(got).equals(lab.content)).toBe(true);
  expect(lab.memory.outstanding).toBe(0);
}

describe('a source of blocks that is not a peer', () => {
  it('a source is asked for one piece until one is verified, and then for as many as its pipeline holds', () => {
    const lab = new SourceLab(pieceCount);
    const source = lab.join();
    expect(source.owed).toHaveLength(1);
    lab.serve(source, blocksPerPiece);
    expect(lab.verified.size).toBe(1);
    expect(source.owed.length).toBeGreaterThan(1);
  });

  it('a source sends a whole torrent, with its shorter last piece, and every byte is verified', () => {
    const lab = new SourceLab(pieceCount);
    finish(lab, [lab.join()]);
    expectAll(lab);
    expect(lab.receiver.wastedBytes).toBe(0);
  });

  it('two sources share the pieces, and each piece is sent once', () => {
    const lab = new SourceLab(pieceCount);
    const sources = [lab.join(), lab.join()];
    finish(lab, sources);
    expectAll(lab);
    expect(sources.map(({ record }) => record.goodPieces > 0)).toEqual([true, true]);
    expect(lab.receiver.wastedBytes).toBe(0);
  });
});

describe('a source that fails', () => {
  it('a source that fails at one block is asked for the rest of the torrent, and another for that piece', () => {
    const lab = new SourceLab(pieceCount);
    const failing = lab.join();
    lab.serve(failing, blocksPerPiece);
    const refused = failing.queue[0]?.pieceIndex;
    lab.fail(failing);
    expect(failing.owed).not.toContain(refused);
    expect(failing.owed).not.toEqual([]);
    const other = lab.join();
    finish(lab, [failing, other]);
    expectAll(lab);
  });

  it('a source that failed at one block is asked for that piece again when its refusals are forgotten', () => {
    const lab = new SourceLab(1);
    const failing = lab.join();
    lab.fail(failing);
    expect(failing.owed).toEqual([]);
    failing.pieces.forgetRefusals();
    lab.scheduler.fill(failing, lab.nowMs);
    finish(lab, [failing]);
    expectAll(lab);
  });

  it('the requests of a source that fails for good go to others, and its blocks are kept', () => {
    const lab = new SourceLab(1);
    const failing = lab.join();
    lab.serve(failing, 2);
    const other = lab.join();
    lab.leave(failing);
    expect([failing.pipeline.asked, [...failing.kept.pieces]]).toEqual([[], []]);
    expect(other.queue).toHaveLength(blocksPerPiece - 2);
    finish(lab, [other]);
    expectAll(lab);
  });

  it('a source that sends corrupt bytes is found guilty, and the piece comes from another', () => {
    const lab = new SourceLab(1);
    const liar = lab.join(lab.content.map((byte) => byte ^ 1));
    lab.serve(liar, blocksPerPiece);
    expect(lab.guilty).toEqual([liar.record]);
    lab.leave(liar);
    const other = lab.join();
    finish(lab, [other]);
    expectAll(lab);
    expect(other.record.goodPieces).toBe(1);
  });
});

describe('cancelled requests', () => {
  it('unwanted blocks are cancelled one by one, and those that still arrive are dropped', () => {
    const lab = new SourceLab(pieceCount);
    const source = lab.join();
    const asked = [...source.queue];
    lab.serve(source);
    lab.scheduler.dropUnwanted(() => false);
    expect(source.cancelled).toEqual(asked.slice(1));
    expect([source.queue, source.pipeline.asked, lab.ledger.fetchingCount]).toEqual([[], [], 0]);
    source.mayBeAsked = false;
    lab.send(source, asked[1]!);
    expect(lab.receiver.wastedBytes).toBe(lab.geometry.blockBytes(asked[1]!.pieceIndex, 1));
    expect(lab.memory.outstanding).toBe(0);
  });

  it('a block is cancelled at the end when another source was faster', () => {
    const lab = new SourceLab(1);
    const slow = lab.join();
    slow.record.goodPieces = 1;
    lab.nowMs += 5_000;
    const fast = lab.join();
    expect(fast.owed).toEqual([0]);
    lab.serve(fast);
    expect(slow.cancelled).toEqual([{ pieceIndex: 0 as PieceIndex, blockIndex: blocksPerPiece - 1 }]);
    finish(lab, [fast]);
    expectAll(lab);
  });
});
