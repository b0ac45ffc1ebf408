/**
 * Claims as bytes, for the other processes of this machine: one file a torrent. What is read may have been written by
 * another user, so nothing in it is believed but its own claims.
 *
 *   "cicada-claims-1\n"   0: asks, 1: has   u32 records of `above`   u32 records of `top`   all records
 *   record: key 16, kind 1, bytes 6, root 16, print 16
 */
import { type Claim, type ClaimKind, type ClaimSet, claimsIn } from './claim.ts';

const magic = Buffer.from('cicada-claims-1\n', 'latin1');
const keyBytes = 16;
const recordBytes = keyBytes + 1 + 6 + 16 + 16;
/** Changed in place, so that another user never misses the file while it gets another name. */
export const stateAt = magic.length;
const [asking, held] = [0, 1];
const headBytes = magic.length + 9;
/** A path has at most 4096 bytes on Linux, so that no torrent lies below more folders. */
const frontMax = 4_096;
/** Two records for each of half a million files: more than a torrent can describe in the sizes that we read. */
export const claimBytesMax = 64 * 1024 * 1024;
/** Of any file, everything but what lies below; and of nearly every one. */
export const frontBytesMax = headBytes + frontMax * recordBytes;
export const frontBytesUsual = 8 * 1024;

const kinds: readonly ClaimKind[] = ['file', 'replace', 'part', 'folder', 'own'];
const unknownBytes = 2 ** 48 - 1;

export interface ReadClaims extends ClaimSet {
  /** It is not certain yet that they were had. */
  readonly isAsking: boolean;
}

/** As a question first. */
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

/** Undefined for what is no file of claims, or was cut. `front`: without what lies below. */
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

/** Sixteen zeros stand for nothing. */
function textOf(packed: Buffer, at: number): string {
  const text = packed.toString('latin1', at, at + 16);
  return text === nothing ? '' : text;
}

const nothing = '\0'.repeat(16);
