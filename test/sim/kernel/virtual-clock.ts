/**
 * The clock of one host: virtual time plus all its jumps, as after a laptop's sleep or the migration of a
 * virtual machine. Like the real one (client/host/system-clock.ts) it never goes back.
 */
import type { Clock, FactSink } from '../../../client/host/ports.ts';
import type { Gate } from './gate.ts';
import type { Scheduler, Task } from './scheduler.ts';

export class VirtualClock implements Clock {
  readonly #scheduler: Scheduler;
  readonly #gate: Gate;
  readonly #sink: FactSink;
  /** The host's time minus virtual time. */
  #aheadMs: number;
  #wantedMs = Number.MAX_SAFE_INTEGER;
  /** The current alarm, in virtual time. An alarm that was replaced does nothing. */
  #alarm: Alarm | undefined;

  constructor(scheduler: Scheduler, gate: Gate, sink: FactSink, aheadMs = 0) {
    this.#scheduler = scheduler;
    this.#gate = gate;
    this.#sink = sink;
    this.#aheadMs = aheadMs;
  }

  nowMs(): number {
    return this.#scheduler.nowMs + this.#aheadMs;
  }

  /** Moves the clock ahead. */
  jump(byMs: number): void {
    if (byMs < 0) throw new RangeError(`a monotonic clock never goes back: ${byMs} ms`);
    this.#aheadMs += byMs;
    this.#alarm = undefined;
    this.#arm();
  }

  wakeAt(atMs: number): void {
    this.#wantedMs = atMs;
    this.#arm();
  }

  #arm(): void {
    if (this.#wantedMs === Number.MAX_SAFE_INTEGER) return;
    const atMs = this.#wantedMs - this.#aheadMs;
    // An alarm that rings too early costs less than replacing it for every fact.
    if (this.#alarm !== undefined && this.#alarm.atMs <= atMs) return;
    this.#alarm = new Alarm(Math.max(atMs, this.#scheduler.nowMs), this);
    this.#scheduler.at(this.#alarm.atMs, this.#alarm);
  }

  /** Called when an alarm's time has come. */
  ring(alarm: Alarm): void {
    if (alarm !== this.#alarm || !this.#gate.admits(alarm)) return;
    this.#alarm = undefined;
    if (this.nowMs() >= this.#wantedMs) this.#sink({ type: 'woke' });
    else this.#arm();
  }
}

class Alarm implements Task {
  readonly atMs: number;
  readonly #clock: VirtualClock;

  constructor(atMs: number, clock: VirtualClock) {
    this.atMs = atMs;
    this.#clock = clock;
  }

  run(): void {
    this.#clock.ring(this);
  }
}
