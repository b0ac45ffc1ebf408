/**
 * Checks what a resume record claims against the disk at that moment. No power cut is needed to find that it
 * claims too much.
 */
import type { PreparedDownload } from '../../../client/host/preparing/download-folder.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { Drive } from '../world/file-system/drive.ts';
import type { Inode } from '../world/file-system/inode.ts';
import { type Album, pieceOf } from './album.ts';
import { BrokenStorage, type DiskLook } from './storage-checks.ts';

/** As in the record: size, mtime, inode, device, ctime. */
type Stamp = readonly [number, string, string, string, string | null];

export interface Recorded {
  readonly have: Uint8Array;
  readonly stamps: readonly (Stamp | null)[];
  readonly clean: boolean;
}

export class RecordChecks {
  readonly #drive: Drive;
  readonly #album: Album;
  readonly #look: DiskLook;
  readonly #folder: string;

  /** `folder`: the folder of the records. */
  constructor(drive: Drive, album: Album, look: DiskLook, folder: string) {
    this.#drive = drive;
    this.#album = album;
    this.#look = look;
    this.#folder = folder;
  }

  /**
   * Checks a record that gets its name: from now on a power cut may keep it. Its own bytes must be on the
   * disk, and so must the bytes of each piece that it names. `isUndisturbed`: only the program has touched
   * the files.
   */
  onNamed(
    inode: Inode,
    prepared: PreparedDownload | undefined,
    { isStopping, isUndisturbed }: { isStopping: boolean; isUndisturbed: boolean },
  ): void {
    if (Buffer.compare(inode.bytes, inode.forcedBytes) !== 0)
      throw new BrokenStorage('record-unforced', 'a record gets its name before its bytes are on the disk');
    const record = recordIn(inode.bytes);
    if (prepared === undefined) return;
    if (record.clean && !isStopping)
      throw new BrokenStorage('record-ahead', 'the record of a program that goes on calls it stopped');
    for (const i of this.#album.metainfo.geometry.pieces()) {
      if (isIn(record.have, i)) this.#checkPiece(i, record, prepared, isUndisturbed);
    }
  }

  #checkPiece(i: PieceIndex, { stamps }: Recorded, prepared: PreparedDownload, isUndisturbed: boolean): void {
    const { side } = prepared.files;
    const truth = pieceOf(this.#album, i);
    for (const { file, bytes, offset, at, position } of prepared.files.placesOf(i)) {
      const stamp = file && stamps[file.file.index];
      // A file without a stamp, or with mtime 0, is never believed.
      if (file === undefined || stamp === undefined || stamp === null || stamp[1] === '0') continue;
      const sidePosition = side?.positionOf(prepared.files.geometry.pieceOffset(i) + offset);
      const fileOffset = at === side?.place ? this.#offsetIn(file.file.index, i, offset) : position;
      const places = [
        [file.partPath, fileOffset],
        [file.finalPath, fileOffset],
        ...(side !== undefined && sidePosition !== undefined ? [[side.path, sidePosition] as const] : []),
      ] as const;
      const found = places.find(([path]) => `${this.#look.at(path)?.number}` === stamp[2]);
      if (found === undefined) {
        if (!isUndisturbed) continue;
        throw new BrokenStorage('record-ahead', `the record names piece ${i}, and its file is not there`);
      }
      const [path, from] = found;
      const inode = this.#look.at(path)!;
      // Another program has written into it since, and perhaps the client again: the next start reads it.
      if (!isUndisturbed && !looksLike(inode, stamp)) continue;
      const expected = truth.subarray(offset, offset + bytes);
      const forced = inode.forcedBytes.subarray(from, from + bytes);
      const isThere = Buffer.compare(forced, expected) === 0;
      // Another program has written there: bytes missing on the disk may be its bytes.
      const isOfOthers =
        !isUndisturbed && Buffer.compare(inode.bytes.subarray(from, from + bytes), expected) !== 0;
      if (!isThere && !isOfOthers)
        throw new BrokenStorage(
          'record-ahead',
          `the record names piece ${i} before it is on the disk in ${path}`,
        );
      const isNamed = places.some(([at]) => this.#drive.forcedAt(at) === inode);
      if (!isNamed && isUndisturbed)
        throw new BrokenStorage(
          'record-ahead',
          `the record names piece ${i} before the name ${path} is on the disk`,
        );
    }
  }

  #offsetIn(fileIndex: number, i: PieceIndex, offset: number): number {
    const { geometry, files } = this.#album.metainfo;
    return geometry.pieceOffset(i) + offset - files[fileIndex]!.offset;
  }

  /** The record that a power cut now would certainly leave. */
  get forced(): Recorded | undefined {
    const name = this.#name;
    const inode = name && this.#drive.forcedAt(`${this.#folder}/${name}`);
    return inode ? recordIn(inode.forcedBytes) : undefined;
  }

  /** The record that lies under its name now. */
  get current(): Recorded | undefined {
    const name = this.#name;
    const inode = name && this.#look.at(`${this.#folder}/${name}`);
    return inode ? recordIn(inode.bytes) : undefined;
  }

  get #name(): string | undefined {
    const folder = this.#look.at(this.#folder);
    return [...(folder?.entries.keys() ?? [])].find((name) => name.endsWith('.json'));
  }

  /**
   * Checks the record at the end of a life. `due`: pieces stored so long ago that the record on the disk must
   * name them.
   */
  checkForced(due: readonly PieceIndex[], isStopped: boolean): void {
    const record = this.forced;
    for (const i of due) {
      if (record === undefined || !isIn(record.have, i))
        throw new BrokenStorage(
          'record-behind',
          `piece ${i} is stored for long, and no record on the disk names it`,
        );
    }
    if (isStopped && record?.clean === false)
      throw new BrokenStorage('record-behind', 'the record of a clean stop does not say so');
  }

  /**
   * Counts the pieces that a start must read: pieces of files that have changed since the record, and pieces
   * that are not recorded although they may be on the disk.
   */
  doubtful(record: Recorded | undefined, prepared: PreparedDownload): number {
    const { metainfo } = this.#album;
    if (record === undefined) return metainfo.geometry.pieceCount;
    const isUnchanged = record.stamps.map((stamp, index) => {
      const file = prepared.files.files[index];
      const inode = file && (this.#look.at(file.partPath) ?? this.#look.at(file.finalPath));
      return inode !== undefined && stamp !== null && looksLike(inode, stamp);
    });
    return [...metainfo.geometry.pieces()].filter((i) => {
      const places = prepared.files.placesOf(i).filter(({ file }) => file !== undefined);
      const isAllUnchanged = places.every(({ file }) => isUnchanged[file!.file.index]);
      const isForeign = places.some(({ file }) => file!.state === 'foreign');
      return !isAllUnchanged || (!isIn(record.have, i) && (!record.clean || isForeign));
    }).length;
  }
}

/** Throws when the record cannot be parsed. */
export function recordIn(bytes: Uint8Array): Recorded {
  try {
    const { version, have, stamps, clean } = JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (version !== 2) throw new Error(`version ${version}`);
    return { have: Buffer.from(have, 'base64'), stamps, clean };
  } catch (error) {
    throw new BrokenStorage('record-torn', `a record cannot be read: ${(error as Error).message}`);
  }
}

export function isIn(have: Uint8Array, i: PieceIndex): boolean {
  return ((have[i >> 3] ?? 0) & (0x80 >> (i & 7))) !== 0;
}

export function looksLike({ looks, number }: Inode, [bytes, mtimeNs, inode, , ctimeNs]: Stamp): boolean {
  const isSame = looks.bytes === bytes && `${looks.mtimeNs}` === mtimeNs && `${number}` === inode;
  return isSame && (ctimeNs === null || `${looks.ctimeNs}` === ctimeNs);
}
