/**
 * Whom we serve. While a slot is free, whoever is interested is served at once. When slots are short: while we fetch,
 * those who give us most (tit-for-tat); once we have everything, those we serve fastest; and one slot is lent in turn
 * to somebody new, so that better peers are found and newcomers get a start.                              BEP 3
 */
import type { Limits } from './limits.ts';
import type { PeerSession } from './peer-session.ts';
import type { Prng } from './prng.ts';

export class Choker {
  readonly #limits: Limits;
  readonly #random: Prng;
  #nextRechokeMs = 0;
  #rounds = 0;
  #served = 0;
  /** Interested and not served, in the order in which they began to wait. */
  readonly #waiting = new Set<PeerSession>();

  constructor(limits: Limits, random: Prng) {
    this.#limits = limits;
    this.#random = random;
  }

  /** Peers that hold an upload slot. */
  get servedCount(): number {
    return this.#served;
  }

  /** The peer wants something, or nothing any more. */
  onInterest(session: PeerSession): void {
    if (session.peerInterested) {
      if (session.amChoking) this.#waiting.add(session);
    } else {
      this.#waiting.delete(session);
      if (!session.amChoking) this.#refuse(session);
    }
    this.#fillSlots();
  }

  /** It was being served and has gone: its slot is free. */
  onGone(session: PeerSession): void {
    this.#waiting.delete(session);
    if (session.amChoking) return;
    this.#served -= 1;
    session.amChoking = true;
    this.#fillSlots();
  }

  /** At every tick. `haveAll`: we only serve now. */
  tick(sessions: Iterable<PeerSession>, haveAll: boolean, nowMs: number): void {
    if (nowMs < this.#nextRechokeMs) return;
    this.#nextRechokeMs = nowMs + this.#limits.rechokeMs;
    const wanting = [...sessions].filter((s) => s.isOpen && s.peerInterested);
    if (wanting.length <= this.#limits.uploadSlotsMax) return;
    this.#rounds += 1;
    const rotate = (this.#rounds - 1) % this.#limits.optimisticRechokes === 0;
    if (rotate) for (const session of wanting) session.optimistic = false;

    const worth = (s: PeerSession) => (haveAll ? s.up.rate : s.down.rate);
    const ranked = [...wanting].sort((a, b) => worth(b) - worth(a) || a.connection - b.connection);
    const lucky =
      wanting.find((s) => s.optimistic) ?? this.#draw(ranked.slice(this.#limits.uploadSlotsMax - 1));
    const chosen = new Set(ranked.filter((s) => s !== lucky).slice(0, this.#limits.uploadSlotsMax - 1));
    if (lucky !== undefined) {
      lucky.optimistic = true;
      chosen.add(lucky);
    }
    for (const session of wanting) if (!chosen.has(session) && !session.amChoking) this.#refuse(session);
    for (const session of chosen) if (session.amChoking) this.#serve(session);
  }

  /** Those who have waited longest come first; chance would starve somebody. */
  #fillSlots(): void {
    for (const next of this.#waiting) {
      if (this.#served >= this.#limits.uploadSlotsMax) return;
      this.#serve(next);
    }
  }

  #draw(sessions: readonly PeerSession[]): PeerSession | undefined {
    return sessions[this.#random.below(Math.max(1, sessions.length))];
  }

  #serve(session: PeerSession): void {
    session.setChoking(false);
    this.#waiting.delete(session);
    this.#served += 1;
  }

  #refuse(session: PeerSession): void {
    session.setChoking(true);
    if (session.peerInterested) this.#waiting.add(session);
    this.#served -= 1;
  }
}
