/**
 * Data of the part file moves into its file when the file is selected, also while other programs write,
 * pieces are read, and records are made.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Fact } from '../../../client/engine/contract.ts';
import { realFiles } from '../../../client/host/disk/real-files.ts';
import { prepareDownload } from '../../../client/host/preparing/download-folder.ts';
import { ResumeJournal } from '../../../client/host/resume/resume-journal.ts';
import { ResumeStore } from '../../../client/host/resume/resume-store.ts';
import { FileDisk } from '../../../client/host/storage/file-disk.ts';
import { expectedHashes } from '../../../client/host/storage/piece-hashes.ts';
import { SharedPieceBuffer } from '../../../client/host/storage/shared-piece-memory.ts';
import { runStorageJob, type StorageJobs } from '../../../client/host/storage/storage-job.ts';
import { createTorrent } from '../../../torrents/create/create.ts';
import { TemporaryFolder } from '../../e2e/shared-folder.ts';

const pieceLength = 16 * 1024;
/** Two files of this size: the first has piece 0, the second piece 2, and both have a part of piece 1. */
const fileBytes = 20_000;
const truth = Uint8Array.from({ length: 2 * fileBytes }, (_, i) => 1 + (i % 251));
let temporary: TemporaryFolder;

beforeEach(() => {
  temporary = new TemporaryFolder();
  mkdirSync(temporary.in('album'));
  writeFileSync(temporary.in('album', '1.flac'), truth.subarray(0, fileBytes));
  writeFileSync(temporary.in('album', '2.flac'), truth.subarray(fileBytes));
});
afterEach(() => temporary[Symbol.dispose]());

/**
 * `wanted`: how many of the two files are wanted at first. Threads run when the test says so. `onOpen`: the
 * journal opens a path.
 */
async function bench(wanted: number, onOpen: (at: string) => void = () => {}) {
  const { metainfo } = await createTorrent(temporary.in('album'), { pieceLength, format: 'v1' });
  const out = temporary.in('out');
  const root = path.join(out, 'album');
  const jobs: { isCheck: boolean; run: () => void }[] = [];
  const pool: StorageJobs = {
    run: (job, answer) =>
      jobs.push({
        isCheck: !('sync' in job) && !('piece' in job),
        run: () => answer(runStorageJob(realFiles, { ...job, id: 0 })),
      }),
    stop: () => Promise.resolve(),
  };
  const forced: string[] = [];
  const later: typeof realFiles.later = {
    ...realFiles.later,
    open: async (at, mode) => {
      const handle = await realFiles.later.open(at, mode);
      onOpen(at);
      return { ...handle, sync: () => handle.sync().then(() => void forced.push(path.basename(at))) };
    },
  };
  const fs = { ...realFiles, later };
  const want = { isWanted: ({ index }: { index: number }) => index < wanted, pool };
  const ground = { fs, verify: () => Promise.reject(new Error('nothing is there')) };
  const { files, have } = await prepareDownload(metainfo, out, { wanted: want, ground });
  const facts: Fact[] = [];
  const memory = { allocate: () => undefined as never, write: () => {}, copy: () => {}, release: () => {} };
  const timers = { nowMs: () => 0, after: () => () => {} };
  const disk = new FileDisk(memory, pool, (fact) => facts.push(fact), fs, timers);
  const { geometry, infoHash } = metainfo;
  const store = new ResumeStore(temporary.in('state'));
  const journal = new ResumeJournal(store, { infoHash, files, have }, { timers });
  disk.add({ torrent: 1, geometry, files, expected: expectedHashes(metainfo), journal });
  const fetch = (piece: number) => {
    const pieceIndex = geometry.pieceIndex(piece)!;
    const bytes = geometry.pieceBytes(pieceIndex);
    const buffer = new SharedPieceBuffer(Buffer.from(new SharedArrayBuffer(bytes)), false);
    buffer.view.set(truth.subarray(piece * pieceLength, piece * pieceLength + bytes));
    disk.storePiece(1, pieceIndex, buffer, false);
  };
  const run = (isCheck: boolean) => {
    for (let at = 0; at >= 0; ) {
      at = jobs.findIndex((job) => job.isCheck === isCheck);
      if (at >= 0) jobs.splice(at, 1)[0]!.run();
    }
  };
  const record = async () => {
    await journal.flush();
    return (await store.load(infoHash, files.rootPath, files.files.length))!.have[0];
  };
  const close = async () => {
    disk.remove(1);
    await journal.stop();
    await disk.stop();
  };
  const lost = () => facts.flatMap((fact) => (fact.type === 'pieces-lost' ? [...fact.pieces] : []));
  const [first, second] = [files.files[0]!, files.files[1]!];
  return { root, files, forced, first, second, disk, fetch, run, record, lost, close };
}

it('a file with data from a changed part file is read before it gets its final name, also after own writes into it', async () => {
  const { root, files, second, fetch, run, lost, close } = await bench(1);
  fetch(1);
  run(false);
  const side = readdirSync(root).find((name) => name.endsWith('.cicada-parts'))!;
  writeFileSync(path.join(root, side), new Uint8Array(2 * pieceLength));
  files.setWanted(second, true);
  fetch(2);
  run(false);
  expect(existsSync(second.finalPath)).toBe(false);
  run(true);
  expect(lost()).toEqual([1]);
  await close();
});

it('a piece is not lost when another file of it gets its final name while the piece is read again', async () => {
  const { first, second, disk, fetch, run, lost, close } = await bench(2);
  fetch(1);
  run(false);
  disk.watch.doubt(1, first);
  fetch(2);
  run(false);
  expect(existsSync(second.finalPath)).toBe(true);
  run(true);
  expect(lost()).toEqual([]);
  await close();
});

it('data that leaves the part file during a record is in the next record, since its new name may not be on the disk yet', async () => {
  let goHome = () => {};
  const { root, files, second, fetch, run, record, close } = await bench(1, (at) => at === root && goHome());
  fetch(1);
  run(false);
  goHome = () => {
    goHome = () => {};
    files.setWanted(second, true);
    // A thread syncs it, too.
    const mark = files.unforced.begin(second);
    files.unforced.end(second);
    files.unforced.onForced(second, mark);
  };
  expect(await record()).toBe(0);
  expect(await record()).toBe(0x80 >> 1);
  await close();
});

it('an fsync of the part file does not sync the file that its data moves to while it is opened', async () => {
  let goHome = (_at: string) => {};
  const { files, second, forced, fetch, run, record, close } = await bench(1, (at) => goHome(at));
  fetch(1);
  run(false);
  goHome = (at) => {
    if (at !== files.side!.path) return;
    goHome = () => {};
    files.setWanted(second, true);
  };
  await record();
  expect(forced).toContain(path.basename(files.side!.path));
  expect(forced).not.toContain('2.flac.part');
  await close();
});
