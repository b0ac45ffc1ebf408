/** Links that replace a folder during a download. */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { type FileBench, type FileBenchOptions, openFileBench } from '../../contract/file-bench.ts';
import { goOn, lossesIn, storeRight, treeOf } from '../lossy-bench.ts';

let bench: FileBench;
let swapper: ChildProcess | undefined;
afterEach(async () => {
  swapper?.kill('SIGKILL');
  swapper = undefined;
  await bench.stop();
});

const open = async (options: FileBenchOptions = {}) => {
  bench = await openFileBench(options);
};
const at = (...names: string[]) => path.join(bench.album, ...names);
const store = (...pieces: number[]) => storeRight(bench, ...pieces);
const losses = () => lossesIn(bench.facts);
const lostPieces = () => losses().flatMap(({ pieces }) => [...pieces]);

describe('a link in the place of a folder', () => {
  const decoyOf = () => {
    const decoy = path.join(bench.folder, '..', 'decoy');
    fs.mkdirSync(path.join(decoy, 'd'), { recursive: true });
    fs.writeFileSync(path.join(decoy, 'd', 'mine.txt'), 'precious');
    return decoy;
  };

  it('a link in the place of a folder is not followed: nothing is created or changed at its target', async () => {
    await open();
    const decoy = decoyOf();
    await store(0, 1);
    fs.renameSync(bench.album, `${bench.album} elsewhere`);
    fs.symlinkSync(decoy, bench.album);
    const [before, moved] = [treeOf(decoy), treeOf(`${bench.album} elsewhere`)];
    await bench.disk.watch.lookAround();
    expect(losses()).toMatchObject([
      {
        pieces: [0, 1],
        trouble: { code: 'ELOOP', message: `${bench.album} is a link that leads elsewhere` },
      },
    ]);
    for (const piece of [0, 3, 4]) {
      expect(await bench.store(piece as PieceIndex)).toMatchObject({
        type: 'piece-unstorable',
        trouble: { code: 'ELOOP' },
      });
    }
    expect(treeOf(decoy)).toEqual(before);
    expect(treeOf(`${bench.album} elsewhere`)).toEqual(moved);
  });

  it('a link in the place of a folder counts as a loss even when it leads to the very files', async () => {
    await open();
    await bench.storeAll();
    fs.renameSync(bench.album, `${bench.album} elsewhere`);
    fs.symlinkSync(`${bench.album} elsewhere`, bench.album);
    expect(await bench.disk.watch.confirm(bench.torrent)).toBe(false);
    expect(lostPieces()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('a link is not followed for an inner folder, nor for a final name', async () => {
    await open();
    const decoy = decoyOf();
    await store(0, 1, 2, 3, 4);
    fs.renameSync(at('d'), path.join(bench.folder, 'moved'));
    fs.symlinkSync(path.join(bench.folder, 'moved'), at('d'));
    const before = treeOf(decoy);
    // The part reached through the link is the right one, but its final name must not be given there.
    expect(await bench.store(5 as PieceIndex)).toMatchObject({ type: 'piece-unstorable' });
    expect(fs.readdirSync(path.join(bench.folder, 'moved'))).toEqual(['e.flac.part']);
    expect(treeOf(decoy)).toEqual(before);
  });

  it.runIf(process.platform === 'linux')(
    'a link that is swapped with the folder all the time leads no write to its target, and does no harm',
    async () => {
      const sizes = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`d/${i}.bin`, 3_000 + i]));
      await open({ sizes });
      const decoy = decoyOf();
      fs.mkdirSync(bench.album);
      const before = treeOf(decoy);
      const swap = `
        const fs = require('node:fs');
        const [album, aside, decoy] = process.argv.slice(1);
        process.send('ready');
        for (;;) {
          try { fs.renameSync(album, aside); } catch { continue; }
          try { fs.symlinkSync(decoy, album); fs.unlinkSync(album); } catch {}
          try { fs.renameSync(aside, album); } catch { fs.rmSync(aside, { recursive: true, force: true }); }
        }`;
      const stdio: ['ignore', 'ignore', 'ignore', 'ipc'] = ['ignore', 'ignore', 'ignore', 'ipc'];
      swapper = spawn(process.execPath, ['-e', swap, bench.album, `${bench.album} aside`, decoy], { stdio });
      await new Promise((resolve) => swapper!.once('message', resolve));
      const pieces = [...bench.geometry.pieces()];
      for (let round = 0; round < 6; round++)
        for (const piece of pieces) if (!bench.files.has(piece)) await bench.store(piece);
      expect(treeOf(decoy)).toEqual(before);
      const gone = new Promise((resolve) => swapper!.once('exit', resolve));
      swapper.kill('SIGKILL');
      await gone;
      fs.rmSync(bench.album, { recursive: true, force: true });
      fs.rmSync(`${bench.album} aside`, { recursive: true, force: true });
      await goOn(bench);
      expect(treeOf(decoy)).toEqual(before);
    },
  );
});
