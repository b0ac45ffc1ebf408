/**
 * Virtual time: tasks in the order of (time, sequence), and a clock that jumps from one to the next. It never sleeps.
 *
 * The near future is a wheel of one slot a millisecond: putting a task in and taking it out cost the same however many
 * wait. What lies beyond the wheel is in a heap, and moves onto the wheel before anything else can be put beside it, so
 * that tasks of one millisecond keep the order in which they were put. The tasks of a slot are a linked list, and all
 * slots share the places of these lists: memory is for those that wait at one time, wherever the busy moments lie.
 * Invariant: every waiting task is in one of the two; #overflow holds nothing earlier than nowMs + horizonMs.
 */

/** Something that happens at its time. An object rather than a closure: the busy kinds are used again and again. */
export interface Task {
  run(): void;
}

/** Four seconds: network, disk and ticks lie within; a power of two. */
const horizonMs = 4096;
const slotMask = horizonMs - 1;
/** No place. */
const none = -1;

interface Distant {
  readonly atMs: number;
  readonly sequence: number;
  readonly task: Task;
}

export class Scheduler {
  /** Events so far. */
  events = 0;
  #nowMs = 0;
  #sequence = 0;
  /** By slot: the places of its first and last task; the last is of no meaning while there is no first. */
  readonly #first = new Int32Array(horizonMs).fill(none);
  readonly #last = new Int32Array(horizonMs);
  /** By place: its task, and the place after it in its slot, or among those that are free. */
  readonly #tasks: Task[] = [];
  readonly #next: number[] = [];
  #free = none;
  #onWheel = 0;
  /** One bit a slot that holds something. */
  readonly #occupied = new Uint32Array(horizonMs / 32);
  readonly #overflow: Distant[] = [];

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Tasks that wait. */
  get pending(): number {
    return this.#onWheel + this.#overflow.length;
  }

  /** `task` runs at `atMs`, an integer; the past counts as now. */
  at(atMs: number, task: Task): void {
    if (!Number.isInteger(atMs)) throw new RangeError(`virtual time is whole milliseconds: ${atMs}`);
    if (atMs < this.#nowMs + horizonMs) this.#put(atMs <= this.#nowMs ? this.#nowMs : atMs, task);
    else pushDistant(this.#overflow, { atMs, sequence: this.#sequence++, task });
  }

  /** Runs `run` at nowMs + delayMs; answers how to take it back. */
  after(delayMs: number, run: () => void): () => void {
    const task = { run };
    this.at(this.#nowMs + delayMs, task);
    return () => {
      task.run = nothing;
    };
  }

  /** Runs until `done`, or until nothing is left, or until `untilMs`. Answers whether it is done. */
  run(done: () => boolean, untilMs: number): boolean {
    while (!done()) {
      const slot = this.#nowMs & slotMask;
      const place = this.#first[slot]!;
      if (place !== none) {
        this.#first[slot] = this.#next[place]!;
        const task = this.#leave(place);
        this.events += 1;
        task.run();
        continue;
      }
      this.#occupied[slot >> 5]! &= ~(1 << (slot & 31));
      const nextMs = this.#nextMs();
      if (nextMs > untilMs) {
        this.#advance(Math.max(this.#nowMs, untilMs));
        return false;
      }
      this.#advance(nextMs);
    }
    return true;
  }

  #put(atMs: number, task: Task): void {
    const slot = atMs & slotMask;
    const place = this.#enter(task);
    if (this.#first[slot] === none) this.#first[slot] = place;
    else this.#next[this.#last[slot]!] = place;
    this.#last[slot] = place;
    this.#occupied[slot >> 5]! |= 1 << (slot & 31);
  }

  /** Answers its place, with none after it. The one that was left last is taken first: it is still near the processor. */
  #enter(task: Task): number {
    this.#onWheel += 1;
    const place = this.#free;
    if (place === none) {
      this.#next.push(none);
      return this.#tasks.push(task) - 1;
    }
    this.#free = this.#next[place]!;
    this.#next[place] = none;
    this.#tasks[place] = task;
    return place;
  }

  #leave(place: number): Task {
    const task = this.#tasks[place]!;
    // What has run must not be kept alive by the place it had.
    this.#tasks[place] = idle;
    this.#next[place] = this.#free;
    this.#free = place;
    this.#onWheel -= 1;
    return task;
  }

  #advance(nowMs: number): void {
    this.#nowMs = nowMs;
    while (this.#overflow.length > 0 && this.#overflow[0]!.atMs < nowMs + horizonMs) {
      const { atMs, task } = popDistant(this.#overflow)!;
      this.#put(atMs, task);
    }
  }

  /** When the next task is due; the current slot is empty. */
  #nextMs(): number {
    const first = this.#nowMs & slotMask;
    for (let word = 0; word <= this.#occupied.length; word++) {
      const index = ((first >> 5) + word) % this.#occupied.length;
      let bits = this.#occupied[index]!;
      // The word of the present is looked at twice: what lies ahead in it first, what has come round last.
      if (word === 0) bits &= -1 << (first & 31);
      else if (word === this.#occupied.length) bits &= ~(-1 << (first & 31));
      if (bits === 0) continue;
      const slot = index * 32 + (31 - Math.clz32(bits & -bits));
      return this.#nowMs + ((slot - first) & slotMask);
    }
    return this.#overflow[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }
}

const nothing = (): void => {};
const idle: Task = { run: nothing };

function pushDistant(heap: Distant[], added: Distant): void {
  let at = heap.length;
  heap.push(added);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(added, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = added;
}

function popDistant(heap: Distant[]): Distant | undefined {
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

function isBefore(a: Distant, b: Distant): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);
}
