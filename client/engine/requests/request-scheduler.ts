/**
 * What to ask each peer for, block by block.
 *
 * A peer keeps to the pieces it began, so that most pieces have one source: a lie is then proved at once. It is given what is
 * due by a certain time (deadlines.ts); blocks of its own pieces; a new piece that it suggests itself; pieces whose peer has
 * gone; any other new piece (piece-picker.ts); then it helps others with theirs; and when nothing is left to ask for at all,
 * copies of what the slowest peers owe (duplicate-requests.ts). A peer without a verified piece gets one alone.     BEP 3
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { Context } from '../context.ts';
import { Deadlines } from '../pieces/deadlines.ts';
import type { PieceLedger } from '../pieces/piece-ledger.ts';
import type { PiecePicker } from '../pieces/piece-picker.ts';
import { distinct, type SmallSet } from '../tables/small-set.ts';
import type { BlockSource, RequestedPiece } from './block-source.ts';
import { DuplicateRequests } from './duplicate-requests.ts';
import { MemoryQueue } from './memory-queue.ts';
import { OpenPieces } from './open-pieces.ts';
import { PieceOwnership } from './piece-ownership.ts';
import { StrangerTrials } from './stranger-trials.ts';

/** Orphans that one tick considers for abandoning: the rest has time. */
const orphansPerTickMax = 64;

export class RequestScheduler {
  /** While the disk refuses pieces nothing new is asked for. `held`: also when one is stored, which it may lose, too. */
  paused: boolean | 'held' = false;
  /** Received bytes of pieces that were given up. */
  droppedBytes = 0;
  readonly deadlines: Deadlines;
  readonly trials: StrangerTrials;
  readonly #ledger: PieceLedger<BlockSource>;
  readonly #picker: PiecePicker;
  readonly #context: Context;
  readonly #sources: ReadonlyMap<number, BlockSource>;
  readonly #ownership: PieceOwnership;
  readonly duplicates: DuplicateRequests;
  readonly #memory: MemoryQueue;
  /** Open pieces that no peer keeps to. */
  readonly orphans: SmallSet<RequestedPiece>;
  /** Every piece with free blocks. */
  readonly open: SmallSet<RequestedPiece>;
  readonly #open: OpenPieces;

  constructor(
    ledger: PieceLedger<BlockSource>,
    picker: PiecePicker,
    sources: ReadonlyMap<number, BlockSource>,
    isSuspect: (pieceIndex: PieceIndex) => boolean,
    context: Context,
  ) {
    this.#ledger = ledger;
    this.#picker = picker;
    this.#sources = sources;
    this.trials = new StrangerTrials(sources, context);
    this.#ownership = new PieceOwnership(ledger, isSuspect, this.trials);
    this.orphans = this.#ownership.orphans;
    this.#context = context;
    this.deadlines = new Deadlines(context.limits.deadlinesMax);
    this.#memory = new MemoryQueue(ledger.geometry.pieceLength, context);
    this.#open = new OpenPieces(ledger, this.#ownership, this.deadlines, context);
    this.open = this.#open.pieces;
    this.duplicates = new DuplicateRequests(this.#open, ledger, sources, context);
  }

  fillAll(nowMs: number): void {
    for (const source of this.#sources.values()) this.fill(source, nowMs);
  }

  /** A piece is stored: those who sent it may have become trusted; whoever waited for memory or the disk goes on. */
  onStored(piece: RequestedPiece, nowMs: number): void {
    const wasPaused = this.paused;
    if (wasPaused === true) this.paused = false;
    if (wasPaused !== false) return this.fillAll(nowMs);
    for (const source of distinct(piece.askers)) if (source !== undefined) this.fill(source, nowMs);
    this.#memory.onFreed((source) => this.fill(source, nowMs));
  }

  /** Asks this peer for as much as its pipeline holds. */
  fill(source: BlockSource, nowMs: number): void {
    if (this.paused || !source.mayBeAsked) return;
    let room = source.pipeline.room;
    if (room <= 0 || !this.trials.mayAsk(source, nowMs)) return;
    if (this.deadlines.waiting.length > 0) room = this.#fillUrgent(source, room, nowMs);
    if (room === 0) return;
    const { open } = source.kept;
    for (let at = 0, piece = open.at(0); piece !== undefined; piece = open.at(at)) {
      room = this.#open.askFrom(piece, source, room, nowMs);
      if (room === 0) return;
      // One that was asked for to the end has left, and the next lies where it lay.
      if (open.at(at) === piece) at += 1;
    }
    room = this.#beginPieces(source, room, nowMs, true);
    const knowsNothingOpen = source.pieces.nothingOpenAt === this.#open.version;
    if (!knowsNothingOpen) room = this.#adopt(source, room, nowMs);
    room = this.#beginPieces(source, room, nowMs, false);
    const allBegun = this.#picker.candidateCount === 0;
    // A stranger helps only when there is nothing else for it to prove itself with.
    const mayHelp = allBegun || !this.#ownership.isUnproven(source);
    if (room > 0 && !knowsNothingOpen && mayHelp) this.#help(source, room, nowMs);
    if (source.pipeline.asked.length === 0 && allBegun) this.duplicates.endgame(source, nowMs);
  }

  /** The peer has gone, choked us or stalled: what it was to send is free for others. */
  release(source: BlockSource): void {
    this.#memory.leave(source);
    for (const key of [...source.pipeline.asked]) this.#open.giveUp(source, key);
    for (const piece of source.kept.pieces) this.#ownership.disown(piece);
  }

  /** It has the piece and will not send it, with BEP 6 block by block: somebody else is asked. */
  onRefused(source: BlockSource, pieceIndex: PieceIndex, blockIndex: number, nowMs: number): void {
    source.pipeline.onRefused();
    source.pieces.refuse(pieceIndex, nowMs);
    this.#open.giveUp(source, this.#open.blockKey(pieceIndex, blockIndex));
    const piece = this.#ledger.fetching(pieceIndex);
    if (piece === undefined) return;
    // The rest of it would come all the same, after somebody else was asked for it.
    for (const key of [...source.pipeline.asked])
      if (this.#open.locate(key).piece === piece) this.#open.cancel(source, key);
    if (piece.owner === source) this.#ownership.disown(piece);
  }

  /** The peer has a piece that we still lack: it is looked at again. */
  onOffer(source: BlockSource, pieceIndex: PieceIndex): void {
    if (this.#picker.isCandidate(pieceIndex)) source.pieces.hearNews(pieceIndex);
    // Most peers are looked at anyway: whether the piece is being fetched need not be looked up for them.
    else if (source.pieces.nothingOpenAt >= 0 && this.#ledger.fetching(pieceIndex) !== undefined)
      source.pieces.lookAgainAtOpen();
  }

  /** Twice a second: memory is not held for what nobody can send. */
  tick(nowMs: number): void {
    this.trials.tick();
    if (this.deadlines.size > 0 && !this.paused) this.duplicates.rescue(this.deadlines, nowMs);
    if (this.#memory.tick((source) => this.fill(source, nowMs))) return;
    const askable = [...this.#sources.values()].filter((source) => source.mayBeAsked);
    for (const piece of [...this.orphans].slice(0, orphansPerTickMax)) {
      if (askable.some((source) => source.pieces.offers(piece.pieceIndex))) continue;
      this.#abandon(piece);
      this.#picker.restore(piece.pieceIndex);
    }
  }

  /** What is on its way and not wanted any more is cancelled. The picker is told anew of its candidates after this. */
  dropUnwanted(isWanted: (pieceIndex: PieceIndex) => boolean): void {
    const dropped = [...this.#ledger.fetchingPieces].filter((piece) => !isWanted(piece.pieceIndex));
    if (dropped.length === 0) return;
    for (const source of this.#sources.values())
      for (const key of [...source.pipeline.asked]) {
        const { piece } = this.#open.locate(key);
        if (piece !== undefined && !isWanted(piece.pieceIndex)) this.#open.cancel(source, key);
      }
    for (const piece of dropped) this.#abandon(piece);
  }

  /** A block has left the pipeline by arriving; `isUsed`: it was the first copy. */
  onBlock(
    piece: RequestedPiece,
    blockIndex: number,
    source: BlockSource,
    wasAsked: boolean,
    isUsed: boolean,
  ): void {
    if (wasAsked) this.#open.giveBack(piece, blockIndex);
    if (isUsed) this.duplicates.onBlock(piece, blockIndex, source);
  }

  /** The piece has left for the disk, or is given up. */
  forget(piece: RequestedPiece): void {
    this.open.delete(piece);
    this.deadlines.asked(piece.pieceIndex);
    this.#ownership.leave(piece);
  }

  blockKey(pieceIndex: number, blockIndex: number): number {
    return this.#open.blockKey(pieceIndex, blockIndex);
  }

  /** We want this block no more from this source; it may come all the same. */
  cancel(source: BlockSource, key: number): void {
    this.#open.cancel(source, key);
  }

  // Which piece -----------------------------------------------------------------------------------------------------

  /** What is due comes before everything else, whoever began it. */
  #fillUrgent(source: BlockSource, room: number, nowMs: number): number {
    let left = room;
    for (const pieceIndex of [...this.deadlines.waiting]) {
      if (left === 0) break;
      if (!source.pieces.offers(pieceIndex)) continue;
      let piece = this.#ledger.fetching(pieceIndex);
      if (piece === undefined) {
        if (!this.#picker.isCandidate(pieceIndex) || !this.#mayBegin(source)) continue;
        piece = this.#beginPiece(pieceIndex, source);
      } else if (piece.owner === undefined) {
        if (!this.#ownership.mayAdopt(piece, source)) continue;
        this.#ownership.own(piece, source, nowMs);
      } else if (piece.owner !== source) {
        if (piece.exclusiveTo !== undefined || this.#ownership.isUnproven(source)) continue;
      }
      left = this.#open.askFrom(piece, source, left, nowMs);
    }
    return left;
  }

  /** Pieces whose peer has gone. */
  #adopt(source: BlockSource, room: number, nowMs: number): number {
    let left = room;
    const { orphans } = this;
    for (let at = 0, piece = orphans.at(0); piece !== undefined && left > 0; piece = orphans.at(at)) {
      if (this.#ownership.mayAdopt(piece, source)) {
        this.#ownership.own(piece, source, nowMs);
        left = this.#open.askFrom(piece, source, left, nowMs);
      }
      if (orphans.at(at) === piece) at += 1;
    }
    return left;
  }

  /** New ones, as many as it takes; `suggested`: only those that it would like us to take. */
  #beginPieces(source: BlockSource, room: number, nowMs: number, suggested: boolean): number {
    const picker = this.#picker;
    const { pieces } = source;
    let left = room;
    while (left > 0 && (suggested ? pieces.suggested.length > 0 : pieces.mayHaveNew(picker.version))) {
      if (!this.#mayBegin(source)) break;
      const pieceIndex = suggested
        ? picker.pickSuggested(pieces)
        : picker.pickNew(pieces, pieces.nothingAtVersion);
      if (pieceIndex !== undefined)
        left = this.#open.askFrom(this.#beginPiece(pieceIndex, source), source, left, nowMs);
      else if (!suggested) pieces.foundNothing(picker.version);
    }
    return left;
  }

  #mayBegin(source: BlockSource): boolean {
    return this.#ownership.mayTake(source) && this.#memory.admits(source);
  }

  #beginPiece(pieceIndex: PieceIndex, source: BlockSource): RequestedPiece {
    this.#picker.remove(pieceIndex);
    const piece = this.#ledger.begin(pieceIndex);
    this.#open.add(piece);
    this.#ownership.own(piece, source, this.#context.nowMs);
    return piece;
  }

  /** Free blocks of other peers' pieces. */
  #help(source: BlockSource, room: number, nowMs: number): void {
    let left = room;
    let offersAny = false;
    for (let at = 0, piece = this.open.at(0); piece !== undefined && left > 0; piece = this.open.at(at)) {
      if (source.pieces.offers(piece.pieceIndex)) {
        offersAny = true;
        const isForAny = piece.exclusiveTo === undefined || piece.exclusiveTo === source;
        if (isForAny) left = this.#open.askFrom(piece, source, left, nowMs);
      }
      if (this.open.at(at) === piece) at += 1;
    }
    if (!offersAny) source.pieces.foundNothingOpen(this.#open.version);
  }

  /** Missing again; what came of it is dropped. */
  #abandon(piece: RequestedPiece): void {
    this.droppedBytes += piece.receivedBytes;
    this.forget(piece);
    this.duplicates.forget(piece);
    this.#ledger.abandon(piece);
    this.deadlines.wait(piece.pieceIndex);
  }
}
