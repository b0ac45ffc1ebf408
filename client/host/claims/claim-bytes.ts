/**
 * The file format of claims, which the processes of this machine read from each other: one file per torrent.
 * The file may be written by another user, so nothing in it is trusted except as claims of that user.
 *
 *   "cicada-claims-1\n"   0: asking, 1: held   u32 records of `above`   u32 records of `top`   all records
 *   record: key 16, kind 1, bytes 6, root 16, print 16
 */
import { type Claim, type ClaimKind, type ClaimSet, claimsIn } from './claim.ts';

const magic = Buffer.from('cicada-claims-1\n', 'latin1');
const keyBytes = 16;
const recordBytes = keyBytes + 1 + 6 + 16 + 16;
/** The state byte is changed in place: a rename could make another user miss the file for a moment. */
export const stateAt = magic.length;
const [asking, held] = [0, 1];
const headBytes = magic.length + 9;
/** A path has at most 4096 bytes on Linux, so no torrent lies below more folders. */
const frontMax = 4_096;
/** Two records for each of half a million files: more than any metainfo of a size that we accept. */
export const claimBytesMax = 64 * 1024 * 1024;
/** Enough for the `above` and `top` records of any file, and a first read that is enough for nearly all. */
export const frontBytesMax = headBytes + frontMax * recordBytes;
export const frontBytesUsual = 8 * 1024;

const kinds: readonly ClaimKind[] = ['file', 'replace', 'part', 'folder', 'own'];
const unknownBytes = 2 ** 48 - 1;

export interface ReadClaims extends ClaimSet {
  /** The claims are asked for and not held yet. */
  readonly isAsking: boolean;
}

/** The same file in the state "asking". */
export function asQuestion(packed: Buffer): Buffer {
  const question = Buffer.from(packed);
  question[stateAt] = asking;
  return question;
}

export const hasIt = Buffer.from([held]);

export function packClaims(set: ClaimSet): Buffer {
  const { above, top, below } = set;
  const packed = Buffer.alloc(headBytes + (above.length + top.length + below.length) * recordBytes);
  magic.copy(packed);
  packed[stateAt] = held;
  packed.writeUInt32LE(above.length, stateAt + 1);
  packed.writeUInt32LE(top.length, stateAt + 5);
  let at = headBytes;
  for (const { key, kind, bytes, root, print } of claimsIn(set)) {
    packed.write(key, at, keyBytes, 'latin1');
    packed[at + 16] = kinds.indexOf(kind);
    packed.writeUIntLE(bytes < 0 ? unknownBytes : bytes, at + 17, 6);
    packed.write(root, at + 23, 16, 'latin1');
    packed.write(print, at + 39, 16, 'latin1');
    at += recordBytes;
  }
  return packed;
}

/** Undefined for a file of another format or a truncated one. `front`: without the `below` records. */
export function unpackClaims(packed: Buffer, part: 'all' | 'front'): ReadClaims | undefined {
  if (packed.length < headBytes || packed.compare(magic, 0, magic.length, 0, magic.length) !== 0) {
    return undefined;
  }
  const aboveCount = packed.readUInt32LE(stateAt + 1);
  const frontCount = aboveCount + packed.readUInt32LE(stateAt + 5);
  const frontEnd = headBytes + frontCount * recordBytes;
  if (frontCount > frontMax || frontEnd > packed.length) return undefined;
  const end = part === 'front' ? frontEnd : packed.length;
  const claims: Claim[] = [];
  for (let at = headBytes; at + recordBytes <= end; at += recordBytes) {
    const kind = kinds[packed[at + 16]!];
    if (kind === undefined) return undefined;
    const bytes = packed.readUIntLE(at + 17, 6);
    claims.push({
      key: packed.toString('latin1', at, at + keyBytes),
      kind,
      bytes: bytes === unknownBytes ? -1 : bytes,
      root: textOf(packed, at + 23),
      print: textOf(packed, at + 39),
    });
  }
  return {
    isAsking: packed[stateAt] === asking,
    above: claims.slice(0, aboveCount),
    top: claims.slice(aboveCount, frontCount),
    below: claims.slice(frontCount),
  };
}

/** 16 zero bytes stand for an empty text. */
function textOf(packed: Buffer, at: number): string {
  const text = packed.toString('latin1', at, at + 16);
  return text === nothing ? '' : text;
}

const nothing = '\0'.repeat(16);
