/**
 * Decides which blocks to request from each peer.
 *
 * A peer keeps to the pieces it began, so that most pieces have one source and a corrupt piece has one
 * culprit. A peer is asked in this order: pieces with a deadline (deadlines.ts); blocks of its own pieces; a
 * new piece that it suggests; orphaned pieces; any other new piece (piece-picker.ts); free blocks of other
 * peers' pieces; and in the endgame copies of what the slowest peers owe (duplicate-requests.ts). A peer
 * without a verified piece gets one piece. BEP 3
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
import { UnprovenSeedLimiter } from './unproven-seed-limiter.ts';

/** Orphans that one tick considers for abandoning. The rest can wait. */
const orphansPerTickMax = 64;

export class RequestScheduler {
  /**
   * No requests while the disk refuses pieces. `held`: a stored piece does not end the pause, because the
   * disk may lose it, too.
   */
  paused: boolean | 'held' = false;
  /** Received bytes of pieces that were given up. */
  droppedBytes = 0;
  readonly deadlines: Deadlines;
  readonly trials: UnprovenSeedLimiter;
  readonly #ledger: PieceLedger<BlockSource>;
  readonly #picker: PiecePicker;
  readonly #context: Context;
  readonly #sources: ReadonlyMap<number, BlockSource>;
  readonly #ownership: PieceOwnership;
  readonly duplicates: DuplicateRequests;
  readonly #memory: MemoryQueue;
  /** Open pieces without an owner. */
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
    this.trials = new UnprovenSeedLimiter(sources, context);
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

  /**
   * A piece is stored: the peers that sent it may be trusted now, and peers that waited for memory or for the
   * disk continue.
   */
  onStored(piece: RequestedPiece, nowMs: number): void {
    const wasPaused = this.paused;
    if (wasPaused === true) this.paused = false;
    if (wasPaused !== false) return this.fillAll(nowMs);
    for (const source of distinct(piece.askers)) if (source !== undefined) this.fill(source, nowMs);
    this.#memory.onFreed((source) => this.fill(source, nowMs));
  }

  /** Requests as many blocks from this peer as its pipeline has room for. */
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
      // A piece with every block requested has left the list, and the next one has its place.
      if (open.at(at) === piece) at += 1;
    }
    room = this.#beginPieces(source, room, nowMs, true);
    const knowsNothingOpen = source.pieces.nothingOpenAt === this.#open.version;
    if (!knowsNothingOpen) room = this.#adopt(source, room, nowMs);
    room = this.#beginPieces(source, room, nowMs, false);
    const allBegun = this.#picker.candidateCount === 0;
    // A peer without a verified piece helps only when no new piece is left to prove itself with.
    const mayHelp = allBegun || !this.#ownership.isUnproven(source);
    if (room > 0 && !knowsNothingOpen && mayHelp) this.#help(source, room, nowMs);
    if (source.pipeline.asked.length === 0 && allBegun) this.duplicates.endgame(source, nowMs);
  }

  /** The peer has left, choked us or stalled: its blocks are free for others. */
  release(source: BlockSource): void {
    this.#memory.leave(source);
    for (const key of [...source.pipeline.asked]) this.#open.giveUp(source, key);
    for (const piece of source.kept.pieces) this.#ownership.disown(piece);
  }

  /** The peer refuses a piece that it has; with BEP 6, block by block. Other peers are asked. */
  onRefused(source: BlockSource, pieceIndex: PieceIndex, blockIndex: number, nowMs: number): void {
    source.pipeline.onRefused();
    source.pieces.refuse(pieceIndex, nowMs);
    this.#open.giveUp(source, this.#open.blockKey(pieceIndex, blockIndex));
    const piece = this.#ledger.fetching(pieceIndex);
    if (piece === undefined) return;
    // The rest of the piece would still arrive after other peers were asked for it, so it is cancelled.
    for (const key of [...source.pipeline.asked])
      if (this.#open.locate(key).piece === piece) this.#open.cancel(source, key);
    if (piece.owner === source) this.#ownership.disown(piece);
  }

  /** The peer has a piece that we lack: it is considered again. */
  onOffer(source: BlockSource, pieceIndex: PieceIndex): void {
    if (this.#picker.isCandidate(pieceIndex)) source.pieces.hearNews(pieceIndex);
    // Most peers are considered anyway, and then the lookup of the piece is not needed.
    else if (source.pieces.nothingOpenAt >= 0 && this.#ledger.fetching(pieceIndex) !== undefined)
      source.pieces.lookAgainAtOpen();
  }

  /** Twice a second. Frees the memory of pieces that no peer can send. */
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

  /** Cancels pieces that are no longer wanted. The caller then gives the picker its candidates anew. */
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

  /** A block has arrived. `isUsed`: it was the first copy. */
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

  /** The piece was handed to the disk, or is given up. */
  forget(piece: RequestedPiece): void {
    this.open.delete(piece);
    this.deadlines.asked(piece.pieceIndex);
    this.#ownership.leave(piece);
  }

  blockKey(pieceIndex: number, blockIndex: number): number {
    return this.#open.blockKey(pieceIndex, blockIndex);
  }

  /** Cancels the request at this source. The block may arrive nevertheless. */
  cancel(source: BlockSource, key: number): void {
    this.#open.cancel(source, key);
  }

  // Which piece
  // -----------------------------------------------------------------------------------------------------

  /** Pieces with a deadline come first, whichever peer began them. */
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

  /** Takes over orphaned pieces. */
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

  /** Begins new pieces until the room is used. `suggested`: only pieces that the peer suggests. */
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

  /** Requests free blocks of other peers' pieces. */
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

  /** The piece is missing again; its received blocks are dropped. */
  #abandon(piece: RequestedPiece): void {
    this.droppedBytes += piece.receivedBytes;
    this.forget(piece);
    this.duplicates.forget(piece);
    this.#ledger.abandon(piece);
    this.deadlines.wait(piece.pieceIndex);
  }
}
