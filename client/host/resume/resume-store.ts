/**
 * What is known of a torrent's files from the last run, so that an intact library is not hashed again: one
 * small JSON file per torrent and place, written atomically. A record claims only what was forced to the disk
 * (fsync) before the record was written.
 *
 * Invariant: a record that cannot be read or parsed counts as missing, and then everything is hashed.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { hex } from '../../../torrents/byte-text.ts';
import { makeFolders } from '../../../torrents/make-folders.ts';
import type { FileStamp } from '../disk/file-stamp.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { realFiles } from '../disk/real-files.ts';
import { asPromise, orUndefined, type Steps, waitFor } from '../disk/steps.ts';
import { syncFolder } from '../disk/sync-folder.ts';

export interface ResumeRecord {
  /** Pieces that were verified and on the disk, as a bitfield, most significant bit first. */
  readonly have: Uint8Array;
  /** By file index; undefined for a file that did not exist. */
  readonly stamps: readonly (FileStamp | undefined)[];
  /** By file index: another program's file that has the name of our part file and is left alone. */
  readonly strange?: readonly (FileStamp | undefined)[];
  /**
   * Bytes of all files, of the wanted files, and of the verified part of the wanted files. Only for display.
   */
  readonly amounts?: Amounts;
  /** The program ended cleanly: a piece that is not in `have` is not on the disk. */
  readonly clean: boolean;
}

export interface Amounts {
  readonly bytes: number;
  readonly wantedBytes: number;
  readonly haveWantedBytes: number;
}

/**
 * Stamps of version 1 have only size, mtime and inode. Those are compared, so that an update does not hash
 * whole libraries.
 */
const versions = [1, 2];
const version = 2;
/** 100,000 files of 100 bytes each, and the bits of 2^22 pieces (700 kB). */
const recordBytesMax = 32 * 1024 * 1024;

export class ResumeStore {
  #isWayForced = false;
  readonly #folder: string;
  readonly #fs: FileSystem;

  /** The folder is made when the first record is written. */
  constructor(folder: string, fs: FileSystem = realFiles) {
    this.#folder = path.join(folder, 'resume');
    this.#fs = fs;
  }

  load(infoHash: Uint8Array, rootPath: string, fileCount: number): Promise<ResumeRecord | undefined> {
    return asPromise(this.loading(infoHash, rootPath, fileCount));
  }

  *loading(infoHash: Uint8Array, rootPath: string, fileCount: number): Steps<ResumeRecord | undefined> {
    try {
      const file = this.#file(infoHash, rootPath);
      const { later } = this.#fs;
      if ((yield* waitFor(later.stat(file))).size > recordBytesMax) return undefined;
      return parse(yield* waitFor(later.readText(file)), fileCount);
    } catch {
      return undefined;
    }
  }

  save(infoHash: Uint8Array, rootPath: string, record: ResumeRecord): Promise<void> {
    return asPromise(this.saving(infoHash, rootPath, record));
  }

  *saving(infoHash: Uint8Array, rootPath: string, record: ResumeRecord): Steps<void> {
    const file = this.#file(infoHash, rootPath);
    const temporary = `${file}.${process.pid}.tmp`;
    const text = JSON.stringify({
      version,
      infoHash: hex(infoHash),
      path: rootPath,
      clean: record.clean,
      amounts: record.amounts,
      have: Buffer.from(record.have).toString('base64'),
      stamps: record.stamps.map(storedStamp),
      ...(record.strange?.some((stamp) => stamp !== undefined)
        ? { strange: record.strange.map(storedStamp) }
        : {}),
    });
    const made = makeFolders(this.#folder, 0o700, this.#fs);
    const { later } = this.#fs;
    try {
      const handle = yield* waitFor(later.open(temporary, 'replace'));
      try {
        yield* waitFor(handle.write(text));
        yield* waitFor(handle.sync());
      } finally {
        yield* waitFor(handle.close());
      }
      yield* waitFor(later.rename(temporary, file));
      // The record's name, too: without the record, a part file that a power cut left incomplete would count
      // as another program's.
      yield* syncFolder(this.#fs, this.#folder);
      // And once the folders above: a killed program may have made them just before.
      const onWay = this.#isWayForced ? [] : [this.#folder, path.dirname(this.#folder)];
      const above = new Set([...onWay, ...made].map((folder) => path.dirname(folder)));
      for (const folder of above) yield* syncFolder(this.#fs, folder);
      this.#isWayForced = true;
    } catch (error) {
      // On a full disk half a record would only waste space.
      yield* orUndefined(later.remove(temporary));
      throw error;
    }
  }

  /** The record is wrong: the next start hashes everything. */
  erase(infoHash: Uint8Array, rootPath: string): Promise<void> {
    return asPromise(orUndefined(this.#fs.later.remove(this.#file(infoHash, rootPath))));
  }

  #file(infoHash: Uint8Array, rootPath: string): string {
    const place = createHash('sha256').update(rootPath).digest('hex').slice(0, 16);
    return path.join(this.#folder, `${hex(infoHash)}-${place}.json`);
  }
}

function parse(text: string, fileCount: number): ResumeRecord | undefined {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const record = value as Record<string, unknown>;
  const { stamps, have, clean, strange } = record;
  if (!versions.includes(record.version as number)) return undefined;
  if (typeof have !== 'string' || typeof clean !== 'boolean') return undefined;
  if (!Array.isArray(stamps) || stamps.length !== fileCount) return undefined;
  return {
    have: new Uint8Array(Buffer.from(have, 'base64')),
    clean,
    stamps: stamps.map(parseStamp),
    ...(Array.isArray(strange) ? { strange: strange.slice(0, fileCount).map(parseStamp) } : {}),
  };
}

function storedStamp(stamp: FileStamp | undefined): unknown {
  if (stamp === undefined) return null;
  const { bytes, mtimeNs, inode, device, ctimeNs = null, bornNs } = stamp;
  return bornNs === undefined
    ? [bytes, mtimeNs, inode, device, ctimeNs]
    : [bytes, mtimeNs, inode, device, ctimeNs, bornNs];
}

function parseStamp(value: unknown): FileStamp | undefined {
  if (!Array.isArray(value)) return undefined;
  const [bytes, mtimeNs, inode, device = '', ctimeNs = null, bornNs]: unknown[] = value;
  if (typeof bytes !== 'number' || typeof mtimeNs !== 'string' || typeof inode !== 'string') return undefined;
  if (typeof device !== 'string' || (ctimeNs !== null && typeof ctimeNs !== 'string')) return undefined;
  if (bornNs !== undefined && typeof bornNs !== 'string') return undefined;
  return { bytes, mtimeNs, inode, device, ctimeNs: ctimeNs ?? undefined, bornNs };
}
