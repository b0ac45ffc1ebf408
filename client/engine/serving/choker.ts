/**
 * Decides which peers are unchoked. While a slot is free, an interested peer gets it at once. When slots are
 * short: while we download, the peers that send us most get them (tit-for-tat). Once we are complete, the
 * peers that pass on our pieces get them, then the peers we upload to fastest. One slot is the optimistic
 * unchoke, so that better peers are found and newcomers get a start.
 *
 * A fast link has more slots than a slow one, and a slot that is idle for a while goes to the next peer in
 * line. BEP 3
 */
import type { PeerSession } from '../connection/peer-session.ts';
import { TransferMeter } from '../connection/transfer-meter.ts';
import type { Limits } from '../limits.ts';
import type { Prng } from '../prng.ts';
import { removeAt } from '../tables/small-set.ts';
import type { InitialSeeding } from './initial-seeding.ts';

interface Slot {
  /** When its peer last wanted something from us. */
  usedMs: number;
  readonly sinceMs: number;
  /** Bytes flushed to the peer at the last tick. */
  flushedBytes: number;
}

export class Choker {
  readonly #initialSeeding: InitialSeeding;
  readonly #limits: Limits;
  readonly #random: Prng;
  #nextRechokeMs = 0;
  #rounds = 0;
  readonly #served = new Map<PeerSession, Slot>();
  /** Bytes flushed for all served peers; bytes only handed to the kernel say nothing about the link. */
  readonly #line = new TransferMeter();
  #slots: number;
  /** The time of the last tick. */
  #nowMs = 0;
  /**
   * Interested and choked peers, longest waiting first. Not a Set: they come and go all the time
   * (small-set.ts).
   */
  readonly #waiting: PeerSession[] = [];

  constructor(initialSeeding: InitialSeeding, limits: Limits, random: Prng) {
    this.#initialSeeding = initialSeeding;
    this.#limits = limits;
    this.#random = random;
    this.#slots = this.#slotsFor(0);
  }

  /** Number of peers with an upload slot. */
  get servedCount(): number {
    return this.#served.size;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** The peer has sent `interested` or `not interested`. */
  onInterest(session: PeerSession): void {
    if (session.peerInterested) {
      if (session.amChoking) this.#wait(session);
    } else {
      this.#waitNoMore(session);
      if (!session.amChoking) this.#refuse(session);
    }
    this.#fillSlots();
  }

  /** The peer has left; its slot, if any, is free. */
  onGone(session: PeerSession): void {
    this.#waitNoMore(session);
    if (!this.#served.delete(session)) return;
    this.#initialSeeding.release(session);
    this.#fillSlots();
  }

  /** At every tick. `haveAll`: every wanted piece is stored, so we only upload. */
  tick(sessions: Iterable<PeerSession>, haveAll: boolean, nowMs: number): void {
    const idleCount = this.#lookAtSlots(nowMs);
    if (nowMs > this.#nowMs) this.#line.tick(nowMs - this.#nowMs);
    this.#nowMs = nowMs;
    this.#slots = Math.min(this.#limits.uploadSlotsMax, this.#slotsFor(this.#line.rate) + idleCount);
    this.#takeBackUnused(nowMs);
    this.#fillSlots();
    this.#initialSeeding.tick(nowMs);
    for (const session of this.#served.keys()) this.#initialSeeding.suggest(session);
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
      haveAll ? (this.#isOnTrial(s) ? Number.MAX_SAFE_INTEGER : s.reuploads) : 0;
    const ranked = [...wanting].sort(
      (a, b) => merit(b) - merit(a) || worth(b) - worth(a) || a.connection - b.connection,
    );
    this.#initialSeeding.fade(wanting);
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

  /** Enough slots to fill the link, and few enough that each gets a useful rate. */
  #slotsFor(upRate: number): number {
    const { uploadSlotsMin, uploadSlotsMax, uploadSlotBps } = this.#limits;
    return Math.min(uploadSlotsMax, Math.max(uploadSlotsMin, Math.floor(upRate / uploadSlotBps)));
  }

  /**
   * Measures the flushed bytes since the last tick. Returns how many served peers have been idle for
   * `uploadSlotIdleMs`.
   */
  #lookAtSlots(nowMs: number): number {
    let idleCount = 0;
    for (const [{ uploads }, slot] of this.#served) {
      this.#line.add(uploads.flushedBytes - slot.flushedBytes);
      slot.flushedBytes = uploads.flushedBytes;
      // A peer that does not read its blocks does not use its slot.
      if (!uploads.isIdle && !uploads.isStuck(nowMs, this.#limits.stallTimeoutMs)) slot.usedMs = nowMs;
      else if (nowMs - slot.usedMs >= this.#limits.uploadSlotIdleMs) idleCount += 1;
    }
    return idleCount;
  }

  /** The peer that has waited longest comes first; a random choice would starve some. */
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

  /**
   * All slots are taken and peers wait: served peers that request nothing, or do not read, go to the end of
   * the line.
   */
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
    this.#initialSeeding.suggest(session);
    session.setChoking(false);
  }

  #refuse(session: PeerSession): void {
    session.setChoking(true);
    if (session.peerInterested) this.#wait(session);
    this.#served.delete(session);
    this.#initialSeeding.release(session);
  }
}
