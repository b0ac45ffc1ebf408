/** Files and folders that move, vanish or change during a download. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { type FileBench, type FileBenchOptions, openFileBench } from '../../contract/file-bench.ts';
import { differenceOf } from '../../e2e/shared-folder.ts';
import { goOn, lossesIn, storeRight, treeOf } from '../lossy-bench.ts';

let bench: FileBench;
afterEach(() => bench.stop());

const open = async (options: FileBenchOptions = {}) => {
  bench = await openFileBench(options);
};
const at = (...names: string[]) => path.join(bench.album, ...names);
const store = (...pieces: number[]) => storeRight(bench, ...pieces);
const losses = () => lossesIn(bench.facts);
const lostPieces = () => losses().flatMap(({ pieces }) => [...pieces]);
const has = () => [...bench.geometry.pieces()].filter((i) => bench.files.has(i));

describe('during a download', () => {
  it('a folder moved away during a download loses its pieces, and they are downloaded again', async () => {
    await open();
    await store(0, 1, 2, 3);
    fs.renameSync(bench.album, `${bench.album} elsewhere`);
    const moved = treeOf(`${bench.album} elsewhere`);
    await bench.disk.watch.lookAround();
    expect(losses()).toMatchObject([
      { pieces: [0, 1, 2, 3], trouble: { code: 'EGONE', message: `${bench.album} is not there any more` } },
    ]);
    expect(has()).toEqual([]);
    await goOn(bench);
    expect(treeOf(`${bench.album} elsewhere`)).toEqual(moved);
  });

  it('a folder deleted and created again during a download has lost everything', async () => {
    await open();
    await store(0, 1, 2, 3, 4);
    fs.rmSync(bench.album, { recursive: true });
    fs.mkdirSync(bench.album);
    await bench.disk.watch.lookAround();
    expect(lostPieces()).toEqual([0, 1, 2, 3, 4]);
    await goOn(bench);
  });

  it('a deleted idle part is noticed, and so is the piece it shares with its neighbour', async () => {
    await open();
    await store(0, 1, 3, 4);
    fs.rmSync(at('d', 'e.flac.part'));
    await bench.disk.watch.lookAround();
    // Piece 3 begins d/e.flac and ends a.flac, which still exists.
    expect(lostPieces()).toEqual([3, 4]);
    expect(losses()[0]!.trouble.message).toBe(`${at('d', 'e.flac.part')} is not there any more`);
    expect(has()).toEqual([0, 1]);
    await goOn(bench);
  });

  it('a deleted file that already had its final name is downloaded again', async () => {
    await open();
    await store(0, 1, 2, 3);
    fs.rmSync(at('a.flac'));
    fs.rmSync(at('c.txt'));
    await bench.disk.watch.lookAround();
    expect(lostPieces()).toEqual([0, 1, 2, 3]);
    expect(losses()[0]!.trouble.message).toContain('(and 1 more)');
    // The empty one is back already.
    expect(fs.existsSync(at('c.txt'))).toBe(true);
    await goOn(bench);
  });

  it('a download that lost a file just before its end is not complete', async () => {
    await open();
    await bench.storeAll();
    fs.renameSync(at('b.txt'), at('renamed.txt'));
    expect(await bench.disk.watch.confirm(bench.torrent)).toBe(false);
    expect(lostPieces()).toEqual([3]);
    fs.rmSync(at('renamed.txt'));
    await goOn(bench);
    expect(differenceOf(bench.source, bench.album)).toBeUndefined();
  });

  it('a write into a deleted file does not count, and the next one goes into a new file', async () => {
    await open();
    await store(0);
    fs.rmSync(at('a.flac.part'));
    // The deleted file is still open: the system accepts the write.
    await bench.store(1 as PieceIndex);
    await bench.disk.watch.lookAround();
    expect(lostPieces().sort()).toEqual([0, 1]);
    await goOn(bench);
  });

  it('a deleted part that is not open any more is noticed by the next write, which goes into a new file', async () => {
    const sizes = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`${i}.bin`, 40_000]));
    await open({ sizes });
    const pieces = [...bench.geometry.pieces()];
    // Enough files to evict the first one from the pool of open files.
    for (const piece of pieces.filter((i) => i % 5 !== 4)) await bench.store(piece);
    const parts = bench.listing().filter((name) => name.endsWith('.part'));
    for (const name of parts) fs.rmSync(path.join(bench.folder, name));
    expect(await bench.store(pieces[4]!)).toMatchObject({ type: 'piece-stored' });
    expect(lostPieces().length).toBeGreaterThan(100);
    expect(bench.files.has(pieces[4]!)).toBe(true);
    await goOn(bench);
  });

  it('another file in a part’s place is never written, and the download reports it', async () => {
    await open({ sizes: { 'one.bin': 100_000 } });
    await store(0);
    fs.rmSync(at('one.bin.part'));
    fs.writeFileSync(at('one.bin.part'), Buffer.alloc(32 * 1024));
    await bench.disk.watch.lookAround();
    expect(losses()[0]!.trouble).toMatchObject({ code: 'EREPLACED' });
    const before = treeOf(bench.album);
    expect(await bench.store(1 as PieceIndex)).toMatchObject({
      type: 'piece-unstorable',
      trouble: { code: 'EEXIST', message: expect.stringContaining(at('one.bin.part')) },
    });
    expect(treeOf(bench.album)).toEqual(before);
  });

  it('a part that comes back to its place is written again, and not refused', async () => {
    await open({ sizes: { 'one.bin': 100_000 } });
    await store(0, 1);
    fs.renameSync(at('one.bin.part'), at('aside'));
    await bench.disk.watch.lookAround();
    fs.renameSync(at('aside'), at('one.bin.part'));
    await goOn(bench);
  });

  it('a part that is cut short loses what was cut', async () => {
    await open({ sizes: { 'one.bin': 100_000 } });
    await store(0, 1, 2);
    fs.truncateSync(at('one.bin.part'), 40_000);
    await bench.disk.watch.lookAround();
    await bench.until(() => losses().length > 0);
    expect(lostPieces()).toEqual([1, 2]);
    await goOn(bench);
  });

  it('a part that another program wrote into is hashed before it gets its final name', async () => {
    await open({ sizes: { 'one.bin': 100_000, 'two.bin': 100_000 } });
    await store(0, 1);
    fs.writeFileSync(at('one.bin.part'), Buffer.alloc(10), { flag: 'r+' });
    fs.appendFileSync(at('one.bin.part'), Buffer.alloc(90_000));
    await store(2, 3);
    // The client's last write would hide the foreign one behind its mtime, had the foreign one not come
    // later.
    fs.writeFileSync(at('two.bin.part'), Buffer.alloc(10), { flag: 'r+' });
    await store(4, 5);
    await bench.store(6 as PieceIndex);
    await goOn(bench);
    expect(fs.statSync(at('two.bin')).size).toBe(100_000);
    expect(fs.statSync(at('one.bin')).size).toBe(100_000);
  });

  it('a finished file that another program changes is not overwritten', async () => {
    await open();
    await store(0, 1, 2, 3);
    fs.writeFileSync(at('a.flac'), Buffer.alloc(10), { flag: 'r+' });
    await bench.disk.watch.lookAround();
    await bench.until(() => losses().length > 0);
    expect(losses()).toMatchObject([{ pieces: [0], trouble: { code: 'EEXIST' } }]);
    const before = fs.readFileSync(at('a.flac'));
    expect(await bench.store(0 as PieceIndex)).toMatchObject({ type: 'piece-unstorable' });
    expect(fs.readFileSync(at('a.flac')).equals(before)).toBe(true);
  });

  it('a finished file that is rewritten with the same bytes is read, and neither lost nor refused', async () => {
    await open();
    await store(0, 1, 2, 3);
    const songs = [at('a.flac'), at('b.txt')];
    for (const song of songs) {
      fs.copyFileSync(song, `${song}.new`);
      fs.renameSync(`${song}.new`, song);
    }
    const inodes = songs.map((song) => fs.statSync(song).ino);
    await bench.disk.watch.lookAround();
    await bench.disk.watch.settled();
    await goOn(bench);
    expect(losses()).toEqual([]);
    expect(songs.map((song) => fs.statSync(song).ino)).toEqual(inodes);
  });

  it('a finished file that is rewritten with other bytes is not overwritten', async () => {
    await open();
    await store(0, 1, 2, 3);
    const other = fs.readFileSync(at('a.flac')).fill(7, 0, 10);
    fs.writeFileSync(at('new'), other);
    fs.renameSync(at('new'), at('a.flac'));
    await bench.disk.watch.lookAround();
    await bench.until(() => losses().length > 0);
    expect(losses()).toMatchObject([{ pieces: [0], trouble: { code: 'EEXIST' } }]);
    expect(await bench.store(0 as PieceIndex)).toMatchObject({ type: 'piece-unstorable' });
    expect(fs.readFileSync(at('a.flac')).equals(other)).toBe(true);
  });

  it('a finished file whose permissions change stays valid', async () => {
    await open();
    await store(0, 1, 2, 3);
    fs.chmodSync(at('a.flac'), 0o600);
    await bench.disk.watch.lookAround();
    await goOn(bench);
    expect(losses()).toEqual([]);
    expect(differenceOf(bench.source, bench.album)).toBeUndefined();
  });

  it('a download is right in the end even if its folder is moved away again and again while threads write', async () => {
    const sizes = Object.fromEntries(
      Array.from({ length: 12 }, (_, i) => [`d${i % 3}/${i}.bin`, 400_000 + i]),
    );
    await open({ sizes, threads: 2 });
    const pieces = [...bench.geometry.pieces()];
    for (let round = 0; round < 6; round++) {
      for (const piece of pieces) if (!bench.files.has(piece)) void bench.store(piece);
      const answered = bench.facts.length + 5 + round * 7;
      await bench.until(() => bench.facts.length > answered || pieces.every((i) => bench.files.has(i)));
      fs.renameSync(bench.album, `${bench.album} ${round}`);
      await bench.files.writes.settled();
      await bench.disk.watch.lookAround();
      expect(has()).toEqual([]);
    }
    await goOn(bench);
  });

  it('the record omits lost pieces', async () => {
    await open();
    await store(0, 1, 2, 3);
    fs.rmSync(at('a.flac'));
    await bench.disk.watch.lookAround();
    await store(0);
    await bench.end('stopped');
    expect((await bench.startAgain()).have).toEqual([0]);
  });
});
