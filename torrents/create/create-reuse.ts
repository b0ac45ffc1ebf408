/**
 * Hashes of files that are known from an earlier torrent of the same folder, so that a new version of it hashes only what
 * has changed. Possible where every file has its pieces to itself: in v2, and in a hybrid with its pads.  BEP 47, 52
 *
 * Invariant: the tables that come out are those that hashing everything would give, as long as the known files hold what
 * they held. Left to others: knowing that (whoever says which files are known).
 */
import { type HashControl, type HashResult, hashFiles } from '../hashing/engine.ts';
import type { PlannedFile } from '../hashing/plan.ts';
import { hashBytes } from '../merkle.ts';
import type { Metainfo, TorrentFormat } from '../metainfo/metainfo.ts';
import type { PlacedFile } from './create-layout.ts';

/** What an earlier torrent says of one file. */
export interface KnownFile {
  readonly bytes: number;
  readonly pieceLength: number;
  /** 20 bytes a piece, the last one taken over the file and its pad; empty in v2. */
  readonly pieceHashes: Uint8Array;
  /** 32 bytes a piece. */
  readonly pieceRoots: Uint8Array;
  /** Bytes that the last hash of `pieceHashes` was taken over. */
  readonly lastPieceBytes: number;
}

/** By the file's path in the torrent; undefined for what has to be read. */
export type KnownFiles = (components: readonly string[]) => KnownFile | undefined;

/** What a torrent says of its files. Of one of v1 alone, nothing: its pieces belong to several files. */
export function knownFilesOf(metainfo: Metainfo): KnownFiles {
  const { pieceRoots, geometry, pieceLength, pieceHashes } = metainfo;
  if (pieceRoots === undefined) return () => undefined;
  const known = new Map<string, KnownFile>();
  for (const { components, bytes, offset, isPad } of metainfo.files) {
    if (isPad || bytes === 0) continue;
    const first = offset / pieceLength;
    const end = first + Math.ceil(bytes / pieceLength);
    known.set(keyOf(components), {
      bytes,
      pieceLength,
      pieceHashes: pieceHashes.subarray(first * sha1Bytes, end * sha1Bytes),
      pieceRoots: pieceRoots.subarray(first * hashBytes, end * hashBytes),
      lastPieceBytes: geometry.pieceBytes(geometry.pieceIndex(end - 1)!),
    });
  }
  return (components) => known.get(keyOf(components));
}

const sha1Bytes = 20;

interface Hashing {
  readonly format: TorrentFormat;
  readonly files: readonly PlacedFile[];
  readonly totalBytes: number;
  readonly pieceLength: number;
  readonly pathOf: (file: PlacedFile) => string | undefined;
}

/** As hashFiles, but for the files that are known. */
export async function hashUnknown(
  plan: Hashing,
  known: KnownFiles | undefined,
  control: HashControl,
): Promise<HashResult> {
  const { format, files, totalBytes, pieceLength, pathOf } = plan;
  const sha1 = format !== 'v2';
  const sha256 = format !== 'v1';
  const planned = function* (moved: readonly MovedFile[]): Generator<PlannedFile> {
    for (const { file, offset } of moved) {
      const { isPad, bytes, mtimeMs } = file;
      yield { path: pathOf(file), isPad, bytes, offset, mtimeMs };
    }
  };
  const inPlace = files.map((file) => ({ file, offset: file.offset }));
  if (known === undefined || !sha256) {
    return hashFiles(
      { files: planned(inPlace), totalBytes, pieceLength, onFault: 'stop', sha1, sha256 },
      control,
    );
  }

  const rest: MovedFile[] = [];
  const pieceCount = Math.ceil(totalBytes / pieceLength);
  const sha1Table = new Uint8Array(sha1 ? pieceCount * sha1Bytes : 0);
  const rootTable = new Uint8Array(pieceCount * hashBytes);
  let restBytes = 0;
  for (const [index, file] of files.entries()) {
    if (file.isPad || file.bytes === 0) continue;
    const pad = files[index + 1]?.isPad ? files[index + 1] : undefined;
    const first = file.offset / pieceLength;
    const before = known(file.components);
    if (before !== undefined && fits(before, file, pad, pieceLength, sha1)) {
      if (sha1) sha1Table.set(before.pieceHashes, first * sha1Bytes);
      rootTable.set(before.pieceRoots, first * hashBytes);
      continue;
    }
    // What is left stands close together, every file at the start of a piece as before.
    const offset = Math.ceil(restBytes / pieceLength) * pieceLength;
    rest.push({ file, offset });
    restBytes = offset + file.bytes;
    if (pad !== undefined) {
      rest.push({ file: pad, offset: restBytes });
      restBytes += pad.bytes;
    }
  }
  const complete = new Uint8Array(pieceCount).fill(1);
  if (rest.length === 0) return { sha1Table, rootTable, hashed: complete, faults: [] };
  const hashed = await hashFiles(
    { files: planned(rest), totalBytes: restBytes, pieceLength, onFault: 'stop', sha1, sha256 },
    control,
  );
  for (const { file, offset } of rest) {
    if (file.isPad) continue;
    const [from, to] = [offset / pieceLength, file.offset / pieceLength];
    const end = from + Math.ceil(file.bytes / pieceLength);
    if (sha1) sha1Table.set(hashed.sha1Table.subarray(from * sha1Bytes, end * sha1Bytes), to * sha1Bytes);
    rootTable.set(hashed.rootTable.subarray(from * hashBytes, end * hashBytes), to * hashBytes);
  }
  return { sha1Table, rootTable, hashed: complete, faults: hashed.faults };
}

interface MovedFile {
  readonly file: PlacedFile;
  /** Where it stands in the space that is hashed. */
  readonly offset: number;
}

function fits(
  known: KnownFile,
  file: PlacedFile,
  pad: PlacedFile | undefined,
  pieceLength: number,
  sha1: boolean,
): boolean {
  if (known.bytes !== file.bytes || known.pieceLength !== pieceLength) return false;
  const pieces = Math.ceil(file.bytes / pieceLength);
  if (!sha1) return known.pieceRoots.length === pieces * hashBytes;
  // The only file of a torrent has no pad: with a second one, its last piece has another hash.
  const lastPieceBytes = file.bytes + (pad?.bytes ?? 0) - (pieces - 1) * pieceLength;
  return known.pieceHashes.length === pieces * sha1Bytes && known.lastPieceBytes === lastPieceBytes;
}

function keyOf(components: readonly string[]): string {
  return components.join('/');
}
