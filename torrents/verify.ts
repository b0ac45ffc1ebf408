/**
 * Compares files on the disk with a torrent, piece by piece.
 *
 * Invariant: a piece counts as had only when its bytes were read and their hash is the torrent's. A file that is
 * missing, short or unreadable costs its own pieces and nothing else; only a wrong path is an error.
 * Left to others: hashing (hashing/engine.ts).                                                              BEP 3, 52
 */
import { type Stats, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { FileLayout, TorrentFile } from './file-layout.ts';
import type { PieceIndex } from './geometry.ts';
import { type HashControl, hashFiles } from './hashing/engine.ts';
import type { PlannedFile } from './hashing/plan.ts';
import { hashBytes } from './merkle.ts';
import type { Metainfo } from './metainfo.ts';
import { displayPath } from './path-rules.ts';

export interface VerifiedFile {
  readonly index: number;
  /** As people read it. */
  readonly path: string;
  /** Where it was looked for. */
  readonly diskPath: string | undefined;
  /** Complete, of the right size, and no piece of it bad. */
  readonly ok: boolean;
  readonly missing: boolean;
  readonly tooShort: boolean;
  readonly tooLong: boolean;
  /** Pieces that lie in this file, wholly or in part, and do not match. */
  readonly badPieces: number;
  /** Why it could not be read. */
  readonly error: string | undefined;
}

export interface VerifyResult {
  readonly ok: boolean;
  readonly pieces: number;
  readonly badPieces: readonly PieceIndex[];
  /** A bit a piece, the first one highest, spare bits 0, as in BEP 3's `bitfield`. */
  readonly have: Uint8Array;
  /** Without pads. */
  readonly files: readonly VerifiedFile[];
}

/** `code` is stable: `verify-path-missing`, `verify-not-a-folder`, `verify-no-hashes`. */
export class VerifyError extends Error {
  override readonly name = 'VerifyError';
  readonly code: string;
  readonly path: string;

  constructor(code: string, message: string, path: string) {
    super(message);
    this.code = code;
    this.path = path;
  }
}

/** Where a file of the torrent lies; undefined when it lies nowhere. */
export type FilePaths = (file: TorrentFile) => string | undefined;

/**
 * `where`: the shared folder or file, or the folder that holds it; or a function that says for each file where it lies
 * (a download under way keeps some under `NAME.part`). Throws VerifyError, or the reason of the signal.
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
  const paths: (string | undefined)[] = [];
  const sizes: (number | undefined)[] = [];
  for (const file of metainfo.files) {
    if (file.index % filesPerTurn === filesPerTurn - 1) await new Promise(setImmediate);
    control.signal?.throwIfAborted();
    const path = file.isPad ? undefined : pathOf(file);
    const stats = path === undefined ? undefined : statOf(path);
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

  const have = new Uint8Array(Math.ceil(geometry.pieceCount / 8));
  const badPieces: PieceIndex[] = [];
  const badPiecesOf = new Uint32Array(metainfo.files.length);
  for (const piece of geometry.pieces()) {
    // BEP 52: a piece of a hybrid has to match both of its hashes.
    const good =
      sameDigest(sha1Table, pieceHashes, piece, 20) && sameDigest(rootTable, pieceRoots, piece, hashBytes);
    if (hashed[piece] === 1 && good) {
      have[piece >> 3]! |= 0x80 >> (piece & 7);
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
      const bad = badPiecesOf[file.index]!;
      return {
        index: file.index,
        path: displayPath(file.components),
        diskPath: paths[file.index],
        ok: size === file.bytes && bad === 0,
        missing: size === undefined,
        tooShort: size !== undefined && size < file.bytes,
        tooLong: size !== undefined && size > file.bytes,
        badPieces: bad,
        error: errors.get(paths[file.index] ?? ''),
      };
    });
  return { ok: files.every((file) => file.ok), pieces: geometry.pieceCount, badPieces, have, files };
}

function* plannedFiles({ files }: Metainfo, paths: readonly (string | undefined)[]): Generator<PlannedFile> {
  for (const { index, isPad, bytes, offset } of files) yield { path: paths[index], isPad, bytes, offset };
}

/** A table that was not asked for has nothing to say. */
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

/** Files between two looks at the signal and the rest of the program. */
const filesPerTurn = 2000;
/** How many files are looked for to tell the shared folder from the folder that holds it. */
const probesMax = 64;

/** The shared folder or file, or the folder that holds it → where each file lies. Throws VerifyError. */
export function locateFiles(metainfo: Metainfo, path: string): FilePaths {
  const root = resolve(path);
  const stats = statOf(root);
  if (stats === undefined) throw new VerifyError('verify-path-missing', `${root} does not exist`, root);
  const { layout } = metainfo;
  // Where Cicada puts it, and where its publisher has it: one may be hidden.
  const names = [...new Set([layout.rootName, layout.ownRootName])];
  const belows = names.map(
    (name): FilePaths =>
      (file) =>
        join(root, name, ...file.diskPath.slice(1)),
  );
  if (layout.isSingleFile) return stats.isDirectory() ? fittest(layout, belows) : () => root;
  if (!stats.isDirectory()) {
    const message = `${root} is a file, and this torrent is a folder of ${layout.files.length} files`;
    throw new VerifyError('verify-not-a-folder', message, root);
  }
  const inside: FilePaths = (file) => join(root, ...file.diskPath.slice(1));
  // On a tie, most likely because nothing is there at all, the name of the folder decides.
  const isItself = names.includes(basename(root));
  return fittest(layout, isItself ? [inside, ...belows] : [...belows, inside]);
}

/** The place with most of the files, and of their sizes; the first one on a tie. */
function fittest(layout: FileLayout, places: readonly FilePaths[]): FilePaths {
  const probes = layout.files.filter((file) => !file.isPad).slice(0, probesMax);
  const scores = places.map((pathOf) => {
    const found = probes.map((file) => ({ file, stats: statOf(pathOf(file)!) }));
    const files = found.filter(({ stats }) => stats?.isFile());
    const whole = files.filter(({ file, stats }) => stats!.size === file.bytes);
    // Missing files weigh more than cut ones.
    return files.length * (probesMax + 1) + whole.length;
  });
  return places[scores.indexOf(Math.max(...scores))]!;
}

/** Undefined for what is not there, or cannot be reached: reading it will say why. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
