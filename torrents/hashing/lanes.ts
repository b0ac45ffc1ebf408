/**
 * Hashes up to four messages of equal length at once, in place in a WebAssembly memory: the kernels, plus the
 * padding of FIPS 180-4. Only the last bytes of messages whose length is no multiple of 64 are copied.
 *
 * Invariant: the digests are those of SHA-1 and SHA-256. One object serves one thread. It owns `laneBytes` of
 * the memory from `scratchOffset` on, and writes nowhere else in it.
 * Left to others: whether this is faster than OpenSSL on this machine (backend.ts).                FIPS 180-4
 */
import { blockBytes, constantsAt, contextBytes, lanes, pointersAt, statesAt } from './kernel.ts';
import { sha1InitialState, sha1Kernel } from './sha1-kernel.ts';
import { sha256Constants, sha256InitialState, sha256Kernel } from './sha256-kernel.ts';

export { lanes };

export type Algorithm = 'sha1' | 'sha256';
export const digestBytes = { sha1: 20, sha256: 32 } as const;

/** Two blocks per lane hold the longest padding. */
const tailBytes = 2 * blockBytes;
/** Bytes of the memory that one object takes: a context, and the tails of four messages. A multiple of 16. */
export const laneBytes = contextBytes + lanes * tailBytes;

export class Lanes {
  readonly algorithm: Algorithm;
  readonly #run: (context: number, blocks: number) => void;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #view: DataView;
  readonly #context: number;
  readonly #tails: number;
  readonly #initialState: readonly number[];
  /** The message length whose padding is in the first tail. -1: none. */
  #paddedBytes = -1;

  /** `scratchOffset`: a multiple of 16 where `laneBytes` are free. The memory must not grow after this. */
  constructor(algorithm: Algorithm, memory: WebAssembly.Memory, scratchOffset: number) {
    this.algorithm = algorithm;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#words = new Uint32Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
    this.#context = scratchOffset;
    this.#tails = scratchOffset + contextBytes;
    this.#initialState = algorithm === 'sha1' ? sha1InitialState : sha256InitialState;
    if (algorithm === 'sha256') this.#words.set(sha256Constants, (scratchOffset + constantsAt) / 4);
    const instance = new WebAssembly.Instance(compiled(algorithm, memory), { env: { memory } });
    this.#run = instance.exports.run as (context: number, blocks: number) => void;
  }

  /**
   * Puts the digests of messages of `bytes` bytes at `offsets` into `target`, one after the other from
   * `targetOffset`. With fewer than four messages the other lanes run idle. That is still faster with three,
   * but not with two.
   */
  hash(offsets: readonly number[], bytes: number, target: Uint8Array, targetOffset = 0): void {
    this.start();
    this.finish(offsets, bytes, bytes, target, targetOffset);
  }

  /** Begins messages that arrive in parts. */
  start(): void {
    const state = (this.#context + statesAt) / 4;
    for (const [word, value] of this.#initialState.entries()) {
      this.#words.fill(value, state + lanes * word, state + lanes * (word + 1));
    }
  }

  /** Takes the next `bytes` bytes of each message: a multiple of 64. */
  update(offsets: readonly number[], bytes: number): void {
    const pointers = (this.#context + pointersAt) / 4;
    const idle = offsets[0] ?? 0;
    for (let lane = 0; lane < lanes; lane++) this.#words[pointers + lane] = offsets[lane] ?? idle;
    if (bytes > 0) this.#run(this.#context, bytes / blockBytes);
  }

  /** Takes the last `bytes` bytes of messages of `totalBytes` each, and writes their digests. */
  finish(
    offsets: readonly number[],
    bytes: number,
    totalBytes: number,
    target: Uint8Array,
    targetOffset = 0,
  ): void {
    const rest = bytes % blockBytes;
    this.update(offsets, bytes - rest);
    if (rest === 0) this.#padWhole(totalBytes);
    else this.#padRest(offsets, bytes, totalBytes);
    const state = (this.#context + statesAt) / 4;
    let at = targetOffset;
    for (let lane = 0; lane < offsets.length; lane++) {
      for (let word = state + lane; word < state + lanes * this.#initialState.length; word += lanes) {
        const value = this.#words[word]!;
        target[at++] = value >>> 24;
        target[at++] = value >>> 16;
        target[at++] = value >>> 8;
        target[at++] = value;
      }
    }
  }

  /**
   * Messages of whole blocks all have the same padding: a bit, zeros and the length in bits. One block serves
   * all lanes.
   */
  #padWhole(totalBytes: number): void {
    if (this.#paddedBytes !== totalBytes) this.#endTail(this.#tails, 0, blockBytes, totalBytes);
    this.#paddedBytes = totalBytes;
    const pointers = (this.#context + pointersAt) / 4;
    this.#words.fill(this.#tails, pointers, pointers + lanes);
    this.#run(this.#context, 1);
  }

  /** The padding of other messages includes the rest of each message: one or two more blocks. */
  #padRest(offsets: readonly number[], bytes: number, totalBytes: number): void {
    this.#paddedBytes = -1;
    const rest = bytes % blockBytes;
    const tail = rest + 9 > blockBytes ? tailBytes : blockBytes;
    const pointers = (this.#context + pointersAt) / 4;
    const idle = offsets[0] ?? 0;
    for (let lane = 0; lane < lanes; lane++) {
      const end = (offsets[lane] ?? idle) + bytes;
      const at = this.#tails + lane * tailBytes;
      this.#bytes.copyWithin(at, end - rest, end);
      this.#endTail(at, rest, tail, totalBytes);
      this.#words[pointers + lane] = at;
    }
    this.#run(this.#context, tail / blockBytes);
  }

  #endTail(at: number, rest: number, tail: number, totalBytes: number): void {
    this.#bytes.fill(0, at + rest, at + tail);
    this.#bytes[at + rest] = 0x80;
    this.#view.setUint32(at + tail - 8, Math.floor(totalBytes / 2 ** 29));
    this.#view.setUint32(at + tail - 4, (totalBytes * 8) >>> 0);
  }
}

const modules = new Map<string, WebAssembly.Module>();

/**
 * Compiled once per thread in under 10 ms. Hashing runs slower for some milliseconds, until V8 has optimised
 * it.
 */
function compiled(algorithm: Algorithm, memory: WebAssembly.Memory): WebAssembly.Module {
  const shared = memory.buffer instanceof SharedArrayBuffer;
  const key = `${algorithm} ${shared}`;
  let module = modules.get(key);
  if (module === undefined) {
    const kernel = algorithm === 'sha1' ? sha1Kernel : sha256Kernel;
    module = new WebAssembly.Module(kernel({ shared }));
    modules.set(key, module);
  }
  return module;
}
