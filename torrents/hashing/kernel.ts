/**
 * The common part of the two kernels: four messages at once, one in each lane of a vector. A call runs the
 * compression function over `blocks` blocks of 64 bytes of all four messages, and leaves the states in the
 * context.
 *
 * A context is a part of the same memory: pointers to the messages (advanced by the call), the states word by
 * word with the four lanes side by side, the table of constants, and scratch.
 * Left to others: padding (lanes.ts).                                                              FIPS 180-4
 */
import {
  add,
  type Code,
  get,
  i32,
  i32Add,
  i32Load,
  i32Store,
  load,
  loopWhile,
  set,
  shuffleWords,
  store,
  swapBytes,
} from './wasm-code.ts';

export const lanes = 4;
export const blockBytes = 64;
export const wordsPerBlock = 16;

/** Byte offsets in a context. */
export const pointersAt = 0;
export const statesAt = 64;
export const constantsAt = 256;
export const scratchAt = 512;
/** Scratch of SHA-256: 64 words of the message schedule for four lanes. */
export const contextBytes = scratchAt + 64 * 16;

/** The first locals of each kernel. Vectors follow. */
export const context: Code = get(0);
const blocksLocal = 1;
const pointerLocal = (lane: number) => 2 + lane;
export const firstFreeInteger = 2 + lanes;

const stateAt = (word: number) => statesAt + 16 * word;

/**
 * Loads four words of each message into four locals. The bytes are swapped and the words transposed, so that
 * each vector has one word of all four messages.
 */
export function loadWords(firstWord: number, into: readonly number[], temporary: readonly number[]): Code {
  const [a, b, c, d] = into as [number, number, number, number];
  const [p, q, r, s] = temporary as [number, number, number, number];
  const low = [0, 4, 1, 5];
  const high = [2, 6, 3, 7];
  const lowPair = [0, 1, 4, 5];
  const highPair = [2, 3, 6, 7];
  return [
    ...[a, b, c, d].flatMap((local, lane) => [
      ...set(local, load(get(pointerLocal(lane)), 4 * firstWord)),
      ...set(local, swapBytes(get(local), get(local))),
    ]),
    ...set(p, shuffleWords(get(a), get(b), low)),
    ...set(q, shuffleWords(get(c), get(d), low)),
    ...set(r, shuffleWords(get(a), get(b), high)),
    ...set(s, shuffleWords(get(c), get(d), high)),
    ...set(a, shuffleWords(get(p), get(q), lowPair)),
    ...set(b, shuffleWords(get(p), get(q), highPair)),
    ...set(c, shuffleWords(get(r), get(s), lowPair)),
    ...set(d, shuffleWords(get(r), get(s), highPair)),
  ];
}

/**
 * The body of a kernel: loads the states, runs `rounds` and adds the old state for each block, stores the
 * states.
 */
export function overBlocks(state: readonly number[], rounds: Code): Code {
  const pointers = Array.from({ length: lanes }, (_, lane) => lane);
  return [
    ...pointers.flatMap((lane) => set(pointerLocal(lane), i32Load(context, pointersAt + 4 * lane))),
    ...state.flatMap((local, word) => set(local, load(context, stateAt(word)))),
    ...loopWhile(
      [
        ...rounds,
        ...state.flatMap((local, word) => set(local, add(get(local), load(context, stateAt(word))))),
        ...state.flatMap((local, word) => store(context, stateAt(word), get(local))),
        ...pointers.flatMap((lane) =>
          set(pointerLocal(lane), i32Add(get(pointerLocal(lane)), i32(blockBytes))),
        ),
        ...set(blocksLocal, i32Add(get(blocksLocal), i32(-1))),
      ],
      get(blocksLocal),
    ),
    ...pointers.flatMap((lane) => i32Store(context, pointersAt + 4 * lane, get(pointerLocal(lane)))),
  ];
}
