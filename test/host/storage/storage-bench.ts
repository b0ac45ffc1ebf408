/**
 * A download on the simulated disk: file-system calls are answered at once, threads and timers when the test
 * says so. A test may act at any call of the file system, or have it fail.
 */
import type { Fact, TorrentId } from '../../../client/engine/contract.ts';
import { Prng } from '../../../client/engine/prng.ts';
import { type PreparedDownload, preparing } from '../../../client/host/preparing/download-folder.ts';
import { type JournalPace, ResumeJournal } from '../../../client/host/resume/resume-journal.ts';
import { type ResumeRecord, ResumeStore } from '../../../client/host/resume/resume-store.ts';
import { FileDisk } from '../../../client/host/storage/file-disk.ts';
import { expectedHashes } from '../../../client/host/storage/piece-hashes.ts';
import { SharedPieceBuffer } from '../../../client/host/storage/shared-piece-memory.ts';
import type { StoredFile } from '../../../client/host/storage/stored-file.ts';
import type { TorrentFiles } from '../../../client/host/storage/torrent-files.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { type Album, albumOf, pieceOf } from '../../sim/storage/album.ts';
import { finished, TestDrive, TestJobs, TestTimers } from '../test-drive.ts';

export const torrent: TorrentId = 1;
export const pieceLength = 16 * 1024;

/** Piece 2 lies in all three files; the last piece is short. */
const threeFiles: Readonly<Record<string, number>> = {
  'a.flac': 40_000,
  'b.txt': 10,
  'disc/c.flac': 30_000,
};

function piecesIn(bits: Uint8Array): number[] {
  return Array.from({ length: bits.length * 8 }, (_, i) => i).filter(
    (i) => (bits[i >> 3]! & (0x80 >> (i & 7))) !== 0,
  );
}

export interface StorageBenchOptions {
  readonly sizes?: Readonly<Record<string, number>>;
  /** Wanted files by name; all when missing. */
  readonly wanted?: readonly string[];
  readonly pace?: JournalPace;
  readonly on?: TestDrive;
  readonly album?: Album;
  readonly folder?: string;
}

/** Names that begin with a dot are pad files. */
export function albumOfSizes(sizes: Readonly<Record<string, number>>): Album {
  const files = Object.entries(sizes).map(([name, bytes]) => {
    return { components: name.split('/'), bytes, isPad: name.startsWith('.pad') };
  });
  return albumOf(files, false, new Prng(1));
}

/** One life of a program. Another one on the same drive finds what this one has left. */
export class StorageBench {
  readonly test: TestDrive;
  readonly album: Album;
  readonly timers = new TestTimers();
  readonly jobs: TestJobs;
  readonly facts: Fact[] = [];
  readonly store: ResumeStore;
  readonly prepared: PreparedDownload;
  readonly files: TorrentFiles;
  readonly journal: ResumeJournal;
  readonly disk: FileDisk;
  /** Buffers that were given to the disk and not given back. */
  outstanding = 0;
  /** Bytes that were hashed at the start. */
  hashedBytes = 0;

  constructor({ sizes, wanted, pace, on, album, folder = '/out' }: StorageBenchOptions = {}) {
    this.test = on ?? new TestDrive();
    this.album = album ?? albumOfSizes(sizes ?? threeFiles);
    const { fs } = this.test;
    const { metainfo } = this.album;
    if (!fs.exists(folder)) fs.mkdir(folder);
    this.jobs = new TestJobs(fs);
    this.store = new ResumeStore('/state', fs);
    const isWanted = ({ components }: { components: readonly string[] }) =>
      wanted === undefined || wanted.includes(components.at(-1)!);
    const onProgress = ({ bytes }: { bytes: number }) => {
      this.hashedBytes = Math.max(this.hashedBytes, bytes);
    };
    const memory = { store: this.store, pool: this.jobs };
    const ground = { fs, verify: () => Promise.reject(new Error('there is no record')) };
    const want = { isWanted, pool: this.jobs };
    this.prepared = finished(
      preparing(metainfo, folder, { control: { onProgress }, memory, wanted: want, ground }),
    );
    const { files, have, unforced } = this.prepared;
    this.files = files;
    const { geometry, infoHash } = metainfo;
    this.journal = new ResumeJournal(
      this.store,
      { infoHash, files, have, unforced },
      { timers: this.timers, pace },
    );
    const release = () => {
      this.outstanding -= 1;
    };
    const pieces = { allocate: () => undefined as never, write: () => {}, copy: () => {}, release };
    this.disk = new FileDisk(pieces, this.jobs, (fact) => this.facts.push(fact), fs, this.timers);
    this.disk.add({ torrent, geometry, files, expected: expectedHashes(metainfo), journal: this.journal });
    this.test.calls.length = 0;
  }

  file(name: string): StoredFile {
    return this.files.files.find((stored) => stored?.file.components.at(-1) === name)!;
  }

  piece(index: number): PieceIndex {
    return this.album.metainfo.geometry.pieceIndex(index)!;
  }

  /** Stores a piece from a peer, right or with one wrong byte. */
  fetch(index: number, isRight = true): void {
    const pieceIndex = this.piece(index);
    const bytes = pieceOf(this.album, pieceIndex).slice();
    if (!isRight) bytes[0]! ^= 1;
    const buffer = new SharedPieceBuffer(Buffer.from(new SharedArrayBuffer(bytes.length)), false);
    buffer.view.set(bytes);
    this.outstanding += 1;
    this.disk.storePiece(torrent, pieceIndex, buffer, false);
  }

  fetchAll(): void {
    for (const pieceIndex of this.album.metainfo.geometry.pieces()) this.fetch(pieceIndex);
  }

  /** The one answer to a block read. */
  read(index: number, begin = 0, bytes = 100): Fact | undefined {
    const read = 1_000 + this.facts.length;
    this.disk.readBlock(torrent, read, { pieceIndex: this.piece(index), begin, bytes });
    const facts = this.facts.filter((fact) => 'read' in fact && fact.read === read);
    return facts.length === 1 ? facts[0] : undefined;
  }

  has(): number[] {
    return [...this.album.metainfo.geometry.pieces()].filter((i) => this.files.has(i));
  }

  lost(): number[] {
    return this.facts.flatMap((fact) => (fact.type === 'pieces-lost' ? [...fact.pieces] : []));
  }

  kinds(): string[] {
    return this.facts.map(({ type }) => type);
  }

  /** The content on the disk now. */
  record(): ResumeRecord | undefined {
    const { infoHash } = this.album.metainfo;
    return finished(this.store.loading(infoHash, this.files.rootPath, this.files.files.length));
  }

  recorded(): number[] {
    return piecesIn(this.record()!.have);
  }

  flush(): number[] {
    finished(this.journal.flushing());
    return this.recorded();
  }

  stop(): ResumeRecord {
    this.disk.remove(torrent);
    finished(this.journal.stopping());
    return this.record()!;
  }

  /** Starts another life on the same disk. */
  again(options: StorageBenchOptions = {}): StorageBench {
    return new StorageBench({ ...options, on: this.test, album: this.album });
  }
}
