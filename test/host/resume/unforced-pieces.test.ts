import { describe, expect, it } from 'vitest';
import type { DiskFile } from '../../../client/host/disk/part-file.ts';
import { UnforcedPieces } from '../../../client/host/resume/unforced-pieces.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';

const at = {} as DiskFile;
const [first, second] = [0, 1] as PieceIndex[] as [PieceIndex, PieceIndex];

describe('successful fsyncs', () => {
  it('a successful fsync has synced the pieces written before it began', () => {
    const pieces = new UnforcedPieces();
    pieces.add(at, first);
    const mark = pieces.begin(at);
    pieces.add(at, second);
    pieces.end(at);
    pieces.onForced(at, mark);
    expect(pieces.in(at)).toEqual([second]);
  });

  it('a successful fsync has not synced a piece that was written again during it', () => {
    const pieces = new UnforcedPieces();
    pieces.add(at, first);
    const mark = pieces.begin(at);
    pieces.add(at, first);
    pieces.end(at);
    pieces.onForced(at, mark);
    expect(pieces.in(at)).toEqual([first]);
  });

  it('a successful fsync proves nothing while another of the same file is under way, which may have failed before it', () => {
    const pieces = new UnforcedPieces();
    pieces.add(at, first);
    pieces.begin(at);
    const mark = pieces.begin(at);
    pieces.end(at);
    pieces.onForced(at, mark);
    expect(pieces.in(at)).toEqual([first]);
    pieces.end(at);
    expect(pieces.onFailed(at)).toEqual([first]);
  });
});

it('every failed fsync of a file is counted, so that a write can tell later failures from earlier ones', () => {
  const pieces = new UnforcedPieces();
  for (const failures of [1, 2, 3]) {
    pieces.onFailed(at);
    expect([pieces.failures(at), pieces.failures({} as DiskFile)]).toEqual([failures, 0]);
  }
});
