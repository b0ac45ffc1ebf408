/**
 * Whether a peer has pieces for us: per peer, the number of pieces that it has and that are wanted and not
 * stored. The number is updated with each event instead of computed by a lookup. This file also reports to
 * the picker how rare each piece is.
 *
 * Invariant: we have sent `interested` to a peer exactly while its `usefulCount` is above zero. BEP 3
 */
import type { Geometry, PieceIndex } from '../../../torrents/geometry.ts';
import type { ConnectionId } from '../contract.ts';
import { PieceHolders } from '../pieces/piece-holders.ts';
import type { PiecePicker } from '../pieces/piece-picker.ts';
import type { PieceSelection } from '../pieces/piece-selection.ts';
import type { InitialSeeding } from '../serving/initial-seeding.ts';
import { SmallSet } from '../tables/small-set.ts';
import type { PeerSession } from './peer-session.ts';

type PeerSessions = ReadonlyMap<ConnectionId, PeerSession>;

export interface InterestParts {
  readonly selection: PieceSelection;
  readonly picker: PiecePicker;
}

export class Interest {
  readonly #geometry: Geometry;
  readonly #selection: PieceSelection;
  readonly #picker: PiecePicker;
  readonly #initialSeeding: InitialSeeding;
  readonly #tellAtOnceMax: number;
  readonly #holders: PieceHolders<PeerSession>;
  /** Peers that announced all pieces in their first message. */
  readonly #seeds = new SmallSet<PeerSession>();
  /** While one stored piece is handled: a peer that has nothing more for us, and the number of such peers. */
  #useless: PeerSession | undefined;
  #uselessCount = 0;
  /** Stored pieces that we have not yet announced to all peers. */
  #untold: PieceIndex[] = [];

  /**
   * `tellAtOnceMax`: with more peers than this, `have` messages wait for the next tick and go out several at
   * once.
   */
  constructor(
    geometry: Geometry,
    parts: InterestParts,
    initialSeeding: InitialSeeding,
    tellAtOnceMax: number,
  ) {
    this.#geometry = geometry;
    this.#holders = new PieceHolders(geometry.pieceCount);
    this.#tellAtOnceMax = tellAtOnceMax;
    this.#selection = parts.selection;
    this.#picker = parts.picker;
    this.#initialSeeding = initialSeeding;
  }

  /** The peer's first bitfield, have-all or the like. A seed is only counted; its pieces are not visited. */
  onPieces(session: PeerSession): void {
    const { pieces } = session;
    session.countedAsSeed = pieces.isAll;
    session.record.isSeed = pieces.isAll;
    if (pieces.isAll) {
      session.usefulCount = this.#selection.missingCount;
      this.#seeds.add(session);
    } else {
      pieces.each((pieceIndex) => {
        this.#picker.onHave(pieceIndex);
        this.#holders.add(session, pieceIndex);
        if (this.#selection.lacks(pieceIndex)) session.usefulCount += 1;
      });
    }
    session.setInterested(session.usefulCount > 0);
  }

  /** The peer has joined and has not yet told us its pieces. */
  onJoined({ record }: PeerSession): void {
    record.isSeed = false;
  }

  /** The peer downloads nothing more. BEP 21 */
  onUploadOnly({ record, pieces }: PeerSession, uploadOnly: boolean): void {
    record.isSeed = pieces.isAll || uploadOnly;
  }

  /** The peer has one more piece. True when we need that piece. */
  onHave(session: PeerSession, pieceIndex: PieceIndex, nowMs: number): boolean {
    this.#picker.onHave(pieceIndex);
    this.#initialSeeding.onHave(session, pieceIndex, nowMs);
    this.#holders.add(session, pieceIndex);
    if (session.pieces.count === this.#geometry.pieceCount) session.record.isSeed = true;
    if (!this.#selection.lacks(pieceIndex)) return false;
    session.usefulCount += 1;
    session.setInterested(true);
    return true;
  }

  onLeft(session: PeerSession): void {
    this.#seeds.delete(session);
    if (session.countedAsSeed) return;
    session.pieces.each((pieceIndex) => this.#holders.remove(session, pieceIndex));
    this.#holders.leave(session);
    session.pieces.each((pieceIndex) => this.#picker.onLost(pieceIndex));
  }

  /**
   * A piece is stored. If we lacked it, each peer that has it has one useful piece less. All other peers get
   * a `have`.
   */
  onStored(sessions: PeerSessions, pieceIndex: PieceIndex, wasLacking: boolean): void {
    this.#untold.push(pieceIndex);
    if (wasLacking) this.#lackNoMore(sessions, pieceIndex);
    if (sessions.size <= this.#tellAtOnceMax) this.tell(sessions);
  }

  #lackNoMore(sessions: PeerSessions, pieceIndex: PieceIndex): void {
    this.#useless = undefined;
    this.#uselessCount = 0;
    this.#holders.each(pieceIndex, this.#takeOne);
    for (let i = 0; i < this.#seeds.size; i++) this.#takeOne(this.#seeds.at(i)!);
    const useless: PeerSession | undefined = this.#useless;
    this.#useless = undefined;
    if (this.#uselessCount === 1) return useless!.setInterested(false);
    if (this.#uselessCount > 1)
      for (const session of sessions.values()) session.setInterested(session.usefulCount > 0);
  }

  /** One function for all pieces: it runs for every holder of every stored piece. */
  readonly #takeOne = (session: PeerSession): void => {
    if (--session.usefulCount > 0) return;
    this.#useless = session;
    this.#uselessCount += 1;
  };

  /** Stored pieces are lost again: peers that have them are useful again. */
  onLost(sessions: PeerSessions, lost: ReadonlySet<PieceIndex>): void {
    this.#untold = this.#untold.filter((pieceIndex) => !lost.has(pieceIndex));
    const lacked = [...lost].filter((pieceIndex) => this.#selection.lacks(pieceIndex));
    for (const session of sessions.values()) {
      for (const pieceIndex of lacked) if (session.pieces.has(pieceIndex)) session.usefulCount += 1;
      session.setInterested(session.usefulCount > 0);
    }
  }

  /**
   * Sends a `have` for every newly stored piece to each peer that lacks it. The loop goes by peer, not by
   * piece: by piece, every peer would be fetched into the cache once for each piece. Peers that have the
   * first pieces come after those that lack them, so that messages leave in the order in which the pieces
   * were stored.
   */
  tell(sessions: PeerSessions): void {
    if (this.#untold.length === 0) return;
    const untold = this.#untold;
    this.#untold = [];
    const later: PeerSession[] = [];
    for (const session of sessions.values()) if (!this.#tellFrom(session, untold, 0)) later.push(session);
    for (let from = 1; later.length > 0 && from < untold.length; from++) {
      let kept = 0;
      for (const session of later) if (!this.#tellFrom(session, untold, from)) later[kept++] = session;
      later.length = kept;
    }
  }

  /**
   * Sends a `have` for each piece from `from` on that the peer lacks. False when the peer has the piece at
   * `from`.
   */
  #tellFrom(session: PeerSession, untold: readonly PieceIndex[], from: number): boolean {
    // A seed gets every `have`, too: its super-seeding needs them (initial-seeding.ts).
    const { isAll } = session.pieces;
    // The rows of a few pieces are in the cache; the bits of each peer are not.
    if (!isAll && this.#holders.has(session, untold[from]!)) return false;
    for (let i = from; i < untold.length; i++) {
      const pieceIndex = untold[i]!;
      if (isAll || !this.#holders.has(session, pieceIndex)) session.sendHave(pieceIndex);
    }
    return true;
  }

  /** The selection has changed: the useful pieces of every peer are counted again. */
  onSelected(sessions: Iterable<PeerSession>): void {
    const lacked = this.#selection.lackedBits();
    for (const session of sessions) {
      session.usefulCount = session.pieces.countAmong(lacked);
      session.setInterested(session.usefulCount > 0);
      session.pieces.lookAgain();
    }
  }
}
