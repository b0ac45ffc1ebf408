/**
 * SHA-1 of four messages at once. All 80 rounds are unrolled, and the message schedule stays in locals. With
 * five state words and a ring of sixteen words, V8 compiles this best (measured against rolled loops and a
 * schedule in memory).
 */
import { firstFreeInteger, lanes, loadWords, overBlocks, wordsPerBlock } from './kernel.ts';
import { add, and, type Code, get, moduleOf, rotateLeft, set, splat, xor } from './wasm-code.ts';

export const sha1InitialState = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0] as const;
const constants = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6] as const;

const stateWords = sha1InitialState.length;
const state = firstFreeInteger;
const ring = state + stateWords;
const constant = ring + wordsPerBlock;
const temporary = constant + constants.length;
const locals = { state: range(state, stateWords), temporary: range(temporary, 4) };

export function sha1Kernel(memory: { readonly shared: boolean }): Uint8Array<ArrayBuffer> {
  const rounds: number[] = [];
  let [a, b, c, d, e] = locals.state as [number, number, number, number, number];
  for (let round = 0; round < 80; round++) {
    const word = get(ring + (round % 16));
    if (round < 16 && round % 4 === 0)
      rounds.push(...loadWords(round, range(ring + round, 4), locals.temporary));
    if (round >= 16) {
      const back = (distance: number) => get(ring + ((round - distance) & 15));
      rounds.push(...set(temporary, xor(back(16), back(14), back(8), back(3))));
      rounds.push(...set(ring + (round % 16), rotateLeft(get(temporary), 1)));
    }
    const quarter = Math.floor(round / 20);
    rounds.push(
      ...set(e, add(get(e), add(word, get(constant + quarter)))),
      ...mix(quarter, e, b, c, d),
      ...set(e, add(get(e), rotateLeft(get(a), 5))),
      ...set(b, rotateLeft(get(b), 30)),
    );
    [a, b, c, d, e] = [e, a, b, c, d];
  }
  return moduleOf(
    {
      parameters: 2,
      integers: lanes,
      vectors: temporary + 4 - state,
      body: [
        ...constants.flatMap((value, index) => set(constant + index, splat(value))),
        ...overBlocks(locals.state, rounds),
      ],
    },
    memory,
  );
}

/**
 * Adds the round function of b, c and d to e. Choose and majority have the forms with the fewest operations.
 */
function mix(quarter: number, e: number, b: number, c: number, d: number): Code {
  const [B, C, D] = [get(b), get(c), get(d)];
  if (quarter === 0) return set(e, add(get(e), xor(D, and(B, xor(C, D)))));
  // The two halves of a majority never share a set bit, so adding both equals their OR.
  if (quarter === 2) return [...set(e, add(get(e), and(C, D))), ...set(e, add(get(e), and(B, xor(C, D))))];
  return set(e, add(get(e), xor(B, xor(C, D))));
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
