/**
 * One host on the simulated internet: the Network port of the program that runs on it, for as long as that program
 * lives. Connections take turns on the line up, a run of bytes each; what arrives queues for the line down.
 *
 * Invariant: an end is in #ends from the dial or the first packet until it is closed, and nothing is told of it after.
 * Left to others: who may reach whom (ways.ts), what waits on a connection (stream.ts).
 */
import type { ConnectionId, PeerAddress } from '../../../client/engine/contract.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import type { FactSink, Network } from '../../../client/host/ports.ts';
import { Gate } from '../kernel/gate.ts';
import { traceKind } from '../kernel/trace.ts';
import {
  type Link,
  lossMsDefault,
  type Reachability,
  socketBytesDefault,
  windowBytesDefault,
} from './link.ts';
import { End, Run, type Station, travel } from './stream.ts';
import type { Ways } from './ways.ts';

/** What a connection sends before it is another one's turn: a block and its header. */
const turnBytes = 16 * 1024 + 13;
/** Less than this that has left is told later, together: it matters to nobody who has a window of megabytes. */
const reportBytesMin = 8 * 1024;
const reportMs = 1_000;
/** When the kernel gives a dial up that nobody answers; Linux waits twice as long. */
const dialMs = 60_000;
const perMillion = 1_000_000;

export interface HostOptions {
  readonly address: PeerAddress;
  readonly link: Link;
  readonly sink: FactSink;
  readonly gate?: Gate;
  readonly reachability?: Reachability;
}

export class SimHost implements Network, Station {
  readonly address: PeerAddress;
  readonly gate: Gate;
  /** Both may be changed while the world runs. */
  reachability: Reachability;
  link: Link;
  readonly #ways: Ways;
  readonly #sink: FactSink;
  readonly #random: Prng;
  readonly #ends = new Map<ConnectionId, End>();
  /** Ends with something to send, in turn. */
  readonly #turns: End[] = [];
  #accepted = 1;
  /** When the line up has sent what it was given, and the line down has taken what came; with fractions. */
  #upUntilMs = 0;
  #downUntilMs = 0;
  #isPumpSet = false;
  #isReportSet = false;

  constructor(ways: Ways, { address, link, sink, gate = new Gate(), reachability = 'open' }: HostOptions) {
    this.address = address;
    this.gate = gate;
    this.reachability = reachability;
    this.link = link;
    this.#ways = ways;
    this.#sink = sink;
    this.#random = ways.random.of(`host ${address.host}:${address.port}`);
  }

  get openCount(): number {
    return this.#ends.size;
  }

  /** For checkers: every open end, with its counters. */
  get ends(): IterableIterator<End> {
    return this.#ends.values();
  }

  // Network ---------------------------------------------------------------------------------------------------------

  dial(connection: ConnectionId, address: PeerAddress): void {
    const { scheduler } = this.#ways;
    const end = new End(this, connection);
    this.#ends.set(connection, end);
    this.#trace(traceKind.dial, connection, address.port);
    const awayMs = this.#ways.awayMs(this, this.#ways.find(address) ?? this);
    const answer = this.#ways.answerTo(this, address);
    if (answer === 'silent') return void scheduler.after(dialMs, () => this.lose(end, 'timed out'));
    if (answer === 'refuses') return void scheduler.after(2 * awayMs, () => this.lose(end, 'refused'));
    scheduler.after(awayMs, () => {
      const other = this.#ways.find(address)?.accept(end);
      scheduler.after(awayMs, () => this.#answered(end, other, address));
    });
  }

  /** The first packet of a connection has come. The program here is told when the third has. */
  accept(dialer: End): End {
    const end = new End(this, this.#accepted);
    this.#accepted += 2;
    end.other = dialer;
    this.#ends.set(end.connection, end);
    return end;
  }

  /** The second packet is back at the one who dialed. */
  #answered(end: End, other: End | undefined, address: PeerAddress): void {
    if (other === undefined || !other.isOpen) return this.lose(end, 'refused');
    if (!end.isOpen) return other.host.forget(other);
    const task = { run: () => this.#answered(end, other, address) };
    if (!this.gate.admits(task)) return;
    end.other = other;
    end.isTold = true;
    this.#depart(new Run(end, 'open'), this.#ways.scheduler.nowMs);
    this.#sink({ type: 'connected', connection: end.connection, address, incoming: false });
  }

  send(connection: ConnectionId, bytes: Uint8Array): void {
    const end = this.#ends.get(connection);
    if (end === undefined) return;
    this.#trace(traceKind.send, connection, bytes.length);
    end.push(bytes);
    this.goOn(end);
  }

  sendBlock(connection: ConnectionId, header: Uint8Array, payload: Uint8Array): void {
    const end = this.#ends.get(connection);
    if (end === undefined) return;
    this.#trace(traceKind.sendBlock, connection, payload.length);
    end.pushBlock(header, payload);
    this.goOn(end);
  }

  /** What was not yet on the line is dropped, as the real one does. */
  close(connection: ConnectionId): void {
    const end = this.#ends.get(connection);
    if (end === undefined) return;
    this.#trace(traceKind.close, connection, 0);
    this.forget(end);
    if (end.other === undefined) return;
    this.#depart(new Run(end, 'end', 0, undefined, 0, 'closed by peer'), this.#ways.scheduler.nowMs);
  }

  // The line up -----------------------------------------------------------------------------------------------------

  goOn(end: End): void {
    if (end.isWaiting || end.other === undefined || end.queuedBytes === 0 || !this.#hasRoom(end)) return;
    end.isWaiting = true;
    this.#turns.push(end);
    if (!this.#isPumpSet) this.#pump();
  }

  /** The window of its connection lets it send. */
  #hasRoom(end: End): boolean {
    const windowBytes = this.link.windowBytes ?? windowBytesDefault;
    return end.inFlightBytes === 0 || end.inFlightBytes + turnBytes <= windowBytes;
  }

  /** Sends until the line is busy beyond this millisecond. */
  #pump(): void {
    const { nowMs } = this.#ways.scheduler;
    const { up, recut = false, windowBytes = windowBytesDefault } = this.link;
    const most = Math.min(turnBytes, windowBytes);
    const turns = this.#turns;
    let next = 0;
    while (next < turns.length && this.#upUntilMs < nowMs + 1) {
      const end = turns[next++]!;
      end.isWaiting = false;
      if (!end.isOpen || end.queuedBytes === 0) continue;
      const run = end.cut(recut ? 1 + this.#random.below(most) : most, recut);
      this.#upUntilMs = Math.max(this.#upUntilMs, nowMs) + run.count / up;
      this.#depart(run, this.#upUntilMs);
      if (end.queuedBytes > 0 && this.#hasRoom(end)) {
        end.isWaiting = true;
        turns.push(end);
      }
      this.#flush(end);
    }
    if (next === 1) turns.shift();
    else turns.splice(0, next);
    if (turns.length === 0) return;
    this.#isPumpSet = true;
    this.#ways.scheduler.at(Math.max(nowMs + 1, Math.floor(this.#upUntilMs)), this.#pumpTask);
  }

  readonly #pumpTask = {
    run: (): void => {
      this.#isPumpSet = false;
      if (!this.gate.isEnded) this.#pump();
    },
  };

  /** So much of what was sent has left for the kernel, which holds `socketBytes` of it. */
  #flush(end: End): void {
    const taken = Math.min(
      end.sentBytes,
      end.sentBytes - end.queuedBytes + (this.link.socketBytes ?? socketBytesDefault),
    );
    end.unreportedBytes = taken - end.reportedBytes;
    if (end.unreportedBytes >= reportBytesMin) return this.#report(end);
    if (this.#isReportSet || end.unreportedBytes === 0) return;
    this.#isReportSet = true;
    this.#ways.scheduler.at(this.#ways.scheduler.nowMs + reportMs, this.#reportTask);
  }

  readonly #reportTask = {
    run: (): void => {
      if (!this.gate.admits(this.#reportTask)) return;
      this.#isReportSet = false;
      for (const end of this.#ends.values()) if (end.unreportedBytes > 0) this.#report(end);
    },
  };

  #report(end: End): void {
    const bytes = end.unreportedBytes;
    if (this.gate.isFrozen) return;
    end.unreportedBytes = 0;
    end.reportedBytes += bytes;
    this.#sink({ type: 'flushed', connection: end.connection, bytes });
  }

  /** A run leaves at `departsMs`: it arrives, is held up, or takes its connection with it. */
  #depart(run: Run, departsMs: number): void {
    const end = run.from;
    const other = end.other!;
    const { jitterMs = 0, lossPpm = 0, lossMs = lossMsDefault, resetPpm = 0 } = this.link;
    let delayMs = this.#ways.awayMs(this, other.host);
    if (jitterMs > 0) delayMs += this.#random.below(jitterMs + 1);
    if (lossPpm > 0 && this.#random.below(perMillion) < lossPpm) {
      delayMs += Math.ceil(lossMs / 2) + this.#random.below(Math.ceil(lossMs / 2));
    }
    if (resetPpm > 0 && this.#random.below(perMillion) < resetPpm) return this.reset(end);
    if (this.#ways.isBlocked(this, other.host)) this.#ways.park(run);
    else travel(this.#ways.scheduler, run, departsMs + delayMs);
  }

  /** The connection is over for both sides, and neither meant it. */
  reset(end: End): void {
    const { scheduler } = this.#ways;
    const { other } = end;
    scheduler.after(0, () => this.lose(end, 'reset'));
    if (other === undefined) return;
    scheduler.after(this.#ways.awayMs(this, other.host), () => other.host.lose(other, 'reset'));
  }

  // The line down ---------------------------------------------------------------------------------------------------

  /** A run has come to this host's line. */
  arrive(run: Run): void {
    const { scheduler } = this.#ways;
    this.#downUntilMs = Math.max(scheduler.nowMs, this.#downUntilMs + run.count / this.link.down);
    if (this.#downUntilMs <= scheduler.nowMs && run.from.waitingBelow === 0) return this.take(run);
    run.stage = 'below';
    run.from.waitingBelow += 1;
    scheduler.at(Math.ceil(this.#downUntilMs), run);
  }

  /** A run is through the line: the program hears of it. */
  take(run: Run): void {
    const { from } = run;
    if (run.stage === 'below') from.waitingBelow -= 1;
    run.stage = 'here';
    if (this.gate.isEnded) return this.#ways.answerForDead(this, run);
    if (!this.gate.admits(run)) return;
    from.inFlightBytes -= run.count;
    const to = from.other!;
    if (to.isOpen) this.#hear(run, to);
    if (from.isOpen) from.host.goOn(from);
  }

  #hear(run: Run, to: End): void {
    switch (run.kind) {
      case 'bytes':
        return run.deliver(to, run.from.host.link.recut === true);
      case 'end':
        return this.lose(to, run.reason);
      case 'open': {
        to.isTold = true;
        const { connection } = to;
        const address = { host: run.from.host.address.host, port: 40_000 + (connection % 20_000) };
        return this.#sink({ type: 'connected', connection, address, incoming: true });
      }
    }
  }

  receive(to: End, bytes: Uint8Array, count: number): void {
    to.receivedBytes += count;
    this.#sink({ type: 'received', connection: to.connection, bytes, count });
  }

  // Ends ------------------------------------------------------------------------------------------------------------

  /** A connection has ended without us, or never came to be. */
  lose(end: End, reason: string): void {
    if (!end.isOpen) return;
    const task = { run: () => this.lose(end, reason) };
    if (!this.gate.admits(task)) return;
    this.forget(end);
    // Whoever was called and never told of it is not told of its end.
    const isDial = end.connection % 2 === 0;
    if (isDial || end.isTold) this.#sink({ type: 'closed', connection: end.connection, reason });
  }

  forget(end: End): void {
    end.isOpen = false;
    this.#ends.delete(end.connection);
    end.drop();
  }

  /**
   * The program is gone from one moment to the next. Its kernel says so to the others; when the power went (`silently`)
   * nobody does, and they find out when they next hear nothing.
   */
  crash(silently = false): void {
    this.#ways.leave(this);
    for (const end of [...this.#ends.values()]) {
      if (silently) this.forget(end);
      else this.close(end.connection);
    }
    this.gate.end();
  }

  /** It stays connected and answers nothing, until it is thawed. What its kernel has taken still leaves. */
  freeze(): void {
    this.gate.freeze();
  }

  thaw(): void {
    this.gate.thaw();
    for (const end of [...this.#ends.values()]) if (end.unreportedBytes > 0) this.#report(end);
  }

  #trace(kind: number, connection: ConnectionId, value: number): void {
    const { trace } = this.#ways;
    trace.mix(kind);
    trace.mix(connection);
    trace.mix(value);
  }
}
