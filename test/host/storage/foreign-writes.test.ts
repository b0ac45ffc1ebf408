/**
 * Another program writes into a part: the part gets its final name, and is believed, only after it was read.
 */
import { closeSync, existsSync, openSync, readFileSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Fact } from '../../../client/engine/contract.ts';
import { DoubtPace } from '../../../client/host/content/doubt-pace.ts';
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
const song = Uint8Array.from({ length: 3 * pieceLength }, (_, i) => 1 + (i % 251));
let temporary: TemporaryFolder;

beforeEach(() => {
  temporary = new TemporaryFolder();
  writeFileSync(temporary.in('song.flac'), song);
});
afterEach(() => temporary[Symbol.dispose]());

/** A download of three pieces. Its storage threads run only when the test says so. */
async function bench() {
  const { metainfo } = await createTorrent(temporary.in('song.flac'), { pieceLength, format: 'v1' });
  const folder = temporary.in('out');
  const { files, have } = await prepareDownload(metainfo, folder);
  const jobs: { kind: 'store' | 'sync' | 'check'; run: () => void; begin: () => () => void }[] = [];
  const pool: StorageJobs = {
    run: (job, answer) => {
      const kind = 'sync' in job ? 'sync' : 'piece' in job ? 'store' : 'check';
      jobs.push({
        kind,
        run: () => answer(runStorageJob(realFiles, { ...job, id: 0 })),
        begin: () => {
          const result = runStorageJob(realFiles, { ...job, id: 0 });
          return () => answer(result);
        },
      });
    },
    stop: () => Promise.resolve(),
  };
  const facts: Fact[] = [];
  const memory = {
    allocate: () => undefined as never,
    write: () => {},
    copy: () => {},
    release: () => {},
  };
  const timers = { nowMs: () => 0, after: () => () => {} };
  const disk = new FileDisk(memory, pool, (fact) => facts.push(fact), realFiles, timers);
  const { geometry, infoHash } = metainfo;
  const store = new ResumeStore(temporary.in('state'));
  const journal = new ResumeJournal(store, { infoHash, files, have }, { timers });
  disk.add({ torrent: 1, geometry, files, expected: expectedHashes(metainfo), journal });
  const fetch = (piece: number) => {
    const pieceIndex = geometry.pieceIndex(piece)!;
    const buffer = new SharedPieceBuffer(Buffer.from(new SharedArrayBuffer(pieceLength)), false);
    buffer.view.set(song.subarray(piece * pieceLength, (piece + 1) * pieceLength));
    disk.storePiece(1, pieceIndex, buffer, false);
  };
  const run = (...kinds: string[]) => {
    for (let at = 0; at >= 0; ) {
      at = jobs.findIndex(({ kind }) => kinds.includes(kind));
      if (at >= 0) jobs.splice(at, 1)[0]!.run();
    }
  };
  /** Runs the next job. Returns the function that reports it. */
  const begin = () => jobs.shift()!.begin();
  const part = `${folder}/song.flac.part`;
  const change = (at = 100) => {
    const descriptor = openSync(part, 'r+');
    writeSync(descriptor, Buffer.from('foreign'), 0, 7, at);
    closeSync(descriptor);
    utimesSync(part, 1, 1);
  };
  const lost = () => facts.flatMap((fact) => (fact.type === 'pieces-lost' ? [...fact.pieces] : []));
  const record = async () => {
    await journal.flush();
    return (await store.load(infoHash, files.rootPath, files.files.length))!;
  };
  const close = () => disk.stop();
  const final = `${folder}/song.flac`;
  return { files, disk, fetch, run, begin, part, final, change, lost, record, close };
}

/**
 * Everything is written but the final name: the first piece turns out wrong, is downloaded again, and the
 * file gets its name.
 */
async function losesOnePieceAndEndsRight({
  fetch,
  run,
  final,
  lost,
  close,
}: Awaited<ReturnType<typeof bench>>) {
  expect(existsSync(final)).toBe(false);
  run('check');
  expect(lost()).toEqual([0]);
  fetch(0);
  run('store', 'sync', 'check');
  expect(Buffer.compare(readFileSync(final), song)).toBe(0);
  await close();
}

it('a file whose last piece comes while it is read for a foreign write gets its final name afterwards', async () => {
  const tools = await bench();
  const { fetch, run, change } = tools;
  fetch(0);
  fetch(1);
  run('store');
  change();
  // The client sees the foreign write here, and the file is to be read.
  fetch(2);
  run('store');
  run('sync');
  await losesOnePieceAndEndsRight(tools);
});

it('a file that is not read at once, since only its times changed, is read before it gets its final name', async () => {
  const tools = await bench();
  const { fetch, run, part, change } = tools;
  fetch(0);
  run('store');
  // Only its time changes: it is read without need, and the next read waits.
  utimesSync(part, 1, 1);
  fetch(1);
  run('store', 'check');
  change();
  fetch(2);
  run('store', 'sync');
  await losesOnePieceAndEndsRight(tools);
});

it('a file that another program changes again during the read is read once more', async () => {
  const { fetch, run, part, final, change, lost, close } = await bench();
  fetch(0);
  run('store');
  utimesSync(part, 1, 1);
  fetch(1);
  run('check');
  run('store');
  utimesSync(part, 2, 2);
  fetch(2);
  change();
  run('store', 'sync');
  expect(existsSync(final)).toBe(false);
  run('check');
  expect(lost()).toEqual([0]);
  await close();
});

it('a piece that was being written while its file was read is read, too, before the file gets its final name', async () => {
  const { files, disk, fetch, run, begin, final, change, lost, close } = await bench();
  fetch(0);
  run('store');
  fetch(1);
  const tell = begin();
  change(pieceLength + 100);
  disk.watch.doubt(1, files.files[0]!);
  run('check');
  tell();
  fetch(2);
  run('store', 'sync');
  expect(existsSync(final)).toBe(false);
  run('check');
  expect(lost()).toEqual([1]);
  await close();
});

it('a piece that waits for an fsync during the read of its file is read, too, before the file gets its final name', async () => {
  const { files, disk, fetch, run, final, change, lost, close } = await bench();
  for (const piece of [0, 1, 2]) fetch(piece);
  run('store');
  change(2 * pieceLength + 100);
  disk.watch.doubt(1, files.files[0]!);
  run('check');
  run('sync');
  expect(existsSync(final)).toBe(false);
  run('check');
  expect(lost()).toEqual([2]);
  await close();
});

it('the record has no stamp of a file that waits to be read', async () => {
  const { files, fetch, run, change, record, close } = await bench();
  fetch(0);
  run('store');
  const before = await record();
  expect(before.stamps[0]).toMatchObject({ mtimeNs: files.files[0]!.seen!.mtimeNs });
  change();
  fetch(1);
  run('store');
  const { stamps } = await record();
  // The inode still shows that the file is the client's.
  expect(stamps[0]).toMatchObject({ mtimeNs: '0', inode: files.files[0]!.seen!.inode });
  await close();
});

it('a read without a finding delays the next one longer, and a read with a finding does not', () => {
  const pace = new DoubtPace();
  expect(pace.isDue(0)).toBe(true);
  pace.onRead(true, 0);
  expect([pace.isDue(999), pace.isDue(1_000)]).toEqual([false, true]);
  pace.onRead(true, 1_000);
  expect([pace.isDue(3_999), pace.isDue(4_000)]).toEqual([false, true]);
  pace.onRead(false, 4_000);
  expect(pace.isDue(4_000)).toBe(true);
});
