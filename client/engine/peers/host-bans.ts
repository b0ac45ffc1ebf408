/**
 * Banned households of one torrent, and banned peers in them. A peer that sent corrupt data and changes its
 * port, its peer id or its address within its /64 is still in the same household. But other users may share
 * that household behind a router. So a household is banned for a minute at first, and each further offence
 * doubles that. The peer itself, by its peer id, is banned for the whole `banMs`.
 *
 * Invariant: at most `peersKnownMax` of each.
 */
import type { Limits } from '../limits.ts';
import { householdOf, isLoopbackHost } from './address-groups.ts';

interface Offences {
  count: number;
  untilMs: number;
  /** The offences are forgotten at this time. */
  forgottenMs: number;
}

export class HostBans {
  readonly #households = new Map<string, Offences>();
  /** By household and peer id: the end of the ban. */
  readonly #peers = new Map<string, number>();
  readonly #limits: Limits;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /**
   * `peerId`: in hexadecimal, or undefined when unknown. Loopback is never banned: all peers of this machine
   * are one household there.
   */
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

  /** When the ban of this peer ends, at any address of its household; 0: it is not banned. */
  bannedUntilMs(host: string, peerId: string): number {
    return this.#peers.get(nameOf(householdOf(host), peerId)) ?? 0;
  }
}

function nameOf(household: string, peerId: string): string {
  return `${household}/${peerId}`;
}
