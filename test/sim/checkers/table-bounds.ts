/**
 * How many entries each table of the engine may have, from what lives at the moment. A table that is not here has no
 * bound that anybody has thought of: it is named, and its bound is added.
 */
import type { Limits } from '../../../client/engine/limits.ts';

/** What lives in one engine. */
export interface Life {
  readonly limits: Limits;
  /** Sessions, those too that have ended since the last tick. */
  readonly sessions: number;
  /** Dials that have not come to a handshake. */
  readonly dials: number;
  /** Torrents, those too that are stopped and that a session holds until the next tick. */
  readonly torrents: number;
  /** Of all of these. */
  readonly pieces: number;
  /** Of pieces on their way, that are not here. */
  readonly blocks: number;
  /** Pieces on their way or being stored. */
  readonly underWay: number;
}

type Bound = (life: Life) => number;

/** As long as what the user gave, and as the torrent is: it grows with nothing that happens. */
const given: Bound = () => Number.POSITIVE_INFINITY;
const perTorrent: Bound = ({ torrents }) => torrents;
const perSession: Bound = ({ sessions }) => sessions;
const perDial: Bound = ({ dials }) => dials;
const perPiece: Bound = ({ pieces }) => pieces;
const perBlock: Bound = ({ blocks }) => blocks;
const perAddress: Bound = ({ limits, torrents }) => limits.peersKnownMax * torrents;
/** Entries of addresses that made way stay until their turn (peer-directory.ts). */
const perTurn: Bound = ({ limits, torrents }) => (2 * limits.peersKnownMax + 1) * torrents;
const perRequest: Bound = ({ limits, sessions }) => (2 * limits.requestsOutstandingMax + 1) * sessions;
const perUpload: Bound = ({ limits, sessions }) => limits.uploadQueueMax * sessions;
const perDeadline: Bound = ({ limits, torrents }) => limits.deadlinesMax * torrents;

/** Of no torrent and no connection: what is remembered of the world, and for how many. */
export const memories: Readonly<Record<string, Bound>> = {
  // A machine has a few addresses (own-addresses.ts).
  'OwnAddresses.#keys': () => 64,
  'SharedBudget.#putOff': ({ limits }) => limits.peersKnownMax,
};

export const bounds: Readonly<Record<string, Bound>> = {
  ...memories,
  'Engine.#actions': () => 0,
  'Engine.#context.dirty': () => 0,
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
  // Those that a helper looks at (duplicate-requests.ts).
  'DuplicateRequests.#slowest': ({ torrents }) => 8 * torrents,
  'FetchingPiece.#blocks': given,
  'FetchingPiece.askers': given,
  'FetchingPiece.sources': given,
  'FirstCopies.#firstHolders': perPiece,
  'FirstCopies.#kept': perPiece,
  'FirstCopies.#lonely': perPiece,
  'FirstCopies.#promises': perPiece,
  'FirstCopies.#promisesTo': perSession,
  'FirstCopies.#promisesTo[].ahead': perPiece,
  'FirstCopies.#promisesTo[].begun': perPiece,
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
  // No peer has more pieces than there are.
  'PeerPieces.#refused': ({ pieces, sessions }) => pieces * sessions,
  // So many suggestions are kept of each (peer-pieces.ts).
  'PeerPieces.suggested': ({ sessions }) => 64 * sessions,
  'PieceHolders.#seats': ({ limits, torrents }) => limits.connectionsPerTorrentMax * torrents,
  'PieceLedger.#underWay': given,
  // A piece joins again each time it fails or is given up; so many are remembered (piece-picker.ts).
  'PiecePicker.#joined': ({ torrents }) => 1_024 * torrents,
  'PiecePicker.#orders': given,
  'PieceProvenance.#copies': perPiece,
  // Of at most eight copies of a piece (piece-provenance.ts), each as long as the piece has blocks.
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
  // Pieces a peer keeps to, twice; those with free blocks, those without a peer; seeds.
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
 * What is not looked into: what the host keeps; entries that are stale and never looked at again (a piece has the askers of
 * blocks that were given back); what an answer of the disk or the end of a block takes away; and `usage`, which shows tables
 * that are bounded where they are.
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
