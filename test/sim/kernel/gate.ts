/**
 * Between the world and one life of a host's program: nothing gets through once it has ended, and while it is frozen
 * what comes waits until it goes on.
 */
import type { Task } from './scheduler.ts';

export class Gate {
  #state: 'open' | 'frozen' | 'ended' = 'open';
  #held: Task[] = [];

  get isEnded(): boolean {
    return this.#state === 'ended';
  }

  get isFrozen(): boolean {
    return this.#state === 'frozen';
  }

  /** Whether the task may happen now. When not, it is kept for later or dropped for good. */
  admits(task: Task): boolean {
    if (this.#state === 'frozen') this.#held.push(task);
    return this.#state === 'open';
  }

  freeze(): void {
    if (this.#state === 'open') this.#state = 'frozen';
  }

  /** Everything that came meanwhile happens now, in its order. */
  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#state = 'open';
    const held = this.#held;
    this.#held = [];
    for (const task of held) task.run();
  }

  end(): void {
    this.#state = 'ended';
    this.#held = [];
  }
}
