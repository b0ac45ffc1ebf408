/**
 * Predicts the duplicate requests from the rules alone: the peer that would need longest comes first, and its
 * last block first; the helper must need at most half of that time; the copies of a block and the requests to
 * a helper are limited.
 */
import type { Deadlines } from '../../../../client/engine/pieces/deadlines.ts';
import type { BlockSource, RequestedPiece } from '../../../../client/engine/requests/block-source.ts';
import type { Scene } from './scene.ts';

const blockBytes = 16 * 1024;
const [manyPeers, rankMs, slowestMax] = [32, 50, 8];

export class Forecast {
  /** Blocks that were requested from a second peer and have not arrived. */
  readonly copied = new Set<number>();
  readonly #scene: Scene;
  #slowest: readonly BlockSource[] = [];
  #rankedMs = Number.NEGATIVE_INFINITY;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  received(key: number): void {
    this.copied.delete(key);
  }

  forget(pieceIndex: number): void {
    for (const key of this.copied) if (this.#pieceOf(key) === pieceIndex) this.copied.delete(key);
  }

  /** In the order of the requests. */
  endgame(helper: BlockSource, nowMs: number): string[] {
    const { endgameRequestsMax, endgameCopiesMax } = this.#scene.limits;
    const { knownRate, queueRoom } = helper.pipeline;
    const plan = new Plan(this.#scene, this.copied);
    let left = Math.min(queueRoom, knownRate === undefined ? 1 : endgameRequestsMax);
    if (left <= 0) return [];
    for (const slow of this.#rank(nowMs)) {
      const { asked } = slow.pipeline;
      if (slow === helper || asked.length === 0) continue;
      const theirMs = slow.pipeline.drainMs(slow.pipeline.rate, nowMs);
      const first = this.#scene.locate(asked[0]!).piece;
      if (first?.exclusiveTo === slow && this.#mayTakeOver(first, theirMs, helper, nowMs)) {
        for (const key of asked)
          if (this.#scene.locate(key).piece === first) plan.log.push(`cancels ${key} of ${slow.connection}`);
        plan.log.push(`hands ${first.pieceIndex} to ${helper.connection}`);
        return plan.log;
      }
      const blockMs = knownRate === undefined ? Math.min(theirMs, 1_000) : timeFor(1, knownRate);
      for (const key of asked.toReversed()) {
        const isSooner = (helper.pipeline.asked.length + plan.count + 1) * blockMs <= theirMs / 2;
        if (left === 0 || (!isSooner && theirMs < Number.MAX_SAFE_INTEGER)) break;
        const { piece } = this.#scene.locate(key);
        if (piece === undefined || piece.exclusiveTo !== undefined) continue;
        if (!helper.pieces.offers(piece.pieceIndex) || plan.copies(key) >= endgameCopiesMax) continue;
        if (helper.pipeline.asked.includes(key) || plan.has(key)) continue;
        plan.ask(key, helper);
        left -= 1;
      }
      if (left === 0) break;
    }
    return plan.log;
  }

  #mayTakeOver(piece: RequestedPiece, theirMs: number, helper: BlockSource, nowMs: number): boolean {
    const { takeOverMs } = this.#scene.limits;
    const { knownRate } = helper.pipeline;
    const missing = piece.blockCount - piece.receivedCount;
    const isSooner = knownRate === undefined || timeFor(missing, knownRate) <= theirMs / 2;
    const hadItsChance = theirMs >= takeOverMs && nowMs - piece.ownedMs >= takeOverMs;
    return helper.pieces.offers(piece.pieceIndex) && isSooner && hadItsChance;
  }

  /** The fastest of the proven peers, when the peer requested last would miss the deadline. */
  rescue(deadlines: Deadlines, nowMs: number): string[] {
    const { deadlineLookMs, endgameCopiesMax, endgameRequestsMax } = this.#scene.limits;
    const plan = new Plan(this.#scene, this.copied);
    for (const [pieceIndex, atMs] of deadlines.all) {
      const piece = this.#scene.pieces.get(pieceIndex);
      if (atMs > nowMs + deadlineLookMs || piece === undefined || piece.exclusiveTo !== undefined) continue;
      let helper: BlockSource | undefined;
      let asks = 0;
      for (let block = 0; block < piece.blockCount && asks < endgameRequestsMax; block++) {
        const key = this.#scene.blockKey(pieceIndex, block);
        const copies = plan.copies(key);
        if (copies === 0 || copies >= endgameCopiesMax || piece.isReceived(block)) continue;
        const slow = piece.askers[block] as BlockSource;
        const place = slow.pipeline.asked.indexOf(key);
        const theirMs = slow.pipeline.drainMs(slow.pipeline.rate, nowMs, place + 1);
        if (place < 0 || nowMs + theirMs <= atMs) continue;
        helper ??= this.#fastest(pieceIndex, plan);
        if (helper === undefined || plan.room(helper) <= 0) break;
        if (helper === slow || helper.pipeline.asked.includes(key)) continue;
        const ownMs = timeFor(plan.owedBy(helper) + 1, helper.pipeline.knownRate!);
        if (ownMs > theirMs / 2) continue;
        plan.ask(key, helper);
        asks += 1;
      }
    }
    return plan.log;
  }

  #fastest(pieceIndex: number, plan: Plan): BlockSource | undefined {
    const able = [...this.#scene.sessions.values()].filter(
      (one) =>
        one.pipeline.knownRate !== undefined &&
        !one.pipeline.stalled &&
        plan.room(one) > 0 &&
        one.mayBeAsked &&
        one.pieces.offers(pieceIndex as never) &&
        one.record.goodPieces > 0,
    );
    const msOf = (one: BlockSource) => timeFor(plan.owedBy(one) + 1, one.pipeline.knownRate!);
    return able.toSorted((a, b) => msOf(a) - msOf(b))[0];
  }

  #rank(nowMs: number): readonly BlockSource[] {
    const all = [...this.#scene.sessions.values()];
    if (all.length > manyPeers && nowMs - this.#rankedMs < rankMs) return this.#slowest;
    const msOf = (one: BlockSource) => one.pipeline.drainMs(one.pipeline.rate, nowMs);
    this.#rankedMs = nowMs;
    const owing = all.filter(({ pipeline }) => pipeline.asked.length > 0);
    this.#slowest = owing.sort((a, b) => msOf(b) - msOf(a)).slice(0, slowestMax);
    return this.#slowest;
  }

  #pieceOf(key: number): number {
    return Math.floor(key / this.#scene.geometry.blocksPerPiece);
  }
}

/** Requests to helpers, counted as if they were sent already. */
class Plan {
  readonly log: string[] = [];
  readonly #asks: { readonly key: number; readonly helper: BlockSource }[] = [];
  readonly #scene: Scene;
  readonly #copied: Set<number>;

  constructor(scene: Scene, copied: Set<number>) {
    this.#scene = scene;
    this.#copied = copied;
  }

  get count(): number {
    return this.#asks.length;
  }

  has(key: number): boolean {
    return this.#asks.some((one) => one.key === key);
  }

  copies(key: number): number {
    const { piece, blockIndex } = this.#scene.locate(key);
    return piece!.copies(blockIndex) + this.#asks.filter((one) => one.key === key).length;
  }

  owedBy(helper: BlockSource): number {
    return helper.pipeline.asked.length + this.#asks.filter((one) => one.helper === helper).length;
  }

  room(helper: BlockSource): number {
    return helper.pipeline.queueRoom - this.#asks.filter((one) => one.helper === helper).length;
  }

  ask(key: number, helper: BlockSource): void {
    this.#asks.push({ key, helper });
    this.#copied.add(key);
    this.log.push(`asks ${helper.connection} for ${key}`);
  }
}

/** The time for this many blocks, in ms. */
function timeFor(blocks: number, rate: number): number {
  return Math.floor((blocks * blockBytes * 1_000) / Math.max(1, rate));
}
