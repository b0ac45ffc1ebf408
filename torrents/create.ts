/**
 * Makes a torrent of a folder or a file.
 *
 * Invariant: what comes out is accepted by our own reader, and the same folder with the same options always gives the
 * same bytes. When anything goes wrong there is no torrent: every failure names the file it is about.
 * Left to others: finding files (folder-scan.ts), their places (create-layout.ts), hashing (hashing/engine.ts).
 *                          BEP 3, 12, 19, 27, 47, 52
 */
import { randomBytes } from 'node:crypto';
import { link, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import pieceLengthOf from 'piece-length';
import { CreateError } from './create-error.ts';
import { placeFiles, rootFiles } from './create-layout.ts';
import { type ScanOptions, type Skipped, scanFolder } from './folder-scan.ts';
import { type HashControl, type HashProgress, hashFiles } from './hashing/engine.ts';
import { type Metainfo, parseMetainfo, type TorrentFormat } from './metainfo.ts';
import { encodeInfo, encodeMetainfo } from './metainfo-encode.ts';
import { pieceCountMax, pieceLengthMax, pieceLengthMin } from './metainfo-fields.ts';
import { componentFault } from './path-rules.ts';

export { CreateError, type HashControl, type HashProgress, type Skipped };

/** What every client of today can read. */
export const defaultFormat: TorrentFormat = 'v1';

export interface CreateOptions extends ScanOptions {
  readonly format?: TorrentFormat | undefined;
  /** A power of two from 16 KiB to 16 MiB; about 1,024 pieces if left out. */
  readonly pieceLength?: number | undefined;
  /** BEP 12: tiers. */
  readonly trackers?: readonly (readonly string[])[] | undefined;
  /** BEP 19. */
  readonly webSeeds?: readonly string[] | undefined;
  /** BEP 27. */
  readonly private?: boolean | undefined;
  /** Goes into the info dictionary: the same files with another source are another torrent. */
  readonly source?: string | undefined;
  readonly comment?: string | undefined;
  /** Of the torrent; the name of the folder or file if left out. */
  readonly name?: string | undefined;
  readonly createdBy?: string | undefined;
  /** Seconds since 1970; not written if left out. */
  readonly creationDate?: number | undefined;
}

export interface CreatedTorrent {
  /** The torrent file. */
  readonly bytes: Uint8Array;
  readonly metainfo: Metainfo;
  readonly skipped: readonly Skipped[];
}

/** Throws CreateError, or the reason of the signal. */
export async function createTorrent(
  path: string,
  options: CreateOptions = {},
  control: HashControl = {},
): Promise<CreatedTorrent> {
  const { format = defaultFormat } = options;
  const scan = await scanFolder(path, options, control.signal);
  const name = checkedName(options.name ?? scan.name);
  const bytesToShare = scan.files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytesToShare === 0) {
    const reason = scan.skipped.length > 0 ? `; ${scan.skipped.length} entries were left out` : '';
    throw new CreateError('create-nothing', `${path} holds nothing to share${reason}`, path);
  }
  const pieceLength = checkedPieceLength(options.pieceLength, bytesToShare);
  const { files, totalBytes } = placeFiles(scan.files, format, pieceLength);
  checkPieceCount(totalBytes, pieceLength);

  const sha1 = format !== 'v2';
  const sha256 = format !== 'v1';
  const plan = { files, totalBytes, pieceLength, onFault: 'stop', sha1, sha256 } as const;
  const { sha1Table, rootTable, faults } = await hashFiles(plan, control);
  if (faults[0] !== undefined) throw CreateError.ofFault(faults[0]);

  const { entries, pieceLayers } = sha256
    ? rootFiles(files, rootTable, pieceLength)
    : { entries: files, pieceLayers: undefined };
  const { private: isPrivate, source } = options;
  const infoBytes = encodeInfo({
    format,
    name,
    isSingleFile: scan.isSingleFile,
    pieceLength,
    pieceHashes: sha1Table,
    files: entries,
    private: isPrivate,
    source,
  });
  const bytes = encodeMetainfo({ ...options, infoBytes, pieceLayers });
  return { bytes, metainfo: parseMetainfo(bytes), skipped: scan.skipped };
}

/** The piece length for so many bytes: the `piece-length` package's, within what our reader accepts. */
export function suggestedPieceLength(totalBytes: number): number {
  // The package has no upper bound, and overflows at 2 TiB.
  const suggested = pieceLengthOf(Math.min(totalBytes, 2 ** 40));
  return Math.min(pieceLengthMax, Math.max(pieceLengthMin, suggested));
}

function checkedPieceLength(given: number | undefined, totalBytes: number): number {
  const pieceLength = given ?? suggestedPieceLength(totalBytes);
  const isPowerOfTwo = Number.isInteger(Math.log2(pieceLength));
  if (!isPowerOfTwo || pieceLength < pieceLengthMin || pieceLength > pieceLengthMax) {
    const message = `a piece length of ${pieceLength} bytes is not a power of two from 16 KiB to 16 MiB`;
    throw new CreateError('create-piece-length', message);
  }
  return pieceLength;
}

function checkPieceCount(totalBytes: number, pieceLength: number): void {
  const pieceCount = Math.ceil(totalBytes / pieceLength);
  if (pieceCount <= pieceCountMax) return;
  const message = `these files make ${pieceCount} pieces of ${pieceLength} bytes, and ${pieceCountMax} is the most: choose longer pieces`;
  throw new CreateError('create-too-many-pieces', message);
}

function checkedName(name: string): string {
  const fault = componentFault(name);
  if (fault !== undefined) {
    throw new CreateError(
      'create-name',
      `a torrent cannot be called ${JSON.stringify(name)}: ${fault.message}`,
    );
  }
  return name;
}

/**
 * Puts a torrent file where it belongs: written beside it under another name, then moved, so that nobody ever sees half
 * of one. Throws CreateError `exists` when there is something already and `force` is not set.
 */
export async function writeTorrentFile(
  path: string,
  bytes: Uint8Array,
  { force = false }: { readonly force?: boolean } = {},
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    // A link, unlike a move, fails when the name is taken: no other program can slip in between a look and the move.
    if (force) await rename(temporary, path);
    else await link(temporary, path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      throw new CreateError('exists', `${path} exists already: use force to replace it`, path, error);
    }
    throw new CreateError('create-write', `${path} cannot be written (${code ?? message})`, path, error);
  } finally {
    await rm(temporary, { force: true });
  }
}
