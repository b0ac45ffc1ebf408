/**
 * Runs inputs of one target in a thread that the runner can kill. The number of the current input is in
 * shared memory, so that the runner can name an input that hangs or runs out of memory.
 */
import { getHeapStatistics } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import { type FuzzTarget, inputHeapBytesMax, inputMsMax, Random } from './fuzz-target.ts';

export interface FuzzJob {
  readonly room: string;
  readonly target: string;
  readonly seed: number;
  readonly first: number;
  readonly count: number;
  /** Slot 0: the number of the current input. */
  readonly progress: Int32Array;
}

/** `input` is the number of the input that broke a rule. */
export interface FuzzFailure {
  readonly input: number;
  readonly reason: string;
}

const { room, target: name, seed, first, count, progress } = workerData as FuzzJob;
const { targets } = (await import(`./${room}.ts`)) as { targets: readonly FuzzTarget[] };
const target = targets.find((candidate) => candidate.name === name)!;
parentPort!.postMessage(runAll());

function runAll(): FuzzFailure | undefined {
  for (let input = first; input < first + count; input++) {
    Atomics.store(progress, 0, input);
    const reason = fault(input);
    if (reason !== undefined) return { input, reason };
  }
  return undefined;
}

function fault(input: number): string | undefined {
  const { elapsedMs, heapBytes, error } = measure(input);
  if (error !== undefined) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (elapsedMs <= inputMsMax && heapBytes <= inputHeapBytesMax) return undefined;
  // A busy machine or a garbage collection may be the cause, so only an input that is slow or large every
  // time is a fault.
  const again = [measure(input), measure(input), measure(input)];
  const fastestMs = Math.min(...again.map((run) => run.elapsedMs));
  const leastBytes = Math.min(...again.map((run) => run.heapBytes));
  if (fastestMs > inputMsMax) return `it takes ${fastestMs.toFixed(0)} ms, and ${inputMsMax} is the most`;
  if (leastBytes > inputHeapBytesMax) return `it takes ${Math.round(leastBytes / 2 ** 20)} MiB of memory`;
  return undefined;
}

function measure(input: number): { elapsedMs: number; heapBytes: number; error?: unknown } {
  const before = used();
  const startedMs = performance.now();
  try {
    target.run(new Random(seed, input));
    return { elapsedMs: performance.now() - startedMs, heapBytes: used() - before };
  } catch (error) {
    return { elapsedMs: 0, heapBytes: 0, error };
  }
}

/** After a garbage collection, the growth may be negative. That is not a fault. */
function used(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}
