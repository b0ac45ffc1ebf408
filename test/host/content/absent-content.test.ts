/** Complete, shared torrents whose files are moved away or changed. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { blockBytesMax, type PieceIndex } from '../../../torrents/geometry.ts';
import { type FileBench, type FileBenchOptions, openFileBench } from '../../contract/file-bench.ts';
import { treeOf } from '../lossy-bench.ts';

let bench: FileBench;
afterEach(() => bench.stop());

const open = async (options: FileBenchOptions = {}) => {
  bench = await openFileBench(options);
};
const at = (...names: string[]) => path.join(bench.album, ...names);

describe('complete shares', () => {
  const seed = async () => {
    await open({
      prepare: (folder, source) => fs.cpSync(source, path.join(folder, 'album'), { recursive: true }),
    });
    expect(await bench.disk.watch.confirm(bench.torrent)).toBe(true);
    bench.facts.length = 0;
  };
  const kinds = () => bench.facts.map(({ type }) => type);
  const elsewhere = () => `${bench.album} elsewhere`;
  const lookAgain = async () => {
    bench.disk.watch.lookNow(bench.torrent);
    await bench.disk.watch.lookAround();
  };

  it('a share goes offline when its folder is renamed, and online when it is back', async () => {
    await seed();
    fs.renameSync(bench.album, elsewhere());
    await bench.disk.watch.lookAround();
    expect(bench.facts).toMatchObject([
      { type: 'content-offline', trouble: { message: `${bench.album} is not there any more` } },
    ]);
    await lookAgain();
    expect(kinds()).toEqual(['content-offline']);
    fs.renameSync(elsewhere(), bench.album);
    await lookAgain();
    await bench.until(() => kinds().length === 2);
    expect(kinds()).toEqual(['content-offline', 'content-online']);
    // And once more: it is found again each time.
    fs.renameSync(bench.album, elsewhere());
    await bench.disk.watch.lookAround();
    expect(kinds().at(-1)).toBe('content-offline');
  });

  it('a share that comes back as a copy is hashed, and online when it is right', async () => {
    await seed();
    fs.renameSync(bench.album, elsewhere());
    await bench.disk.watch.lookAround();
    fs.cpSync(elsewhere(), bench.album, { recursive: true });
    await lookAgain();
    await bench.until(() => kinds().length === 2);
    expect(kinds()).toEqual(['content-offline', 'content-online']);
  });

  it('a share with a file that comes back changed stays offline, reports it once, and is never written', async () => {
    await seed();
    const told: string[] = [];
    bench.disk.watch.onReport = (report) => void told.push('trouble' in report ? report.trouble.message : '');
    fs.writeFileSync(at('a.flac'), Buffer.alloc(10), { flag: 'r+' });
    await bench.disk.watch.lookAround();
    expect(bench.facts).toMatchObject([
      { type: 'content-offline', trouble: { message: `${at('a.flac')} has changed` } },
    ]);
    const before = treeOf(bench.album);
    await lookAgain();
    await bench.until(() => told.length > 0);
    await lookAgain();
    await lookAgain();
    expect(told).toEqual([`${at('a.flac')} is not what the torrent describes any more`]);
    expect(kinds()).toEqual(['content-offline']);
    expect(treeOf(bench.album)).toEqual(before);
    fs.copyFileSync(path.join(bench.source, 'a.flac'), at('a.flac'));
    await lookAgain();
    await bench.until(() => kinds().length === 2);
    expect(kinds()).toEqual(['content-offline', 'content-online']);
  });

  it('a share stays online when only permissions change, and goes offline when bytes change behind an old mtime', async () => {
    await seed();
    fs.chmodSync(at('a.flac'), 0o600);
    await bench.disk.watch.lookAround();
    await bench.disk.watch.settled();
    expect(kinds()).toEqual([]);
    const { atime, mtime } = fs.statSync(at('a.flac'));
    fs.writeFileSync(at('a.flac'), Buffer.alloc(10), { flag: 'r+' });
    fs.utimesSync(at('a.flac'), atime, mtime);
    await bench.disk.watch.lookAround();
    await bench.until(() => kinds().length > 0);
    expect(kinds()).toEqual(['content-offline']);
  });

  it('a deleted file of a share is not served even though it is still open', async () => {
    await seed();
    const read = async (id: number, begin: number) => {
      const block = { pieceIndex: 0 as PieceIndex, begin, bytes: blockBytesMax };
      bench.disk.readBlock(
        bench.torrent,
        id,
        begin === 0 ? block : { ...block, pieceIndex: 1 as PieceIndex, begin: 0 },
      );
      await bench.until(() => bench.facts.some((fact) => 'read' in fact && fact.read === id));
      return bench.facts.find((fact) => 'read' in fact && fact.read === id);
    };
    expect(await read(1, 0)).toMatchObject({ type: 'block-read' });
    fs.rmSync(at('a.flac'));
    expect(await read(2, 1)).toMatchObject({ type: 'block-unreadable', trouble: { code: 'ECHANGED' } });
    await bench.until(() => kinds().includes('content-offline'));
  });
});
