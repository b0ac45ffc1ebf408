/**
 * Every cap and timeout of the engine, with its reason; relations that other code relies on are asserted at the end.
 * "libtorrent" stands for the defaults in its settings_pack.cpp.
 */
import { blockBytesMax, pieceCountMax } from '../../torrents/geometry.ts';

/** The simulator draws some of them absurdly small: nothing may rely on more than the relations below. */
export type Limits = { readonly [Name in keyof typeof defaultLimits]: number };

export const defaultLimits = {
  // Connections ---------------------------------------------------------------------------------------------------

  /** libtorrent's connections_limit: enough for any swarm's speed, few enough for a laptop's descriptors. */
  connectionsMax: 200,
  /** One torrent may not take every connection from the others. Dials under way come on top of both: see dialsMax. */
  connectionsPerTorrentMax: 80,
  /** A household behind one address is a few people; more is somebody filling our table. */
  connectionsPerHostMax: 4,
  /** On loopback every peer of the machine has one address: a whole test swarm lives there. */
  connectionsPerLoopbackMax: 64,
  /**
   * Connections that stand and whose handshake has not come: so many that came to us, and so many that we dialed. They
   * take no seat from peers. A flood of 200 a second lets each wait a third of a second: a round trip around the world.
   */
  halfOpenMax: 64,
  /** Of these, so many of one household (IPv4 address, IPv6 /64): each of a few people needs one for a moment. */
  halfOpenPerHostMax: 4,
  /** A dialed peer has so long to shake hands before its place may be given to the next dial: five slow round trips. */
  answerGraceMs: 3_000,
  /** A new peer is judged after so long: it has said what it has, and two rechokes (rechokeMs) have looked at it. */
  seatGraceMs: 20_000,
  /** A peer that waits for its turn keeps its seat in a full table for so long: six rounds of BEP 3's optimistic unchoke. */
  seatWaitMs: 180_000,
  /** When all peers of a full table are useful, one that only takes has its seat for so long: libtorrent's peer_turnover_interval. */
  seatTurnMs: 300_000,
  /** A peer that has traded a block within so long is useful, and is not replaced: a slow line needs 7 s for a block. */
  tradeFreshMs: 60_000,
  /** A household that had to make room replaces others only after so long: reconnecting does not push peers out. */
  putOffMs: 120_000,
  /** Dials under way at once: home routers lose track of many half-open connections. */
  dialsMax: 20,
  /** libtorrent's handshake_timeout. */
  handshakeTimeoutMs: 10_000,
  /** A dial that has not connected by then is a host that drops packets. */
  dialTimeoutMs: 10_000,
  /** BEP 3: keep-alives come every two minutes; one may be late. Ours go out well before anybody's two minutes. */
  idleTimeoutMs: 180_000,
  keepAliveMs: 90_000,
  /** How often sessions are looked at: the grain of every timeout and rate. */
  tickMs: 500,
  /** How often those that a rate limit holds up are looked at: smooth enough for a stream. */
  throttleMs: 50,

  // Peer directory ------------------------------------------------------------------------------------------------

  /** libtorrent's max_peerlist_size. */
  peersKnownMax: 3_000,
  /** First redial; doubles with every failure. A peer that has just restarted is back within seconds. */
  redialFirstMs: 5_000,
  redialMaxMs: 15 * 60_000,
  /** An address whose host has its share of connections is passed over for so long: the others are not walked past it. */
  hostFullWaitMs: 2_000,
  /** Two seeds let each other go. One that is named again after so long may have lost pieces: it costs one dial to see. */
  seedMemoryMs: 30 * 60_000,
  /** After so many failures in a row an address is forgotten; the tracker names it again if it is alive. */
  dialFailuresMax: 6,
  /** A proven liar is not spoken to again for an hour: long enough for any album, short enough for a shared address. */
  banMs: 60 * 60_000,
  /** Others may live at its address: they are heard again after so long, twice as long with every further lie from there. */
  hostBanFirstMs: 60_000,
  /** So many strangers who claim to have everything may lie before the next ones are put off: bad disks come in ones. */
  trialLiarsFree: 3,
  /** Put off for so long for each lie beyond: in eight minutes among poisoners some twenty are tried, not forty-five. */
  trialGapMs: 3_000,
  /** An honest seed that comes into a poisoned swarm late waits no longer, and only while others give. */
  trialGapMsMax: 60_000,

  // Requests ------------------------------------------------------------------------------------------------------

  /** Without `reqq` (BEP 10) nobody may assume more: libtorrent's and uTorrent's old queue. */
  requestsOutstandingMax: 250,
  /** With `reqq` the peer says what it lets wait; libtorrent's max_out_request_queue for fast links. */
  requestsReqqMax: 1_500,
  /** The first requests of a connection: 256 KiB, one round trip on a home link. */
  requestsOutstandingFirst: 16,
  /** Never below this: one on the way, one being read. */
  requestsOutstandingMin: 2,
  /**
   * What a peer should always have to do. libtorrent's request_queue_time is 3; what waits at a peer that chokes us is asked
   * of others for nothing, and the longest line is 0.6 s there and back (docs/experiments.md).
   */
  requestQueueSeconds: 1,
  /** libtorrent's piece_timeout halved: a peer silent for this long with our requests in hand gives them back. */
  stallTimeoutMs: 10_000,
  /** Less payload than this within `stallTimeoutMs` is silence: a modem shared by eight sends seven times as much. */
  progressBytesMin: 1024,
  /** libtorrent's request_timeout: a stalled peer that does not come back is let go. */
  stallCloseMs: 60_000,
  /** libtorrent's max_rejects: a peer that unchokes and then refuses everything is of no use. */
  rejectsMax: 50,
  /** A piece a peer has refused (most often its queue was full) is left alone for so long, longer with every refusal. */
  refusedFirstMs: 2_000,
  refusedMaxMs: 30_000,
  /** Blocks nobody asked for (cancels cross with blocks) before it counts as an attack: 1 MiB. */
  unaskedBlocksMax: 64,
  /** Copies of one block that may be on their way at once when nothing else is left to ask for. */
  endgameCopiesMax: 2,
  /** Duplicates one peer may be asked for at a time: what they waste stays small. */
  endgameRequestsMax: 32,
  /** Pieces with a deadline at a time: four minutes of music in pieces of 16 KiB; a player needs far fewer. */
  deadlinesMax: 256,
  /** What is due so soon is asked of a second peer when the first would be late; libtorrent's request queue thrice over. */
  deadlineLookMs: 10_000,
  /** A piece only one peer may send is taken from it when it would need longer, and somebody else is idle. */
  takeOverMs: 5_000,
  /** Pieces drawn at random before rarest first: a newcomer needs something to trade, whatever it is.  BEP 3 */
  randomFirstPieces: 4,
  /** Bytes of pieces being put together or stored. At the cap we stop asking; sockets are not paused. */
  pieceMemoryBytesMax: 256 * 1024 * 1024,

  // Serving -------------------------------------------------------------------------------------------------------

  /** Peers served at once in one torrent; libtorrent's unchoke_slots. */
  uploadSlotsMax: 8,
  /** BEP 3's four: on a slow line fewer at a time have whole pieces sooner, and can give them on (docs/experiments.md). */
  uploadSlotsMin: 4,
  /** A line that carries so much a slot carries one more: a piece of 1 MiB takes 8 s. */
  uploadSlotBps: 128 * 1024,
  /** A piece that a seed has given away and that no second peer has by then was kept: two pieces of 1 MiB on a slow line. */
  spreadTimeoutMs: 30_000,
  /** Whom a seed begins to serve has so long to pass something on before it is compared with others. */
  trialMs: 30_000,
  /** A slot that nobody has used for so long is lent to the next in line, as long as there are any. */
  uploadSlotIdleMs: 2_000,
  /** BEP 3: ten seconds, so that TCP has time to reach its rate. */
  rechokeMs: 10_000,
  /** BEP 3: every third rechoke somebody new is tried. */
  optimisticRechokes: 3,
  /** libtorrent's max_allowed_in_request_queue. */
  uploadQueueMax: 2_000,
  /** Bytes read or being read and not yet flushed, per peer: 1 MiB keeps a fast link busy over a disk read. */
  uploadWindowBytes: 1024 * 1024,
  /** What a peer may leave unread beyond that (small messages) before it counts as not reading at all. */
  unreadBytesMax: 2 * 1024 * 1024,

  /** With more peers than this, they hear of new pieces twice a second: a write to each for every piece would cost more than it. */
  havesAtOnceMax: 100,

  // Talk ----------------------------------------------------------------------------------------------------------

  /** What a peer may say at once: the longest queue of requests (uploadQueueMax) four times, each time for a choke. */
  messagesBurst: 8_000,
  /** And a second from then on. Without a block or a new piece, libtorrent and we say less than one a second. */
  messagesPerSecond: 100,
  /** A block or a new piece may be answered so: request, cancel, interested and not. 65,536 blocks a second are 1 GiB/s. */
  messagesPerTrade: 4,
  /** The number of pieces is not known yet. */
  blindHavesMax: pieceCountMax,

  // Metadata (BEP 9) ----------------------------------------------------------------------------------------------

  /** A hybrid torrent of 20,000 files has 5 MB; more from strangers is an attack. */
  metadataBytesMax: 8 * 1024 * 1024,
  /** Peers it is fetched from at once, each on its own, so that guilt is certain. */
  metadataSourcesMax: 3,
  /** Blocks asked of one peer at once. */
  metadataRequestsMax: 16,
  /** A peer that has sent nothing at all for so long is given up for another. */
  metadataTimeoutMs: 10_000,
  /** However it trickles, a fetch that has not ended by then makes room for another; twice as long the next time. */
  metadataFetchMsMax: 60_000,
  /** Times one peer may fetch our metadata whole: once, and again after a mishap or two. */
  metadataCopiesMax: 3,

  // Announces -----------------------------------------------------------------------------------------------------

  /** What a tracker may ask of us at most and at least. */
  announceIntervalMaxSeconds: 60 * 60,
  announceIntervalMinSeconds: 10,
  /** First retry after a tracker failed; doubles, with jitter, so that a returning tracker is not stormed. */
  announceRetryFirstMs: 5_000,
  announceRetryMaxMs: 10 * 60_000,
  /** A tracker that is back hears from all its clients within this time: a million of them are 17,000 a second at most. */
  announceSpreadMs: 60_000,
  peersWantedDefault: 50,
  /** After a failed write: room may have been made. */
  diskRetryMs: 5_000,
  /** After a disk has lost what it took; doubles up to this. Fetched in vain every ten minutes, a piece costs little. */
  lossRetryMaxMs: 10 * 60_000,
  /** A disk that loses pieces again and again lets peers go, and tells trackers, at most once in this time. */
  lossRoundMs: 60_000,
} as const;

/** What other code relies on, whatever the numbers are. Throws: a wrong set of limits is our own bug. */
export function assertLimits(limits: Limits): void {
  const broken = relations.find(([holds]) => !holds(limits));
  if (broken !== undefined) throw new Error(`limits: expected that ${broken[1]}`);
}

const relations: readonly (readonly [(limits: Limits) => boolean, string])[] = [
  [(l) => l.connectionsPerTorrentMax <= l.connectionsMax, 'a torrent may hold at most all connections'],
  [(l) => l.keepAliveMs + l.tickMs < l.idleTimeoutMs, 'a keep-alive arrives before the other side gives up'],
  [(l) => l.stallTimeoutMs < l.stallCloseMs, 'a stalled peer first gives its requests back'],
  [(l) => l.halfOpenPerHostMax >= 1 && l.halfOpenPerHostMax <= l.halfOpenMax, 'a household may shake hands'],
  [(l) => l.answerGraceMs <= l.handshakeTimeoutMs, 'a dialed peer loses its place before its time is up'],
  [(l) => l.seatGraceMs <= l.seatWaitMs, 'a useless peer makes room before one that waits'],
  [(l) => l.seatWaitMs <= l.seatTurnMs, 'a peer that waits makes room before one that takes'],
  [(l) => l.progressBytesMin <= blockBytesMax, 'a whole block is progress'],
  [(l) => l.requestsOutstandingMax <= l.uploadQueueMax, 'two of us never overrun each other'],
  [(l) => l.unreadBytesMax > l.uploadWindowBytes, 'a full window is not yet a peer that does not read'],
  [(l) => l.uploadSlotsMax >= 1 && l.uploadSlotsMin >= 1, 'somebody is served'],
  [(l) => l.uploadSlotBps >= 1, 'a slot carries something'],
  [(l) => l.requestsReqqMax <= l.uploadQueueMax, 'we ask no more of others than we let wait ourselves'],
  [
    (l) => l.messagesBurst >= 4 * l.uploadQueueMax,
    'whoever is refused a full queue of requests has words left',
  ],
  [(l) => l.messagesPerTrade >= 2, 'a block may be asked for and its request taken back'],
  [(l) => l.requestsOutstandingMin >= 1, 'a peer may always be asked for something'],
  [(l) => l.tickMs < l.handshakeTimeoutMs, 'timeouts are longer than their grain'],
];

assertLimits(defaultLimits);
