/**
 * Every cap and timeout of the engine, with its reason. Relations that other code relies on are asserted at
 * the end. "libtorrent" stands for the defaults in its settings_pack.cpp.
 */
import { blockBytesMax, pieceCountMax } from '../../torrents/geometry.ts';

/** The simulator draws some of them absurdly small: code may rely only on the relations below. */
export type Limits = { readonly [Name in keyof typeof defaultLimits]: number };

export const defaultLimits = {
  // Connections ---------------------------------------------------------------------------------------------

  /**
   * libtorrent's connections_limit: enough for any swarm's speed, few enough for a laptop's file descriptors.
   */
  connectionsMax: 200,
  /**
   * One torrent may not take every connection from the others. Dials in progress come on top of both: see
   * dialsMax.
   */
  connectionsPerTorrentMax: 80,
  /** A household behind one address is a few people; more connections are an attempt to fill our table. */
  connectionsPerHostMax: 4,
  /** On loopback every peer of the machine has one address: a whole test swarm runs there. */
  connectionsPerLoopbackMax: 64,
  /**
   * Half-open connections (connected, handshake not received): so many incoming, and so many dialed. They
   * take no seat from peers. A flood of 200 a second leaves each a third of a second: a round trip around the
   * world.
   */
  halfOpenMax: 64,
  /**
   * Of these, at most so many of one household (IPv4 address, IPv6 /64): each of a few people needs one for a
   * moment.
   */
  halfOpenPerHostMax: 4,
  /**
   * After this time without a handshake, a dialed peer's place may go to the next dial: five slow round
   * trips.
   */
  answerGraceMs: 3_000,
  /**
   * A new peer is judged after this time: by then it has sent its bitfield and had two rechokes (rechokeMs).
   */
  seatGraceMs: 20_000,
  /**
   * A peer that waits for its turn keeps its seat in a full table for this long: six optimistic unchokes of
   * BEP 3.
   */
  seatWaitMs: 180_000,
  /**
   * When all peers of a full table are useful, one that only downloads keeps its seat for this long:
   * libtorrent's peer_turnover_interval.
   */
  seatTurnMs: 300_000,
  /**
   * A peer that traded a block within this time is useful and is not replaced: a slow link needs 7 s for a
   * block.
   */
  tradeFreshMs: 60_000,
  /**
   * A household that had to make room may replace others only after this time, so that reconnecting pushes no
   * peer out.
   */
  putOffMs: 120_000,
  /** Dials in progress at once: home routers lose track of many half-open connections. */
  dialsMax: 20,
  /** libtorrent's handshake_timeout. */
  handshakeTimeoutMs: 10_000,
  /** A dial that has not connected by then has reached a host that drops packets. */
  dialTimeoutMs: 10_000,
  /**
   * BEP 3: keep-alives come every two minutes; one may be late. We send ours well before the two minutes of
   * any peer.
   */
  idleTimeoutMs: 180_000,
  keepAliveMs: 90_000,
  /** Interval of the engine's tick, and so the resolution of every timeout and rate. */
  tickMs: 500,
  /** How often connections delayed by a rate limit are retried: smooth enough for a stream. */
  throttleMs: 50,

  // Peer directory ------------------------------------------------------------------------------------------

  /** libtorrent's max_peerlist_size. */
  peersKnownMax: 3_000,
  /** First redial; doubles with every failure. A peer that has just restarted is back within seconds. */
  redialFirstMs: 5_000,
  redialMaxMs: 15 * 60_000,
  /**
   * An address whose host has its share of connections is skipped for this long, so that not every dial
   * examines it again.
   */
  hostFullWaitMs: 2_000,
  /**
   * Two seeds disconnect. A seed named again after this time may have lost pieces: finding out costs one
   * dial.
   */
  seedMemoryMs: 30 * 60_000,
  /** After so many failures in a row an address is dropped; the tracker names it again if it is alive. */
  dialFailuresMax: 6,
  /**
   * A peer that sent corrupt data is banned for an hour: long enough for any album, short enough for a shared
   * address.
   */
  banMs: 60 * 60_000,
  /**
   * Other users may share its address: the host's first ban is this long, and doubles with every further
   * offence from it.
   */
  hostBanFirstMs: 60_000,
  /**
   * How many unproven seeds may send corrupt data before new ones are delayed. One is probably a bad disk.
   */
  trialLiarsFree: 3,
  /**
   * The delay grows by this for each further one: in eight minutes among poisoners some twenty are tried, not
   * forty-five.
   */
  trialGapMs: 3_000,
  /**
   * An honest seed that joins a poisoned swarm late waits no longer than this, and only while proven peers
   * deliver.
   */
  trialGapMsMax: 60_000,

  // Requests ------------------------------------------------------------------------------------------------

  /** Without `reqq` (BEP 10) a client may assume no more: libtorrent's and uTorrent's old queue. */
  requestsOutstandingMax: 250,
  /** With `reqq` the peer announces its queue; libtorrent's max_out_request_queue for fast links. */
  requestsReqqMax: 1_500,
  /** The first requests of a connection: 256 KiB, one round trip on a home link. */
  requestsOutstandingFirst: 16,
  /** Never below this: one block in flight, one being read. */
  requestsOutstandingMin: 2,
  /**
   * How many seconds of work a peer should always have. libtorrent's request_queue_time is 3. But requests
   * queued at a peer that chokes us must be repeated at others, and the longest round trip measured is 0.6 s
   * (docs/experiments.md).
   */
  requestQueueSeconds: 1,
  /**
   * Half of libtorrent's piece_timeout: a peer that holds our requests and sends nothing for this long is
   * snubbed, and its requests are given back.
   */
  stallTimeoutMs: 10_000,
  /**
   * Less payload than this within `stallTimeoutMs` is silence: a modem shared by eight sends seven times as
   * much.
   */
  progressBytesMin: 1024,
  /** libtorrent's request_timeout: a snubbed peer that does not resume is disconnected. */
  stallCloseMs: 60_000,
  /** libtorrent's max_rejects: a peer that unchokes us and then rejects everything is useless. */
  rejectsMax: 50,
  /**
   * A piece that a peer refused (usually its queue was full) is not requested from it for this long, longer
   * with every refusal.
   */
  refusedFirstMs: 2_000,
  refusedMaxMs: 30_000,
  /** Unrequested blocks (cancels cross with blocks) before it counts as an attack: 1 MiB. */
  unaskedBlocksMax: 64,
  /** Copies of one block in flight in the endgame. */
  endgameCopiesMax: 2,
  /** Duplicate requests to one peer at a time: keeps the waste small. */
  endgameRequestsMax: 32,
  /**
   * Pieces with a deadline at a time: four minutes of music in pieces of 16 KiB. A player needs far fewer.
   */
  deadlinesMax: 256,
  /**
   * A block due within this time is also requested from a second peer if the first would be late; about three
   * times libtorrent's request queue.
   */
  deadlineLookMs: 10_000,
  /** A piece that only one peer may send moves to an idle peer if the first would need longer than this. */
  takeOverMs: 5_000,
  /**
   * Pieces picked at random before rarest first: a newcomer needs some piece to trade, no matter which. BEP 3
   */
  randomFirstPieces: 4,
  /** Bytes of pieces being downloaded or stored. At the cap requests stop; sockets are not paused. */
  pieceMemoryBytesMax: 256 * 1024 * 1024,

  // Serving -------------------------------------------------------------------------------------------------

  /** Peers unchoked at once in one torrent; libtorrent's unchoke_slots. */
  uploadSlotsMax: 8,
  /**
   * BEP 3's four. On a slow link fewer peers at a time have whole pieces sooner, and can pass them on
   * (docs/experiments.md).
   */
  uploadSlotsMin: 4,
  /** A link adds one slot for each so many bytes a second: a piece of 1 MiB then takes 8 s. */
  uploadSlotBps: 128 * 1024,
  /**
   * A piece that a seed gave to one peer and that no second peer has by then is hoarded: two pieces of 1 MiB
   * on a slow link.
   */
  spreadTimeoutMs: 30_000,
  /** A newly unchoked peer has this long to pass pieces on before a seed compares it with others. */
  trialMs: 30_000,
  /** A slot that is idle for this long is lent to the next peer in line, up to uploadSlotsMax. */
  uploadSlotIdleMs: 2_000,
  /** BEP 3: ten seconds, so that TCP has time to reach its rate. */
  rechokeMs: 10_000,
  /** BEP 3: every third rechoke is an optimistic unchoke. */
  optimisticRechokes: 3,
  /** libtorrent's max_allowed_in_request_queue. */
  uploadQueueMax: 2_000,
  /**
   * Bytes read or being read and not yet flushed, per peer: 1 MiB keeps a fast link busy during a disk read.
   */
  uploadWindowBytes: 1024 * 1024,
  /** What a peer may leave unread beyond that (small messages) before it counts as not reading. */
  unreadBytesMax: 2 * 1024 * 1024,

  /**
   * With more peers than this, `have` messages go out twice a second: one write per peer and piece would cost
   * more than the piece itself.
   */
  havesAtOnceMax: 100,

  // Message allowance
  // -----------------------------------------------------------------------------------------------

  /**
   * Messages that a peer may send at once: the longest queue of requests (uploadQueueMax) four times, once
   * per choke.
   */
  messagesBurst: 8_000,
  /**
   * And per second from then on. Without a block or a new piece, libtorrent and Cicada send less than one a
   * second.
   */
  messagesPerSecond: 100,
  /**
   * Messages allowed per block or `have`: request, cancel, interested, not interested. 65,536 blocks a second
   * are 1 GiB/s.
   */
  messagesPerTrade: 4,
  /**
   * `have` messages accepted while the number of pieces is unknown: the largest number of pieces of a
   * torrent.
   */
  blindHavesMax: pieceCountMax,

  // Metadata (BEP 9) ----------------------------------------------------------------------------------------

  /** A hybrid torrent of 20,000 files has 5 MB; more from strangers is an attack. */
  metadataBytesMax: 8 * 1024 * 1024,
  /**
   * Peers that the metadata is fetched from at once. Each sends the whole, so that a wrong one has one
   * sender.
   */
  metadataSourcesMax: 3,
  /** Metadata blocks requested from one peer at once. */
  metadataRequestsMax: 16,
  /** A peer that has sent nothing for this long is given up for another. */
  metadataTimeoutMs: 10_000,
  /**
   * A fetch that takes longer than this, even one that trickles, is given up for another; twice as long the
   * next time.
   */
  metadataFetchMsMax: 60_000,
  /** How often one peer may fetch our metadata whole: once, and again after a mishap or two. */
  metadataCopiesMax: 3,

  // Announces -----------------------------------------------------------------------------------------------

  /** The longest and shortest interval that a tracker can set. */
  announceIntervalMaxSeconds: 60 * 60,
  announceIntervalMinSeconds: 10,
  /**
   * First retry after a tracker failed; doubles, with jitter, so that clients do not all return to a tracker
   * at once.
   */
  announceRetryFirstMs: 5_000,
  announceRetryMaxMs: 10 * 60_000,
  /**
   * All clients of a tracker that is back announce within this time: a million of them are at most 17,000 a
   * second.
   */
  announceSpreadMs: 60_000,
  peersWantedDefault: 50,
  /** Pause after a failed write: the user may free space. */
  diskRetryMs: 5_000,
  /**
   * The longest wait after a disk lost stored pieces; the wait doubles up to this. One piece fetched in vain
   * every ten minutes costs little.
   */
  lossRetryMaxMs: 10 * 60_000,
  /** Peers are disconnected and trackers told of lost pieces at most once in this time. */
  lossRoundMs: 60_000,
} as const;

/** Asserts the relations that other code relies on. Throws: a wrong set of limits is our own bug. */
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
