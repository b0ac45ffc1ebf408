/**
 * Who is at which address, how far apart two hosts are, and who cannot reach whom for now. What is sent where nothing
 * passes is held up and arrives when the way is free again, as TCP has it.
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
  /** What a dial to an address hears at which nobody is. */
  unknownAddresses: Exclude<Reachability, 'open'> = 'refuses';
  readonly #hosts = new Map<string, Station>();
  /** Ways on which nothing passes, as "from>to" by name (an IP address unless it is shared), and how many hold each of them shut. */
  readonly #blocked = new Map<string, number>();
  readonly #parked = new Set<End>();

  constructor(scheduler: Scheduler, random: Randomness, trace = new Trace()) {
    this.scheduler = scheduler;
    this.random = random;
    this.trace = trace;
  }

  /** From now on others can dial it at its address; whoever was there before cannot be reached any more. */
  enter(host: Station): void {
    for (const address of host.addresses) this.#hosts.set(name(address), host);
  }

  find(address: PeerAddress): Station | undefined {
    return this.#hosts.get(name(address));
  }

  leave(host: Station): void {
    for (const address of host.addresses) if (this.find(address) === host) this.#hosts.delete(name(address));
  }

  /** One way between two hosts. */
  awayMs(from: Station, to: Station): number {
    return Math.ceil((from.link.latencyMs + to.link.latencyMs) / 2);
  }

  /** What a dial from this host meets. */
  answerTo(from: Station, address: PeerAddress): Reachability {
    const own = addressToward(from.addresses, address.host);
    // There is no way from one family of addresses to the other.
    if (own === undefined) return 'refuses';
    const target = this.find(address);
    const there = target?.name ?? address.host;
    if (this.#isShut(from.name, there) || this.#isShut(there, from.name)) return 'silent';
    if (own.host === address.host && !from.hairpin) return 'silent';
    return target === undefined ? this.unknownAddresses : target.reachability;
  }

  /** Something has come to a host whose program has ended: whoever runs there now knows nothing of the connection. */
  answerForDead(host: Station, { from }: Run): void {
    if (this.find(host.address) === undefined || this.isBlocked(host, from.host)) return;
    this.scheduler.after(this.awayMs(host, from.host), () => from.host.lose(from, 'reset'));
  }

  // Partitions ------------------------------------------------------------------------------------------------------

  isBlocked(from: Station, to: Station): boolean {
    return this.#isShut(from.name, to.name);
  }

  #isShut(from: string, to: string): boolean {
    return this.#blocked.size > 0 && this.#blocked.has(`${from}>${to}`);
  }

  /** From now on nothing passes this way, by the names of hosts. Shut twice, it is to be opened twice. */
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

  /** Every way is free. */
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
