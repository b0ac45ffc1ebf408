/**
 * Which households one torrent does not speak to, and which peers in them. A liar that changes its port, its name or its
 * address within its /64 is the same household. But others may live there, behind a router or in a dormitory: so a household
 * is spoken to again after a minute, and each further lie from there doubles that. The liar itself, by the name it gave,
 * stays out for the whole time of a ban.
 *
 * Invariant: at most `peersKnownMax` of both.
 */
import type { Limits } from '../limits.ts';
import { householdOf, isLoopbackHost } from './address-groups.ts';

interface Offences {
  count: number;
  untilMs: number;
  /** No more is remembered after this. */
  forgottenMs: number;
}

export class HostBans {
  readonly #households = new Map<string, Offences>();
  /** By household and peer id: until when. */
  readonly #peers = new Map<string, number>();
  readonly #limits: Limits;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** `peerId`: in hexadecimal; undefined when it is not known. On loopback all peers of the machine are one household. */
  ban(host: string, peerId: string | undefined, nowMs: number): void {
    const { banMs, hostBanFirstMs, peersKnownMax } = this.#limits;
    if (isLoopbackHost(host)) return;
    const household = householdOf(host);
    if (peerId !== undefined) {
      const name = nameOf(household, peerId);
      if (!this.#peers.has(name) && this.#peers.size >= peersKnownMax) this.#peers.clear();
      this.#peers.set(name, nowMs + banMs);
    }
    const before = this.#households.get(household);
    const count = before === undefined || before.forgottenMs <= nowMs ? 1 : before.count + 1;
    // 2^20 minutes are longer than any ban.
    const lastsMs = Math.min(banMs, hostBanFirstMs * 2 ** Math.min(20, count - 1));
    const untilMs = nowMs + lastsMs;
    if (before === undefined && this.#households.size >= peersKnownMax) this.#households.clear();
    this.#households.set(household, { count, untilMs, forgottenMs: untilMs + banMs });
  }

  isBannedHost(host: string, nowMs: number): boolean {
    const offences = this.#households.get(householdOf(host));
    return offences !== undefined && offences.untilMs > nowMs;
  }

  /** Until when this peer is banned, wherever in its household it is; 0: it is not. */
  bannedUntilMs(host: string, peerId: string): number {
    return this.#peers.get(nameOf(householdOf(host), peerId)) ?? 0;
  }
}

function nameOf(household: string, peerId: string): string {
  return `${household}/${peerId}`;
}
