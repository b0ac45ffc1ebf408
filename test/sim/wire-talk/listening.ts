/**
 * A stream cut at any byte is understood: each message is reported with its last byte and not later, and an
 * invalid message ends the stream at once. The decoder keeps no borrowed bytes, and almost no memory between
 * messages.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import { WireDecoder, type WireHandler } from '../../../client/wire/decoder.ts';
import { privateObjects } from '../checkers/private-state.ts';
import { oneOf, textOf } from '../hostile-bytes/odd-bytes.ts';
import { type Bitfield, drawHandshake, drawNoHandshake, drawWord, drawWrong, type Word } from './words.ts';

/** The most that an idle connection may hold: there are thousands of them. */
const restBytesMax = 64;
/**
 * Sizes of reads as from a network: single bytes, sizes around message headers and small messages, or much at
 * once.
 */
const runs = [1, 1, 1, 2, 3, 4, 5, 6, 9, 12, 13, 14, 17, 30, 68, 200, 2_000, 40_000];
/** Longest stream that is fed byte by byte: longer ones take too much time. */
const slowBytesMax = 600;
const enough = 'enough';

/** A drawn stream and its meaning, in order. */
interface Speech {
  readonly bytes: Uint8Array;
  /** Where messages begin. */
  readonly starts: readonly number[];
  /** What is reported, and by which byte. */
  readonly told: readonly (readonly [due: number, what: string])[];
  /** Payload of blocks: [from, to). */
  readonly payloads: readonly (readonly [from: number, to: number])[];
  /** By which byte the stream must end, and how; undefined: it does not end. */
  readonly ends: readonly [due: number, answer: string] | undefined;
  /** What the decoder may hold when all bytes have come. */
  readonly heldMax: number;
}

function draw(random: Prng, bitfield: Bitfield): Speech {
  const words: Word[] = [random.below(12) === 0 ? drawNoHandshake(random) : drawHandshake(random)];
  const count = random.below(14);
  for (let n = 0; n < count; n++) words.push(drawWord(random, bitfield));
  if (random.below(2) === 0) words.push(drawWrong(random, bitfield), drawWord(random, bitfield));
  const told: [number, string][] = [];
  const payloads: [number, number][] = [];
  const starts: number[] = [];
  let ends: Speech['ends'];
  let at = 0;
  for (const word of words) {
    starts.push(at);
    for (const [due, what] of word.told) told.push([at + due, what]);
    if (word.payloadAt !== undefined) payloads.push([at + word.payloadAt, at + word.bytes.length]);
    if (word.wrong !== undefined) ends ??= [at + word.wrong[0], word.wrong[1]];
    at += word.bytes.length;
  }
  const last = words.at(-1)!;
  // The last message may be incomplete.
  const missing = random.below(3) === 0 ? random.below(last.bytes.length) : 0;
  const bytes = new Uint8Array(at - missing);
  at = 0;
  for (const word of words) {
    bytes.set(word.bytes.subarray(0, bytes.length - at), at);
    at += word.bytes.length;
  }
  return { bytes, starts, told, payloads, ends, heldMax: restBytesMax + (missing > 0 ? last.heldMax : 0) };
}

/**
 * A number of bytes, or up to somewhere within the next message's header, where the decoder must remember
 * most.
 */
function drawRun({ starts }: Speech, read: number, random: Prng): number {
  const next = random.below(3) > 0 ? undefined : starts.find((start) => start > read);
  return next === undefined ? oneOf(random, runs) : next - read + 1 + random.below(12);
}

/** Records what the decoder reports, and ends the stream at a chosen report. */
class Listener implements WireHandler<typeof enough> {
  /** Compared at the end: the values belong to the listener. */
  readonly heard: (object | string)[] = [];
  declare onHave?: (index: number) => typeof enough | undefined;
  /** The first wrong payload byte. */
  fault: string | undefined;
  payloadAt = -1;
  readonly #speech: Speech;
  readonly #enoughAt: number;
  readonly #greeted: () => void;
  #block = -1;

  constructor(speech: Speech, enoughAt: number, takesHaves: boolean, greeted: () => void) {
    this.#speech = speech;
    this.#enoughAt = enoughAt;
    this.#greeted = greeted;
    if (takesHaves) this.onHave = (index) => this.#hear({ type: 'have', index });
  }

  onHandshake(handshake: object): typeof enough | undefined {
    this.#greeted();
    return this.#hear(handshake);
  }

  onMessage(message: object): typeof enough | undefined {
    return this.#hear(message);
  }

  onUnknown(bytes: number): typeof enough | undefined {
    return this.#hear(`unknown ${bytes}`);
  }

  onBlockStart(index: number, begin: number, bytes: number): typeof enough | undefined {
    this.#block += 1;
    this.payloadAt = this.#speech.payloads[this.#block]?.[0] ?? -1;
    return this.#hear({ index, begin, bytes });
  }

  onBlockBytes(bytes: Uint8Array, from: number, to: number): undefined {
    const right = this.#speech.bytes;
    for (let at = from; at < to; at++) {
      if (bytes[at] === right[this.payloadAt++]) continue;
      this.fault ??= `is told of byte ${bytes[at]} in a block, and ${right[this.payloadAt - 1]} was sent`;
      return;
    }
  }

  onBlockEnd(): typeof enough | undefined {
    return this.#hear('block ends');
  }

  /** Whether all payload that has come was reported. */
  isPastPayload(read: number): boolean {
    const payload = this.#speech.payloads[this.#block];
    return payload === undefined || this.payloadAt === Math.min(read, payload[1]);
  }

  #hear(what: object | string): typeof enough | undefined {
    this.heard.push(what);
    return this.heard.length === this.#enoughAt ? enough : undefined;
  }
}

/** Checks one stream; returns the first error. */
export function judgeListening(random: Prng): string | undefined {
  const min = random.below(3) === 0 ? random.below(9_000) : 1 + random.below(12);
  const bitfield = { min, max: random.below(2) === 0 ? min : min + random.below(2_000) };
  const isBlind = random.below(16) === 0;
  const speech = draw(random, isBlind ? { min: 0, max: 0 } : bitfield);
  const { bytes, told } = speech;
  const decoder = new WireDecoder();
  const enoughAt = random.below(4) === 0 ? 1 + random.below(told.length + 1) : 0;
  const listener = new Listener(speech, enoughAt, random.below(2) === 0, () => {
    if (isBlind) return;
    if (bitfield.min === bitfield.max) decoder.expectBitfieldBytes(bitfield.min);
    else decoder.expectBitfieldBytes(bitfield.min, bitfield.max);
  });
  const ends = told[enoughAt - 1] === undefined ? speech.ends : earlier(told[enoughAt - 1]![0], speech.ends);
  const lent = new Uint8Array(Math.min(bytes.length, 40_000) + 16);
  const isSlow = bytes.length <= slowBytesMax && random.below(3) === 0;
  let isOver = false;
  for (let read = 0, count = 0; read < bytes.length; read += count) {
    count = Math.min(bytes.length - read, lent.length - 16, isSlow ? 1 : drawRun(speech, read, random));
    lent.set(bytes.subarray(read, read + count), 0);
    const answer = decoder.feed(lent, count, listener);
    // The driver reads the next bytes into the same memory.
    lent.fill(random.below(256), 0, count + 16);
    const meant: string | undefined =
      !isOver && ends !== undefined && ends[0] <= read + count ? ends[1] : undefined;
    if (answer !== meant)
      return `answers ${answer} to bytes ${read} to ${read + count}, and should ${meant}: ${spell(speech, read)}`;
    isOver ||= meant !== undefined;
    const fault = judgeSoFar(listener, speech, isOver ? ends![0] : read + count, isOver);
    if (fault !== undefined) return `${fault}: ${spell(speech, read)}`;
  }
  for (const [i, what] of listener.heard.entries()) {
    const heard = typeof what === 'string' ? what : textOf(what);
    if (heard !== told[i]![1]) return `takes ${cut(told[i]![1])} for ${cut(heard)}`;
  }
  // Inspecting private fields costs as much as all of this.
  return isOver || random.below(2) === 0 ? undefined : judgeMemory(decoder, speech.heldMax);
}

function earlier(due: number, ends: Speech['ends']): Speech['ends'] {
  return ends === undefined || due < ends[0] ? [due, enough] : ends;
}

/** Checks the reports after the first `read` bytes. */
function judgeSoFar(listener: Listener, { told }: Speech, read: number, isOver: boolean): string | undefined {
  const { heard, fault } = listener;
  if (fault !== undefined) return fault;
  let due = 0;
  while (due < told.length && told[due]![0] <= read) due += 1;
  if (heard.length !== due) return `has told of ${heard.length} things, and ${due} have come`;
  return isOver || listener.isPastPayload(read)
    ? undefined
    : 'has told of a part of what has come of a block';
}

/** Sums the buffers in the decoder's private fields. */
function judgeMemory(decoder: WireDecoder, heldMax: number): string | undefined {
  let sum = 0;
  for (const [, value] of privateObjects([decoder]).get(decoder) ?? [])
    if (ArrayBuffer.isView(value)) sum += value.buffer.byteLength;
  return sum <= heldMax ? undefined : `holds ${sum} bytes of what has come, and ${heldMax} at most it has to`;
}

function spell({ bytes }: Speech, from: number): string {
  return Buffer.from(bytes.subarray(Math.max(0, from - 8), from + 16)).toString('hex');
}

function cut(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
