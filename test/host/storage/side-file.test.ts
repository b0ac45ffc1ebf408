/**
 * The layout of the part file, in which shared pieces of unwanted files lie. It follows from the torrent
 * alone.
 */
import { describe, expect, it } from 'vitest';
import { SideFile, sideFileName } from '../../../client/host/storage/side-file.ts';
import { TorrentFiles } from '../../../client/host/storage/torrent-files.ts';
import { piecesOf, type StoredTorrent } from '../../../client/host/stored-torrent.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { albumOfSizes } from './storage-bench.ts';

const pieceLength = 16_384;
const hash = Uint8Array.from({ length: 20 }, (_, i) => i);

const sideOf = (sizes: Readonly<Record<string, number>>) => {
  const { layout, geometry } = albumOfSizes(sizes).metainfo;
  return { side: new SideFile('/out/album', hash, layout, geometry), layout };
};

describe('the part file', () => {
  it('the part file has a name of its own for each torrent of a folder', () => {
    expect(sideFileName(hash)).toBe('.0001020304050607.cicada-parts');
    expect(sideOf({ 'a.flac': 1 }).side.path).toBe('/out/album/.0001020304050607.cicada-parts');
  });

  it('the part file has a place for every piece that several files share, in order, and for no other', () => {
    // Piece 1 is shared by two files, piece 3 by three, piece 4 ends with its file, and the last one is
    // short.
    const { side } = sideOf({ a: 20_000, b: 30_000, c: 5, d: 31_915, e: 100, f: 50 });
    expect([...side.sharedPieces]).toEqual([1, 3, 5]);
    const at = (piece: number, begin: number) => side.positionOf(piece * pieceLength + begin);
    expect([at(1, 0), at(1, 16_383), at(3, 0), at(3, 7)]).toEqual([0, 16_383, pieceLength, pieceLength + 7]);
    expect(at(5, 100)).toBe(2 * pieceLength + 100);
    expect([at(0, 0), at(0, 16_383), at(2, 0), at(4, 0)]).toEqual(Array(4).fill(undefined));
  });

  it('the part file has no place for a piece that a file shares only with pad files or empty files', () => {
    const { side } = sideOf({ a: 10_000, '.pad/1': 6_384, b: 10_000, c: 0, '.pad/2': 6_384, d: 0, e: 100 });
    expect([...side.sharedPieces]).toEqual([]);
  });

  it('the part file knows which bytes of a piece belong to a file', () => {
    const { side, layout } = sideOf({ a: 20_000, b: 10, c: 40_000 });
    const rangeIn = (piece: number, file: number) => side.rangeIn(piece as PieceIndex, layout.files[file]!);
    expect(rangeIn(0, 0)).toEqual([0, pieceLength]);
    expect(rangeIn(1, 0)).toEqual([pieceLength, 20_000]);
    expect(rangeIn(1, 1)).toEqual([20_000, 20_010]);
    expect(rangeIn(1, 2)).toEqual([20_010, 2 * pieceLength]);
    expect(rangeIn(3, 2)).toEqual([3 * pieceLength, 60_010]);
  });
});

it('the pieces of a file are those with bytes of it, and an empty file has none', () => {
  const { layout, geometry } = albumOfSizes({ a: pieceLength, b: 0, c: 100, d: 0, e: 40_000 }).metainfo;
  const files = new TorrentFiles(layout, geometry, []);
  const stored = { geometry, files } as StoredTorrent;
  expect([0, 1, 2, 3, 4].map((i) => piecesOf(stored, i))).toEqual([[0], [], [1], [], [1, 2, 3]]);
});
