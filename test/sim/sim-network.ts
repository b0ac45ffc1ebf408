/**
 * Streams between simulated hosts: every link has a latency and a rate, and the stream is cut anew at the seed's
 * whim, so that no decoder may rely on where a message begins.
 */
import type { ConnectionId, PeerAddress } from '../../client/engine/contract.ts';
import { Prng } from '../../client/engine/prng.ts';
import type { FactSink, Network } from '../../client/host/ports.ts';
import type { Scheduler } from './scheduler.ts';

export interface Link {
  readonly latencyMs: number;
  /** What the host can send, in bytes per ms. */
  readonly bytesPerMs: number;
}

/** One end of a connection. */
interface End {
  readonly host: SimHost;
  readonly connection: ConnectionId;
  other: End | undefined;
  open: boolean;
}

export class SimInternet {
  readonly scheduler: Scheduler;
  readonly random: Prng;
  readonly #hosts = new Map<string, SimHost>();

  constructor(scheduler: Scheduler, seed: number) {
    this.scheduler = scheduler;
    this.random = new Prng(seed);
  }

  /** A host that others can dial at this address. */
  join(address: PeerAddress, link: Link, sink: FactSink): SimHost {
    const host = new SimHost(this, address, link, sink);
    this.#hosts.set(name(address), host);
    return host;
  }

  find(address: PeerAddress): SimHost | undefined {
    return this.#hosts.get(name(address));
  }

  leave(host: SimHost): void {
    this.#hosts.delete(name(host.address));
  }
}

export class SimHost implements Network {
  readonly address: PeerAddress;
  readonly #internet: SimInternet;
  readonly #link: Link;
  readonly #sink: FactSink;
  readonly #ends = new Map<ConnectionId, End>();
  #accepted = 1;
  #alive = true;
  /** When the uplink has sent what was given to it so far. */
  #busyUntilMs = 0;
  #carry = 0;

  constructor(internet: SimInternet, address: PeerAddress, link: Link, sink: FactSink) {
    this.address = address;
    this.#internet = internet;
    this.#link = link;
    this.#sink = sink;
  }

  get openCount(): number {
    return this.#ends.size;
  }

  dial(connection: ConnectionId, address: PeerAddress): void {
    const end: End = { host: this, connection, other: undefined, open: true };
    this.#ends.set(connection, end);
    const { scheduler } = this.#internet;
    scheduler.after(2 * this.#link.latencyMs, () => {
      if (!end.open) return;
      const target = this.#internet.find(address);
      if (target === undefined) return this.#end(end, 'refused');
      end.other = target.#accept(end);
      this.#sink({ type: 'connected', connection, address, incoming: false });
    });
  }

  #accept(other: End): End {
    const connection = this.#accepted;
    this.#accepted += 2;
    const end: End = { host: this, connection, other, open: true };
    this.#ends.set(connection, end);
    const address = { host: other.host.address.host, port: 40_000 + connection };
    this.#sink({ type: 'connected', connection, address, incoming: true });
    return end;
  }

  send(connection: ConnectionId, bytes: Uint8Array): void {
    const end = this.#ends.get(connection);
    if (end === undefined || !this.#alive) return;
    const { scheduler, random } = this.#internet;
    let at = 0;
    while (at < bytes.length) {
      const run = Math.min(bytes.length - at, 1 + random.below(16 * 1024));
      const part = bytes.slice(at, at + run);
      at += run;
      // The uplink sends one thing after the other; fractions of a millisecond are carried on.
      const units = run + this.#carry;
      const takesMs = Math.floor(units / this.#link.bytesPerMs);
      this.#carry = units - takesMs * this.#link.bytesPerMs;
      this.#busyUntilMs = Math.max(this.#busyUntilMs, scheduler.nowMs) + takesMs;
      const sentInMs = this.#busyUntilMs - scheduler.nowMs;
      scheduler.after(sentInMs, () => {
        if (end.open) this.#sink({ type: 'flushed', connection, bytes: run });
      });
      scheduler.after(sentInMs + this.#link.latencyMs, () => deliver(end.other, part));
    }
  }

  sendBlock(connection: ConnectionId, header: Uint8Array, payload: Uint8Array): void {
    this.send(connection, header);
    this.send(connection, payload);
  }

  close(connection: ConnectionId): void {
    const end = this.#ends.get(connection);
    if (end === undefined) return;
    end.open = false;
    this.#ends.delete(connection);
    this.#tellOther(end, 'closed by peer');
  }

  /** The host is gone from one moment to the next; its peers notice after the latency. */
  crash(): void {
    this.#alive = false;
    this.#internet.leave(this);
    for (const connection of [...this.#ends.keys()]) this.close(connection);
  }

  /** It stays connected and answers nothing: nothing it sends from now on arrives. */
  freeze(): void {
    this.#alive = false;
  }

  receive(connection: ConnectionId, bytes: Uint8Array): void {
    if (this.#ends.has(connection)) this.#sink({ type: 'received', connection, bytes, count: bytes.length });
  }

  #tellOther(end: End, reason: string): void {
    const { other } = end;
    if (other === undefined) return;
    this.#internet.scheduler.after(this.#link.latencyMs, () => other.host.#end(other, reason));
  }

  #end(end: End, reason: string): void {
    if (!end.open) return;
    end.open = false;
    this.#ends.delete(end.connection);
    this.#sink({ type: 'closed', connection: end.connection, reason });
  }
}

function deliver(end: End | undefined, bytes: Uint8Array): void {
  end?.host.receive(end.connection, bytes);
}

function name(address: PeerAddress): string {
  return `${address.host}:${address.port}`;
}
