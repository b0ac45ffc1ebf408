/**
 * Which pieces of a torrent lie in its folder before its download begins, and which of them are known to be on the disk.
 * A record of an earlier run is believed where the files look as it says; what is in doubt is hashed.
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

/** Hashes all of a torrent. */
export type Verify = (
  metainfo: Metainfo,
  place: FilePaths,
  control: HashControl,
) => PromiseLike<{ readonly have: Uint8Array }>;

export class FoundPieces {
  readonly #metainfo: Metainfo;
  readonly #files: TorrentFiles;
  /** Of an earlier run, or of an earlier version. */
  readonly #record: ResumeRecord | undefined;
  readonly #control: HashControl;
  #have: Uint8Array<ArrayBuffer>;
  /** Pieces of the record, when anything is there that it may tell of. */
  #recorded: Uint8Array | undefined;
  /** Those that were on the disk when the record was written. */
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

  /** Pieces that are there and right, MSB first. */
  get have(): Uint8Array {
    return this.#have;
  }

  /** Files of pieces that no record tells of: their bytes were read, and may still be only in the system's memory. */
  get unforced(): ReadonlySet<StoredFile> {
    return this.#unforced;
  }

  /** Hashes what is in doubt of the files in their places: `jobs` by the record, `verify` all of it where none can be used. */
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

  /** A file that nobody wants and that is there all the same is adopted when it is right; otherwise it is let be. */
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

  /** Parts of other programs are never written into: where one is in the way of a wanted file, this throws. */
  *leaveStrangeParts(): Steps<void> {
    for (const part of yield* strangeParts(this.#files, this.#have, this.#record)) {
      if (part.isWanted) throw differsFromTorrent(part.partPath);
      Object.assign(part, { state: 'side', seen: undefined, strange: part.seen });
    }
  }

  /** Good pieces are counted; a bad one that lies in files of somebody else's alone means that they differ. */
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
      // What looks otherwise than recorded was read, and may be written since: a name given just before a kill is not forced.
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
   * Written before the first part is made, however soon this program is killed: what is there is ours, and what comes is
   * not recorded yet. A record that went on to say `clean` would make our own torn parts another program's; so would none,
   * where one is there, and the program that made it was killed before the way to it was forced to the disk.
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
    // The outer two may be bad because of a neighbour.
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
