/**
 * Handles the disk troubles of a torrent: refused pieces, lost pieces, and missing files.
 *
 * - The disk refuses a piece: no requests are sent until a retry a few seconds later.
 * - The disk has lost stored pieces: they are missing again, are downloaded again, and are not served
 *   (lost-pieces.ts). If the disk itself fails, the download waits, longer each time (loss-pace.ts).
 * - The files of a complete torrent are missing: the torrent is offline until they are back.
 *
 * Invariant: `current` is shown while it lasts: a refusal until a piece is stored; a loss until the lost
 * pieces are stored again or unwanted; being offline until it ends.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { Interest } from '../connection/interest.ts';
import type { PeerSession } from '../connection/peer-session.ts';
import type { DiskTrouble, ReadId } from '../contract.ts';
import type { Limits } from '../limits.ts';
import type { PieceLedger } from '../pieces/piece-ledger.ts';
import type { PiecePicker } from '../pieces/piece-picker.ts';
import type { PieceSelection } from '../pieces/piece-selection.ts';
import type { RequestScheduler } from '../requests/request-scheduler.ts';
import type { BlockServer } from '../serving/block-server.ts';
import type { InitialSeeding } from '../serving/initial-seeding.ts';
import { isFailingDisk, LossPace } from './loss-pace.ts';
import { LostPieces } from './lost-pieces.ts';
import type { SwarmPeers } from './swarm-peers.ts';

/** The parts of a swarm that a disk trouble changes. */
export interface DiskTroubleParts {
  readonly ledger: PieceLedger<PeerSession>;
  readonly selection: PieceSelection;
  readonly picker: PiecePicker;
  readonly scheduler: RequestScheduler;
  readonly server: BlockServer;
  readonly peers: SwarmPeers;
  /** Pieces are wanted again. */
  wantMore(nowMs: number): void;
}

export class DiskTroubles {
  readonly #parts: DiskTroubleParts;
  readonly #interest: Interest;
  readonly #initialSeeding: InitialSeeding;
  readonly #retryAfterMs: number;
  readonly #lostPieces: LostPieces;
  readonly #lossPace: LossPace;
  #refusal: DiskTrouble | undefined;
  #loss: DiskTrouble | undefined;
  /** Lost, wanted, and not stored again. */
  readonly #lackedLost = new Set<PieceIndex>();
  #absence: DiskTrouble | undefined;
  #retryMs = 0;

  constructor(parts: DiskTroubleParts, interest: Interest, initialSeeding: InitialSeeding, limits: Limits) {
    const { diskRetryMs, lossRoundMs } = limits;
    this.#parts = parts;
    this.#interest = interest;
    this.#initialSeeding = initialSeeding;
    this.#retryAfterMs = diskRetryMs;
    this.#lostPieces = new LostPieces(lossRoundMs);
    this.#lossPace = new LossPace(limits);
  }

  get current(): DiskTrouble | undefined {
    return this.#absence ?? this.#refusal ?? this.#loss ?? this.#parts.server.trouble;
  }

  /** At every tick, also while the torrent is offline. */
  tick(nowMs: number): void {
    if (nowMs >= this.#retryMs) this.#parts.scheduler.paused = false;
    this.#dropMisled(nowMs);
  }

  /** The peer has just got our bitfield. */
  onTold(session: PeerSession): void {
    this.#lostPieces.onTold(session);
  }

  onStored(pieceIndex: PieceIndex, nowMs: number): void {
    this.#refusal = undefined;
    this.#lossPace.onStored(nowMs);
    this.#lostPieces.onStored(pieceIndex);
    if (this.#lackedLost.delete(pieceIndex)) this.#endLoss();
  }

  /** The selection has changed. A lost piece that is unwanted or stored again is no trouble. */
  onSelected(): void {
    const { selection } = this.#parts;
    for (const pieceIndex of this.#lackedLost)
      if (!selection.lacks(pieceIndex)) this.#lackedLost.delete(pieceIndex);
    this.#endLoss();
  }

  #endLoss(): void {
    if (this.#lackedLost.size === 0) this.#loss = undefined;
  }

  /** A stored piece could not be read. It does not count as lost yet. */
  onUnreadable(read: ReadId, trouble: DiskTrouble, nowMs: number): void {
    const { server, peers } = this.#parts;
    if (server.onUnreadable(read, trouble, nowMs)) peers.report({ type: 'disk-trouble', trouble });
  }

  /** A write failed. */
  onRefused(trouble: DiskTrouble, nowMs: number): void {
    this.#pause(true, this.#retryAfterMs, nowMs);
    const isNews = this.#refusal?.code !== trouble.code;
    this.#refusal = trouble;
    if (isNews) this.#parts.peers.report({ type: 'disk-trouble', trouble });
  }

  #pause(how: true | 'held', forMs: number, nowMs: number): void {
    const { scheduler } = this.#parts;
    if (scheduler.paused !== 'held') scheduler.paused = how;
    this.#retryMs = Math.max(this.#retryMs, nowMs + forMs);
  }

  onLost(pieces: readonly PieceIndex[], trouble: DiskTrouble, nowMs: number): void {
    const { ledger, selection, picker, scheduler, server, peers } = this.#parts;
    const wasComplete = selection.isComplete;
    const hadAll = ledger.hasAll;
    // A piece that is missing, fetched or being stored stays so: the disk may have written it since.
    const lost = new Set(pieces.filter((pieceIndex) => ledger.has(pieceIndex)));
    if (lost.size === 0) return;
    let bytes = 0;
    for (const pieceIndex of lost) {
      ledger.lost(pieceIndex);
      selection.onLost(pieceIndex);
      picker.restore(pieceIndex);
      scheduler.deadlines.wait(pieceIndex);
      bytes += ledger.dataBytes(pieceIndex);
      if (selection.lacks(pieceIndex)) this.#lackedLost.add(pieceIndex);
    }
    if (isFailingDisk(trouble)) this.#pause('held', this.#lossPace.onLost(nowMs), nowMs);
    this.#loss = trouble;
    this.#endLoss();
    this.#lostPieces.onLost(lost);
    this.#initialSeeding.forget();
    peers.report({ type: 'pieces-lost', pieceCount: lost.size, bytes, trouble });
    this.#interest.onLost(peers.sessions, lost);
    server.onLost(peers.sessions.values(), lost);
    this.#dropMisled(nowMs);
    if (hadAll) peers.onIncomplete(nowMs);
    if (wasComplete && !selection.isComplete) this.#parts.wantMore(nowMs);
    if (!selection.isComplete) scheduler.fillAll(nowMs);
  }

  #dropMisled(nowMs: number): void {
    const { peers } = this.#parts;
    for (const session of this.#lostPieces.takeMisled(peers.sessions.values(), nowMs))
      peers.drop(session, 'pieces-lost', nowMs);
  }

  /**
   * True when the torrent was online. Pieces being downloaded are dropped: they could not be stored either.
   */
  goOffline(trouble: DiskTrouble, nowMs: number): boolean {
    const { ledger, selection, picker, scheduler, peers } = this.#parts;
    if (peers.isOffline) return false;
    this.#absence = trouble;
    peers.goOffline(nowMs);
    if (ledger.fetchingCount > 0) {
      scheduler.dropUnwanted(() => false);
      picker.select((pieceIndex) => selection.priority(pieceIndex));
    }
    peers.report({ type: 'content-offline', trouble });
    return true;
  }

  comeOnline(nowMs: number): void {
    const { peers } = this.#parts;
    if (!peers.isOffline) return;
    this.#absence = undefined;
    peers.report({ type: 'content-online' });
    peers.comeOnline(nowMs);
  }
}
