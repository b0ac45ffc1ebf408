/**
 * Reuses the hashes of an earlier torrent of the same folder, so that a new version hashes only the changed
 * files. This needs files that share no piece: a v2 torrent, or a hybrid with pad files (BEP 47, 52).
 *
 * Invariant: the tables equal those of hashing everything, as long as the known files are unchanged. Left to
 * others: knowing that (the caller names the known files).
 */
import { type HashControl, type HashResult, hashFiles } from '../hashing/engine.ts';
import type { PlannedFile } from '../hashing/plan.ts';
import { hashBytes } from '../merkle.ts';
import type { Metainfo, TorrentFormat } from '../metainfo/metainfo.ts';
import type { PlacedFile } from './create-layout.ts';

/** What an earlier torrent says about one file. */
export interface KnownFile {
  readonly bytes: number;
  readonly pieceLength: number;
  /** 20 bytes per piece. The last hash covers the end of the file and its pad file. Empty in v2. */
  readonly pieceHashes: Uint8Array;
  /** 32 bytes per piece. */
  readonly pieceRoots: Uint8Array;
  /** How many bytes the last hash of `pieceHashes` covers. */
  readonly lastPieceBytes: number;
}

/** By the file's path in the torrent. Undefined for a file that has to be hashed. */
export type KnownFiles = (components: readonly string[]) => KnownFile | undefined;

/** What a torrent says about its files. A v1 torrent gives nothing, because its pieces span several files. */
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

/** Like hashFiles, but skips the known files. */
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
    // The remaining files are packed together. Each still starts at a piece boundary.
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
  /** The offset in the packed space that is hashed. */
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
  // The only file of a torrent has no pad file. Once there is a second file, its last piece has another hash.
  const lastPieceBytes = file.bytes + (pad?.bytes ?? 0) - (pieces - 1) * pieceLength;
  return known.pieceHashes.length === pieces * sha1Bytes && known.lastPieceBytes === lastPieceBytes;
}

function keyOf(components: readonly string[]): string {
  return components.join('/');
}
