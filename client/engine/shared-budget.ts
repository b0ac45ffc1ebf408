/**
 * What all torrents share: connections, dials under way, connections with one host, bytes of pieces in memory.
 *
 * Invariant: every `open` is followed by one `close` with the same host.
 */
import type { Limits } from './limits.ts';
import { isLoopbackHost } from './peer-directory.ts';

export class SharedBudget {
  dials = 0;
  /** Bytes of pieces being put together or stored. */
  pieceBytes = 0;
  #connections = 0;
  readonly #perHost = new Map<string, number>();
  readonly #limits: Limits;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get connections(): number {
    return this.#connections;
  }

  /** No more connections, with whomever. */
  get isFull(): boolean {
    return this.#connections >= this.#limits.connectionsMax;
  }

  /** No more connections with this host: a household is a few people, and more is somebody filling our table. */
  isHostFull(host: string): boolean {
    const { connectionsPerHostMax, connectionsPerLoopbackMax } = this.#limits;
    const max = isLoopbackHost(host) ? connectionsPerLoopbackMax : connectionsPerHostMax;
    return (this.#perHost.get(group(host)) ?? 0) >= max;
  }

  open(host: string): void {
    this.#connections += 1;
    this.#perHost.set(group(host), (this.#perHost.get(group(host)) ?? 0) + 1);
  }

  close(host: string): void {
    this.#connections -= 1;
    const left = (this.#perHost.get(group(host)) ?? 1) - 1;
    if (left === 0) this.#perHost.delete(group(host));
    else this.#perHost.set(group(host), left);
  }
}

/** A household has a whole /64 of IPv6: its first four groups, with the zeros that `::` stands for. */
function group(host: string): string {
  if (!host.includes(':')) return host;
  const [head = '', tail] = host.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length;
  return [...first, ...Array<string>(Math.max(0, zeros)).fill('0'), ...last].slice(0, 4).join(':');
}
