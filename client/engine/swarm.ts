/**
 * One torrent: hears what happens and passes it on to the part that decides. Who is connected is in swarm-peers.ts;
 * policy in piece-picker.ts, request-scheduler.ts and choker.ts; the truth about pieces in piece-ledger.ts. Here is
 * only what ties them together.
 */
import { type Block, blockBytesMax, type PieceIndex } from '../../torrents/geometry.ts';
import type { Handshake } from '../wire/handshake.ts';
import { BlockServer } from './block-server.ts';
import { Choker } from './choker.ts';
import type { Context } from './context.ts';
import type { ConnectionId, DiskTrouble, ReadId, TorrentSpec } from './contract.ts';
import { type ExtensionHandshake, encodeExtensionHandshake, ourExtensionId } from './extension-handshake.ts';
import type { FetchingPiece, Sink } from './fetching-piece.ts';
import {
  encodeMetadataBlock,
  encodeMetadataReject,
  type MetadataMessage,
  metadataBlockCount,
} from './metadata-exchange.ts';
import type { PeerRecord } from './peer-directory.ts';
import type { PeerSession, SessionEvents, Violation } from './peer-session.ts';
import { PieceLedger } from './piece-ledger.ts';
import { PiecePicker } from './piece-picker.ts';
import { PieceProvenance } from './piece-provenance.ts';
import { RequestScheduler } from './request-scheduler.ts';
import { peerStatus, type TorrentStatus } from './status.ts';
import { clientName, type SwarmContent, SwarmPeers } from './swarm-peers.ts';
import { TransferMeter } from './transfer-meter.ts';

export class Swarm implements SessionEvents, SwarmContent {
  readonly spec: TorrentSpec;
  readonly #context: Context;
  readonly peers: SwarmPeers;
  readonly #sessions: ReadonlyMap<ConnectionId, PeerSession>;
  readonly server: BlockServer;
  readonly #ledger: PieceLedger;
  readonly #picker: PiecePicker;
  readonly #provenance = new PieceProvenance();
  readonly #scheduler: RequestScheduler;
  readonly #choker: Choker;
  readonly #down = new TransferMeter();
  #wasted = 0;
  #trouble: DiskTrouble | undefined;
  #diskRetryMs = 0;

  constructor(spec: TorrentSpec, context: Context, nowMs: number) {
    const { limits, random, memory, budget } = context;
    this.spec = spec;
    this.#context = context;
    this.peers = new SwarmPeers(spec, this, context, nowMs);
    this.#sessions = this.peers.sessions;
    this.#ledger = new PieceLedger(spec.geometry, memory, budget, spec);
    const isMissing = (pieceIndex: PieceIndex) => this.#ledger.isMissing(pieceIndex);
    this.#picker = new PiecePicker(spec.geometry, isMissing, limits.randomFirstPieces, random);
    const isSuspect = (pieceIndex: PieceIndex) => this.#provenance.isSuspect(pieceIndex);
    this.#scheduler = new RequestScheduler(this.#ledger, this.#picker, this.#sessions, isSuspect, context);
    this.#choker = new Choker(limits, random);
    this.server = new BlockServer(spec.torrent, (pieceIndex) => this.#ledger.has(pieceIndex), context);
    this.tick(nowMs, 0);
  }

  // Time ------------------------------------------------------------------------------------------------------------

  /** `elapsedMs` since the last tick; 0 at the first. */
  tick(nowMs: number, elapsedMs: number): void {
    if (this.peers.stopping) return;
    if (nowMs >= this.#diskRetryMs) this.#scheduler.paused = false;
    this.server.tick(nowMs, elapsedMs);
    for (const session of this.#sessions.values()) this.#tickSession(session, nowMs, elapsedMs);
    if (elapsedMs > 0) this.#down.tick(elapsedMs);
    this.#choker.tick(this.#sessions.values(), this.#ledger.isComplete, nowMs);
    this.#scheduler.tick(nowMs);
    this.peers.tick(nowMs);
    this.#fillAll(nowMs);
  }

  #tickSession(session: PeerSession, nowMs: number, elapsedMs: number): void {
    const { limits } = this.#context;
    const { pipeline } = session;
    if (elapsedMs > 0) {
      session.down.tick(elapsedMs);
      session.up.tick(elapsedMs);
      if (pipeline.asked.length > 0) pipeline.tick(session.down.rate);
    }
    if (nowMs - session.heardMs >= limits.idleTimeoutMs) return this.peers.drop(session, 'silent', nowMs);
    if (pipeline.isSilent(nowMs, limits.stallCloseMs)) return this.peers.drop(session, 'stalled', nowMs);
    if (!pipeline.stalled && pipeline.isSilent(nowMs, limits.stallTimeoutMs)) {
      // One request stays with it, to tell whether it comes back; the others are cancelled, lest all arrive twice.
      for (const key of pipeline.asked.slice(1)) this.#scheduler.cancel(session, key);
      this.#scheduler.release(session);
      pipeline.stalled = true;
    }
    session.keepAlive(nowMs);
  }

  // Coming and going ------------------------------------------------------------------------------------------------

  onJoined(session: PeerSession, record: PeerRecord, handshake: Handshake): void {
    const { geometry, infoBytes } = this.spec;
    session.open(this, geometry, record, handshake);
    session.sendPieces(this.#ledger.haveCount, geometry.pieceCount, () => this.#ledger.haveBits());
    session.sendExtended(
      ourExtensionId.handshake,
      encodeExtensionHandshake({
        client: clientName,
        reqq: this.#context.limits.uploadQueueMax,
        port: this.#context.port,
        uploadOnly: this.#ledger.isComplete,
        metadataBytes: infoBytes?.length,
      }),
    );
  }

  onLeft(session: PeerSession, nowMs: number): void {
    this.#scheduler.release(session);
    if (!session.countedAsSeed) {
      for (const pieceIndex of this.spec.geometry.pieces()) {
        if (session.hasPiece(pieceIndex)) this.#picker.onLost(pieceIndex);
      }
    }
    this.#choker.onGone(session, this.#sessions.values(), nowMs);
    if (!this.peers.stopping) this.#fillAll(nowMs);
  }

  get wantsSeeds(): boolean {
    return !this.#ledger.isComplete;
  }

  get transferred() {
    return { uploaded: this.server.up.total, downloaded: this.#down.total, left: this.#ledger.leftBytes };
  }

  onExtensions(session: PeerSession, { port, uploadOnly }: ExtensionHandshake, nowMs: number): void {
    if (port !== undefined) this.peers.onListenPort(session, port, nowMs);
    // BEP 21: it fetches nothing, and neither do we.
    if (uploadOnly && this.#ledger.isComplete) this.peers.drop(session, 'both-complete', nowMs);
  }

  /** Somebody who has only the hash asks for the info dictionary.  BEP 9 */
  onMetadata(session: PeerSession, message: MetadataMessage): Violation | undefined {
    const id = session.extensions?.utMetadataId;
    if (message.type !== 'request' || id === undefined) return undefined;
    const { infoBytes } = this.spec;
    const blockCount = infoBytes === undefined ? 0 : metadataBlockCount(infoBytes.length);
    const isBusy = session.uploads.pendingBytes >= this.#context.limits.uploadWindowBytes;
    if (infoBytes === undefined || message.blockIndex >= blockCount || isBusy) {
      session.sendExtended(id, encodeMetadataReject(message.blockIndex));
    } else {
      session.metadataBlocksSent += 1;
      const blocksMax = blockCount * this.#context.limits.metadataCopiesMax;
      if (session.metadataBlocksSent > blocksMax) return 'metadata-flood';
      session.sendExtended(id, encodeMetadataBlock(infoBytes, message.blockIndex));
    }
    return undefined;
  }

  // What a peer has and wants ---------------------------------------------------------------------------------------

  onPieces(session: PeerSession, nowMs: number): void {
    session.countedAsSeed = session.isSeed;
    session.record!.isSeed = session.isSeed;
    if (session.isSeed) {
      session.usefulCount = this.spec.geometry.pieceCount - this.#ledger.haveCount;
    } else {
      for (const pieceIndex of this.spec.geometry.pieces()) {
        if (!session.hasPiece(pieceIndex)) continue;
        this.#picker.onHave(pieceIndex);
        if (!this.#ledger.has(pieceIndex)) session.usefulCount += 1;
      }
    }
    session.setInterested(session.usefulCount > 0);
    if (session.isSeed && this.#ledger.isComplete) this.peers.drop(session, 'both-complete', nowMs);
  }

  onHave(session: PeerSession, pieceIndex: PieceIndex, nowMs: number): void {
    this.#picker.onHave(pieceIndex);
    if (!this.#ledger.has(pieceIndex)) {
      session.usefulCount += 1;
      session.setInterested(true);
      if (this.#ledger.isMissing(pieceIndex)) session.nothingAtVersion = -1;
    }
    if (session.haveCount < this.spec.geometry.pieceCount) return;
    session.record!.isSeed = true;
    if (this.#ledger.isComplete) this.peers.drop(session, 'both-complete', nowMs);
  }

  onPeerChoking(session: PeerSession): void {
    if (!session.peerChoking) return;
    this.#scheduler.release(session);
    session.refused.clear();
    // It has dropped our requests: its silence means nothing now.
    session.pipeline.stalled = false;
  }

  onPeerInterested(session: PeerSession, nowMs: number): void {
    this.#choker.onInterest(session, this.#sessions.values(), nowMs);
  }

  // Receiving -------------------------------------------------------------------------------------------------------

  onBlockStart(session: PeerSession, block: Block): Sink | undefined | Violation {
    const blockIndex = block.begin / blockBytesMax;
    const { geometry } = this.spec;
    const whole =
      Number.isInteger(blockIndex) && block.bytes === geometry.blockBytes(block.pieceIndex, blockIndex);
    if (!whole) return 'block-unasked';
    if (!session.pipeline.expects(this.#scheduler.blockKey(block.pieceIndex, blockIndex))) {
      // A cancel and a block can cross, and then it comes twice: waste, not a crime, as long as it stays rare.
      return session.pipeline.tolerate() ? undefined : 'block-unasked';
    }
    return this.#ledger.fetching(block.pieceIndex)?.openSink(blockIndex);
  }

  onBlock(session: PeerSession, block: Block, sink: Sink | undefined): void {
    const blockIndex = block.begin / blockBytesMax;
    const wasAsked = session.pipeline.settle(this.#scheduler.blockKey(block.pieceIndex, blockIndex));
    session.pipeline.onBlock(wasAsked);
    this.#down.add(block.bytes);
    const used = sink?.piece.receive(sink, session.record!) ?? false;
    if (!used) this.#wasted += block.bytes;
    const piece = this.#ledger.fetching(block.pieceIndex);
    if (piece === undefined) return;
    if (wasAsked) this.#scheduler.giveBack(piece, blockIndex);
    if (!used) return;
    this.#scheduler.cancelCopies(piece, blockIndex, session);
    if (piece.isComplete) this.#store(piece);
  }

  onReject(session: PeerSession, block: Block, nowMs: number): Violation | undefined {
    const blockIndex = block.begin / blockBytesMax;
    if (!Number.isInteger(blockIndex)) return undefined;
    const key = this.#scheduler.blockKey(block.pieceIndex, blockIndex);
    if (!session.pipeline.isRefusal(key)) return undefined;
    this.#scheduler.onRefused(session, block.pieceIndex, nowMs);
    return session.pipeline.rejects > this.#context.limits.rejectsMax ? 'too-many-rejects' : undefined;
  }

  #store(piece: FetchingPiece): void {
    const { pieceIndex } = piece;
    this.#scheduler.forget(piece);
    const buffer = this.#ledger.finish(piece);
    const wantDigests = this.#provenance.isSuspect(pieceIndex);
    this.#context.emit({ type: 'store-piece', torrent: this.spec.torrent, pieceIndex, buffer, wantDigests });
  }

  onPieceStored(pieceIndex: PieceIndex, digests: readonly string[] | undefined, nowMs: number): void {
    const piece = this.#ledger.stored(pieceIndex);
    this.#trouble = undefined;
    this.#scheduler.paused = false;
    for (const source of new Set(piece.sources)) if (source !== undefined) source.goodPieces += 1;
    this.peers.report({ type: 'piece-stored', pieceIndex });
    for (const session of this.#sessions.values()) {
      if (!session.hasPiece(pieceIndex)) session.sendHave(pieceIndex);
      else if (--session.usefulCount === 0) session.setInterested(false);
    }
    this.#punish(this.#provenance.onStored(pieceIndex, digests), nowMs);
    if (this.#ledger.isComplete) this.#complete(nowMs);
    else this.#fillAll(nowMs);
  }

  onPieceCorrupt(pieceIndex: PieceIndex, digests: readonly string[], nowMs: number): void {
    const piece = this.#ledger.failed(pieceIndex);
    this.#wasted += this.spec.geometry.pieceBytes(pieceIndex);
    this.#picker.restore(pieceIndex);
    this.peers.report({ type: 'piece-failed', pieceIndex });
    this.#punish(this.#provenance.onCorrupt(piece, digests), nowMs);
    this.#fillAll(nowMs);
  }

  onPieceUnstorable(pieceIndex: PieceIndex, trouble: DiskTrouble, nowMs: number): void {
    this.#ledger.failed(pieceIndex);
    this.#wasted += this.spec.geometry.pieceBytes(pieceIndex);
    this.#picker.restore(pieceIndex);
    this.#scheduler.paused = true;
    this.#diskRetryMs = nowMs + this.#context.limits.diskRetryMs;
    const isNews = this.#trouble?.code !== trouble.code;
    this.#trouble = trouble;
    if (isNews) this.peers.report({ type: 'disk-trouble', trouble });
  }

  #punish(guilty: readonly PeerRecord[], nowMs: number): void {
    for (const record of guilty) this.peers.ban(record, 'sent-corrupt-data', nowMs);
  }

  #complete(nowMs: number): void {
    this.peers.onCompleted(nowMs);
    for (const session of this.#sessions.values()) {
      session.setInterested(false);
      if (session.isSeed) this.peers.drop(session, 'both-complete', nowMs);
    }
    this.peers.report({ type: 'completed' });
  }

  #fillAll(nowMs: number): void {
    if (this.#ledger.isComplete) return;
    for (const session of this.#sessions.values()) this.#scheduler.fill(session, nowMs);
  }

  fill(session: PeerSession, nowMs: number): void {
    this.#scheduler.fill(session, nowMs);
  }

  // Serving: block-server.ts ----------------------------------------------------------------------------------------

  onRequest(session: PeerSession, block: Block): Violation | undefined {
    return this.server.onRequest(session, block);
  }

  onBlockUnreadable(read: ReadId, trouble: DiskTrouble, nowMs: number): void {
    if (this.server.onUnreadable(read, trouble, nowMs)) this.peers.report({ type: 'disk-trouble', trouble });
  }

  onCancel(session: PeerSession, block: Block): void {
    this.server.onCancel(session, block);
  }

  /** The user stops it: trackers are told, peers are let go, what is on its way is dropped. */
  stop(nowMs: number): void {
    this.peers.stop(nowMs);
    this.#ledger.abandonAll();
    this.peers.report({ type: 'stopped' });
  }

  status(): TorrentStatus {
    return {
      complete: this.#ledger.isComplete,
      haveCount: this.#ledger.haveCount,
      pieceCount: this.spec.geometry.pieceCount,
      haveBytes: this.#ledger.haveBytes,
      totalBytes: this.#ledger.totalBytes,
      downloaded: this.#down.total,
      uploaded: this.server.up.total,
      wasted: this.#wasted,
      downBps: this.#down.rate,
      upBps: this.server.up.rate,
      peers: [...this.#sessions.values()].map(peerStatus),
      peersKnown: this.peers.knownCount,
      trackers: this.peers.trackers,
      trouble: this.#trouble ?? this.server.trouble,
    };
  }
}
