/**
 * Stands between the world and one life of a host's program. After its end no event passes. While it is
 * frozen, events wait until it continues.
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

  /** Whether the task may run now. If not, it is held until the thaw, or dropped when the life has ended. */
  admits(task: Task): boolean {
    if (this.#state === 'frozen') this.#held.push(task);
    return this.#state === 'open';
  }

  freeze(): void {
    if (this.#state === 'open') this.#state = 'frozen';
  }

  /** Runs all held tasks in their order. */
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
