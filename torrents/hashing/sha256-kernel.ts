/**
 * SHA-256 of four messages at once. A loop runs eight unrolled rounds per turn: fully unrolled, the code
 * outgrows the processor's cache of decoded instructions (measured). The message schedule is in the scratch
 * of the context.
 */
import {
  constantsAt,
  context,
  firstFreeInteger,
  lanes,
  loadWords,
  overBlocks,
  scratchAt,
  wordsPerBlock,
} from './kernel.ts';
import {
  add,
  and,
  type Code,
  get,
  i32,
  i32Add,
  load,
  loadSplat,
  loopWhile,
  moduleOf,
  notEqual,
  set,
  shiftLeft,
  shiftRight,
  store,
  xor,
} from './wasm-code.ts';

export const sha256InitialState = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
] as const;

/** The first 32 bits of the fractions of the cube roots of the first 64 primes, computed exactly. */
export const sha256Constants: readonly number[] = primes(64).map((prime) =>
  Number(cubeRoot(BigInt(prime) << 96n) & 0xffffffffn),
);

const rounds = 64;
const unrolled = 8;
const stateWords = sha256InitialState.length;
/** Integer locals: the addresses of the schedule and constants of the current rounds. */
const scheduleLocal = firstFreeInteger;
const constantLocal = firstFreeInteger + 1;
const integers = lanes + 2;
const state = 2 + integers;
const temporary = state + stateWords;
/** a ^ b of this round and of the one before: majority(a, b, c) needs both. */
const pair = temporary + 8;
const vectors = pair + 2 - state;

export function sha256Kernel(memory: { readonly shared: boolean }): Uint8Array<ArrayBuffer> {
  const stateLocals = range(state, stateWords);
  const loads = [0, 4, 8, 12].flatMap((word) => [
    ...loadWords(word, range(temporary, 4), range(temporary + 4, 4)),
    ...range(temporary, 4).flatMap((local, index) =>
      store(context, scratchAt + 16 * (word + index), get(local)),
    ),
  ]);
  const body: Code = [
    ...loads,
    ...set(pair + 1, xor(get(state + 1), get(state + 2))),
    ...set(scheduleLocal, context),
    ...set(constantLocal, context),
    ...loopWhile(roundsFrom(false), notEqual(get(constantLocal), i32Add(context, i32(4 * wordsPerBlock)))),
    ...loopWhile(roundsFrom(true), notEqual(get(constantLocal), i32Add(context, i32(4 * rounds)))),
  ];
  return moduleOf({ parameters: 2, integers, vectors, body: overBlocks(stateLocals, body) }, memory);
}

/** Eight rounds. After eight rotations the state words are back in their first locals. */
function roundsFrom(scheduled: boolean): Code {
  const code: number[] = [];
  let [a, b, c, d, e, f, g, h] = range(state, 8) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  let [ab, bc] = [pair, pair + 1];
  for (let round = 0; round < unrolled; round++) {
    const at = scratchAt + 16 * round;
    const word = scheduled ? get(temporary + 2) : load(get(scheduleLocal), at);
    if (scheduled) code.push(...schedule(at));
    code.push(
      ...set(h, add(get(h), add(word, loadSplat(get(constantLocal), constantsAt + 4 * round)))),
      ...set(h, add(get(h), xor(get(g), and(get(e), xor(get(f), get(g)))))),
      ...set(h, add(get(h), rotations(e, [6, 11, 25]))),
      ...set(d, add(get(d), get(h))),
      ...set(ab, xor(get(a), get(b))),
      // majority(a, b, c) = b ^ ((a ^ b) & (b ^ c)), and this a ^ b is the next round's b ^ c.
      ...set(h, add(get(h), xor(get(b), and(get(ab), get(bc))))),
      ...set(h, add(get(h), rotations(a, [2, 13, 22]))),
    );
    [ab, bc] = [bc, ab];
    [a, b, c, d, e, f, g, h] = [h, a, b, c, d, e, f, g];
  }
  return [
    ...code,
    ...set(constantLocal, i32Add(get(constantLocal), i32(4 * unrolled))),
    ...set(scheduleLocal, i32Add(get(scheduleLocal), i32(16 * unrolled))),
  ];
}

/** A word of the schedule from those 16, 15, 7 and 2 words before it: stored, and left in a local. */
function schedule(at: number): Code {
  const back = (distance: number) => load(get(scheduleLocal), at - 16 * distance);
  const [w15, w2, word] = range(temporary, 3) as [number, number, number];
  return [
    ...set(w15, back(15)),
    ...set(w2, back(2)),
    ...set(
      word,
      add(
        add(back(16), back(7)),
        add(
          xor(rotations(w15, [7, 18]), shiftRight(get(w15), 3)),
          xor(rotations(w2, [17, 19]), shiftRight(get(w2), 10)),
        ),
      ),
    ),
    ...store(get(scheduleLocal), at, get(word)),
  ];
}

/** The XOR of a word rotated right by each of `bits`, without computing each rotation. */
function rotations(local: number, bits: readonly number[]): Code {
  return xor(...bits.flatMap((count) => [shiftRight(get(local), count), shiftLeft(get(local), 32 - count)]));
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

function primes(count: number): number[] {
  const found: number[] = [];
  for (let candidate = 2; found.length < count; candidate++) {
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate);
  }
  return found;
}

/** The integer part, by bisection. Doubles are not exact enough. */
function cubeRoot(value: bigint): bigint {
  let low = 0n;
  let high = value;
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (middle ** 3n <= value) low = middle;
    else high = middle - 1n;
  }
  return low;
}
