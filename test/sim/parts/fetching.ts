/** The parts of the engine that fetch: requests, sources, and stored pieces. */
import { pieceOwnership, pieceProvenance } from './fetching/blame.ts';
import { fetchingPiece } from './fetching/blocks.ts';
import { diskTroubles } from './fetching/disk-troubles.ts';
import { duplicateRequests } from './fetching/duplicates.ts';
import { geometry } from './fetching/geometry.ts';
import { initialSeeding } from './fetching/initial-seeding.ts';
import { ledgerAndSelection } from './fetching/ledger.ts';
import { lossPace, lostPieces } from './fetching/losses.ts';
import { peerPieces } from './fetching/peer-pieces.ts';
import { pickerChance, piecePicker } from './fetching/picker.ts';
import { requestPipeline } from './fetching/pipeline.ts';
import { deadlines, memoryQueue, pieceQueue } from './fetching/queues.ts';
import { pieceHolders, rarityOrder } from './fetching/rarity.ts';
import { byteKeys, idTable, sessionTable, smallSet } from './fetching/sets.ts';
import type { Part } from './part.ts';
import { inSteps } from './step.ts';

export const fetching: readonly Part[] = [
  ...[smallSet, idTable, sessionTable, byteKeys, pieceQueue],
  ...[memoryQueue, deadlines, rarityOrder, pieceHolders, geometry],
  ...[peerPieces, ledgerAndSelection, piecePicker, pickerChance, fetchingPiece],
  ...[requestPipeline, pieceOwnership, pieceProvenance, initialSeeding, duplicateRequests],
  ...[lostPieces, lossPace, diskTroubles],
].map(inSteps);
