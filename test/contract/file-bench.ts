/** A real torrent of files with odd sizes, and the real disk on an empty folder beside it. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Fact, PieceBuffer } from '../../client/engine/contract.ts';
import { prepareDownload } from '../../client/host/preparing/download-folder.ts';
import { ResumeJournal } from '../../client/host/resume/resume-journal.ts';
import { ResumeStore } from '../../client/host/resume/resume-store.ts';
import { FileDisk } from '../../client/host/storage/file-disk.ts';
import { expectedHashes } from '../../client/host/storage/piece-hashes.ts';
import { SharedPieceMemory } from '../../client/host/storage/shared-piece-memory.ts';
import { StoragePool } from '../../client/host/storage/storage-pool.ts';
import type { TorrentFiles } from '../../client/host/storage/torrent-files.ts';
import { createTorrent } from '../../torrents/create/create.ts';
import type { PieceIndex } from '../../torrents/geometry.ts';
import type { Metainfo, TorrentFormat } from '../../torrents/metainfo/metainfo.ts';
import { noise } from '../torrents/folder-fixture.ts';
import type { DiskBench } from './disk.contract.ts';

class CountingMemory extends SharedPieceMemory {
  outstanding = 0;

  override allocate(bytes: number) {
    this.outstanding += 1;
    return super.allocate(bytes);
  }

  override release(buffer: PieceBuffer): void {
    this.outstanding -= 1;
    super.release(buffer);
  }
}

export const pieceLength = 32 * 1024;
const torrent = 1;

/** Sizes by path: pieces that begin and end inside files, several files in one piece, and an empty file. */
export const oddFiles: Readonly<Record<string, number>> = {
  'a.flac': 100_000,
  'b.txt': 10,
  'c.txt': 0,
  'd/e.flac': 70_001,
  'd/f/g.log': 3,
};

export interface FileBench extends DiskBench {
  readonly disk: FileDisk;
  readonly metainfo: Metainfo;
  readonly files: TorrentFiles;
  /** The folder of the original files. */
  readonly source: string;
  /** The download folder; the torrent's folder is `album` in it. */
  readonly folder: string;
  readonly album: string;
  /** Every path in the folder, sorted. */
  listing(): string[];
  /** Gives all bytes of a piece to the disk. */
  store(pieceIndex: PieceIndex): Promise<Fact>;
  storeAll(): Promise<void>;
  /** Ends the program, cleanly or not. The next `prepareDownload` gets what was saved. */
  end(how: 'stopped' | 'killed'): Promise<void>;
  /** The pieces that a later start finds in the same folder, and the number of bytes it hashed. */
  startAgain(): Promise<{ readonly have: readonly number[]; readonly hashedBytes: number }>;
}

export interface FileBenchOptions {
  readonly sizes?: Readonly<Record<string, number>>;
  readonly pieceLength?: number;
  readonly format?: TorrentFormat;
  readonly threads?: number;
  /** Puts files into the folder before it is opened. */
  readonly prepare?: (folder: string, source: string) => void;
}

const pathsBelow = (folder: string) =>
  fs.existsSync(folder) ? (fs.readdirSync(folder, { recursive: true }) as string[]).sort() : [];

export async function openFileBench(options: FileBenchOptions = {}): Promise<FileBench> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'cicada-disk-'));
  const source = path.join(root, 'source', 'album');
  let seed = 1;
  for (const [name, bytes] of Object.entries(options.sizes ?? oddFiles)) {
    fs.mkdirSync(path.dirname(path.join(source, name)), { recursive: true });
    fs.writeFileSync(path.join(source, name), noise(bytes, seed++));
  }
  const { metainfo } = await createTorrent(source, {
    format: options.format ?? 'v1',
    pieceLength: options.pieceLength ?? pieceLength,
  });
  const folder = path.join(root, 'download');
  fs.mkdirSync(folder);
  options.prepare?.(folder, source);

  const facts: Fact[] = [];
  const memory = new CountingMemory(16 * 1024 * 1024);
  const disk = new FileDisk(memory, new StoragePool(options.threads ?? 1, memory), (fact) =>
    facts.push(fact),
  );
  const resumeStore = new ResumeStore(path.join(root, 'state'));
  const { files, have, unforced } = await prepareDownload(metainfo, folder);
  const { geometry } = metainfo;
  const journal = new ResumeJournal(resumeStore, { infoHash: metainfo.infoHash, files, have, unforced });
  disk.add({ torrent, geometry, files, expected: expectedHashes(metainfo), journal });
  disk.finishComplete(torrent);
  disk.expectMetadata(torrent, (bytes) =>
    createHash('sha1').update(bytes).digest().equals(metainfo.infoHash),
  );

  const truth = new Uint8Array(geometry.totalBytes);
  for (const file of metainfo.files) {
    truth.set(fs.readFileSync(path.join(source, ...file.components)), file.offset);
  }
  const album = path.join(folder, 'album');
  const until = async (condition: () => boolean) => {
    const deadlineMs = performance.now() + 20_000;
    while (!condition()) {
      if (performance.now() > deadlineMs) throw new Error('it never came to this');
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const store = async (pieceIndex: PieceIndex) => {
    const from = geometry.pieceOffset(pieceIndex);
    const bytes = geometry.pieceBytes(pieceIndex);
    const buffer = memory.allocate(bytes);
    memory.write(buffer, 0, truth, from, from + bytes);
    const before = facts.length;
    disk.storePiece(torrent, pieceIndex, buffer, false);
    const answer = () =>
      facts.slice(before).find((fact) => 'pieceIndex' in fact && fact.pieceIndex === pieceIndex);
    await until(() => answer() !== undefined);
    return answer()!;
  };
  return {
    disk,
    memory,
    get outstanding() {
      return memory.outstanding;
    },
    torrent,
    geometry,
    truth,
    infoBytes: metainfo.infoBytes,
    facts,
    metainfo,
    files,
    source,
    folder,
    album,
    listing: () => pathsBelow(folder),
    until,
    store,
    storeAll: async () => {
      for (const pieceIndex of geometry.pieces()) {
        const fact = await store(pieceIndex);
        if (fact.type !== 'piece-stored') throw new Error(`piece ${pieceIndex}: ${JSON.stringify(fact)}`);
      }
    },
    end: async (how) => {
      await files.writes.settled();
      // A killed program wrote its last record some time before.
      await (how === 'stopped' ? journal.stop() : journal.flush());
      disk.remove(torrent);
    },
    startAgain: async () => {
      let hashedBytes = 0;
      const onProgress = ({ bytes }: { bytes: number }) => {
        hashedBytes = Math.max(hashedBytes, bytes);
      };
      const pool = new StoragePool(1);
      const found = await prepareDownload(metainfo, folder, {
        control: { onProgress },
        memory: { store: resumeStore, pool },
      });
      await pool.stop();
      const isHad = (i: number) => (found.have[i >> 3]! & (0x80 >> (i & 7))) !== 0;
      return { have: [...geometry.pieces()].filter(isHad), hashedBytes };
    },
    // Root ignores permissions, so a file in place of the folder makes writes fail.
    refuseWrites: (refuse) => {
      fs.rmSync(album, { recursive: true, force: true });
      if (refuse) fs.writeFileSync(album, 'in the way');
    },
    stop: async () => {
      await disk.stop();
      fs.rmSync(root, { recursive: true, force: true });
    },
  };
}
