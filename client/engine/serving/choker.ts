/**
 * Whom we serve. While a slot is free, whoever is interested is served at once. When slots are short: while we fetch,
 * those who give us most (tit-for-tat); once we have everything, those who pass on what we give them, and then those
 * we serve fastest; and one slot is lent in turn to somebody new, so that better peers are found and newcomers get a
 * start.
 *
 * A fast line has more slots than a slow one, and what a peer does not use for a while goes to the next in line.   BEP 3
 */
import type { PeerSession } from '../connection/peer-session.ts';
import { TransferMeter } from '../connection/transfer-meter.ts';
import type { Limits } from '../limits.ts';
import type { Prng } from '../prng.ts';
import { removeAt } from '../tables/small-set.ts';
import type { FirstCopies } from './first-copies.ts';

interface Slot {
  /** When its peer last wanted something of us. */
  usedMs: number;
  readonly sinceMs: number;
  /** What had left for it at the last tick. */
  flushedBytes: number;
}

export class Choker {
  readonly #firstCopies: FirstCopies;
  readonly #limits: Limits;
  readonly #random: Prng;
  #nextRechokeMs = 0;
  #rounds = 0;
  readonly #served = new Map<PeerSession, Slot>();
  /** What leaves for them: what was only handed to the kernel says nothing about the line. */
  readonly #line = new TransferMeter();
  #slots: number;
  /** Of the last tick. */
  #nowMs = 0;
  /** Interested and not served, in the order in which they began to wait. No Set: they come and go all the time (small-set.ts). */
  readonly #waiting: PeerSession[] = [];

  constructor(firstCopies: FirstCopies, limits: Limits, random: Prng) {
    this.#firstCopies = firstCopies;
    this.#limits = limits;
    this.#random = random;
    this.#slots = this.#slotsFor(0);
  }

  /** Peers that hold an upload slot. */
  get servedCount(): number {
    return this.#served.size;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** The peer wants something, or nothing any more. */
  onInterest(session: PeerSession): void {
    if (session.peerInterested) {
      if (session.amChoking) this.#wait(session);
    } else {
      this.#waitNoMore(session);
      if (!session.amChoking) this.#refuse(session);
    }
    this.#fillSlots();
  }

  /** It was being served and has gone: its slot is free. */
  onGone(session: PeerSession): void {
    this.#waitNoMore(session);
    if (!this.#served.delete(session)) return;
    this.#firstCopies.release(session);
    this.#fillSlots();
  }

  /** At every tick. `haveAll`: we only serve now. */
  tick(sessions: Iterable<PeerSession>, haveAll: boolean, nowMs: number): void {
    const idleCount = this.#lookAtSlots(nowMs);
    if (nowMs > this.#nowMs) this.#line.tick(nowMs - this.#nowMs);
    this.#nowMs = nowMs;
    this.#slots = Math.min(this.#limits.uploadSlotsMax, this.#slotsFor(this.#line.rate) + idleCount);
    this.#takeBackUnused(nowMs);
    this.#fillSlots();
    this.#firstCopies.tick(nowMs);
    for (const session of this.#served.keys()) this.#firstCopies.suggest(session);
    if (nowMs < this.#nextRechokeMs) return;
    this.#nextRechokeMs = nowMs + this.#limits.rechokeMs;
    const wanting = [...sessions].filter((s) => s.isOpen && s.peerInterested);
    if (wanting.length > this.#slots) this.#rechoke(wanting, haveAll);
  }

  #rechoke(wanting: readonly PeerSession[], haveAll: boolean): void {
    this.#rounds += 1;
    const rotate = (this.#rounds - 1) % this.#limits.optimisticRechokes === 0;
    if (rotate) for (const session of wanting) session.optimistic = false;

    const worth = (s: PeerSession) => (haveAll ? s.up.rate : s.down.rate);
    const merit = (s: PeerSession) =>
      haveAll ? (this.#isOnTrial(s) ? Number.MAX_SAFE_INTEGER : s.spread) : 0;
    const ranked = [...wanting].sort(
      (a, b) => merit(b) - merit(a) || worth(b) - worth(a) || a.connection - b.connection,
    );
    this.#firstCopies.fade(wanting);
    const lucky = wanting.find((s) => s.optimistic) ?? this.#draw(ranked.slice(this.#slots - 1));
    const chosen = new Set(ranked.filter((s) => s !== lucky).slice(0, this.#slots - 1));
    if (lucky !== undefined) {
      lucky.optimistic = true;
      chosen.add(lucky);
    }
    for (const session of wanting) if (!chosen.has(session) && !session.amChoking) this.#refuse(session);
    for (const session of chosen) if (session.amChoking) this.#serve(session);
  }

  #isOnTrial(session: PeerSession): boolean {
    const slot = this.#served.get(session);
    return slot !== undefined && this.#nowMs - slot.sinceMs < this.#limits.trialMs;
  }

  /** Enough for the line, and not so many that each has next to nothing. */
  #slotsFor(upRate: number): number {
    const { uploadSlotsMin, uploadSlotsMax, uploadSlotBps } = this.#limits;
    return Math.min(uploadSlotsMax, Math.max(uploadSlotsMin, Math.floor(upRate / uploadSlotBps)));
  }

  /** What has left since the last tick; answers how many we serve who have wanted nothing for a while. */
  #lookAtSlots(nowMs: number): number {
    let idleCount = 0;
    for (const [{ uploads }, slot] of this.#served) {
      this.#line.add(uploads.flushedBytes - slot.flushedBytes);
      slot.flushedBytes = uploads.flushedBytes;
      // What it does not read is no use of the slot.
      if (!uploads.isIdle && !uploads.isStuck(nowMs, this.#limits.stallTimeoutMs)) slot.usedMs = nowMs;
      else if (nowMs - slot.usedMs >= this.#limits.uploadSlotIdleMs) idleCount += 1;
    }
    return idleCount;
  }

  /** Those who have waited longest come first; chance would starve somebody. */
  #fillSlots(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#served.size >= this.#slots) return;
      this.#serve(next);
    }
  }

  #wait(session: PeerSession): void {
    if (!this.#waiting.includes(session)) this.#waiting.push(session);
  }

  #waitNoMore(session: PeerSession): void {
    const place = this.#waiting.indexOf(session);
    if (place >= 0) removeAt(this.#waiting, place);
  }

  /** No more slots can be lent, and peers wait: those who have asked for nothing, or do not read, wait behind them. */
  #takeBackUnused(nowMs: number): void {
    if (this.#slots < this.#limits.uploadSlotsMax) return;
    const { uploadSlotIdleMs, stallTimeoutMs } = this.#limits;
    let count = Math.min(this.#waiting.length, this.#served.size);
    for (const [session, slot] of this.#served) {
      if (count === 0) return;
      const isUnused = !session.hasAsked || session.uploads.isStuck(nowMs, stallTimeoutMs);
      if (!isUnused || nowMs - slot.usedMs < uploadSlotIdleMs) continue;
      this.#refuse(session);
      count -= 1;
    }
  }

  #draw(sessions: readonly PeerSession[]): PeerSession | undefined {
    return sessions[this.#random.below(Math.max(1, sessions.length))];
  }

  #serve(session: PeerSession): void {
    this.#waitNoMore(session);
    this.#served.set(session, {
      usedMs: this.#nowMs,
      sinceMs: this.#nowMs,
      flushedBytes: session.uploads.flushedBytes,
    });
    this.#firstCopies.suggest(session);
    session.setChoking(false);
  }

  #refuse(session: PeerSession): void {
    session.setChoking(true);
    if (session.peerInterested) this.#wait(session);
    this.#served.delete(session);
    this.#firstCopies.release(session);
  }
}
