/**
 * Takes a transfer's steps one after the other until no step is needed. Wishes may change at any moment.
 *
 * Invariant: at most one step is under way. A `find` or `start` that a new wish makes pointless is aborted,
 * and its rejection is not a failure.
 */
import { ClientError } from '../../host/client-error.ts';
import type { Step } from './next-step.ts';

export interface StepPorts {
  /** Undefined: nothing is left to do. */
  next(): Step | undefined;
  take(step: Step, signal: AbortSignal): Promise<void>;
  /** The step failed without being aborted. Afterwards another step may be needed. */
  onFailed(error: Error): void;
  /** A step has begun, or the last one has ended. */
  onStep(): void;
}

export class StepLoop {
  readonly #ports: StepPorts;
  #step: Step | undefined;
  #cut = new AbortController();
  #running: Promise<void> | undefined;

  constructor(ports: StepPorts) {
    this.#ports = ports;
  }

  /** The step that is under way. */
  get step(): Step | undefined {
    return this.#step;
  }

  /** To be called whenever a wish, or a condition of a step, has changed. */
  goOn(): void {
    const isBeginning = this.#step === 'find' || this.#step === 'start';
    if (isBeginning && this.#ports.next() !== this.#step) {
      this.#cut.abort(new ClientError('stopped', 'stopped before it was begun'));
    }
    if (this.#ports.next() !== undefined) this.#running ??= this.#run();
  }

  /** Resolves when no step is under way. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    // The caller finishes first, because steps emit events.
    await undefined;
    for (let step = this.#ports.next(); step !== undefined; step = this.#ports.next()) {
      const cut = new AbortController();
      this.#cut = cut;
      this.#step = step;
      this.#ports.onStep();
      try {
        await this.#ports.take(step, cut.signal);
      } catch (error) {
        if (!cut.signal.aborted) this.#ports.onFailed(error as Error);
      }
      this.#step = undefined;
    }
    this.#running = undefined;
    this.#ports.onStep();
  }
}
