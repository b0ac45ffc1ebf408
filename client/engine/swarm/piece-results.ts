/**
 * Handles the disk's answer about a piece: stored, corrupt, or not writable. It updates the ledger, counts
 * blocks of a failed piece as waste, and bans peers that sent corrupt blocks.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { Interest } from '../connection/interest.ts';
import type { PeerSession } from '../connection/peer-session.ts';
import type { ConnectionId, DiskTrouble } from '../contract.ts';
import type { PeerRecord } from '../peers/peer-record.ts';
import type { PieceLedger } from '../pieces/piece-ledger.ts';
import type { PiecePicker } from '../pieces/piece-picker.ts';
import type { PieceProvenance } from '../pieces/piece-provenance.ts';
import type { PieceSelection } from '../pieces/piece-selection.ts';
import type { BlockReceiver } from '../requests/block-receiver.ts';
import type { RequestScheduler } from '../requests/request-scheduler.ts';
import { distinct } from '../tables/small-set.ts';
import type { DiskTroubles } from './disk-troubles.ts';
import type { SwarmPeers } from './swarm-peers.ts';

/** The parts of a swarm that a result changes. */
export interface PieceResultParts {
  readonly sessions: ReadonlyMap<ConnectionId, PeerSession>;
  readonly ledger: PieceLedger<PeerSession>;
  readonly selection: PieceSelection;
  readonly picker: PiecePicker;
  readonly scheduler: RequestScheduler;
  readonly peers: SwarmPeers;
  readonly troubles: DiskTroubles;
}

export class PieceResults {
  readonly #parts: PieceResultParts;
  readonly #interest: Interest;
  readonly #provenance: PieceProvenance<PeerRecord>;
  readonly #receiver: Pick<BlockReceiver, 'waste'>;

  constructor(
    parts: PieceResultParts,
    interest: Interest,
    provenance: PieceProvenance<PeerRecord>,
    receiver: Pick<BlockReceiver, 'waste'>,
  ) {
    this.#parts = parts;
    this.#interest = interest;
    this.#provenance = provenance;
    this.#receiver = receiver;
  }

  /**
   * True when the last wanted piece is now stored. `digests`: one per block, if an earlier copy was corrupt.
   */
  onStored(pieceIndex: PieceIndex, digests: readonly string[] | undefined, nowMs: number): boolean {
    const { ledger, selection, scheduler, troubles, peers, sessions } = this.#parts;
    const wasComplete = selection.isComplete;
    const wasLacking = selection.lacks(pieceIndex);
    const piece = ledger.stored(pieceIndex);
    selection.onStored(pieceIndex);
    scheduler.deadlines.clear(pieceIndex);
    troubles.onStored(pieceIndex, nowMs);
    for (const source of distinct(piece.sources)) if (source !== undefined) source.goodPieces += 1;
    peers.report({ type: 'piece-stored', pieceIndex });
    this.#interest.onStored(sessions, pieceIndex, wasLacking);
    this.#ban(this.#provenance.onStored(pieceIndex, digests), nowMs);
    if (ledger.hasAll) peers.onCompleted(!ledger.beganWhole, nowMs);
    if (!selection.isComplete) scheduler.onStored(piece, nowMs);
    piece.release();
    return selection.isComplete && !wasComplete;
  }

  /** `digests`: one per block. */
  onCorrupt(pieceIndex: PieceIndex, digests: readonly string[], nowMs: number): void {
    const piece = this.#parts.ledger.failed(pieceIndex);
    this.#receiver.waste(piece);
    this.#restore(pieceIndex);
    this.#parts.peers.report({ type: 'piece-failed', pieceIndex });
    this.#ban(this.#provenance.onCorrupt(piece, digests), nowMs);
  }

  onUnstorable(pieceIndex: PieceIndex, trouble: DiskTrouble, nowMs: number): void {
    this.#receiver.waste(this.#parts.ledger.failed(pieceIndex));
    this.#restore(pieceIndex);
    this.#parts.troubles.onRefused(trouble, nowMs);
  }

  #ban(guilty: readonly PeerRecord[], nowMs: number): void {
    const { scheduler, peers } = this.#parts;
    for (const record of guilty) {
      if (record.isSeed) scheduler.trials.onLiar(nowMs);
      peers.ban(record, 'sent-corrupt-data', nowMs);
    }
  }

  /** The piece may be picked again. */
  #restore(pieceIndex: PieceIndex): void {
    this.#parts.picker.restore(pieceIndex);
    this.#parts.scheduler.deadlines.wait(pieceIndex);
  }
}
