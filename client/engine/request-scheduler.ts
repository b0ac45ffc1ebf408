/**
 * What to ask each peer for, block by block.
 *
 * A peer keeps to the pieces it began, so that most pieces have one source: a lie is then proved at once, and disks
 * read in order. In this order it is given: blocks of its own pieces; of pieces whose peer has gone; a new piece
 * (piece-picker.ts); then it helps others with theirs; and when nothing is left to ask for at all, copies of what the
 * slowest peers still owe (endgame), cancelled as soon as one copy arrives.
 * A peer that has not yet had part in one verified piece is trusted with one piece alone.                  BEP 3
 */
import { blockBytesMax, type PieceIndex } from '../../torrents/geometry.ts';
import type { Context } from './context.ts';
import type { FetchingPiece } from './fetching-piece.ts';
import type { PeerSession } from './peer-session.ts';
import type { PieceLedger } from './piece-ledger.ts';
import type { PiecePicker } from './piece-picker.ts';

export class RequestScheduler {
  /** While the disk refuses pieces nothing new is asked for. */
  paused = false;
  readonly #ledger: PieceLedger;
  readonly #picker: PiecePicker;
  readonly #context: Context;
  readonly #sessions: ReadonlyMap<number, PeerSession>;
  readonly #isSuspect: (pieceIndex: PieceIndex) => boolean;
  /** Pieces whose peer has gone, with free blocks. */
  readonly #orphans = new Set<FetchingPiece>();
  /** Every piece with free blocks. */
  readonly #open = new Set<FetchingPiece>();

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
    this.#isSuspect = isSuspect;
    this.#context = context;
  }

  blockKey(pieceIndex: PieceIndex, blockIndex: number): number {
    return pieceIndex * this.#ledger.geometry.blocksPerPiece + blockIndex;
  }

  /** Asks this peer for as much as its pipeline holds. */
  fill(session: PeerSession, nowMs: number): void {
    if (this.paused || !session.isOpen || session.peerChoking || !session.amInterested) return;
    let room = session.pipeline.room;
    if (room <= 0) return;
    for (const piece of session.ownPieces) {
      room = this.#askFrom(piece, session, room, nowMs);
      if (room === 0) return;
    }
    for (const piece of this.#orphans) {
      if (!session.offers(piece.pieceIndex)) continue;
      if (piece.pieceIndex !== session.trialPiece && !this.#mayTake(session)) continue;
      this.#orphans.delete(piece);
      this.#own(piece, session, nowMs);
      room = this.#askFrom(piece, session, room, nowMs);
      if (room === 0) return;
    }
    while (room > 0) {
      const piece = this.#begin(session);
      if (piece === undefined) break;
      room = this.#askFrom(piece, session, room, nowMs);
    }
    // A stranger helps only when there is nothing else for it to prove itself with.
    if (room > 0 && (!this.#isUnproven(session) || this.#ledger.allBegun))
      room = this.#help(session, room, nowMs);
    if (session.pipeline.asked.length === 0 && this.#ledger.allBegun) this.#endgame(session, nowMs);
  }

  /** The peer has gone, choked us or stalled: what it was to send is free for others. */
  release(session: PeerSession): void {
    for (const key of [...session.pipeline.asked]) this.giveUp(session, key);
    for (const piece of session.owned) this.#disown(piece);
  }

  /** It has the piece and will not send it, with BEP 6 block by block: somebody else is asked. */
  onRefused(session: PeerSession, pieceIndex: PieceIndex, nowMs: number): void {
    session.pipeline.rejects += 1;
    session.refused.add(pieceIndex);
    session.refusedMs = nowMs;
    const piece = this.#ledger.fetching(pieceIndex);
    if (piece === undefined) return;
    for (const key of [...session.pipeline.asked])
      if (this.#locate(key).piece === piece) this.giveUp(session, key);
    if (piece.owner === session) this.#disown(piece);
  }

  /** Twice a second: refusals are forgotten after a while, and memory is not held for what nobody can send. */
  tick(nowMs: number): void {
    const { limits, budget } = this.#context;
    for (const session of this.#sessions.values()) {
      if (session.refused.size === 0 || nowMs - session.refusedMs < limits.refusedMs) continue;
      session.refused.clear();
      session.nothingAtVersion = -1;
    }
    if (budget.pieceBytes + this.#ledger.geometry.pieceLength <= limits.pieceMemoryBytesMax) return;
    for (const piece of [...this.#orphans]) {
      const sessions = [...this.#sessions.values()];
      if (sessions.some((s) => !s.peerChoking && s.offers(piece.pieceIndex))) continue;
      this.forget(piece);
      this.#ledger.abandon(piece);
      this.#picker.restore(piece.pieceIndex);
    }
  }

  /** We want this block no more from this peer; it may come all the same. */
  cancel(session: PeerSession, key: number): void {
    const { piece, blockIndex } = this.#locate(key);
    if (piece !== undefined) {
      session.sendCancel(piece.pieceIndex, blockIndex);
      session.pipeline.onCancelled(key);
    }
    this.giveUp(session, key);
  }

  /** One request will not be answered. */
  giveUp(session: PeerSession, key: number): void {
    if (!session.pipeline.giveUp(key)) return;
    const { piece, blockIndex } = this.#locate(key);
    if (piece === undefined) return;
    this.giveBack(piece, blockIndex);
  }

  /** The block may be asked for again: by the piece's owner first, by anybody when it has none. */
  giveBack(piece: FetchingPiece, blockIndex: number): void {
    piece.giveBack(blockIndex);
    if (piece.freeCount === 0) return;
    this.#open.add(piece);
    if (piece.owner === undefined) this.#orphans.add(piece);
    else (piece.owner as PeerSession).ownPieces.add(piece);
  }

  /** A block has arrived: other peers that were asked for it too need not send it. */
  cancelCopies(piece: FetchingPiece, blockIndex: number, except: PeerSession): void {
    if (piece.copies(blockIndex) === 0) return;
    // Only in the endgame has a block several copies: then all who owe one are looked for.
    const key = this.blockKey(piece.pieceIndex, blockIndex);
    for (const session of this.#sessions.values()) {
      if (session !== except && session.pipeline.asked.includes(key)) this.cancel(session, key);
    }
  }

  /** The piece has left for the disk, or is given up. */
  forget(piece: FetchingPiece): void {
    this.#orphans.delete(piece);
    this.#open.delete(piece);
    this.#leave(piece);
  }

  #leave(piece: FetchingPiece): void {
    const owner = piece.owner as PeerSession | undefined;
    owner?.ownPieces.delete(piece);
    owner?.owned.delete(piece);
    piece.owner = undefined;
    piece.exclusiveTo = undefined;
  }

  #isUnproven(session: PeerSession): boolean {
    return session.record!.goodPieces === 0;
  }

  /** An unproven peer holds one piece at a time. */
  #mayTake(session: PeerSession): boolean {
    if (!this.#isUnproven(session) || session.trialPiece === undefined) return true;
    // Given up, or completed by others: it may try another.
    return this.#ledger.isMissing(session.trialPiece) || this.#ledger.has(session.trialPiece);
  }

  #begin(session: PeerSession): FetchingPiece | undefined {
    const picker = this.#picker;
    if (session.nothingAtVersion === picker.version || !this.#mayTake(session)) return undefined;
    const { geometry } = this.#ledger;
    const { budget, limits } = this.#context;
    // At least one piece may always be under way, however small the cap.
    const { pieceBytes } = budget;
    if (pieceBytes > 0 && pieceBytes + geometry.pieceLength > limits.pieceMemoryBytesMax) return undefined;
    const pieceIndex = picker.pick(session);
    if (pieceIndex === undefined) {
      session.nothingAtVersion = picker.version;
      return undefined;
    }
    picker.remove(pieceIndex);
    const piece = this.#ledger.begin(pieceIndex);
    this.#open.add(piece);
    this.#own(piece, session, this.#context.nowMs);
    return piece;
  }

  #own(piece: FetchingPiece, session: PeerSession, nowMs: number): void {
    piece.owner = session;
    piece.ownedMs = nowMs;
    session.owned.add(piece);
    if (this.#isSuspect(piece.pieceIndex)) piece.exclusiveTo = session;
    if (this.#isUnproven(session)) session.trialPiece = piece.pieceIndex;
    session.ownPieces.add(piece);
  }

  #disown(piece: FetchingPiece): void {
    this.#leave(piece);
    if (piece.freeCount > 0) this.#orphans.add(piece);
  }

  /** Free blocks of other peers' pieces. */
  #help(session: PeerSession, room: number, nowMs: number): number {
    let left = room;
    for (const piece of this.#open) {
      if (left === 0) break;
      if (!session.offers(piece.pieceIndex)) continue;
      if (piece.exclusiveTo !== undefined && piece.exclusiveTo !== session) continue;
      left = this.#askFrom(piece, session, left, nowMs);
    }
    return left;
  }

  #askFrom(piece: FetchingPiece, session: PeerSession, room: number, nowMs: number): number {
    let left = room;
    const { downloadRate, throttled } = this.#context;
    while (left > 0 && piece.freeCount > 0) {
      if (!downloadRate.take(blockBytesMax, nowMs)) {
        throttled.add(session.connection);
        return 0;
      }
      const blockIndex = piece.askFree()!;
      this.#ask(piece, blockIndex, session, nowMs);
      left -= 1;
    }
    if (piece.freeCount === 0) {
      session.ownPieces.delete(piece);
      (piece.owner as PeerSession | undefined)?.ownPieces.delete(piece);
      this.#open.delete(piece);
      this.#orphans.delete(piece);
    }
    return left;
  }

  #ask(piece: FetchingPiece, blockIndex: number, session: PeerSession, nowMs: number): void {
    session.pipeline.ask(this.blockKey(piece.pieceIndex, blockIndex), nowMs);
    session.sendRequest(piece.pieceIndex, blockIndex);
  }

  /** Copies of what the slowest peer was asked for last, while this peer would be clearly sooner. */
  #endgame(session: PeerSession, nowMs: number): void {
    const slowest = this.#slowest(session, nowMs);
    if (slowest === undefined) return;
    if (this.#takeOver(slowest, session, nowMs)) return;
    const { endgameRequestsMax, endgameCopiesMax } = this.#context.limits;
    const theirMs = slowest.pipeline.drainMs(slowest.down.rate, nowMs);
    const { knownRate } = session.pipeline;
    // Of a peer whose rate nobody knows one block is asked, when the other is clearly slow.
    const ourBlockMs = knownRate === undefined ? Math.min(theirMs, 1000) : msFor(blockBytesMax, knownRate);
    const copiesMax = knownRate === undefined ? 1 : endgameRequestsMax;
    const { asked } = slowest.pipeline;
    for (let i = asked.length - 1, copies = 0; i >= 0 && copies < copiesMax; i--) {
      // Sooner by half at least; otherwise both would arrive together, and one for nothing.
      if ((copies + 1) * ourBlockMs * 2 > theirMs && theirMs < stalledMs) return;
      const { piece, blockIndex } = this.#locate(asked[i]!);
      if (piece === undefined || !session.offers(piece.pieceIndex)) continue;
      if (piece.exclusiveTo !== undefined || piece.copies(blockIndex) >= endgameCopiesMax) continue;
      piece.askAgain(blockIndex);
      this.#ask(piece, blockIndex, session, nowMs);
      copies += 1;
    }
  }

  /** A piece that one peer alone may send, and that would take it too long, is given to another, alone again. */
  #takeOver(slow: PeerSession, session: PeerSession, nowMs: number): boolean {
    const { takeOverMs, requestsOutstandingMax } = this.#context.limits;
    const theirMs = slow.pipeline.drainMs(slow.down.rate, nowMs);
    const { piece } = this.#locate(slow.pipeline.asked[0]!);
    if (piece?.exclusiveTo !== slow || !session.offers(piece.pieceIndex)) return false;
    // It has had its chance, and the other one is not known to be as slow.
    if (theirMs < takeOverMs || nowMs - piece.ownedMs < takeOverMs) return false;
    const { knownRate } = session.pipeline;
    const bytesLeft = (piece.blockCount - piece.receivedCount) * blockBytesMax;
    if (knownRate !== undefined && msFor(bytesLeft, knownRate) * 2 > theirMs) return false;
    for (const key of [...slow.pipeline.asked]) if (this.#locate(key).piece === piece) this.cancel(slow, key);
    this.#leave(piece);
    this.#own(piece, session, nowMs);
    this.#askFrom(piece, session, requestsOutstandingMax, nowMs);
    return true;
  }

  #slowest(except: PeerSession, nowMs: number): PeerSession | undefined {
    let slowest: PeerSession | undefined;
    let slowestMs = 0;
    for (const session of this.#sessions.values()) {
      if (session === except || session.pipeline.asked.length === 0) continue;
      const drainMs = session.pipeline.drainMs(session.down.rate, nowMs);
      if (drainMs <= slowestMs) continue;
      slowest = session;
      slowestMs = drainMs;
    }
    return slowest;
  }

  #locate(key: number): { piece: FetchingPiece | undefined; blockIndex: number } {
    const { blocksPerPiece } = this.#ledger.geometry;
    const blockIndex = key % blocksPerPiece;
    const pieceIndex = ((key - blockIndex) / blocksPerPiece) as PieceIndex;
    return { piece: this.#ledger.fetching(pieceIndex), blockIndex };
  }
}

/** A peer of whom nothing has come for a while has no rate: anybody is sooner. */
const stalledMs = Number.MAX_SAFE_INTEGER;

function msFor(bytes: number, rate: number): number {
  return Math.floor((bytes * 1000) / Math.max(1, rate));
}
