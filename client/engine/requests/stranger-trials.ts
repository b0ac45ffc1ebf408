/**
 * How soon a stranger who says that it has everything is tried. Each costs a piece when it lies, and in a swarm full of
 * liars there is always another one: with every proven lie the next trial is put off for longer, as long as somebody who
 * has proved themselves is giving.
 *
 * Invariant: nobody is put off while nobody proven gives, nor before several have lied; nor for longer than `trialGapMsMax`.
 * Left to others: what a trial is (piece-ownership.ts), and who lied (piece-provenance.ts).
 */
import type { Context } from '../context.ts';
import type { BlockSource } from './block-source.ts';

export class StrangerTrials {
  readonly #sources: ReadonlyMap<number, BlockSource>;
  readonly #context: Context;
  #liars = 0;
  #lastLieMs = 0;
  #nextMs = 0;
  /** Looked up twice a second: a source would have to be looked for otherwise whenever a stranger says something. */
  #isServed = false;

  constructor(sources: ReadonlyMap<number, BlockSource>, context: Context) {
    this.#sources = sources;
    this.#context = context;
  }

  onLiar(nowMs: number): void {
    const { banMs, trialLiarsFree } = this.#context.limits;
    // Whoever lied so long ago is let in again, too.
    if (nowMs - this.#lastLieMs > banMs) this.#liars = 0;
    this.#liars += 1;
    this.#lastLieMs = nowMs;
    if (this.#liars > trialLiarsFree) this.#nextMs = Math.max(this.#nextMs, nowMs + this.#gapMs);
  }

  /** Whether it may be asked for anything at all now. */
  mayAsk({ record, kept }: BlockSource, nowMs: number): boolean {
    const isTried = kept.trial !== undefined || record.goodPieces > 0 || !record.isSeed;
    return isTried || nowMs >= this.#nextMs || !this.#isServed;
  }

  /** A stranger has been given its first piece. */
  onBegun({ record }: BlockSource, nowMs: number): void {
    if (record.isSeed && this.#liars > this.#context.limits.trialLiarsFree)
      this.#nextMs = nowMs + this.#gapMs;
  }

  /** Twice a second, before everybody is asked again. */
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
