/**
 * The part of a swarm that requests blocks: pieces, peers with their requests, and a log of what happened to
 * the requests.
 */
import type { Limits } from '../../../../client/engine/limits.ts';
import { FetchingPiece } from '../../../../client/engine/pieces/fetching-piece.ts';
import type { Prng } from '../../../../client/engine/prng.ts';
import type { BlockSource, RequestedPiece } from '../../../../client/engine/requests/block-source.ts';
import type { BlockRequests } from '../../../../client/engine/requests/duplicate-requests.ts';
import { RequestPipeline } from '../../../../client/engine/requests/request-pipeline.ts';
import { Geometry, type PieceIndex } from '../../../../torrents/geometry.ts';
import { agree } from '../step.ts';
import { drawRecord, PaperMemory } from './papers.ts';

export const blocksPerPiece = 3;
export const pieceCount = 3;
const blockBytes = 16 * 1024;

export class Scene implements BlockRequests {
  readonly pieces = new Map<PieceIndex, RequestedPiece>();
  readonly sessions = new Map<number, BlockSource>();
  /** The log of the requests. */
  log: string[] = [];
  readonly limits: Limits;
  readonly geometry = new Geometry(blocksPerPiece * blockBytes * pieceCount, blocksPerPiece * blockBytes);
  readonly #memory = new PaperMemory();

  constructor(limits: Limits) {
    this.limits = limits;
  }

  begin(pieceIndex: PieceIndex): void {
    const dataBytes = blocksPerPiece * blockBytes;
    const piece = FetchingPiece.begin<BlockSource>(pieceIndex, this.geometry, this.#memory, dataBytes);
    this.pieces.set(pieceIndex, piece);
  }

  come(connection: number, random: Prng): void {
    const offered = new Set(
      Array.from({ length: pieceCount }, (_, i) => i).filter(() => random.below(4) > 0),
    );
    const session = {
      ...{ connection, mayBeAsked: random.below(8) > 0, record: drawRecord(random.below(3)) },
      pieces: { offers: (pieceIndex: number) => offered.has(pieceIndex) },
      pipeline: new RequestPipeline(this.limits),
    } as unknown as BlockSource;
    this.sessions.set(connection, session);
  }

  blockKey(pieceIndex: number, blockIndex: number): number {
    return pieceIndex * blocksPerPiece + blockIndex;
  }

  locate(key: number): { piece: RequestedPiece | undefined; blockIndex: number } {
    const pieceIndex = Math.floor(key / blocksPerPiece) as PieceIndex;
    return { piece: this.pieces.get(pieceIndex), blockIndex: key % blocksPerPiece };
  }

  ask(piece: RequestedPiece, blockIndex: number, session: BlockSource, nowMs: number): void {
    const key = this.blockKey(piece.pieceIndex, blockIndex);
    this.log.push(`asks ${session.connection} for ${key}`);
    agree('whether a block is asked of a peer twice', session.pipeline.asked.includes(key), false);
    piece.askers[blockIndex] = session;
    session.pipeline.ask(key, nowMs);
  }

  cancel(session: BlockSource, key: number): void {
    this.log.push(`cancels ${key} of ${session.connection}`);
    this.giveUp(session, key);
  }

  handOver(piece: RequestedPiece, to: BlockSource, nowMs: number): void {
    this.log.push(`hands ${piece.pieceIndex} to ${to.connection}`);
    Object.assign(piece, { exclusiveTo: to, ownedMs: nowMs });
  }

  giveUp(session: BlockSource, key: number): void {
    const { piece, blockIndex } = this.locate(key);
    if (session.pipeline.giveUp(key)) piece?.giveBack(blockIndex);
  }
}
