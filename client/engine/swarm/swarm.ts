/**
 * One torrent: passes every event to the part that decides. Connections are in swarm-peers.ts; policy is in
 * piece-picker.ts, request-scheduler.ts and choker.ts; the state of each piece is in piece-ledger.ts.
 */
import type { Block, PieceIndex } from '../../../torrents/geometry.ts';
import type { Handshake } from '../../wire/handshake.ts';
import type { ExtensionHandshake } from '../connection/extension-handshake.ts';
import { ExtensionMessages } from '../connection/extension-messages.ts';
import { Interest } from '../connection/interest.ts';
import type { MetadataMessage } from '../connection/metadata-exchange.ts';
import type { PeerSession } from '../connection/peer-session.ts';
import type { SessionEvents, Violation } from '../connection/session-events.ts';
import { watchSession } from '../connection/session-watch.ts';
import { TransferMeter } from '../connection/transfer-meter.ts';
import type { Context } from '../context.ts';
import type { ConnectionId, DiskTrouble, TorrentSpec } from '../contract.ts';
import type { Inspection } from '../inspection.ts';
import type { PeerRecord } from '../peers/peer-record.ts';
import type { Sink } from '../pieces/fetching-piece.ts';
import { PieceLedger } from '../pieces/piece-ledger.ts';
import { PiecePicker } from '../pieces/piece-picker.ts';
import { PieceProvenance } from '../pieces/piece-provenance.ts';
import { PieceSelection } from '../pieces/piece-selection.ts';
import { BlockReceiver } from '../requests/block-receiver.ts';
import { RequestScheduler } from '../requests/request-scheduler.ts';
import { BlockServer } from '../serving/block-server.ts';
import { Choker } from '../serving/choker.ts';
import { InitialSeeding } from '../serving/initial-seeding.ts';
import { peerStatus, type TorrentStatus } from '../status.ts';
import { DiskTroubles } from './disk-troubles.ts';
import { PieceResults } from './piece-results.ts';
import type { SwarmExchange } from './swarm-exchange.ts';
import { SwarmPeers } from './swarm-peers.ts';

export class Swarm implements SessionEvents<PeerSession>, SwarmExchange, Inspection {
  readonly spec: TorrentSpec;
  readonly #context: Context;
  readonly peers: SwarmPeers;
  readonly sessions: ReadonlyMap<ConnectionId, PeerSession>;
  readonly server: BlockServer;
  readonly #extensionMessages: ExtensionMessages;
  readonly ledger: PieceLedger<PeerSession>;
  readonly selection: PieceSelection;
  readonly picker: PiecePicker;
  readonly #initialSeeding: InitialSeeding;
  readonly #interest: Interest;
  readonly scheduler: RequestScheduler;
  readonly #receiver: BlockReceiver;
  readonly #results: PieceResults;
  readonly choker: Choker;
  readonly troubles: DiskTroubles;
  readonly #down = new TransferMeter();

  constructor(spec: TorrentSpec, context: Context, nowMs: number) {
    const { limits, random, memory, budget } = context;
    this.spec = spec;
    this.#context = context;
    this.peers = new SwarmPeers(spec, this, context);
    this.sessions = this.peers.sessions;
    this.#extensionMessages = new ExtensionMessages(spec.infoBytes, context);
    this.ledger = new PieceLedger(spec.geometry, memory, budget, spec);
    this.selection = new PieceSelection(this.ledger, spec.priorities);
    const isMissing = (pieceIndex: PieceIndex) => this.ledger.isMissing(pieceIndex);
    this.picker = new PiecePicker(spec.geometry, isMissing, limits.randomFirstPieces, random);
    if (spec.priorities !== undefined) this.#orderCandidates();
    const view = {
      hasAll: () => this.ledger.hasAll,
      availability: (pieceIndex: PieceIndex) => this.picker.availability(pieceIndex),
      sessions: this.sessions,
    };
    this.#initialSeeding = new InitialSeeding(spec.geometry, view, context);
    this.#interest = new Interest(spec.geometry, this, this.#initialSeeding, limits.havesAtOnceMax);
    const provenance = new PieceProvenance<PeerRecord>();
    const isSuspect = (pieceIndex: PieceIndex) => provenance.isSuspect(pieceIndex);
    this.scheduler = new RequestScheduler(this.ledger, this.picker, this.sessions, isSuspect, context);
    this.#receiver = new BlockReceiver(spec.torrent, this.ledger, this.scheduler, isSuspect, context);
    this.choker = new Choker(this.#initialSeeding, limits, random);
    this.server = new BlockServer(spec.torrent, (pieceIndex) => this.ledger.has(pieceIndex), context);
    this.troubles = new DiskTroubles(this, this.#interest, this.#initialSeeding, limits);
    this.#results = new PieceResults(this, this.#interest, provenance, this.#receiver);
    this.tick(nowMs, 0);
  }

  // Time ----------------------------------------------------------------------------------------------------

  /** `elapsedMs`: time since the last tick. */
  tick(nowMs: number, elapsedMs: number): void {
    if (this.peers.stopping) return;
    this.troubles.tick(nowMs);
    this.server.tick(nowMs, elapsedMs);
    for (const session of this.sessions.values()) {
      const fault = watchSession(session, this.scheduler, this.#context.limits, nowMs, elapsedMs);
      if (fault !== undefined) this.peers.drop(session, fault, nowMs);
    }
    if (elapsedMs > 0) this.#down.tick(elapsedMs);
    this.choker.tick(this.sessions.values(), this.selection.isComplete, nowMs);
    this.scheduler.tick(nowMs);
    this.#interest.tell(this.sessions);
    this.peers.tick(nowMs);
    this.#fillAll(nowMs);
  }

  // Peers join and leave
  // --------------------------------------------------------------------------------------------

  onJoined(session: PeerSession, record: PeerRecord, handshake: Handshake): void {
    const { geometry } = this.spec;
    session.open(this, geometry, record, handshake);
    this.#interest.onJoined(session);
    session.sendPieces(this.ledger.haveCount, geometry.pieceCount, () => this.ledger.haveBits());
    this.troubles.onTold(session);
    this.#extensionMessages.introduce(session, this.selection.isComplete);
  }

  onLeft(session: PeerSession, nowMs: number): void {
    this.scheduler.release(session);
    this.#interest.onLeft(session);
    this.choker.onGone(session);
    if (!this.peers.stopping) this.#fillAll(nowMs);
  }

  get wantsSeeds(): boolean {
    return !this.selection.isComplete;
  }

  /** `left` includes unwanted pieces, as in libtorrent and Transmission: a partial seed is not a seed. */
  get transferred() {
    return { uploaded: this.server.up.total, downloaded: this.#down.total, left: this.ledger.leftBytes };
  }

  onExtensions(session: PeerSession, { port, uploadOnly }: ExtensionHandshake, nowMs: number): void {
    if (port !== undefined) this.peers.onListenPort(session, port, nowMs);
    this.#interest.onUploadOnly(session, uploadOnly);
    // BEP 21: the peer downloads nothing. Once we are complete, neither side needs the other.
    this.#dropSeed(session, nowMs);
  }

  onMetadata(session: PeerSession, message: MetadataMessage): Violation | undefined {
    return this.#extensionMessages.onMetadata(session, message);
  }

  // What a peer has and wants -------------------------------------------------------------------------------

  onPieces(session: PeerSession, nowMs: number): void {
    this.#interest.onPieces(session);
    this.#dropSeed(session, nowMs);
  }

  onHave(session: PeerSession, pieceIndex: PieceIndex, nowMs: number): void {
    if (this.#interest.onHave(session, pieceIndex, nowMs)) this.scheduler.onOffer(session, pieceIndex);
    this.#dropSeed(session, nowMs);
  }

  /** Disconnects a seed once we are complete: neither side needs the other. */
  #dropSeed(session: PeerSession, nowMs: number): void {
    if (this.selection.isComplete && session.record.isSeed) this.peers.drop(session, 'both-complete', nowMs);
  }

  onPeerChoking(session: PeerSession): void {
    if (!session.peerChoking) return;
    this.scheduler.release(session);
    session.pieces.forgetRefusals();
    session.pipeline.onChoked();
  }

  onPeerInterested(session: PeerSession): void {
    this.choker.onInterest(session);
  }

  // Receiving -----------------------------------------------------------------------------------------------

  onBlockStart(session: PeerSession, block: Block): Sink | undefined | Violation {
    return this.#receiver.begin(session, block);
  }

  onBlock(session: PeerSession, block: Block, sink: Sink | undefined): void {
    this.#down.add(block.bytes);
    this.#receiver.end(session, block, sink);
  }

  onReject(session: PeerSession, block: Block, nowMs: number): Violation | undefined {
    return this.#receiver.refuse(session, block, nowMs);
  }

  onPieceStored(pieceIndex: PieceIndex, digests: readonly string[] | undefined, nowMs: number): void {
    if (this.#results.onStored(pieceIndex, digests, nowMs)) this.#complete(nowMs);
  }

  onPieceCorrupt(pieceIndex: PieceIndex, digests: readonly string[], nowMs: number): void {
    this.#results.onCorrupt(pieceIndex, digests, nowMs);
    this.#fillAll(nowMs);
  }

  onPieceUnstorable(pieceIndex: PieceIndex, trouble: DiskTrouble, nowMs: number): void {
    this.#results.onUnstorable(pieceIndex, trouble, nowMs);
  }

  /** Every wanted piece is stored. */
  #complete(nowMs: number): void {
    for (const session of this.sessions.values()) {
      session.setInterested(false);
      if (session.record.isSeed) this.#dropSeed(session, nowMs);
      else if (!this.ledger.hasAll) this.#extensionMessages.introduce(session, this.selection.isComplete);
    }
    this.peers.report({ type: 'completed' });
  }

  #fillAll(nowMs: number): void {
    if (!this.selection.isComplete) this.scheduler.fillAll(nowMs);
  }

  advance(session: PeerSession, nowMs: number): void {
    this.server.pump(session);
    this.scheduler.fill(session, nowMs);
  }

  // What the user wants -------------------------------------------------------------------------------------

  onSelected(priorities: Uint8Array, nowMs: number): void {
    const wasComplete = this.selection.isComplete;
    this.selection.choose(priorities);
    this.troubles.onSelected();
    this.scheduler.dropUnwanted((pieceIndex) => this.selection.wants(pieceIndex));
    this.#orderCandidates();
    this.#interest.onSelected(this.sessions.values());
    if (this.selection.isComplete) return wasComplete ? undefined : this.#complete(nowMs);
    if (wasComplete) this.wantMore(nowMs);
    this.#fillAll(nowMs);
  }

  /** Pieces are wanted again. */
  wantMore(nowMs: number): void {
    for (const session of this.sessions.values()) this.#extensionMessages.introduce(session, false);
    this.peers.seekSeeds(nowMs);
  }

  #orderCandidates(): void {
    this.picker.select((pieceIndex) => this.selection.priority(pieceIndex));
  }

  onOrderChosen(sequential: boolean): void {
    this.picker.sequential = sequential;
  }

  onDeadlineSet(pieceIndex: PieceIndex, atMs: number | undefined, nowMs: number): void {
    const { deadlines } = this.scheduler;
    if (atMs === undefined || this.ledger.has(pieceIndex)) return deadlines.clear(pieceIndex);
    deadlines.set(pieceIndex, atMs);
    this.#fillAll(nowMs);
  }

  // Serving: block-server.ts --------------------------------------------------------------------------------

  onRequest(session: PeerSession, block: Block): Violation | undefined {
    if (!session.amChoking) this.#initialSeeding.onRequest(session, block.pieceIndex);
    return this.server.onRequest(session, block);
  }

  onCancel(session: PeerSession, block: Block): void {
    this.server.onCancel(session, block);
  }

  /**
   * The user stops the torrent: trackers get `stopped`, peers are disconnected, pieces under way are dropped.
   */
  stop(nowMs: number): void {
    this.peers.stop(nowMs);
    this.ledger.abandonAll();
    this.peers.report({ type: 'stopped' });
  }

  status(): TorrentStatus {
    return {
      complete: this.selection.isComplete,
      haveCount: this.ledger.haveCount,
      pieceCount: this.spec.geometry.pieceCount,
      haveBytes: this.ledger.haveBytes,
      totalBytes: this.ledger.totalBytes,
      wantedBytes: this.selection.wantedBytes,
      haveWantedBytes: this.selection.haveWantedBytes,
      downloaded: this.#down.total,
      uploaded: this.server.up.total,
      wasted: this.#receiver.wastedBytes + this.scheduler.droppedBytes,
      downBps: this.#down.rate,
      upBps: this.server.up.rate,
      peers: [...this.sessions.values()].map(peerStatus),
      peersKnown: this.peers.knownCount,
      trackers: this.peers.trackers,
      offline: this.peers.isOffline,
      trouble: this.troubles.current,
    };
  }
}
