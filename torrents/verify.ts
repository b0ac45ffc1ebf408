/**
 * Compares files on disk with a torrent, piece by piece.
 *
 * Invariant: a piece counts as complete only if all its bytes were read and their hash matches the torrent's.
 * A missing, short or unreadable file costs only its own pieces. Only a wrong path is an error.
 * Left to others: hashing (hashing/engine.ts).                                                      BEP 3, 52
 */
import type { PieceIndex } from './geometry.ts';
import { type HashControl, hashFiles } from './hashing/engine.ts';
import type { PlannedFile } from './hashing/plan.ts';
import { hashBytes } from './merkle.ts';
import type { Metainfo } from './metainfo/metainfo.ts';
import { statOf } from './paths/disk-names.ts';
import { type FilePaths, locateFiles, locateRaw } from './paths/locate.ts';
import { displayPath } from './paths/path-rules.ts';
import { addPiece, noPieces } from './piece-set.ts';
import { VerifyError } from './verify-error.ts';

export { type FilePaths, locateFiles, VerifyError };

export interface VerifiedFile {
  readonly index: number;
  /** For display. */
  readonly path: string;
  /** Where the file was expected. Undefined: nowhere. */
  readonly diskPath: string | undefined;
  /** The file has the right size, and all its pieces match. */
  readonly ok: boolean;
  readonly missing: boolean;
  readonly tooShort: boolean;
  readonly tooLong: boolean;
  /** Pieces that lie in this file, wholly or in part, and do not match. */
  readonly badPieces: number;
  /** Why the file could not be read. */
  readonly error: string | undefined;
}

export interface VerifyResult {
  readonly ok: boolean;
  readonly pieces: number;
  readonly badPieces: readonly PieceIndex[];
  /** One bit a piece, the first piece in the highest bit, spare bits 0, as in BEP 3's `bitfield`. */
  readonly have: Uint8Array;
  /** Pads are left out. */
  readonly files: readonly VerifiedFile[];
}

/**
 * `where` is the shared folder or file, or the folder that holds it. It may also be a function that gives the
 * path of each file: an unfinished download keeps some files under `NAME.part`. Throws VerifyError, or the
 * reason of the signal.
 */
export async function verifyTorrent(
  metainfo: Metainfo,
  where: string | FilePaths,
  control: HashControl = {},
): Promise<VerifyResult> {
  const pathOf = typeof where === 'string' ? locateFiles(metainfo, where) : where;
  const { geometry, layout, pieceHashes, pieceRoots, pieceLength } = metainfo;
  const sha1 = metainfo.format !== 'v2';
  if (!sha1 && pieceRoots === undefined) {
    const message =
      'the hashes of this torrent are not known yet: its metadata came from peers, without the piece layers';
    throw new VerifyError('verify-no-hashes', message, typeof where === 'string' ? where : '');
  }
  const paths: (string | Buffer | undefined)[] = [];
  const sizes: (number | undefined)[] = [];
  for (const file of metainfo.files) {
    if (file.index % filesPerTurn === filesPerTurn - 1) await new Promise(setImmediate);
    control.signal?.throwIfAborted();
    let path: string | Buffer | undefined = file.isPad ? undefined : pathOf(file);
    let stats = path === undefined ? undefined : statOf(path);
    const raw =
      stats === undefined && typeof where === 'string' ? locateRaw(metainfo, where, file) : undefined;
    if (raw !== undefined) [path, stats] = [raw, statOf(raw)];
    paths.push(path);
    sizes.push(stats?.isFile() ? stats.size : undefined);
  }

  const { sha1Table, rootTable, hashed, faults } = await hashFiles(
    {
      files: plannedFiles(metainfo, paths),
      totalBytes: layout.totalBytes,
      pieceLength,
      onFault: 'skip',
      sha1,
      sha256: pieceRoots !== undefined,
    },
    control,
  );

  const have = noPieces(geometry.pieceCount);
  const badPieces: PieceIndex[] = [];
  const badPiecesOf = new Uint32Array(metainfo.files.length);
  for (const piece of geometry.pieces()) {
    // BEP 52: a piece of a hybrid must match both its hashes.
    const good =
      sameDigest(sha1Table, pieceHashes, piece, 20) && sameDigest(rootTable, pieceRoots, piece, hashBytes);
    if (hashed[piece] === 1 && good) {
      addPiece(have, piece);
      continue;
    }
    badPieces.push(piece);
    for (const { fileIndex } of layout.segments(geometry.pieceOffset(piece), geometry.pieceBytes(piece))) {
      badPiecesOf[fileIndex]!++;
    }
  }

  const errors = new Map(
    faults.filter((fault) => fault.code === 'file-unreadable').map((f) => [f.path, f.reason]),
  );
  const files = metainfo.files
    .filter((file) => !file.isPad)
    .map((file): VerifiedFile => {
      const size = sizes[file.index];
      const bad = badPiecesOf[file.index] ?? 0;
      return {
        index: file.index,
        path: displayPath(file.components),
        diskPath: paths[file.index]?.toString(),
        ok: size === file.bytes && bad === 0,
        missing: size === undefined,
        tooShort: size !== undefined && size < file.bytes,
        tooLong: size !== undefined && size > file.bytes,
        badPieces: bad,
        error: errors.get(paths[file.index]?.toString() ?? ''),
      };
    });
  return { ok: files.every((file) => file.ok), pieces: geometry.pieceCount, badPieces, have, files };
}

function* plannedFiles(
  { files }: Metainfo,
  paths: readonly (string | Buffer | undefined)[],
): Generator<PlannedFile> {
  for (const { index, isPad, bytes, offset } of files) yield { path: paths[index], isPad, bytes, offset };
}

/** A torrent without this kind of hash matches. */
function sameDigest(
  table: Uint8Array,
  expected: Uint8Array | undefined,
  piece: PieceIndex,
  bytes: number,
): boolean {
  if (expected === undefined || expected.length === 0) return true;
  const [from, to] = [piece * bytes, (piece + 1) * bytes];
  return Buffer.compare(table.subarray(from, to), expected.subarray(from, to)) === 0;
}

/** After so many files, checks the signal and lets other events run. */
const filesPerTurn = 2000;
