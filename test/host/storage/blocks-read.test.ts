/** The answer to a block request: the bytes that lie there now, or the reason why not. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Fact } from '../../../client/engine/contract.ts';
import { stampFrom } from '../../../client/host/disk/file-stamp.ts';
import { pieceLength, StorageBench, torrent } from './storage-bench.ts';

afterEach(() => vi.restoreAllMocks());

const part = '/out/album/a.flac.part';
const blockIn = (fact: Fact | undefined) =>
  fact?.type === 'block-read' ? Buffer.from(fact.bytes) : undefined;

describe('block reads', () => {
  it('a block has zeros where a pad file is, also in reused memory', () => {
    vi.spyOn(Buffer, 'allocUnsafeSlow').mockImplementation((bytes) => Buffer.alloc(bytes, 7));
    const bench = new StorageBench({ sizes: { 'a.flac': 20_000, '.pad/12768': 12_768, 'b.flac': 20_000 } });
    bench.fetchAll();
    const fact = bench.read(1, 3_600, 1_000);
    const from = pieceLength + 3_600;
    const bytes = fact?.type === 'block-read' ? fact.bytes : undefined;
    expect(Buffer.compare(bytes!, bench.album.truth.subarray(from, from + 1_000))).toBe(0);
  });

  it('a block of a file without a stored piece is unreadable, and the file is not created', () => {
    const bench = new StorageBench();
    expect(bench.read(3)).toMatchObject({ type: 'block-unreadable' });
    expect(bench.test.listing('/out')).toEqual([]);
  });

  it('a block of a piece that was lost and downloaded again is read anew, not taken from the cache', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.test.write(part, new Uint8Array(100));
    // The client has not seen yet that another program has written there.
    expect(blockIn(bench.read(0))).toEqual(Buffer.alloc(100));
    bench.fetch(1);
    expect(bench.lost()).toEqual([0]);
    bench.fetch(0);
    expect(blockIn(bench.read(0))).toEqual(Buffer.from(bench.album.truth.subarray(0, 100)));
  });

  it('a block that was read between the loss of its piece and its return is not cached', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.test.write(part, new Uint8Array(100));
    bench.files.losePieces([bench.piece(0)]);
    // The engine requested it before it knew of the loss.
    expect(blockIn(bench.read(0))).toEqual(Buffer.alloc(100));
    bench.fetch(0);
    expect(blockIn(bench.read(0))).toEqual(Buffer.from(bench.album.truth.subarray(0, 100)));
  });

  it('a block of a piece that was not lost is read once, also when other pieces are lost', () => {
    const bench = new StorageBench();
    for (const piece of [0, 1]) bench.fetch(piece);
    bench.read(0);
    bench.files.losePieces([bench.piece(1)]);
    bench.fetch(1);
    bench.test.calls.length = 0;
    expect(bench.read(0)).toMatchObject({ type: 'block-read' });
    expect(bench.test.calls).not.toContain('read a.flac.part');
  });

  it('blocks of two torrents with equal file and piece numbers are kept apart', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    const other = new StorageBench({ on: bench.test, folder: '/other', sizes: { 'x.flac': 9 } });
    other.fetch(0);
    other.disk.remove(torrent);
    const { geometry } = other.album.metainfo;
    bench.disk.add({
      torrent: 2,
      geometry,
      files: other.files,
      expected: () => ({ sha1: undefined, root: undefined }),
    });
    bench.test.write('/other/album/x.flac', Buffer.from('other one'));
    other.file('x.flac').seen = stampFrom(bench.test.fs.lstat('/other/album/x.flac'));
    expect(blockIn(bench.read(0, 0, 9))).toEqual(Buffer.from(bench.album.truth.subarray(0, 9)));
    bench.disk.readBlock(2, 7, { pieceIndex: bench.piece(0), begin: 0, bytes: 9 });
    expect(blockIn(bench.facts.at(-1))?.toString()).toBe('other one');
    bench.disk.remove(torrent);
    bench.disk.readBlock(2, 8, { pieceIndex: bench.piece(0), begin: 1, bytes: 4 });
    expect(blockIn(bench.facts.at(-1))?.toString()).toBe('ther');
  });

  it('a block whose read failed is read again once the fault is over', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.test.failing.set('read a.flac.part', 'EIO');
    expect(bench.read(0)).toMatchObject({ type: 'block-unreadable', trouble: { code: 'EIO' } });
    bench.test.failing.clear();
    expect(bench.read(0)).toMatchObject({ type: 'block-read' });
  });
});
