/**
 * Which pieces of a torrent lie in its folder before its download starts, and which of them are known to be
 * on the disk. The record of an earlier run is trusted where the files look as recorded; all else is hashed.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { HashControl } from '../../../torrents/hashing/engine.ts';
import type { TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { addPiece, hasPiece, noPieces, removePiece } from '../../../torrents/piece-set.ts';
import type { FilePaths } from '../../../torrents/verify.ts';
import { amountsOf } from '../amounts.ts';
import { cannotWrite, differsFromTorrent } from '../client-error.ts';
import { sameStamp } from '../disk/file-stamp.ts';
import { type Steps, waitFor } from '../disk/steps.ts';
import { recall } from '../resume/resume-recall.ts';
import type { ResumeRecord } from '../resume/resume-store.ts';
import { recallSide } from '../resume/side-recall.ts';
import type { StorageJobs } from '../storage/storage-job.ts';
import type { StoredFile } from '../storage/stored-file.ts';
import type { TorrentFiles } from '../storage/torrent-files.ts';
import { strangeParts } from './strange-parts.ts';

/** Hashes a whole torrent. */
export type Verify = (
  metainfo: Metainfo,
  place: FilePaths,
  control: HashControl,
) => PromiseLike<{ readonly have: Uint8Array }>;

export class FoundPieces {
  readonly #metainfo: Metainfo;
  readonly #files: TorrentFiles;
  /** The record of an earlier run, or of an earlier version. */
  readonly #record: ResumeRecord | undefined;
  readonly #control: HashControl;
  #have: Uint8Array<ArrayBuffer>;
  /** Pieces of the record, if any file exists that it may describe. */
  #recorded: Uint8Array | undefined;
  /** Pieces that were on the disk when the record was written. */
  readonly #forced: Uint8Array;
  readonly #unforced = new Set<StoredFile>();

  constructor(
    metainfo: Metainfo,
    files: TorrentFiles,
    record: ResumeRecord | undefined,
    control: HashControl,
  ) {
    this.#metainfo = metainfo;
    this.#files = files;
    this.#record = record;
    this.#control = control;
    this.#have = noPieces(metainfo.geometry.pieceCount);
    this.#forced = noPieces(metainfo.geometry.pieceCount);
  }

  /** Existing correct pieces, as a bitfield, most significant bit first. */
  get have(): Uint8Array {
    return this.#have;
  }

  /**
   * Files with correct pieces that no record covers: their bytes may still be only in the kernel's memory.
   */
  get unforced(): ReadonlySet<StoredFile> {
    return this.#unforced;
  }

  /**
   * Hashes what is in doubt of the existing files: `jobs` with the help of the record, `verify` everything if
   * there is no usable record.
   */
  *find(jobs: StorageJobs | undefined, verify: Verify): Steps<void> {
    this.#recorded = this.#record?.have;
    if (this.#record !== undefined && jobs !== undefined) {
      this.#have = yield* recall(this.#metainfo, this.#files, this.#record, jobs, this.#control);
      return;
    }
    const place = (file: TorrentFile) => {
      const at = this.#files.files[file.index];
      return at && (at.state === 'side' ? undefined : this.#files.pathOf(at));
    };
    this.#have = new Uint8Array((yield* waitFor(verify(this.#metainfo, place, this.#control))).have);
  }

  /** An unwanted file that exists is adopted if it is correct, and otherwise left alone. */
  leaveUnwanted(isWanted: (file: TorrentFile) => boolean): void {
    for (const stored of this.#files.files) {
      if (stored?.state === 'foreign' && !isWanted(stored.file) && !this.#isRight(stored))
        this.#leave(stored);
    }
  }

  *findAside(jobs: StorageJobs): Steps<void> {
    try {
      yield* recallSide(this.#metainfo, this.#files, this.#have, jobs, this.#control);
    } catch (error) {
      throw this.#control.signal?.aborted ? error : cannotWrite(this.#files.rootPath, error);
    }
  }

  /** Part files of other programs are never written. If one is in the way of a wanted file, this throws. */
  *leaveStrangeParts(): Steps<void> {
    for (const part of yield* strangeParts(this.#files, this.#have, this.#record)) {
      if (part.isWanted) throw differsFromTorrent(part.partPath);
      Object.assign(part, { state: 'side', seen: undefined, strange: part.seen });
    }
  }

  /**
   * Counts the correct pieces. A wrong piece that lies only in preexisting files means that these differ from
   * the torrent.
   */
  count(): void {
    const files = this.#files;
    const isUnchanged = files.files.map(
      (file, i) => file && sameStamp(files.seen(file), this.#record?.stamps[i]),
    );
    for (const pieceIndex of files.geometry.pieces()) {
      if (!hasPiece(this.#have, pieceIndex)) {
        this.#refuseDifferent(pieceIndex);
        continue;
      }
      const places = files.placesOf(pieceIndex);
      // A file that does not look as recorded was hashed, and may have been written since the record: even
      // its name may not be forced to the disk.
      const isForced =
        this.#recorded !== undefined &&
        hasPiece(this.#recorded, pieceIndex) &&
        places.every(({ file }) => file === undefined || isUnchanged[file.file.index]);
      files.onStored(pieceIndex, places, isForced ? 'all' : undefined);
      if (isForced) addPiece(this.#forced, pieceIndex);
      else for (const { file } of places) if (file !== undefined) this.#unforced.add(file);
    }
  }

  /**
   * Written before the first part file is made: existing files are ours, and later pieces are not recorded
   * yet. If the program is killed soon after, a record that said `clean` would make our own torn part files
   * look like another program's, and so would a missing record.
   */
  get firstRecord(): ResumeRecord {
    const { files } = this.#files;
    const strange = files.map((file) => file?.strange);
    const stamps = files.map((file) => file && this.#files.seen(file));
    return { have: this.#forced, stamps, strange, amounts: amountsOf(this.#files), clean: false };
  }

  #refuseDifferent(pieceIndex: PieceIndex): void {
    const real = this.#files
      .placesOf(pieceIndex)
      .map(({ file }) => file)
      .filter((file) => file !== undefined);
    const [first] = real;
    if (first !== undefined && real.every((file) => file.state === 'foreign'))
      throw differsFromTorrent(first.finalPath);
  }

  #isRight(stored: StoredFile): boolean {
    const all = this.#piecesIn(stored);
    // The first and the last piece may be wrong because of a neighbouring file.
    const own = all.length > 2 ? all.slice(1, -1) : all;
    return own.every((i) => hasPiece(this.#have, i));
  }

  #leave(stored: StoredFile): void {
    stored.state = 'side';
    stored.seen = undefined;
    for (const i of this.#piecesIn(stored)) removePiece(this.#have, i);
  }

  #piecesIn({ file: { offset, bytes } }: StoredFile): number[] {
    const { pieceLength } = this.#metainfo.geometry;
    const first = Math.floor(offset / pieceLength);
    const last = Math.floor((offset + bytes - 1) / pieceLength);
    return Array.from({ length: bytes === 0 ? 0 : last - first + 1 }, (_, i) => first + i);
  }
}
