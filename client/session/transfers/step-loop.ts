/**
 * Takes the steps that a transfer needs, one after the other, until none is needed: what is wished may change at any moment.
 *
 * Invariant: at most one step is under way. A beginning that a new wish makes needless is cut short, and what it rejects
 * with then is no failure.
 */
import { ClientError } from '../../host/client-error.ts';
import type { Step } from './next-step.ts';

export interface StepPorts {
  /** Undefined: all is as it is wished. */
  next(): Step | undefined;
  take(step: Step, signal: AbortSignal): Promise<void>;
  /** The step was not cut short, and failed all the same. After it another step is needed, or none. */
  onFailed(error: Error): void;
  /** Another step is under way, or none. */
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

  /** Under way. */
  get step(): Step | undefined {
    return this.#step;
  }

  /** To be called whenever a wish, or what it depends on, has changed. */
  goOn(): void {
    const isBeginning = this.#step === 'find' || this.#step === 'start';
    if (isBeginning && this.#ports.next() !== this.#step) {
      this.#cut.abort(new ClientError('stopped', 'stopped before it was begun'));
    }
    if (this.#ports.next() !== undefined) this.#running ??= this.#run();
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    // The caller has its turn first: what follows are events.
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
