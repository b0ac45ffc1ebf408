/**
 * Whether a message ends the connection, and for which reason. Written anew from the BEPs and from the limits
 * of client/wire and client/engine.                                                             BEP 3 6 10 52
 */
import type { Geometry } from '../../../../torrents/geometry.ts';
import { type Heard, id, u32 } from './reader.ts';

/** Reasons that concern one message or the number of messages. */
export const wireReasons: ReadonlySet<string> = new Set([
  'not-bittorrent',
  'message-too-long',
  'message-length-wrong',
  'bitfield-length-wrong',
  'block-too-long',
  'bitfield-spare-bits',
  'piece-out-of-range',
  'request-out-of-range',
  'block-out-of-range',
  'fast-without-handshake',
  'extension-without-handshake',
  'too-many-messages',
]);

const KiB = 1024;
const blockBytes = 16 * KiB;
/** The bitfield of the largest torrent that the client accepts. */
const blindBitfieldBytes = 2 ** 22 / 8;

const lengths = new Map<number, number>([
  [id.choke, 1],
  [id.unchoke, 1],
  [id.interested, 1],
  [id.notInterested, 1],
  [id.have, 5],
  [id.request, 13],
  [id.cancel, 13],
  [id.port, 3],
  [id.suggest, 5],
  [id.haveAll, 1],
  [id.haveNone, 1],
  [id.reject, 13],
  [id.allowedFast, 5],
]);
const onlyFast = new Set<number>([id.suggest, id.haveAll, id.haveNone, id.reject]);

/** Whether a BEP defines a message with this id. */
export function isKnown(which: number): boolean {
  return lengths.has(which) || which === id.bitfield || which === id.piece || which === id.extended;
}

export interface Terms {
  /** Undefined while only the info-hash of the torrent is known. */
  readonly geometry: Geometry | undefined;
  /** Extensions that both sides support. */
  readonly fast: boolean;
  readonly extended: boolean;
}

/** Why the connection must end now; undefined if all is valid so far. */
export function reasonToEnd(heard: Heard, terms: Terms): string | undefined {
  switch (heard.what) {
    case 'not-bittorrent':
      return 'not-bittorrent';
    case 'head':
      return headReason(heard.id, heard.length, terms.geometry);
    case 'message':
      return bodyReason(heard.id, heard.body, terms);
    case 'block-begins': {
      const { geometry } = terms;
      // A host without metadata has requested no blocks.
      if (geometry === undefined) return 'block-unasked';
      return isBlock(geometry, heard.index, heard.begin, heard.bytes) ? undefined : 'block-out-of-range';
    }
    default:
      return undefined;
  }
}

function headReason(which: number, length: number, geometry: Geometry | undefined): string | undefined {
  if (which === id.piece) {
    if (length <= 9) return 'message-length-wrong';
    return length > 9 + blockBytes ? 'block-too-long' : undefined;
  }
  const fixed = lengths.get(which);
  if (fixed !== undefined) return length === fixed ? undefined : 'message-length-wrong';
  if (which === id.bitfield) {
    const isRight =
      geometry === undefined
        ? length - 1 <= blindBitfieldBytes
        : length - 1 === Math.ceil(geometry.pieceCount / 8);
    return isRight ? undefined : 'bitfield-length-wrong';
  }
  if (which === id.extended && length < 2) return 'message-length-wrong';
  return length - 1 > 64 * KiB ? 'message-too-long' : undefined;
}

function bodyReason(
  which: number,
  body: Uint8Array,
  { geometry, fast, extended }: Terms,
): string | undefined {
  if (which === id.extended) return extended ? undefined : 'extension-without-handshake';
  if (geometry === undefined) return undefined;
  if (onlyFast.has(which) && !fast) return 'fast-without-handshake';
  switch (which) {
    case id.have:
    case id.suggest:
      return u32(body, 0) < geometry.pieceCount ? undefined : 'piece-out-of-range';
    case id.bitfield:
      for (let bit = geometry.pieceCount; bit < 8 * body.length; bit++)
        if (bitOf(body, bit)) return 'bitfield-spare-bits';
      return undefined;
    case id.request:
    case id.cancel:
    case id.reject:
      return isBlock(geometry, u32(body, 0), u32(body, 4), u32(body, 8)) ? undefined : 'request-out-of-range';
    default:
      return undefined;
  }
}

/** Inside one piece, or in the gap after it (BEP 52); at most 16 KiB. */
export function isBlock(geometry: Geometry, index: number, begin: number, bytes: number): boolean {
  const pieceIndex = geometry.pieceIndex(index);
  if (pieceIndex === undefined || bytes < 1 || bytes > blockBytes) return false;
  return begin < geometry.pieceBytes(pieceIndex) && begin + bytes <= geometry.pieceSpan(pieceIndex);
}

export function bitOf(body: Uint8Array, bit: number): boolean {
  return (body[Math.floor(bit / 8)]! & (128 >> (bit % 8))) !== 0;
}

export const ourExtended = 0x10;
export const ourFast = 0x04;

/**
 * Whether the reserved bits of the host's handshake name its extensions and nothing else.            BEP 6 10
 */
export function areOurBits(reserved: readonly number[] | Uint8Array): boolean {
  return reserved.every((byte, at) => byte === (at === 5 ? ourExtended : at === 7 ? ourFast : 0));
}
