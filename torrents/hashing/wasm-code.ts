/**
 * A minimal assembler for WebAssembly functions over vectors of four 32-bit lanes. Each helper returns the
 * bytes of its operands followed by the instruction, so calls nest like expressions.
 *
 * Left to others: what is computed (sha1-kernel.ts, sha256-kernel.ts).
 *                                                                     WebAssembly core specification 2.0, 5.4
 */

export type Code = readonly number[];

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];

export const i32 = (value: number): Code => [0x41, ...signed(value)];
export const i32Add = (a: Code, b: Code): Code => [...a, ...b, 0x6a];
export const i32Load = (base: Code, offset: number): Code => [...base, 0x28, 2, ...unsigned(offset)];
export const i32Store = (base: Code, offset: number, value: Code): Code => [
  ...base,
  ...value,
  0x36,
  2,
  ...unsigned(offset),
];

/** Declares an alignment of 1 byte: pieces may be at any address. */
export const load = (base: Code, offset: number): Code => [...base, 0xfd, 0x00, 0, ...unsigned(offset)];
export const store = (base: Code, offset: number, value: Code): Code => [
  ...base,
  ...value,
  0xfd,
  0x0b,
  0,
  ...unsigned(offset),
];
/** One 32-bit word of memory, copied into all lanes. */
export const loadSplat = (base: Code, offset: number): Code => [...base, 0xfd, 0x09, 2, ...unsigned(offset)];
export const splat = (value: number): Code => vector(0x11, i32(value | 0));

export const add = (...terms: Code[]): Code => terms.reduce((a, b) => vector(0xae, a, b));
export const xor = (...terms: Code[]): Code => terms.reduce((a, b) => vector(0x51, a, b));
export const and = (a: Code, b: Code): Code => vector(0x4e, a, b);
const or = (a: Code, b: Code): Code => vector(0x50, a, b);
export const shiftLeft = (value: Code, bits: number): Code => vector(0xab, value, i32(bits));
export const shiftRight = (value: Code, bits: number): Code => vector(0xad, value, i32(bits));
/** WebAssembly has no vector rotation. */
export const rotateLeft = (value: Code, bits: number): Code =>
  or(shiftLeft(value, bits), shiftRight(value, 32 - bits));

/** Words 0 to 3 are those of `a`, 4 to 7 those of `b`. */
export const shuffleWords = (a: Code, b: Code, words: readonly number[]): Code => [
  ...a,
  ...b,
  0xfd,
  0x0d,
  ...words.flatMap((word) => [4 * word, 4 * word + 1, 4 * word + 2, 4 * word + 3]),
];
/** Converts between the big-endian words of SHA and the machine's. `copy` is the same value as `value`. */
export const swapBytes = (value: Code, copy: Code): Code => [
  ...value,
  ...copy,
  0xfd,
  0x0d,
  ...[0, 4, 8, 12].flatMap((word) => [word + 3, word + 2, word + 1, word]),
];

/** Repeats `body` while `condition`, an i32 computed after it, is not zero. */
export const loopWhile = (body: Code, condition: Code): Code => [
  0x03,
  0x40,
  ...body,
  ...condition,
  0x0d,
  0,
  0x0b,
];
export const notEqual = (a: Code, b: Code): Code => [...a, ...b, 0x47];

export interface FunctionShape {
  /** Number of i32 parameters: the first locals, from 0. */
  readonly parameters: number;
  /** Number of i32 locals after the parameters. Vector locals follow them. */
  readonly integers: number;
  readonly vectors: number;
  readonly body: Code;
}

/** A module that imports its memory as `env.memory` and exports one function `run` without a result. */
export function moduleOf(
  shape: FunctionShape,
  memory: { readonly shared: boolean },
): Uint8Array<ArrayBuffer> {
  const code = [2, ...unsigned(shape.integers), 0x7f, ...unsigned(shape.vectors), 0x7b, ...shape.body, 0x0b];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, shape.parameters, ...Array<number>(shape.parameters).fill(0x7f), 0]),
    // Accepts any memory. A shared memory needs a maximum, and 65,536 pages are the most possible.
    ...section(2, [
      1,
      ...text('env'),
      ...text('memory'),
      2,
      ...(memory.shared ? [3, 1, ...unsigned(65536)] : [0, 1]),
    ]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...text('run'), 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}

function vector(opcode: number, ...operands: Code[]): Code {
  return [...operands.flat(), 0xfd, ...unsigned(opcode)];
}

function section(id: number, body: Code): Code {
  return [id, ...unsigned(body.length), ...body];
}

function text(value: string): Code {
  return [...unsigned(value.length), ...Buffer.from(value)];
}

/** LEB128, unsigned. */
function unsigned(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return bytes;
}

function signed(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}
