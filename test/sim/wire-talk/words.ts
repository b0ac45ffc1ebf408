/**
 * Messages of a peer connection as bytes, written from the BEPs a second time, with what a listener must
 * report and when. Shares no code with client/wire. BEP 3, 6, 10
 */
import type { Prng } from '../../../client/engine/prng.ts';
import { oneOf, textOf } from '../hostile-bytes/odd-bytes.ts';

export interface Word {
  readonly bytes: Uint8Array;
  /** What is reported of it, and after how many of its bytes. */
  readonly told: readonly (readonly [due: number, what: string])[];
  /** The offset of a block's payload. */
  readonly payloadAt?: number;
  /** The most bytes that may be held until it is whole. */
  readonly heldMax: number;
  /** Why it is invalid, and after how many of its bytes that is known. */
  readonly wrong?: readonly [due: number, reason: string];
}

/** The bitfield length of the torrent, in bytes. */
export interface Bitfield {
  readonly min: number;
  readonly max: number;
}

const KiB = 1024;
export const handshakeBytes = 68;
const headBytes = 5;
const blockHeadBytes = 13;
const blockMax = 16 * KiB;
const longMax = 64 * KiB;
const noNews = { told: [], heldMax: 0 };

/** Values at which a 32-bit number is easily misread. */
const edges = [
  0,
  1,
  127,
  128,
  255,
  256,
  65_535,
  65_536,
  2 ** 24 - 1,
  2 ** 24,
  7 * 2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
];
const top = 2 ** 32 - 1;

export function drawU32(random: Prng): number {
  const which = random.below(edges.length + 4);
  return which < edges.length ? edges[which]! : which === edges.length ? top : random.next();
}

export function u32Bytes(value: number): number[] {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256);
}

/** Bytes of any length, of which only the first 24 are drawn. */
export function drawMany(random: Prng, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  const drawn = Math.min(count, 24);
  for (let at = 0; at < drawn; at++) bytes[at] = random.below(256);
  // An odd stride: no two stretches of a long message are the same.
  for (let at = drawn; at < count; at++) bytes[at] = bytes[at - drawn]! + (at >> 3);
  return bytes;
}

function message(id: number, body: Uint8Array | readonly number[], length = 1 + body.length): Uint8Array {
  const bytes = new Uint8Array(headBytes + body.length);
  bytes.set(u32Bytes(length), 0);
  bytes[4] = id;
  bytes.set(body, headBytes);
  return bytes;
}

/** A length up to `max`: the longest, one less, or short. */
function drawLength(random: Prng, min: number, max: number): number {
  const which = random.below(24);
  if (which < 2) return max - Math.min(which, max - min);
  return min + random.below(Math.min(max - min, which < 4 ? 4 * KiB : 40) + 1);
}

const plain = ['choke', 'unchoke', 'interested', 'not-interested'] as const;
const withIndex = { have: 4, suggest: 13, 'allowed-fast': 17 } as const;
const withBlock = { request: 6, cancel: 8, reject: 16 } as const;

type Draw = (random: Prng, bitfield: Bitfield) => Word;

function whole(bytes: Uint8Array, said: object, heldMax = 0): Word {
  return { bytes, told: [[bytes.length, textOf(said)]], heldMax };
}

const keepAlive: Draw = () => whole(new Uint8Array(4), { type: 'keep-alive' });
const draws: readonly Draw[] = [
  keepAlive,
  ...plain.map(
    (type, id): Draw =>
      () =>
        whole(message(id, []), { type }),
  ),
  () => whole(message(14, []), { type: 'have-all' }),
  () => whole(message(15, []), { type: 'have-none' }),
  ...Object.entries(withIndex).map(
    ([type, id]): Draw =>
      (random) => {
        const index = drawU32(random);
        return whole(message(id, u32Bytes(index)), { type, index });
      },
  ),
  ...Object.entries(withBlock).map(
    ([type, id]): Draw =>
      (random) => {
        const [index, begin, length] = [drawU32(random), drawU32(random), drawU32(random)];
        const body = [...u32Bytes(index), ...u32Bytes(begin), ...u32Bytes(length)];
        return whole(message(id, body), { type, index, begin, length });
      },
  ),
  (random) => {
    const port = random.below(65_536);
    return whole(message(9, [port >> 8, port % 256]), { type: 'port', port });
  },
  (random, { min, max }) => {
    const bits = drawMany(random, drawLength(random, min, max));
    return whole(message(5, bits), { type: 'bitfield', bits }, bits.length);
  },
  drawExtended,
  drawExtended,
  drawBlock,
  drawBlock,
  drawBlock,
  drawUnknown,
  drawUnknown,
];

/**
 * Real extended ids are low, as message ids are: a stream read from a wrong offset takes one for the other.
 */
function drawExtended(random: Prng): Word {
  const body = drawMany(random, drawLength(random, 1, longMax));
  if (random.below(2) === 0) body[0] = random.below(10);
  const said = { type: 'extended', id: body[0]!, payload: body.slice(1) };
  return whole(message(20, body), said, body.length);
}

function drawBlock(random: Prng): Word {
  const [index, begin] = [drawU32(random), drawU32(random)];
  const payload = drawMany(random, drawLength(random, 1, blockMax));
  const body = new Uint8Array(8 + payload.length);
  body.set([...u32Bytes(index), ...u32Bytes(begin)], 0);
  body.set(payload, 8);
  const bytes = message(7, body);
  const told = [
    [blockHeadBytes, textOf({ index, begin, bytes: payload.length })],
    [bytes.length, 'block ends'],
  ] as const;
  return { bytes, told, payloadAt: blockHeadBytes, heldMax: 0 };
}

const known = new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 15, 16, 17, 20]);
const unknown = Array.from({ length: 256 }, (_, id) => id).filter((id) => !known.has(id));

/** Its body is not read: only its size is reported, at once. */
function drawUnknown(random: Prng): Word {
  const body = drawMany(random, drawLength(random, 0, longMax));
  const told = [[headBytes, `unknown ${body.length}`]] as const;
  return { bytes: message(oneOf(random, unknown), body), told, heldMax: 0 };
}

/** By id, the only valid length. */
const fixed = [
  ...[0, 1, 2, 3, 14, 15].map((id) => [id, 1] as const),
  ...[4, 13, 17].map((id) => [id, 5] as const),
  ...[6, 8, 16].map((id) => [id, 13] as const),
  [9, 3] as const,
];

/** An invalid length, for a message with this id. */
function drawWrongLength(random: Prng, { min, max }: Bitfield): [id: number, length: number, reason: string] {
  const huge = () => oneOf(random, [2 ** 24, 2 ** 31 - 1, 2 ** 31, top]);
  const over = (most: number) => (random.below(3) === 0 ? huge() : most + 1 + random.below(2));
  const which = random.below(9);
  if (which < 2) return [7, 1 + random.below(9), 'message-length-wrong'];
  if (which === 2 || which === 8) return [7, over(9 + blockMax), 'block-too-long'];
  if (which === 3) {
    const isLess = min > 0 && random.below(2) === 0;
    return [5, isLess ? 1 + Math.max(0, min - 1 - random.below(2)) : over(1 + max), 'bitfield-length-wrong'];
  }
  if (which === 4)
    return random.below(3) === 0
      ? [20, 1, 'message-length-wrong']
      : [20, over(1 + longMax), 'message-too-long'];
  if (which === 5) return [oneOf(random, unknown), over(1 + longMax), 'message-too-long'];
  const [id, length] = oneOf(random, fixed);
  const less = random.below(length);
  return [id, less > 0 && random.below(2) === 0 ? less : over(length), 'message-length-wrong'];
}

/** Invalid by its length and id, known before its body. */
export function drawWrong(random: Prng, bitfield: Bitfield): Word {
  const [id, length, reason] = drawWrongLength(random, bitfield);
  const body = drawMany(random, Math.min(length - 1, random.below(40)));
  return { ...noNews, bytes: message(id, body, length), wrong: [headBytes, reason] };
}

export function drawWord(random: Prng, bitfield: Bitfield): Word {
  return oneOf(random, draws)(random, bitfield);
}

export const greeting: readonly number[] = [19, ...Buffer.from('BitTorrent protocol')];

/** Any reserved bit may be set. */
export function drawHandshake(random: Prng): Word {
  const reserved = Array.from({ length: 8 }, () => 0);
  switch (random.below(3)) {
    case 0:
      reserved[random.below(8)] = 1 << random.below(8);
      break;
    case 1:
      for (let at = 0; at < 8; at++) reserved[at] = random.below(256);
      break;
    default:
      reserved[5] = 16 * random.below(2);
      reserved[7] = 4 * random.below(2);
  }
  const [infoHash, peerId] = [drawMany(random, 20), drawMany(random, 20)];
  const said = {
    // Counted from the last of the 64 bits: the third, and the 21st. BEP 6, 10
    fast: Math.floor(reserved[7]! / 4) % 2 === 1,
    extended: Math.floor(reserved[5]! / 16) % 2 === 1,
    ...{ infoHash, peerId },
  };
  return whole(Uint8Array.from([...greeting, ...reserved, ...infoHash, ...peerId]), said, handshakeBytes);
}

/** A handshake with a wrong byte among its first twenty. */
export function drawNoHandshake(random: Prng): Word {
  const bytes = drawHandshake(random).bytes.slice();
  const at = random.below(greeting.length);
  bytes[at]! ^= 1 << random.below(8);
  return { ...noNews, bytes, heldMax: handshakeBytes, wrong: [at + 1, 'not-bittorrent'] };
}
