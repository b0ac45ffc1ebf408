/**
 * Limits how fast unproven seeds are tried. Each one costs a piece if it sends corrupt data, and in a
 * poisoned swarm there is always another one. With every proven liar the wait before the next trial grows, as
 * long as a proven peer delivers.
 *
 * Invariant: an unproven seed is delayed only while a proven peer delivers and only after several have lied,
 * and never longer than `trialGapMsMax`. Left to others: what a trial is (piece-ownership.ts), and who lied
 * (piece-provenance.ts).
 */
import type { Context } from '../context.ts';
import type { BlockSource } from './block-source.ts';

export class UnprovenSeedLimiter {
  readonly #sources: ReadonlyMap<number, BlockSource>;
  readonly #context: Context;
  #liars = 0;
  #lastLieMs = 0;
  #nextMs = 0;
  /**
   * A proven peer delivers. Updated twice a second: updating on demand would mean a search through all
   * sources.
   */
  #isServed = false;

  constructor(sources: ReadonlyMap<number, BlockSource>, context: Context) {
    this.#sources = sources;
    this.#context = context;
  }

  onLiar(nowMs: number): void {
    const { banMs, trialLiarsFree } = this.#context.limits;
    // After `banMs` the banned peers may return, too, so counting restarts.
    if (nowMs - this.#lastLieMs > banMs) this.#liars = 0;
    this.#liars += 1;
    this.#lastLieMs = nowMs;
    if (this.#liars > trialLiarsFree) this.#nextMs = Math.max(this.#nextMs, nowMs + this.#gapMs);
  }

  /** Whether the source may get requests now. */
  mayAsk({ record, kept }: BlockSource, nowMs: number): boolean {
    const isTried = kept.trial !== undefined || record.goodPieces > 0 || !record.isSeed;
    return isTried || nowMs >= this.#nextMs || !this.#isServed;
  }

  /** An unproven seed was given its first piece. */
  onBegun({ record }: BlockSource, nowMs: number): void {
    if (record.isSeed && this.#liars > this.#context.limits.trialLiarsFree)
      this.#nextMs = nowMs + this.#gapMs;
  }

  /** Twice a second, before requests are sent again. */
  tick(): void {
    if (this.#nextMs === 0) return;
    this.#isServed = false;
    for (const { record, pipeline } of this.#sources.values()) {
      if (record.goodPieces > 0 && pipeline.asked.length > 0 && !pipeline.stalled) this.#isServed = true;
    }
  }

  get #gapMs(): number {
    const { trialGapMs, trialGapMsMax, trialLiarsFree } = this.#context.limits;
    return Math.min(trialGapMsMax, trialGapMs * (this.#liars - trialLiarsFree));
  }
}
