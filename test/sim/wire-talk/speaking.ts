/**
 * Checks that writers write the intended bytes, also while other writers write, and that the bytes stay
 * unchanged: taken bytes belong to the caller, and arguments may be overwritten. A writer with nothing to
 * send holds no memory.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import { decodeHandshake, encodeHandshake, mayBeHandshake } from '../../../client/wire/handshake.ts';
import { encodePieceHeader, MessageWriter } from '../../../client/wire/message.ts';
import { smallBytes, smallCopy } from '../../../client/wire/small-bytes.ts';
import { moduleObjects, privateObjects } from '../checkers/private-state.ts';
import { oneOf, textOf } from '../hostile-bytes/odd-bytes.ts';
import { drawHandshake, drawMany, drawU32, greeting, handshakeBytes, u32Bytes } from './words.ts';

/** Writers in one turn: mostly a few, and now and then more than there are spare buffers. */
const manyWriters = 80;
/** The number of buffers kept for idle writers (client/wire/message.ts). */
const spareMax = 64;
/**
 * The longest pieces of memory that are shared, and the size of the shared memory
 * (client/wire/small-bytes.ts).
 */
const smallMax = 512;
const sharedMax = 4 * 1024;

interface Kept {
  readonly bytes: Uint8Array;
  readonly right: readonly number[] | Uint8Array;
  readonly what: string;
}

/** Writes a message and returns its expected bytes. */
type Say = (writer: MessageWriter, random: Prng) => readonly number[];

function message(id: number, body: readonly number[]): number[] {
  return [...u32Bytes(1 + body.length), id, ...body];
}

/** Lends the argument and overwrites it at once. */
function lend(right: Uint8Array, say: (lent: Uint8Array) => void): readonly number[] {
  const lent = right.slice();
  say(lent);
  lent.fill(0xee);
  return [...right];
}

const block =
  (id: number, say: 'request' | 'cancel' | 'reject'): Say =>
  (writer, random) => {
    const [index, begin, length] = [drawU32(random), drawU32(random), drawU32(random)];
    writer[say](index, begin, length);
    return message(id, [...u32Bytes(index), ...u32Bytes(begin), ...u32Bytes(length)]);
  };
const index =
  (id: number, say: 'have' | 'suggest'): Say =>
  (writer, random) => {
    const pieceIndex = drawU32(random);
    writer[say](pieceIndex);
    return message(id, u32Bytes(pieceIndex));
  };
const bare =
  (id: number, say: 'choke' | 'unchoke' | 'interested' | 'notInterested' | 'haveAll' | 'haveNone'): Say =>
  (writer) => {
    writer[say]();
    return message(id, []);
  };

const says: readonly Say[] = [
  (writer) => {
    writer.keepAlive();
    return [0, 0, 0, 0];
  },
  ...[bare(0, 'choke'), bare(1, 'unchoke'), bare(2, 'interested'), bare(3, 'notInterested')],
  ...[bare(14, 'haveAll'), bare(15, 'haveNone'), index(4, 'have'), index(4, 'have'), index(13, 'suggest')],
  ...[block(6, 'request'), block(6, 'request'), block(8, 'cancel'), block(16, 'reject')],
  (writer, random) =>
    message(
      5,
      lend(drawMany(random, 1 + random.below(oneOf(random, [8, 300]))), (bits) => writer.bitfield(bits)),
    ),
  (writer, random) => {
    const id = random.below(256);
    const payload = drawMany(random, random.below(oneOf(random, [30, 600])));
    return message(20, [id, ...lend(payload, (lent) => writer.extended(id, lent))]);
  },
  (writer, random) => lend(drawMany(random, random.below(80)), (bytes) => writer.raw(bytes)),
];

/** Describes the difference when bytes have changed since they were taken. */
function changed({ bytes, right, what }: Kept): string | undefined {
  if (bytes.length === right.length && bytes.every((byte, at) => byte === right[at])) return undefined;
  const shown = (of: Kept['right']) => Buffer.from(of.slice(0, 40)).toString('hex');
  return `${what}: ${shown(bytes)} (${bytes.length} bytes) should be ${shown(right)} (${right.length})`;
}

/** Several writers at once; checks each message of each. */
export function judgeWriters(random: Prng): string | undefined {
  const isCrowd = random.below(6) === 0;
  const writers = Array.from({ length: isCrowd ? manyWriters : 1 + random.below(6) }, () => ({
    writer: new MessageWriter(),
    right: [] as number[],
  }));
  const kept: Kept[] = [];
  const take = ({ writer, right }: (typeof writers)[number]): string | undefined => {
    if (writer.isEmpty !== (right.length === 0)) return `is ${writer.isEmpty ? '' : 'not '}empty`;
    const bytes = writer.take();
    const one = { bytes, right: right.splice(0), what: 'is written' };
    const disbelief = changed(one) ?? (writer.isEmpty ? undefined : 'is not empty when all was taken');
    // The caller may write into taken bytes.
    kept.push(random.below(2) === 0 ? one : { ...one, right: bytes.fill(0xaa).slice() });
    return disbelief;
  };
  const steps = isCrowd ? writers.length : 4 + random.below(40);
  for (let step = 0; step < steps; step++) {
    const one = isCrowd ? writers[step]! : oneOf(random, writers);
    const long = random.below(40) === 0 ? 30 : 1 + random.below(3);
    for (let n = 0; n < long; n++) one.right.push(...oneOf(random, says)(one.writer, random));
    const disbelief = !isCrowd && random.below(3) === 0 ? take(one) : undefined;
    if (disbelief !== undefined) return disbelief;
  }
  for (const one of writers) {
    const disbelief = take(one);
    if (disbelief !== undefined) return disbelief;
  }
  for (const one of kept) {
    const disbelief = changed(one);
    if (disbelief !== undefined) return `later ${disbelief}`;
  }
  return isCrowd || random.below(3) === 0 ? judgeRest(writers[0]!.writer, isCrowd) : undefined;
}

function judgeRest(writer: MessageWriter, isCrowd: boolean): string | undefined {
  for (const [name, value] of privateObjects([writer]).get(writer) ?? [])
    if (ArrayBuffer.isView(value) && value.byteLength > 0)
      return `holds ${value.byteLength} bytes in ${name}, and has nothing to say`;
  if (!isCrowd) return undefined;
  for (const [name, value] of moduleObjects(MessageWriter.prototype.take))
    if (Array.isArray(value) && value.length > spareMax) return `keeps ${value.length} spare ${name}`;
  return undefined;
}

/** Checks block headers, handshakes and shared memory. */
export function judgePieces(random: Prng): string | undefined {
  const kept: Kept[] = [];
  for (let n = 0; n < 8; n++) {
    const [index, begin, length] = [drawU32(random), drawU32(random), 1 + random.below(16_384)];
    const right = [...u32Bytes(9 + length), 7, ...u32Bytes(index), ...u32Bytes(begin)];
    kept.push({ bytes: encodePieceHeader(index, begin, length), right, what: 'heads a block with' });
  }
  // Headers are cut from memory that many share: uses up more than all of it.
  if (random.below(4) === 0) for (let n = 0; n < 700; n++) encodePieceHeader(2 ** 32 - 1, 2 ** 32 - 1, 1);
  const buffers = new Set<ArrayBufferLike>();
  let few = 0;
  for (let n = 0; n < 12; n++) {
    const count = random.below(oneOf(random, [24, 24, 600, 6_000]));
    const zeros = smallBytes(count);
    if (count > smallMax ? zeros.buffer.byteLength !== count : zeros.buffer.byteLength > sharedMax)
      return `keeps ${zeros.buffer.byteLength} bytes for ${count}`;
    kept.push({ bytes: zeros, right: new Uint8Array(count), what: 'takes for zeros' });
    if (random.below(2) === 0) {
      const right = drawMany(random, count);
      zeros.set(right);
      kept.push({ bytes: zeros, right, what: 'is written' });
      kept.splice(kept.length - 2, 1);
    }
    const source = drawMany(random, 60);
    const from = random.below(30);
    const to = from + random.below(31);
    const bytes = smallCopy(source, from, to);
    kept.push({ bytes, right: source.slice(from, to), what: 'copies' });
    source.fill(0xee);
    if (bytes.length > 0) {
      few += 1;
      buffers.add(bytes.buffer);
    }
  }
  if (few > 4 && buffers.size > 1 + few / 2)
    return `has ${buffers.size} memories for ${few} copies of a few bytes`;
  for (const one of kept) {
    const disbelief = changed(one);
    if (disbelief !== undefined) return disbelief;
  }
  return judgeHandshake(random);
}

function judgeHandshake(random: Prng): string | undefined {
  const [fast, extended] = [random.below(2) === 0, random.below(2) === 0];
  const [infoHash, peerId] = [drawMany(random, 20), drawMany(random, 20)];
  const reserved = [0, 0, 0, 0, 0, extended ? 16 : 0, 0, fast ? 4 : 0];
  const bytes = encodeHandshake({ fast, extended, infoHash, peerId });
  const fault = changed({
    ...{ bytes, what: 'shakes hands with' },
    right: [...greeting, ...reserved, ...infoHash, ...peerId],
  });
  if (fault !== undefined) return fault;
  const word = drawHandshake(random);
  const lent = word.bytes.slice();
  for (let count = 0; count <= handshakeBytes; count++)
    if (!mayBeHandshake(lent, count)) return `takes the first ${count} bytes of a handshake for none`;
  const at = random.below(greeting.length);
  lent[at]! ^= 1 << random.below(8);
  for (let count = 0; count <= handshakeBytes; count++)
    if (mayBeHandshake(lent, count) !== count <= at)
      return `of ${count} bytes, byte ${at} wrong, believes the wrong thing`;
  lent[at] = word.bytes[at]!;
  const handshake = decodeHandshake(lent);
  lent.fill(0xee);
  return textOf(handshake) === word.told[0]![1]
    ? undefined
    : `takes ${word.told[0]![1]} for ${textOf(handshake)}`;
}
