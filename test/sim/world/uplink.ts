/**
 * The uplink of a host: connections take turns, one run of bytes each, as far as their windows allow. The
 * program is told how many of its bytes the kernel has taken.
 */
import type { ConnectionId } from '../../../client/engine/contract.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import type { FactSink } from '../../../client/host/ports.ts';
import type { Gate } from '../kernel/gate.ts';
import { lossMsDefault, socketBytesDefault, windowBytesDefault } from './link.ts';
import { type End, type Run, type Station, travel } from './stream.ts';
import type { Ways } from './ways.ts';

/** What a connection sends in one turn: a block and its header. */
const turnBytes = 16 * 1024 + 13;
/** Fewer taken bytes than this are reported together later: senders have windows of megabytes. */
const reportBytesMin = 8 * 1024;
const reportMs = 1_000;
const perMillion = 1_000_000;

export interface UplinkParts {
  readonly ways: Ways;
  readonly gate: Gate;
  readonly sink: FactSink;
  readonly random: Prng;
}

export class Uplink {
  readonly #host: Station;
  readonly #ends: ReadonlyMap<ConnectionId, End>;
  readonly #parts: UplinkParts;
  /** Ends with something to send, as a linked list in the order of turns. */
  #firstInTurn: End | undefined;
  #lastInTurn: End | undefined;
  /** When the line has sent what it was given; with fractions. */
  #upUntilMs = 0;
  #isPumpSet = false;
  #isReportSet = false;

  /** `ends`: all open ends, for their reports. */
  constructor(host: Station, ends: ReadonlyMap<ConnectionId, End>, parts: UplinkParts) {
    this.#host = host;
    this.#ends = ends;
    this.#parts = parts;
  }

  /** The connection has more to send, or room in its window. */
  goOn(end: End): void {
    if (end.isWaiting || end.other === undefined || end.queuedBytes === 0 || !this.#hasRoom(end)) return;
    this.#wait(end);
    if (!this.#isPumpSet) this.#pump();
  }

  #wait(end: End): void {
    end.isWaiting = true;
    if (this.#lastInTurn === undefined) this.#firstInTurn = end;
    else this.#lastInTurn.nextInTurn = end;
    this.#lastInTurn = end;
  }

  /**
   * Removes an end from the queue. Sends may change the queue during a turn, so it is read anew each time.
   */
  #takeTurn(end: End): void {
    this.#firstInTurn = end.nextInTurn;
    if (this.#firstInTurn === undefined) this.#lastInTurn = undefined;
    end.nextInTurn = undefined;
    end.isWaiting = false;
  }

  /** Whether the window of its connection has room. */
  #hasRoom(end: End): boolean {
    const windowBytes = this.#host.link.windowBytes ?? windowBytesDefault;
    return end.inFlightBytes === 0 || end.inFlightBytes + turnBytes <= windowBytes;
  }

  /** Sends until the line is busy beyond this millisecond. */
  #pump(): void {
    const { nowMs } = this.#parts.ways.scheduler;
    const { up, recut = false, windowBytes = windowBytesDefault } = this.#host.link;
    const most = Math.min(turnBytes, windowBytes);
    for (
      let end = this.#firstInTurn;
      end !== undefined && this.#upUntilMs < nowMs + 1;
      end = this.#firstInTurn
    ) {
      this.#takeTurn(end);
      if (!end.isOpen || end.queuedBytes === 0) continue;
      const run = end.cut(recut ? 1 + this.#parts.random.below(most) : most, recut);
      this.#upUntilMs = Math.max(this.#upUntilMs, nowMs) + run.count / up;
      this.depart(run, this.#upUntilMs);
      if (end.queuedBytes > 0 && this.#hasRoom(end)) this.#wait(end);
      this.#flush(end);
    }
    if (this.#firstInTurn === undefined || this.#isPumpSet) return;
    this.#isPumpSet = true;
    this.#parts.ways.scheduler.at(Math.max(nowMs + 1, Math.floor(this.#upUntilMs)), this.#pumpTask);
  }

  readonly #pumpTask = {
    run: (): void => {
      this.#isPumpSet = false;
      if (!this.#parts.gate.isEnded) this.#pump();
    },
  };

  /** Reports bytes as taken that have left or fit into the kernel's `socketBytes`. */
  #flush(end: End): void {
    const taken = Math.min(
      end.sentBytes,
      end.sentBytes - end.queuedBytes + (this.#host.link.socketBytes ?? socketBytesDefault),
    );
    end.unreportedBytes = taken - end.reportedBytes;
    if (end.unreportedBytes >= reportBytesMin) return this.#report(end);
    if (this.#isReportSet || end.unreportedBytes === 0) return;
    this.#isReportSet = true;
    this.#parts.ways.scheduler.at(this.#parts.ways.scheduler.nowMs + reportMs, this.#reportTask);
  }

  readonly #reportTask = {
    run: (): void => {
      if (!this.#parts.gate.admits(this.#reportTask)) return;
      this.#isReportSet = false;
      this.reportAll();
    },
  };

  reportAll(): void {
    for (const end of this.#ends.values()) if (end.unreportedBytes > 0) this.#report(end);
  }

  #report(end: End): void {
    const bytes = end.unreportedBytes;
    if (this.#parts.gate.isFrozen) return;
    end.unreportedBytes = 0;
    end.reportedBytes += bytes;
    this.#parts.sink({ type: 'flushed', connection: end.connection, bytes });
  }

  /** A run leaves at `departsMs`: it arrives, is held up by a partition, or resets its connection. */
  depart(run: Run, departsMs: number): void {
    const end = run.from;
    const other = end.other!;
    const { jitterMs = 0, lossPpm = 0, lossMs = lossMsDefault, resetPpm = 0 } = this.#host.link;
    let delayMs = this.#parts.ways.awayMs(this.#host, other.host);
    if (jitterMs > 0) delayMs += this.#parts.random.below(jitterMs + 1);
    if (lossPpm > 0 && this.#parts.random.below(perMillion) < lossPpm) {
      delayMs += Math.ceil(lossMs / 2) + this.#parts.random.below(Math.ceil(lossMs / 2));
    }
    if (resetPpm > 0 && this.#parts.random.below(perMillion) < resetPpm) return this.#host.reset(end);
    if (this.#parts.ways.isBlocked(this.#host, other.host)) this.#parts.ways.park(run);
    else travel(this.#parts.ways.scheduler, run, departsMs + delayMs);
  }
}
