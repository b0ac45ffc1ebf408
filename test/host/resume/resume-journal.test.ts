/** What the record of a download may claim: only pieces that were synced before. */
import { mkdirSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { prepareDownload } from '../../../client/host/preparing/download-folder.ts';
import { ResumeJournal } from '../../../client/host/resume/resume-journal.ts';
import { ResumeStore } from '../../../client/host/resume/resume-store.ts';
import { StoragePool } from '../../../client/host/storage/storage-pool.ts';
import type { TorrentFiles } from '../../../client/host/storage/torrent-files.ts';
import { createTorrent } from '../../../torrents/create/create.ts';
import type { Geometry } from '../../../torrents/geometry.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { TemporaryFolder, writeAlbum } from '../../e2e/shared-folder.ts';

const KiB = 1024;
let temporary: TemporaryFolder;
let metainfo: Metainfo;

beforeEach(async () => {
  temporary = new TemporaryFolder();
  writeAlbum(temporary.in('Album'), 512 * KiB, 3);
  ({ metainfo } = await createTorrent(temporary.in('Album'), { pieceLength: 64 * KiB }));
});
afterEach(() => {
  vi.restoreAllMocks();
  temporary[Symbol.dispose]();
});

/** The paths that were opened for an fsync before the record was written. */
async function forcedBy(act: () => Promise<void>): Promise<string[]> {
  const opened: string[] = [];
  const { open } = fs;
  vi.spyOn(fs, 'open').mockImplementation((file, ...more) => {
    opened.push(String(file));
    return open(file, ...more);
  });
  await act();
  vi.restoreAllMocks();
  const recordAt = opened.findIndex((file) => file.endsWith('.tmp'));
  expect(recordAt).toBeGreaterThanOrEqual(0);
  return opened.slice(0, recordAt);
}

/** Reports a stored piece of 64 KiB to the journal. */
function storerIn(geometry: Geometry, files: TorrentFiles, journal: ResumeJournal): (index: number) => void {
  return (index) => {
    const pieceIndex = geometry.pieceIndex(index)!;
    const places = files.placesOf(pieceIndex);
    files.make(places);
    files.onStored(pieceIndex, places);
    journal.onStored(
      pieceIndex,
      places.map(({ file }) => file!),
      64 * KiB,
    );
  };
}

it('pieces that were only found by hashing are synced before they are recorded', async () => {
  // A killed program has left right files and no record.
  const { files, have, unforced } = await prepareDownload(metainfo, temporary.in('.'));
  expect([...unforced!].length).toBeGreaterThanOrEqual(3);
  const store = new ResumeStore(temporary.in('state'));
  const journal = new ResumeJournal(store, { infoHash: metainfo.infoHash, files, have, unforced });
  const forced = await forcedBy(() => journal.stop());
  for (const file of files.files) {
    if (file !== undefined && file.file.bytes > 0) expect(forced).toContain(files.pathOf(file));
  }
});

it('files whose pieces are all recorded are not opened again', async () => {
  const store = new ResumeStore(temporary.in('state'));
  const first = await prepareDownload(metainfo, temporary.in('.'));
  await new ResumeJournal(store, {
    infoHash: metainfo.infoHash,
    files: first.files,
    have: first.have,
    unforced: first.unforced,
  }).stop();
  const pool = new StoragePool(1);
  const { files, have, unforced } = await prepareDownload(metainfo, temporary.in('.'), {
    memory: { store, pool },
  });
  await pool.stop();
  const journal = new ResumeJournal(store, { infoHash: metainfo.infoHash, files, have, unforced });
  expect(await forcedBy(() => journal.stop())).toEqual([]);
});

it('after a failed fsync the pieces since the last good one are never recorded, and the journal continues', async () => {
  const { files, have, unforced } = await prepareDownload(metainfo, temporary.in('.'));
  const store = new ResumeStore(temporary.in('state'));
  const journal = new ResumeJournal(store, { infoHash: metainfo.infoHash, files, have, unforced });
  const told: number[] = [];
  files.onUnforced = (_at, pieces) => {
    told.push(...pieces);
    journal.onLost(pieces);
  };
  const [bad] = [...unforced!].filter(({ file }) => file.bytes > 128 * KiB);
  const inBad = files.storedIn(bad!);
  const { open } = fs;
  let failures = 0;
  vi.spyOn(fs, 'open').mockImplementation(async (file, ...more) => {
    const handle = await open(file, ...more);
    if (String(file) === files.pathOf(bad!) && failures++ === 0) {
      vi.spyOn(handle, 'sync').mockRejectedValue(Object.assign(new Error('EIO: fsync'), { code: 'EIO' }));
    }
    return handle;
  });
  // The second fsync succeeds but proves nothing: the system has dropped what it could not write.
  for (const act of [() => journal.flush(), () => journal.stop()]) {
    await act();
    const record = (await store.load(metainfo.infoHash, files.rootPath, files.files.length))!;
    for (const i of metainfo.geometry.pieces()) {
      const isRecorded = (record.have[i >> 3]! & (0x80 >> (i & 7))) !== 0;
      expect(isRecorded, `piece ${i}`).toBe(!inBad.includes(i));
    }
  }
  // No piece in it waits for another fsync.
  expect(failures).toBe(1);
  expect(told).toEqual(inBad);
});

it('the folder of a file that gets its final name while no piece is stored is synced soon, and the file recorded', async () => {
  const store = new ResumeStore(temporary.in('state'));
  const { files, have } = await prepareDownload(metainfo, temporary.in('.'));
  for (const file of files.files) {
    if (file === undefined) continue;
    const mark = files.unforced.begin(file);
    files.unforced.end(file);
    files.unforced.onForced(file, mark);
  }
  const due: (() => void)[] = [];
  const after = (_ms: number, run: () => void) => {
    due.push(run);
    return () => {};
  };
  const timers = { nowMs: () => 0, after };
  const journal = new ResumeJournal(store, { infoHash: metainfo.infoHash, files, have }, { timers });
  expect(due).toHaveLength(0);
  files.onPlaced(files.files[0]!);
  expect(due).toHaveLength(1);
  const forced = await forcedBy(async () => {
    due[0]!();
    await journal.flush();
  });
  // The file itself was synced before it got its name.
  expect(forced).toContain(dirname(files.pathOf(files.files[0]!)));
  expect(forced).not.toContain(files.pathOf(files.files[0]!));
});

it('a record that a full disk refused is written when there is room, and no partial record stays', async () => {
  const { files, have, unforced } = await prepareDownload(metainfo, temporary.in('.'));
  const state = temporary.in('state');
  const store = new ResumeStore(state);
  const stamps = files.files.map((file) => file?.seen);
  const record = { have, stamps, clean: false };
  const { open } = fs;
  vi.spyOn(fs, 'open').mockImplementation(async (file, ...more) => {
    const handle = await open(file, ...more);
    if (!String(file).endsWith('.tmp')) return handle;
    handle.writeFile = async () => {
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    };
    return handle;
  });
  await expect(store.save(metainfo.infoHash, files.rootPath, record)).rejects.toMatchObject({
    code: 'ENOSPC',
  });
  expect(await fs.readdir(join(state, 'resume'))).toEqual([]);
  // The journal meets the full disk again after two seconds.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const tried = vi.spyOn(store, 'saving');
  const journal = new ResumeJournal(store, { infoHash: metainfo.infoHash, files, have, unforced });
  await vi.advanceTimersByTimeAsync(2_000);
  vi.useRealTimers();
  await vi.waitFor(() => expect(tried).toHaveBeenCalledTimes(1));
  vi.restoreAllMocks();
  await journal.stop();
  const saved = await store.load(metainfo.infoHash, files.rootPath, files.files.length);
  expect(saved).toMatchObject({ clean: true });
});

it('the folder of the part file is synced even if its piece lies in another folder', async () => {
  mkdirSync(temporary.in('Box', 'disc'), { recursive: true });
  writeFileSync(temporary.in('Box', 'disc', 'a.flac'), Buffer.alloc(100 * KiB, 1));
  writeFileSync(temporary.in('Box', 'disc', 'b.flac'), Buffer.alloc(100 * KiB, 2));
  const box = await createTorrent(temporary.in('Box'), { pieceLength: 64 * KiB, format: 'v1' });
  const { files, have } = await prepareDownload(box.metainfo, temporary.in('out'), {
    wanted: { isWanted: ({ components }) => components.at(-1) === 'a.flac', pool: new StoragePool(1) },
  });
  const store = new ResumeStore(temporary.in('state'));
  const journal = new ResumeJournal(store, { infoHash: box.metainfo.infoHash, files, have });
  const storePiece = storerIn(box.metainfo.geometry, files, journal);
  // All folders of the path are synced with the first file.
  storePiece(0);
  await journal.flush();
  // The second piece has a part in the part file, which is new.
  storePiece(1);
  expect(await forcedBy(() => journal.stop())).toContain(temporary.in('out', 'Box'));
});

it('the parent of each created folder is synced, also for a folder created later beside another', async () => {
  for (const disc of ['disc 1', 'disc 2']) {
    mkdirSync(temporary.in('Box', disc), { recursive: true });
    writeFileSync(temporary.in('Box', disc, 'a.flac'), Buffer.alloc(128 * KiB, disc));
  }
  const { metainfo: box } = await createTorrent(temporary.in('Box'), { pieceLength: 64 * KiB, format: 'v1' });
  const { files, have } = await prepareDownload(box, temporary.in('out'));
  const journal = new ResumeJournal(new ResumeStore(temporary.in('state')), {
    infoHash: box.infoHash,
    files,
    have,
  });
  const storePiece = storerIn(box.geometry, files, journal);
  storePiece(0);
  await journal.flush();
  storePiece(2);
  const forced = await forcedBy(() => journal.stop());
  expect(forced).toContain(temporary.in('out', 'Box', 'disc 2'));
  expect(forced).toContain(temporary.in('out', 'Box'));
});

it('a piece that is lost and stored again during a record is in the next record only', async () => {
  const { files, have, unforced } = await prepareDownload(metainfo, temporary.in('.'));
  const store = new ResumeStore(temporary.in('state'));
  const journal = new ResumeJournal(store, { infoHash: metainfo.infoHash, files, have, unforced });
  const [pieceIndex] = metainfo.geometry.pieces();
  const places = files.placesOf(pieceIndex!);
  const { open } = fs;
  let isFirst = true;
  vi.spyOn(fs, 'open').mockImplementation((file, ...more) => {
    // All files are synced by now.
    if (String(file) === temporary.in('Album') && isFirst) {
      isFirst = false;
      files.losePieces([pieceIndex!]);
      journal.onLost([pieceIndex!]);
      files.onStored(pieceIndex!, places);
      journal.onStored(
        pieceIndex!,
        places.flatMap(({ file }) => file ?? []),
        1,
      );
    }
    return open(file, ...more);
  });
  const isRecorded = async () =>
    ((await store.load(metainfo.infoHash, files.rootPath, files.files.length))!.have[0]! & 0x80) !== 0;
  await journal.flush();
  expect(isFirst).toBe(false);
  expect(await isRecorded()).toBe(false);
  await journal.stop();
  expect(await isRecorded()).toBe(true);
});

it('a start after a kill writes the record anew, since the path to the first may not be on the disk', async () => {
  const store = new ResumeStore(temporary.in('state'));
  const pool = new StoragePool(1);
  const begin = async () =>
    void (await prepareDownload(metainfo, temporary.in('out'), { memory: { store, pool } }));
  await begin();
  // It expects a record, and a record is synced with its folder.
  await forcedBy(begin);
  await pool.stop();
});
