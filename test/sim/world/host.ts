/**
 * One host on the simulated internet: the Network port of one life of its program. Sent bytes leave by
 * uplink.ts; arriving bytes queue for the downlink.
 *
 * Invariant: an end is in #ends from the dial or the first packet until it is closed, and no fact about it
 * follows. Left to others: reachability (ways.ts), queues of a connection (stream.ts).
 */
import type { ConnectionId, PeerAddress } from '../../../client/engine/contract.ts';
import type { FactSink, Network } from '../../../client/host/ports.ts';
import { Gate } from '../kernel/gate.ts';
import { traceKind } from '../kernel/trace.ts';
import type { Link, Reachability } from './link.ts';
import { addressToward, type Place } from './place.ts';
import { End, Run, type Station } from './stream.ts';
import { Uplink } from './uplink.ts';
import type { Ways } from './ways.ts';

/** When the kernel gives up a dial without an answer; Linux waits twice as long. */
const dialMs = 60_000;

export interface HostOptions {
  readonly address: PeerAddress;
  /** All addresses of the host; `address` alone when missing. */
  readonly place?: Place;
  readonly link: Link;
  readonly sink: FactSink;
  readonly gate?: Gate;
  readonly reachability?: Reachability;
}

export class SimHost implements Network, Station {
  readonly address: PeerAddress;
  readonly addresses: readonly PeerAddress[];
  readonly hairpin: boolean;
  readonly name: string;
  readonly gate: Gate;
  /** Both may be changed while the world runs. */
  reachability: Reachability;
  link: Link;
  readonly #ways: Ways;
  readonly #sink: FactSink;
  readonly #ends = new Map<ConnectionId, End>();
  /** The same by index, for sends: ids are small and dense, and a Map is much slower. */
  readonly #byId: (End | undefined)[] = [];
  readonly #uplink: Uplink;
  #accepted = 1;
  /** When the downlink has taken everything that has come; with fractions. */
  #downUntilMs = 0;

  constructor(ways: Ways, options: HostOptions) {
    const { address, place, link, sink, gate = new Gate(), reachability = 'open' } = options;
    this.address = address;
    this.addresses = place?.addresses ?? [address];
    this.hairpin = place?.hairpin ?? true;
    this.name = place?.isShared === true ? `${address.host} ${address.port}` : address.host;
    this.gate = gate;
    this.reachability = reachability;
    this.link = link;
    this.#ways = ways;
    this.#sink = sink;
    const random = ways.random.of(`host ${address.host}:${address.port}`);
    this.#uplink = new Uplink(this, this.#ends, { ways, gate, sink, random });
  }

  get openCount(): number {
    return this.#ends.size;
  }

  /** For checkers: every open end, with its counters. */
  get ends(): IterableIterator<End> {
    return this.#ends.values();
  }

  // Network -------------------------------------------------------------------------------------------------

  dial(connection: ConnectionId, address: PeerAddress): void {
    const { scheduler } = this.#ways;
    const end = this.#add(connection);
    end.from = addressToward(this.addresses, address.host);
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

  /** The first packet of a connection (SYN) has come. The program is told when the third has. */
  accept(dialer: End): End {
    const end = this.#add(this.#accepted);
    this.#accepted += 2;
    end.other = dialer;
    return end;
  }

  /** The second packet (SYN-ACK) has reached the dialer. */
  #answered(end: End, other: End | undefined, address: PeerAddress): void {
    if (other === undefined || !other.isOpen) return this.lose(end, 'refused');
    if (!end.isOpen) return other.host.forget(other);
    const task = { run: () => this.#answered(end, other, address) };
    if (!this.gate.admits(task)) return;
    end.other = other;
    end.isTold = true;
    this.#uplink.depart(new Run().set(end, 'open'), this.#ways.scheduler.nowMs);
    this.#sink({ type: 'connected', connection: end.connection, address, incoming: false });
  }

  send(connection: ConnectionId, bytes: Uint8Array): void {
    const end = this.#byId[connection];
    if (end === undefined) return;
    this.#trace(traceKind.send, connection, bytes.length);
    end.push(bytes);
    this.goOn(end);
  }

  sendBlock(connection: ConnectionId, header: Uint8Array, payload: Uint8Array): void {
    const end = this.#byId[connection];
    if (end === undefined) return;
    this.#trace(traceKind.sendBlock, connection, payload.length);
    end.pushBlock(header, payload);
    this.goOn(end);
  }

  /** Drops what has not left yet, as the real one does. */
  close(connection: ConnectionId): void {
    const end = this.#ends.get(connection);
    if (end === undefined) return;
    this.#trace(traceKind.close, connection, 0);
    this.forget(end);
    if (end.other === undefined) return;
    const news = new Run().set(end, 'end', 0, undefined, 0, 'closed by peer');
    this.#uplink.depart(news, this.#ways.scheduler.nowMs);
  }

  goOn(end: End): void {
    this.#uplink.goOn(end);
  }

  /** Ends the connection for both sides as an error. */
  reset(end: End): void {
    const { scheduler } = this.#ways;
    const { other } = end;
    scheduler.after(0, () => this.lose(end, 'reset'));
    if (other === undefined) return;
    scheduler.after(this.#ways.awayMs(this, other.host), () => other.host.lose(other, 'reset'));
  }

  // Downlink --------------------------------------------------------------------------------------------

  /** A run has reached this host's downlink. */
  arrive(run: Run): void {
    const { scheduler } = this.#ways;
    this.#downUntilMs = Math.max(scheduler.nowMs, this.#downUntilMs + run.count / this.link.down);
    if (this.#downUntilMs <= scheduler.nowMs && run.from.waitingBelow === 0) return this.take(run);
    run.stage = 'below';
    run.from.waitingBelow += 1;
    scheduler.at(Math.ceil(this.#downUntilMs), run);
  }

  /** A run has passed the downlink: tells the program. */
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
    if (run.kind === 'bytes') run.release();
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
        const { host, port } = run.from.from ?? run.from.host.address;
        // Hosts behind one address use source ports that are far apart.
        const address = { host, port: 40_000 + ((connection + 977 * (port % 32)) % 20_000) };
        return this.#sink({ type: 'connected', connection, address, incoming: true });
      }
    }
  }

  receive(to: End, bytes: Uint8Array, count: number): void {
    to.receivedBytes += count;
    this.#sink({ type: 'received', connection: to.connection, bytes, count });
  }

  // Ends ----------------------------------------------------------------------------------------------------

  /** A connection was ended from outside, or was never established. */
  lose(end: End, reason: string): void {
    if (!end.isOpen) return;
    const task = { run: () => this.lose(end, reason) };
    if (!this.gate.admits(task)) return;
    this.forget(end);
    // An accepting program that never heard of the connection does not hear of its end.
    const isDial = end.connection % 2 === 0;
    if (isDial || end.isTold) this.#sink({ type: 'closed', connection: end.connection, reason });
  }

  #add(connection: ConnectionId): End {
    const end = new End(this, connection);
    this.#ends.set(connection, end);
    // Filled without holes, which would make it a dictionary.
    while (this.#byId.length <= connection) this.#byId.push(undefined);
    this.#byId[connection] = end;
    return end;
  }

  forget(end: End): void {
    end.isOpen = false;
    this.#ends.delete(end.connection);
    this.#byId[end.connection] = undefined;
    end.drop();
  }

  /**
   * The program ends at once. Its kernel closes the connections; after a power cut (`silently`) nothing is
   * sent, and the peers notice by their timeouts.
   */
  crash(silently = false): void {
    this.#ways.leave(this);
    for (const end of [...this.#ends.values()]) {
      if (silently) this.forget(end);
      else this.close(end.connection);
    }
    this.gate.end();
  }

  /**
   * The host stays connected and answers nothing until it is thawed. Bytes that its kernel has taken still
   * leave.
   */
  freeze(): void {
    this.gate.freeze();
  }

  thaw(): void {
    this.gate.thaw();
    this.#uplink.reportAll();
  }

  #trace(kind: number, connection: ConnectionId, value: number): void {
    const { trace } = this.#ways;
    trace.mix(kind);
    trace.mix(connection);
    trace.mix(value);
  }
}
