/**
 * Feeds a flight recording to a new engine and compares: the same facts at the same times must give the same
 * actions. If they do not, the engine has changed since, or it depends on something that is not a fact.
 */
import type { Action, Fact, PieceBuffer, PieceMemory } from '../../../client/engine/contract.ts';
import { Engine } from '../../../client/engine/engine.ts';
import { ActionDigest } from '../../../client/host/recording/action-digest.ts';
import { RecordingError, readHeader, readLine, type Step } from './recording.ts';

/**
 * How the recording ends: regularly, at its size limit, within a line (the program was killed), or with a
 * failure.
 */
export type ReplayEnd = 'stopped' | 'full' | 'cut-off' | 'threw';

export interface Divergence {
  /** Line of the file, counted from 1. */
  readonly line: number;
  readonly atMs: number;
  readonly fact: Fact;
  /** Digests of all actions so far, or what was thrown. */
  readonly recorded: string;
  readonly replayed: string;
  /** The actions of this engine for that fact. */
  readonly actions: readonly Action[];
}

export interface ReplayResult {
  readonly identical: boolean;
  readonly facts: number;
  /** Seconds from the first fact to the last. */
  readonly seconds: number;
  readonly end: ReplayEnd;
  /** The digest of all actions: equal for equal runs. */
  readonly digest: string;
  /** The first difference. No later fact is fed. */
  readonly divergence: Divergence | undefined;
  /** The failure, when the recording ends with one. */
  readonly threw: string | undefined;
}

/** Throws a RecordingError when this is not a recording or a line of it is invalid. */
export function replay(lines: Iterable<string>): ReplayResult {
  const run = new Replay();
  // A line is fed once the next one is known: only the last line may be cut off.
  let held: string | undefined;
  for (const text of lines) {
    if (text === '') continue;
    if (held !== undefined && !run.feed(held)) return run.result;
    held = text;
  }
  if (held === undefined) throw new RecordingError('recording-unknown', 1, 'the file is empty');
  run.feedLast(held);
  return run.whole();
}

class Replay {
  readonly #digest = new ActionDigest();
  #engine: Engine | undefined;
  #line = 0;
  #facts = 0;
  #firstMs: number | undefined;
  #lastMs = 0;
  #end: ReplayEnd = 'cut-off';
  #divergence: Divergence | undefined;
  #threw: string | undefined;

  get result(): ReplayResult {
    return {
      identical: this.#divergence === undefined,
      facts: this.#facts,
      seconds: (this.#lastMs - (this.#firstMs ?? this.#lastMs)) / 1000,
      end: this.#end,
      digest: this.#digest.text,
      divergence: this.#divergence,
      threw: this.#threw,
    };
  }

  /** The result of a recording that was read to its end. Throws when it was cut off before the first fact. */
  whole(): ReplayResult {
    if (this.#facts > 0 || this.#end !== 'cut-off') return this.result;
    const message = `nothing to replay: the recording breaks off on line ${this.#line}`;
    throw new RecordingError('recording-empty', this.#line, message);
  }

  /** Returns whether the next line is to be fed. */
  feed(text: string): boolean {
    this.#line += 1;
    if (this.#engine === undefined) {
      this.#engine = newEngine(text);
      return true;
    }
    const read = readLine(text, this.#line);
    if ('end' in read) {
      // A recorded failure is the end already.
      if (this.#threw === undefined) this.#end = read.end;
      return false;
    }
    return this.#step(read, this.#engine);
  }

  feedLast(text: string): void {
    try {
      this.feed(text);
    } catch (error) {
      // The program was killed while it wrote this line. All lines before are whole.
      const isCutOff =
        error instanceof RecordingError && error.cause instanceof SyntaxError && this.#line > 1;
      if (!isCutOff) throw error;
    }
  }

  #step({ atMs, fact, actions: recorded, threw, line }: Step, engine: Engine): boolean {
    if (atMs < this.#lastMs) {
      throw new RecordingError(
        'recording-line-invalid',
        line,
        `step/atMs goes back, from ${this.#lastMs} to ${atMs}`,
      );
    }
    this.#firstMs ??= atMs;
    this.#lastMs = atMs;
    this.#facts += 1;
    let actions: readonly Action[] = [];
    let replayed: string;
    try {
      actions = engine.handle(fact, atMs);
      this.#digest.add(actions, engine.wakeAtMs);
      replayed = this.#digest.text;
    } catch (error) {
      replayed = String(error);
    }
    if (threw !== undefined) {
      this.#end = 'threw';
      this.#threw = threw;
    }
    const expected = threw ?? recorded ?? '';
    if (replayed === expected) return true;
    this.#divergence = { line, atMs, fact, recorded: expected, replayed, actions };
    return false;
  }
}

function newEngine(header: string): Engine {
  const options = readHeader(header);
  try {
    return new Engine({ ...options, memory: emptyMemory });
  } catch (cause) {
    throw new RecordingError('recording-line-invalid', 1, (cause as Error).message, cause);
  }
}

/** The engine never reads the bytes it stores. */
const emptyMemory: PieceMemory = {
  allocate: (bytes): PieceBuffer => ({ bytes }),
  write: () => {},
  copy: () => {},
  release: () => {},
};
