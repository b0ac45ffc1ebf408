/**
 * Virtual time: events in the order of (time, sequence), and a clock that jumps from one to the next. It never sleeps.
 */
import type { Clock, FactSink } from '../../client/host/ports.ts';

interface Event {
  readonly atMs: number;
  readonly sequence: number;
  run: () => void;
}

export class Scheduler {
  nowMs = 0;
  #sequence = 0;
  /** A binary heap. */
  readonly #heap: Event[] = [];

  /** Runs `run` at nowMs + delayMs; answers how to take it back. */
  after(delayMs: number, run: () => void): () => void {
    const event: Event = { atMs: this.nowMs + delayMs, sequence: this.#sequence++, run };
    this.#push(event);
    return () => {
      event.run = () => {};
    };
  }

  /** Runs until `done`, or until nothing is left, or until `untilMs`. Answers whether it is done. */
  run(done: () => boolean, untilMs: number): boolean {
    while (!done()) {
      if (this.#heap.length === 0 || this.#heap[0]!.atMs > untilMs) {
        this.nowMs = Math.max(this.nowMs, untilMs);
        return false;
      }
      const event = this.#pop()!;
      this.nowMs = event.atMs;
      event.run();
    }
    return true;
  }

  /** A clock of its own for each simulated host. */
  clock(sink: FactSink): Clock {
    let cancel = () => {};
    let armedMs = Number.MAX_SAFE_INTEGER;
    return {
      nowMs: () => this.nowMs,
      wakeAt: (atMs) => {
        if (atMs === armedMs) return;
        cancel();
        armedMs = atMs;
        if (atMs === Number.MAX_SAFE_INTEGER) return;
        cancel = this.after(Math.max(0, atMs - this.nowMs), () => {
          armedMs = Number.MAX_SAFE_INTEGER;
          sink({ type: 'woke' });
        });
      },
    };
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);
}
