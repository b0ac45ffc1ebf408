/**
 * What to ask each peer for, block by block.
 *
 * A peer keeps to the pieces it began, so that most pieces have one source: a lie is then proved at once. It is given what is
 * due by a certain time (deadlines.ts); blocks of its own pieces; a new piece that it suggests itself; pieces whose peer has
 * gone; any other new piece (piece-picker.ts); then it helps others with theirs; and when nothing is left to ask for at all,
 * copies of what the slowest peers owe (duplicate-requests.ts). A peer without a verified piece gets one alone.     BEP 3
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { PeerSession } from '../connection/peer-session.ts';
import type { Context } from '../context.ts';
import { Deadlines } from '../pieces/deadlines.ts';
import type { FetchingPiece } from '../pieces/fetching-piece.ts';
import type { PieceLedger } from '../pieces/piece-ledger.ts';
import type { PiecePicker } from '../pieces/piece-picker.ts';
import { distinct, SmallSet } from '../tables/small-set.ts';
import { type BlockRequests, DuplicateRequests } from './duplicate-requests.ts';
import { MemoryQueue } from './memory-queue.ts';
import { PieceOwnership } from './piece-ownership.ts';
import { StrangerTrials } from './stranger-trials.ts';

/** Orphans that one tick considers for abandoning: the rest has time. */
const orphansPerTickMax = 64;

export class RequestScheduler implements BlockRequests {
  /** While the disk refuses pieces nothing new is asked for. `held`: also when one is stored, which it may lose, too. */
  paused: boolean | 'held' = false;
  /** Received bytes of pieces that were given up. */
  droppedBytes = 0;
  readonly deadlines: Deadlines;
  readonly trials: StrangerTrials;
  readonly #ledger: PieceLedger;
  readonly #picker: PiecePicker;
  readonly #context: Context;
  readonly #sessions: ReadonlyMap<number, PeerSession>;
  readonly #ownership: PieceOwnership;
  readonly duplicates: DuplicateRequests;
  readonly #memory: MemoryQueue;
  /** Open pieces that no peer keeps to. */
  readonly orphans: SmallSet<FetchingPiece>;
  /** Every piece with free blocks. */
  readonly open = new SmallSet<FetchingPiece>();
  /** Rises whenever a piece joins #open: a walk that found nothing need not be repeated before. */
  #openVersion = 0;

  constructor(
    ledger: PieceLedger,
    picker: PiecePicker,
    sessions: ReadonlyMap<number, PeerSession>,
    isSuspect: (pieceIndex: PieceIndex) => boolean,
    context: Context,
  ) {
    this.#ledger = ledger;
    this.#picker = picker;
    this.#sessions = sessions;
    this.trials = new StrangerTrials(sessions, context);
    this.#ownership = new PieceOwnership(ledger, isSuspect, this.trials);
    this.orphans = this.#ownership.orphans;
    this.#context = context;
    this.deadlines = new Deadlines(context.limits.deadlinesMax);
    this.#memory = new MemoryQueue(ledger.geometry.pieceLength, context);
    this.duplicates = new DuplicateRequests(this, ledger, sessions, context);
  }

  fillAll(nowMs: number): void {
    for (const session of this.#sessions.values()) this.fill(session, nowMs);
  }

  /** A piece is stored: those who sent it may have become trusted; whoever waited for memory or the disk goes on. */
  onStored(piece: FetchingPiece, nowMs: number): void {
    const wasPaused = this.paused;
    if (wasPaused === true) this.paused = false;
    if (wasPaused !== false) return this.fillAll(nowMs);
    for (const session of distinct(piece.askers as (PeerSession | undefined)[]))
      if (session !== undefined) this.fill(session, nowMs);
    this.#memory.onFreed((session) => this.fill(session, nowMs));
  }

  /** Asks this peer for as much as its pipeline holds. */
  fill(session: PeerSession, nowMs: number): void {
    if (this.paused || !session.mayBeAsked) return;
    let room = session.pipeline.room;
    if (room <= 0 || !this.trials.mayAsk(session, nowMs)) return;
    if (this.deadlines.waiting.length > 0) room = this.#fillUrgent(session, room, nowMs);
    if (room === 0) return;
    const { ownPieces } = session;
    for (let at = 0, piece = ownPieces.at(0); piece !== undefined; piece = ownPieces.at(at)) {
      room = this.#askFrom(piece, session, room, nowMs);
      if (room === 0) return;
      // One that was asked for to the end has left, and the next lies where it lay.
      if (ownPieces.at(at) === piece) at += 1;
    }
    room = this.#beginPieces(session, room, nowMs, true);
    const knowsNothingOpen = session.pieces.nothingOpenAt === this.#openVersion;
    if (!knowsNothingOpen) room = this.#adopt(session, room, nowMs);
    room = this.#beginPieces(session, room, nowMs, false);
    const allBegun = this.#picker.candidateCount === 0;
    // A stranger helps only when there is nothing else for it to prove itself with.
    const mayHelp = allBegun || !this.#ownership.isUnproven(session);
    if (room > 0 && !knowsNothingOpen && mayHelp) this.#help(session, room, nowMs);
    if (session.pipeline.asked.length === 0 && allBegun) this.duplicates.endgame(session, nowMs);
  }

  /** The peer has gone, choked us or stalled: what it was to send is free for others. */
  release(session: PeerSession): void {
    this.#memory.leave(session);
    for (const key of [...session.pipeline.asked]) this.giveUp(session, key);
    for (const piece of session.owned) this.#ownership.disown(piece);
  }

  /** It has the piece and will not send it, with BEP 6 block by block: somebody else is asked. */
  onRefused(session: PeerSession, pieceIndex: PieceIndex, blockIndex: number, nowMs: number): void {
    session.pipeline.rejects += 1;
    session.pieces.refuse(pieceIndex, nowMs);
    this.giveUp(session, this.blockKey(pieceIndex, blockIndex));
    const piece = this.#ledger.fetching(pieceIndex);
    if (piece === undefined) return;
    // The rest of it would come all the same, after somebody else was asked for it.
    for (const key of [...session.pipeline.asked])
      if (this.locate(key).piece === piece) this.cancel(session, key);
    if (piece.owner === session) this.#ownership.disown(piece);
  }

  /** The peer has a piece that we still lack: it is looked at again. */
  onOffer(session: PeerSession, pieceIndex: PieceIndex): void {
    if (this.#picker.isCandidate(pieceIndex)) session.pieces.hearNews(pieceIndex);
    // Most peers are looked at anyway: whether the piece is being fetched need not be looked up for them.
    else if (session.pieces.nothingOpenAt >= 0 && this.#ledger.fetching(pieceIndex) !== undefined)
      session.pieces.nothingOpenAt = -1;
  }

  /** Twice a second: memory is not held for what nobody can send. */
  tick(nowMs: number): void {
    this.trials.tick();
    if (this.deadlines.size > 0 && !this.paused) this.duplicates.rescue(this.deadlines, nowMs);
    if (this.#memory.tick((session) => this.fill(session, nowMs))) return;
    const unchoked = [...this.#sessions.values()].filter((session) => !session.peerChoking);
    for (const piece of [...this.orphans].slice(0, orphansPerTickMax)) {
      if (unchoked.some((session) => session.pieces.offers(piece.pieceIndex))) continue;
      this.#abandon(piece);
      this.#picker.restore(piece.pieceIndex);
    }
  }

  /** What is on its way and not wanted any more is cancelled. The picker is told anew of its candidates after this. */
  dropUnwanted(isWanted: (pieceIndex: PieceIndex) => boolean): void {
    const dropped = [...this.#ledger.fetchingPieces].filter((piece) => !isWanted(piece.pieceIndex));
    if (dropped.length === 0) return;
    for (const session of this.#sessions.values())
      for (const key of [...session.pipeline.asked]) {
        const { piece } = this.locate(key);
        if (piece !== undefined && !isWanted(piece.pieceIndex)) this.cancel(session, key);
      }
    for (const piece of dropped) this.#abandon(piece);
  }

  /** We want this block no more from this peer; it may come all the same. */
  cancel(session: PeerSession, key: number): void {
    const { piece, blockIndex } = this.locate(key);
    if (piece !== undefined) {
      session.sendCancel(piece.pieceIndex, blockIndex);
      session.pipeline.onCancelled(key);
    }
    this.giveUp(session, key);
  }

  /** One request will not be answered. */
  giveUp(session: PeerSession, key: number): void {
    if (!session.pipeline.giveUp(key)) return;
    const { piece, blockIndex } = this.locate(key);
    if (piece !== undefined) this.#giveBack(piece, blockIndex);
  }

  /** A block has left the pipeline by arriving; `isUsed`: it was the first copy. */
  onBlock(
    piece: FetchingPiece,
    blockIndex: number,
    session: PeerSession,
    wasAsked: boolean,
    isUsed: boolean,
  ): void {
    if (wasAsked) this.#giveBack(piece, blockIndex);
    if (isUsed) this.duplicates.onBlock(piece, blockIndex, session);
  }

  /** The piece has left for the disk, or is given up. */
  forget(piece: FetchingPiece): void {
    this.open.delete(piece);
    this.deadlines.asked(piece.pieceIndex);
    this.#ownership.leave(piece);
  }

  // BlockRequests ---------------------------------------------------------------------------------------------------

  blockKey(pieceIndex: number, blockIndex: number): number {
    return pieceIndex * this.#ledger.geometry.blocksPerPiece + blockIndex;
  }

  locate(key: number): { piece: FetchingPiece | undefined; blockIndex: number } {
    const { blocksPerPiece } = this.#ledger.geometry;
    const blockIndex = key % blocksPerPiece;
    const pieceIndex = ((key - blockIndex) / blocksPerPiece) as PieceIndex;
    return { piece: this.#ledger.fetching(pieceIndex), blockIndex };
  }

  ask(piece: FetchingPiece, blockIndex: number, session: PeerSession, nowMs: number): void {
    piece.askers[blockIndex] = session;
    const isNew = session.pipeline.ask(this.blockKey(piece.pieceIndex, blockIndex), nowMs);
    if (isNew) session.sendRequest(piece.pieceIndex, blockIndex);
  }

  handOver(piece: FetchingPiece, to: PeerSession, nowMs: number): void {
    this.#ownership.leave(piece);
    this.#ownership.own(piece, to, nowMs);
    // The rest of it is asked for as the queue of the peer empties: it is its own piece now.
    const room = Math.min(this.#context.limits.requestsOutstandingMax, to.pipeline.queueRoom);
    this.#askFrom(piece, to, room, nowMs);
  }

  // Which piece -----------------------------------------------------------------------------------------------------

  /** What is due comes before everything else, whoever began it. */
  #fillUrgent(session: PeerSession, room: number, nowMs: number): number {
    let left = room;
    for (const pieceIndex of [...this.deadlines.waiting]) {
      if (left === 0) break;
      if (!session.pieces.offers(pieceIndex)) continue;
      let piece = this.#ledger.fetching(pieceIndex);
      if (piece === undefined) {
        if (!this.#picker.isCandidate(pieceIndex) || !this.#mayBegin(session)) continue;
        piece = this.#beginPiece(pieceIndex, session);
      } else if (piece.owner === undefined) {
        if (!this.#ownership.mayAdopt(piece, session)) continue;
        this.#ownership.own(piece, session, nowMs);
      } else if (piece.owner !== session) {
        if (piece.exclusiveTo !== undefined || this.#ownership.isUnproven(session)) continue;
      }
      left = this.#askFrom(piece, session, left, nowMs);
    }
    return left;
  }

  /** Pieces whose peer has gone. */
  #adopt(session: PeerSession, room: number, nowMs: number): number {
    let left = room;
    const { orphans } = this;
    for (let at = 0, piece = orphans.at(0); piece !== undefined && left > 0; piece = orphans.at(at)) {
      if (this.#ownership.mayAdopt(piece, session)) {
        this.#ownership.own(piece, session, nowMs);
        left = this.#askFrom(piece, session, left, nowMs);
      }
      if (orphans.at(at) === piece) at += 1;
    }
    return left;
  }

  /** New ones, as many as it takes; `suggested`: only those that it would like us to take. */
  #beginPieces(session: PeerSession, room: number, nowMs: number, suggested: boolean): number {
    const picker = this.#picker;
    const { pieces } = session;
    let left = room;
    while (left > 0 && (suggested ? pieces.suggested.length > 0 : pieces.mayHaveNew(picker.version))) {
      if (!this.#mayBegin(session)) break;
      const pieceIndex = suggested
        ? picker.pickSuggested(pieces)
        : picker.pickNew(pieces, pieces.nothingAtVersion);
      if (pieceIndex !== undefined)
        left = this.#askFrom(this.#beginPiece(pieceIndex, session), session, left, nowMs);
      else if (!suggested) pieces.foundNothing(picker.version);
    }
    return left;
  }

  #mayBegin(session: PeerSession): boolean {
    return this.#ownership.mayTake(session) && this.#memory.admits(session);
  }

  #beginPiece(pieceIndex: PieceIndex, session: PeerSession): FetchingPiece {
    this.#picker.remove(pieceIndex);
    const piece = this.#ledger.begin(pieceIndex);
    this.#openAgain(piece);
    this.#ownership.own(piece, session, this.#context.nowMs);
    return piece;
  }

  /** Free blocks of other peers' pieces. */
  #help(session: PeerSession, room: number, nowMs: number): void {
    let left = room;
    let offersAny = false;
    for (let at = 0, piece = this.open.at(0); piece !== undefined && left > 0; piece = this.open.at(at)) {
      if (session.pieces.offers(piece.pieceIndex)) {
        offersAny = true;
        const isForAny = piece.exclusiveTo === undefined || piece.exclusiveTo === session;
        if (isForAny) left = this.#askFrom(piece, session, left, nowMs);
      }
      if (this.open.at(at) === piece) at += 1;
    }
    if (!offersAny) session.pieces.nothingOpenAt = this.#openVersion;
  }

  /** Missing again; what came of it is dropped. */
  #abandon(piece: FetchingPiece): void {
    this.droppedBytes += piece.receivedBytes;
    this.forget(piece);
    this.duplicates.forget(piece);
    this.#ledger.abandon(piece);
    this.deadlines.wait(piece.pieceIndex);
  }

  // Which block -----------------------------------------------------------------------------------------------------

  /** The block may be asked for again: by the piece's owner first, by anybody when it has none. */
  #giveBack(piece: FetchingPiece, blockIndex: number): void {
    piece.giveBack(blockIndex);
    if (piece.freeCount === 0) return;
    this.#openAgain(piece);
    this.#ownership.onOpen(piece);
  }

  #openAgain(piece: FetchingPiece): void {
    if (this.open.has(piece)) return;
    this.open.add(piece);
    this.#openVersion += 1;
    this.deadlines.wait(piece.pieceIndex);
  }

  #askFrom(piece: FetchingPiece, session: PeerSession, room: number, nowMs: number): number {
    let left = room;
    const { downloadRate } = this.#context;
    while (left > 0 && piece.freeCount > 0) {
      if (!downloadRate.take(piece.blockBytes(0), nowMs)) {
        this.#context.throttled.add(session.connection);
        this.#ownership.onOpen(piece);
        return 0;
      }
      this.ask(piece, piece.askFree()!, session, nowMs);
      left -= 1;
    }
    if (piece.freeCount === 0) {
      this.#ownership.onAllAsked(piece);
      this.open.delete(piece);
      this.deadlines.asked(piece.pieceIndex);
    } else {
      this.#ownership.onOpen(piece);
    }
    return left;
  }
}
