/**
 * Virtual time: tasks run in the order of (time, sequence), and the clock jumps from one to the next. It
 * never sleeps.
 *
 * The near future is a wheel with one slot a millisecond: adding and taking a task cost the same however many
 * wait. Tasks beyond the wheel are in a heap. They move onto the wheel before another task can be added for
 * their time, so that tasks of one millisecond keep the order in which they were scheduled. The tasks of a
 * slot are a linked list, and all slots share the places of these lists: memory depends on the number of
 * waiting tasks only.
 *
 * Invariant: every waiting task is in one of the two; #overflow holds nothing earlier than nowMs + horizonMs.
 */

/** Runs at its time. An object rather than a closure: the frequent kinds are reused. */
export interface Task {
  run(): void;
}

/** About four seconds: network, disk and ticks lie within. A power of two. */
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
  /** Tasks run so far. */
  events = 0;
  #nowMs = 0;
  #sequence = 0;
  /** By slot: the places of its first and last task. The last is meaningless while there is no first. */
  readonly #first = new Int32Array(horizonMs).fill(none);
  readonly #last = new Int32Array(horizonMs);
  /** By place: its task, and the next place in its slot or in the free list. */
  readonly #tasks: Task[] = [];
  readonly #next: number[] = [];
  #free = none;
  #onWheel = 0;
  /** One bit a slot, set while the slot may hold a task. */
  readonly #occupied = new Uint32Array(horizonMs / 32);
  readonly #overflow: Distant[] = [];

  get nowMs(): number {
    return this.#nowMs;
  }

  /** The number of waiting tasks. */
  get pending(): number {
    return this.#onWheel + this.#overflow.length;
  }

  /** Runs `task` at `atMs`, an integer. A time in the past means now. */
  at(atMs: number, task: Task): void {
    if (!Number.isInteger(atMs)) throw new RangeError(`virtual time is whole milliseconds: ${atMs}`);
    if (atMs < this.#nowMs + horizonMs) this.#put(atMs <= this.#nowMs ? this.#nowMs : atMs, task);
    else pushDistant(this.#overflow, { atMs, sequence: this.#sequence++, task });
  }

  /** Runs `run` at nowMs + delayMs. Returns the function that cancels it. */
  after(delayMs: number, run: () => void): () => void {
    const task = { run };
    this.at(this.#nowMs + delayMs, task);
    return () => {
      task.run = nothing;
    };
  }

  /** Runs until `done` holds, no task is left, or `untilMs` is reached. Returns whether `done` holds. */
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

  /**
   * Returns the task's place, with no place after it. The place freed last is used first: it is still in the
   * processor's cache.
   */
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
    // The place must not keep the finished task alive.
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

  /** The time of the next task; the current slot is empty. */
  #nextMs(): number {
    const first = this.#nowMs & slotMask;
    for (let word = 0; word <= this.#occupied.length; word++) {
      const index = ((first >> 5) + word) % this.#occupied.length;
      let bits = this.#occupied[index]!;
      // The present word is read twice: first its slots ahead, last its slots that have wrapped around.
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
