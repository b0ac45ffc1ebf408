/**
 * The most entries that each table of the engine may have, given its torrents, sessions and pieces at the
 * moment. A table without a bound here is reported, so that its bound is added.
 */
import type { Limits } from '../../../client/engine/limits.ts';

/** The objects that exist in one engine. */
export interface Life {
  readonly limits: Limits;
  /** Sessions, including those that have ended since the last tick. */
  readonly sessions: number;
  /** Dials without a handshake. */
  readonly dials: number;
  /** Torrents, including stopped ones that a session holds until the next tick. */
  readonly torrents: number;
  /** Pieces of all these torrents. */
  readonly pieces: number;
  /** Missing blocks of the pieces being downloaded. */
  readonly blocks: number;
  /** Pieces being downloaded or stored. */
  readonly underWay: number;
}

type Bound = (life: Life) => number;

/** As long as the user's input or the torrent: no event makes it longer. */
const given: Bound = () => Number.POSITIVE_INFINITY;
const perTorrent: Bound = ({ torrents }) => torrents;
const perSession: Bound = ({ sessions }) => sessions;
const perDial: Bound = ({ dials }) => dials;
const perPiece: Bound = ({ pieces }) => pieces;
const perBlock: Bound = ({ blocks }) => blocks;
const perAddress: Bound = ({ limits, torrents }) => limits.peersKnownMax * torrents;
/** Entries of evicted addresses stay until their turn (peer-directory.ts). */
const perTurn: Bound = ({ limits, torrents }) => (2 * limits.peersKnownMax + 1) * torrents;
const perRequest: Bound = ({ limits, sessions }) => (2 * limits.requestsOutstandingMax + 1) * sessions;
const perUpload: Bound = ({ limits, sessions }) => limits.uploadQueueMax * sessions;
const perDeadline: Bound = ({ limits, torrents }) => limits.deadlinesMax * torrents;

/** Tables that outlive torrents and connections. */
export const memories: Readonly<Record<string, Bound>> = {
  // A machine has a few addresses (own-addresses.ts).
  'OwnAddresses.#keys': () => 64,
  'SharedBudget.#putOff': ({ limits }) => limits.peersKnownMax,
};

export const bounds: Readonly<Record<string, Bound>> = {
  ...memories,
  'Engine.#actions': () => 0,
  'Engine.#context.toFlush': () => 0,
  'Engine.#context.throttled': perSession,
  'AnnounceSchedule.#inFlight.maybeSelf': given,
  'AnnounceSchedule.#tiers': given,
  'AnnounceSchedule.#tiers[]': given,
  'AnnounceSchedule.#tiers[][].maybeSelf': given,
  'AnnounceSchedule.#working.maybeSelf': given,
  'BlockServer.#unreadable': perPiece,
  'Choker.#served': perSession,
  'Choker.#waiting': perSession,
  'Connections.#dials': perDial,
  'Connections.#swarmOf': perSession,
  'Deadlines.#atMs': perDeadline,
  'Deadlines.#waiting': perDeadline,
  'DialQueue.#ready': ({ limits, torrents }) => (limits.dialFailuresMax + 1) * torrents,
  'DialQueue.#ready[]': perTurn,
  'DialQueue.#unwantedSeeds': perTurn,
  'DialQueue.#waiting': perTurn,
  'DiskTroubles.#lackedLost': perPiece,
  'DuplicateRequests.#earlier': perBlock,
  'DuplicateRequests.#earlier[]': ({ limits, blocks }) => blocks * limits.endgameCopiesMax,
  // The slow peers that a helping peer considers (duplicate-requests.ts).
  'DuplicateRequests.#slowest': ({ torrents }) => 8 * torrents,
  'FetchingPiece.#blocks': given,
  'FetchingPiece.askers': given,
  'FetchingPiece.sources': given,
  'InitialSeeding.#firstHolders': perPiece,
  'InitialSeeding.#hoarded': perPiece,
  'InitialSeeding.#singleHolders': perPiece,
  'InitialSeeding.#assignments': perPiece,
  'InitialSeeding.#assignmentsTo': perSession,
  'InitialSeeding.#assignmentsTo[].ahead': perPiece,
  'InitialSeeding.#assignmentsTo[].begun': perPiece,
  'HalfOpenTable.#entries': ({ sessions, dials }) => sessions + dials,
  'HostBans.#households': perAddress,
  'HostBans.#peers': perAddress,
  'IdTable.#ids': given,
  'IdTable.#items': given,
  'Interest.#untold': perPiece,
  'LostPieces.#lost': perPiece,
  'MemoryQueue.#waiting': perSession,
  'MetadataSwarm.#checking': ({ limits, torrents }) => limits.metadataSourcesMax * torrents,
  'MetadataSwarm.#fetches': perSession,
  'MetadataSwarm.#refusedUntilMs': perSession,
  'MetadataSwarm.#slowness': perAddress,
  'MetadataSwarm.spec.trackers': given,
  'MetadataSwarm.spec.trackers[]': given,
  'PeerDirectory.#heldBy': perSession,
  'PeerDirectory.#heldBy[]': ({ limits, sessions }) => limits.connectionsPerHostMax * sessions,
  'PeerDirectory.#records': perAddress,
  // A peer has no more pieces than the torrent.
  'PeerPieces.#refused': ({ pieces, sessions }) => pieces * sessions,
  // The suggestions kept for each peer (peer-pieces.ts).
  'PeerPieces.suggested': ({ sessions }) => 64 * sessions,
  'PieceHolders.#seats': ({ limits, torrents }) => limits.connectionsPerTorrentMax * torrents,
  'PieceLedger.#underWay': given,
  // A piece joins again each time it fails or is given up. So many are remembered (piece-picker.ts).
  'PiecePicker.#joined': ({ torrents }) => 1_024 * torrents,
  'PiecePicker.#orders': given,
  'PieceProvenance.#copies': perPiece,
  // At most eight copies of a piece (piece-provenance.ts).
  'PieceProvenance.#copies[]': ({ pieces }) => 8 * pieces,
  'PieceProvenance.#copies[][].digests': given,
  'PieceProvenance.#copies[][].sources': given,
  'RarityOrder.#start': given,
  'RequestPipeline.#cancelled': perRequest,
  'RequestPipeline.#left': perRequest,
  'RequestPipeline.asked': perRequest,
  'RequestPipeline.late': perRequest,
  'SessionTable.#inOrder': perSession,
  'SwarmTable.#byId': perTorrent,
  'SwarmTable.#byInfoHash': perTorrent,
  'SharedBudget.#perHousehold': ({ sessions, dials }) => sessions + dials,
  'SharedBudget.#perTorrent': perTorrent,
  'SharedBudget.#seats': perSession,
  'SharedBudget.#seats[].keys': given,
  // Each piece in up to four sets, and seeds.
  'SmallSet.#items': ({ underWay, sessions }) => 4 * underWay + sessions,
  'Swarm.sessions': perSession,
  'Swarm.spec.dataBytes': given,
  'Swarm.spec.trackers': given,
  'Swarm.spec.trackers[]': given,
  'SwarmPeers.#dialing': perDial,
  'SwarmPeers.sessions': perSession,
  'UploadQueue.#reading': perUpload,
  'UploadQueue.#reads': perUpload,
  'UploadQueue.#waiting': perUpload,
};

/**
 * Fields that are not followed: what the host owns; stale entries that are never read again (a piece keeps
 * the askers of blocks that were given back); what a disk reply or the end of a block removes; and `usage`,
 * whose tables are bounded where they are defined.
 */
export function isOutside(field: string): boolean {
  return outside.has(field);
}

const outside: ReadonlySet<string> = new Set([
  'Engine.#context.memory',
  'Engine.usage',
  'FetchingPiece.askers[]',
  'FetchingPiece.sources[]',
  'DuplicateRequests.#earlier[][]',
  'DuplicateRequests.#slowest[]',
  'IdTable.#items[]',
  'IncomingBlock.#sink',
]);
