/**
 * The hosts by address, the latency between them, and partitions. Bytes sent into a partition are held up and
 * arrive after its end, as with TCP.
 */
import type { PeerAddress } from '../../../client/engine/contract.ts';
import type { Randomness } from '../kernel/randomness.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { Trace } from '../kernel/trace.ts';
import type { Reachability } from './link.ts';
import { addressToward } from './place.ts';
import { type End, type Run, type Station, travel } from './stream.ts';

export class Ways {
  readonly scheduler: Scheduler;
  readonly random: Randomness;
  readonly trace: Trace;
  /** The outcome of a dial to an address without a host. */
  unknownAddresses: Exclude<Reachability, 'open'> = 'refuses';
  readonly #hosts = new Map<string, Station>();
  /**
   * Blocked ways, as "from>to" by host name (an IP address unless it is shared), with the number of
   * partitions that block each.
   */
  readonly #blocked = new Map<string, number>();
  readonly #parked = new Set<End>();

  constructor(scheduler: Scheduler, random: Randomness, trace = new Trace()) {
    this.scheduler = scheduler;
    this.random = random;
    this.trace = trace;
  }

  /** From now on others can dial the host at its addresses. It replaces an earlier host there. */
  enter(host: Station): void {
    for (const address of host.addresses) this.#hosts.set(name(address), host);
  }

  find(address: PeerAddress): Station | undefined {
    return this.#hosts.get(name(address));
  }

  leave(host: Station): void {
    for (const address of host.addresses) if (this.find(address) === host) this.#hosts.delete(name(address));
  }

  /** The latency of one way. */
  awayMs(from: Station, to: Station): number {
    return Math.ceil((from.link.latencyMs + to.link.latencyMs) / 2);
  }

  /** The outcome of a dial from this host. */
  answerTo(from: Station, address: PeerAddress): Reachability {
    const own = addressToward(from.addresses, address.host);
    // There is no route between address families.
    if (own === undefined) return 'refuses';
    const target = this.find(address);
    const there = target?.name ?? address.host;
    if (this.#isShut(from.name, there) || this.#isShut(there, from.name)) return 'silent';
    if (own.host === address.host && !from.hairpin) return 'silent';
    return target === undefined ? this.unknownAddresses : target.reachability;
  }

  /**
   * Bytes have come to a host whose program has ended: a program that runs there now resets the unknown
   * connection.
   */
  answerForDead(host: Station, { from }: Run): void {
    if (this.find(host.address) === undefined || this.isBlocked(host, from.host)) return;
    this.scheduler.after(this.awayMs(host, from.host), () => from.host.lose(from, 'reset'));
  }

  // Partitions ------------------------------------------------------------------------------------------

  isBlocked(from: Station, to: Station): boolean {
    return this.#isShut(from.name, to.name);
  }

  #isShut(from: string, to: string): boolean {
    return this.#blocked.size > 0 && this.#blocked.has(`${from}>${to}`);
  }

  /** Blocks a way, by host names. A way blocked twice must be opened twice. */
  shut(from: string, to: string): void {
    const way = `${from}>${to}`;
    this.#blocked.set(way, (this.#blocked.get(way) ?? 0) + 1);
  }

  open(from: string, to: string): void {
    const way = `${from}>${to}`;
    const count = this.#blocked.get(way) ?? 0;
    if (count > 1) this.#blocked.set(way, count - 1);
    else if (this.#blocked.delete(way)) this.#release();
  }

  /** Opens every way. */
  openAll(): void {
    this.#blocked.clear();
    this.#release();
  }

  park(run: Run): void {
    run.from.parked ??= [];
    run.from.parked.push(run);
    this.#parked.add(run.from);
  }

  #release(): void {
    for (const end of this.#parked) {
      const { host: to } = end.other!;
      if (this.isBlocked(end.host, to)) continue;
      this.#parked.delete(end);
      const runs = end.parked ?? [];
      end.parked = undefined;
      for (const run of runs) travel(this.scheduler, run, this.scheduler.nowMs + this.awayMs(end.host, to));
    }
  }
}

function name(address: PeerAddress): string {
  return `${address.host}:${address.port}`;
}
