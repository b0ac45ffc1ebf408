/**
 * One torrent: hears what happens and passes it on to the part that decides. Policy lives in piece-picker.ts,
 * request-scheduler.ts, choker.ts, peer-directory.ts and announce-schedule.ts; the truth about pieces in
 * piece-ledger.ts. Here is only what ties them together.
 */
import { type Block, blockBytesMax, type PieceIndex } from '../../torrents/geometry.ts';
import type { Handshake } from '../wire/handshake.ts';
import { AnnounceSchedule } from './announce-schedule.ts';
import { Choker } from './choker.ts';
import type { Context } from './context.ts';
import type {
  AnnounceEvent,
  ConnectionId,
  DiskTrouble,
  PeerAddress,
  ReadId,
  Report,
  TorrentSpec,
  TrackerAnswer,
} from './contract.ts';
import type { FetchingPiece, Sink } from './fetching-piece.ts';
import { PeerDirectory, type PeerRecord } from './peer-directory.ts';
import type { PeerSession, SessionEvents, Violation } from './peer-session.ts';
import { PieceLedger } from './piece-ledger.ts';
import { PiecePicker } from './piece-picker.ts';
import { PieceProvenance } from './piece-provenance.ts';
import { RequestScheduler } from './request-scheduler.ts';
import { peerStatus, type TorrentStatus } from './status.ts';
import { TransferMeter } from './transfer-meter.ts';

export class Swarm implements SessionEvents {
  readonly spec: TorrentSpec;
  readonly #context: Context;
  readonly #sessions = new Map<ConnectionId, PeerSession>();
  readonly #dialing = new Map<ConnectionId, PeerRecord>();
  readonly #reads = new Map<ReadId, PeerSession>();
  readonly #ledger: PieceLedger;
  readonly #picker: PiecePicker;
  readonly #provenance = new PieceProvenance();
  readonly #scheduler: RequestScheduler;
  readonly #choker: Choker;
  readonly #directory: PeerDirectory;
  readonly #announces: AnnounceSchedule;
  readonly #down = new TransferMeter();
  readonly #up = new TransferMeter();
  #wasted = 0;
  #stopping = false;
  #trouble: DiskTrouble | undefined;
  #diskRetryMs = 0;

  constructor(spec: TorrentSpec, context: Context, nowMs: number) {
    const { limits, random, memory, budget } = context;
    this.spec = spec;
    this.#context = context;
    this.#ledger = new PieceLedger(spec.geometry, memory, budget, spec.have);
    const isMissing = (pieceIndex: PieceIndex) => this.#ledger.isMissing(pieceIndex);
    this.#picker = new PiecePicker(spec.geometry, isMissing, limits.randomFirstPieces, random);
    const isSuspect = (pieceIndex: PieceIndex) => this.#provenance.isSuspect(pieceIndex);
    this.#scheduler = new RequestScheduler(this.#ledger, this.#picker, this.#sessions, isSuspect, context);
    this.#choker = new Choker(limits, random);
    this.#directory = new PeerDirectory(limits, random);
    this.#announces = new AnnounceSchedule(spec.trackers, nowMs, limits, random);
    this.tick(nowMs, 0);
  }

  // Time ------------------------------------------------------------------------------------------------------------

  /** `elapsedMs` since the last tick; 0 at the first. */
  tick(nowMs: number, elapsedMs: number): void {
    if (this.#stopping) return;
    if (this.#trouble !== undefined && nowMs >= this.#diskRetryMs) this.#scheduler.paused = false;
    for (const session of this.#sessions.values()) this.#tickSession(session, nowMs, elapsedMs);
    if (elapsedMs > 0) {
      this.#down.tick(elapsedMs);
      this.#up.tick(elapsedMs);
    }
    this.#choker.tick(this.#sessions.values(), this.#ledger.isComplete, nowMs);
    this.#dial(nowMs);
    this.#announces.setAlone(!this.#ledger.isComplete && this.connectionCount === 0, nowMs);
    this.#announce(nowMs);
    this.fillAll(nowMs);
  }

  #tickSession(session: PeerSession, nowMs: number, elapsedMs: number): void {
    const { limits } = this.#context;
    const { pipeline } = session;
    if (elapsedMs > 0) {
      session.down.tick(elapsedMs);
      session.up.tick(elapsedMs);
      if (pipeline.asked.length > 0) pipeline.tick(session.down.rate);
    }
    if (nowMs - session.heardMs >= limits.idleTimeoutMs) return this.drop(session, 'silent', nowMs);
    if (pipeline.isSilent(nowMs, limits.stallCloseMs)) return this.drop(session, 'stalled', nowMs);
    if (!pipeline.stalled && pipeline.isSilent(nowMs, limits.stallTimeoutMs)) {
      this.#scheduler.release(session);
      pipeline.stalled = true;
    }
    session.keepAlive(nowMs);
  }

  // Peers -----------------------------------------------------------------------------------------------------------

  learn(peers: readonly PeerAddress[], nowMs: number): void {
    this.#directory.learn(peers, nowMs);
    this.#dial(nowMs);
  }

  get connectionCount(): number {
    return this.#sessions.size + this.#dialing.size;
  }

  #dial(nowMs: number): void {
    const { limits, budget } = this.#context;
    while (
      this.connectionCount < limits.connectionsPerTorrentMax &&
      budget.connections < limits.connectionsMax &&
      budget.dials < limits.dialsMax
    ) {
      const record = this.#directory.next(nowMs, !this.#ledger.isComplete);
      if (record === undefined) return;
      record.state = 'dialing';
      const connection = this.#context.newConnection(this.spec.torrent);
      this.#dialing.set(connection, record);
      budget.dials += 1;
      budget.connections += 1;
      this.#context.emit({ type: 'dial', connection, address: record.address });
    }
  }

  /** The dial did not come to a handshake. */
  onDialEnded(connection: ConnectionId, nowMs: number): void {
    const record = this.#dialing.get(connection);
    if (record === undefined) return;
    this.#dialing.delete(connection);
    this.#context.budget.dials -= 1;
    this.#context.budget.connections -= 1;
    this.#directory.release(record, false, nowMs);
  }

  /** Takes the session in, or says why not. */
  admit(session: PeerSession, handshake: Handshake, nowMs: number): Violation | undefined {
    const dialed = this.#dialing.get(session.connection);
    if (sameBytes(handshake.peerId, this.#context.peerId)) {
      if (dialed !== undefined) this.#directory.forget(dialed);
      return 'connected-to-self';
    }
    const record = dialed ?? this.#directory.incoming(session.address, handshake.peerId, nowMs);
    if (record.bannedUntilMs > nowMs) return 'banned';
    if (this.#sessions.size >= this.#context.limits.connectionsPerTorrentMax) return 'too-many-connections';
    for (const other of this.#sessions.values()) {
      if (!sameBytes(other.peerId!, handshake.peerId)) continue;
      // Both sides dialed: both keep the connection that the greater id dialed, so that one stays.
      const keepsIncoming = compareBytes(handshake.peerId, this.#context.peerId) > 0;
      if (other.incoming === session.incoming || session.incoming !== keepsIncoming) return 'connected-twice';
      this.drop(other, 'connected-twice', nowMs);
      break;
    }
    if (this.#dialing.delete(session.connection)) this.#context.budget.dials -= 1;
    record.state = 'connected';
    session.open(this, this.spec.geometry, record, handshake);
    this.#sessions.set(session.connection, session);
    if (session.incoming) session.sendHandshake(this.spec.infoHash);
    session.sendPieces(this.#ledger.haveCount, this.spec.geometry.pieceCount, () => this.#ledger.haveBits());
    this.#report({ type: 'peer-connected', address: session.address });
    return undefined;
  }

  /** Closes the connection for a reason of ours. */
  drop(session: PeerSession, reason: string, nowMs: number): void {
    this.#context.emit({ type: 'close', connection: session.connection, reason });
    this.detach(session, reason, nowMs);
  }

  /** The connection is over, whoever ended it. */
  detach(session: PeerSession, reason: string, nowMs: number): void {
    if (!this.#sessions.delete(session.connection)) return;
    session.end();
    this.#scheduler.release(session);
    session.uploads.clear();
    if (!session.countedAsSeed) {
      for (const pieceIndex of this.spec.geometry.pieces()) {
        if (session.hasPiece(pieceIndex)) this.#picker.onLost(pieceIndex);
      }
    }
    this.#choker.onGone(session, this.#sessions.values(), nowMs);
    this.#directory.release(session.record!, true, nowMs);
    this.#context.budget.connections -= 1;
    this.#report({ type: 'peer-dropped', address: session.address, reason, downloaded: session.down.total });
    if (!this.#stopping) this.fillAll(nowMs);
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
    if (session.isSeed && this.#ledger.isComplete) this.drop(session, 'both-complete', nowMs);
  }

  onHave(session: PeerSession, pieceIndex: PieceIndex): void {
    this.#picker.onHave(pieceIndex);
    session.nothingAtVersion = -1;
    if (this.#ledger.has(pieceIndex)) return;
    session.usefulCount += 1;
    session.setInterested(true);
  }

  onPeerChoking(session: PeerSession): void {
    if (session.peerChoking) this.#scheduler.release(session);
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
    if (!session.pipeline.expects(this.#scheduler.blockKey(block.pieceIndex, blockIndex)))
      return 'block-unasked';
    const piece = this.#ledger.fetching(block.pieceIndex);
    if (piece === undefined || (piece.exclusiveTo !== undefined && piece.exclusiveTo !== session))
      return undefined;
    return piece.openSink(blockIndex);
  }

  onBlock(session: PeerSession, block: Block, sink: Sink | undefined): void {
    const blockIndex = block.begin / blockBytesMax;
    const wasAsked = session.pipeline.settle(this.#scheduler.blockKey(block.pieceIndex, blockIndex));
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

  onReject(session: PeerSession, block: Block): void {
    const blockIndex = block.begin / blockBytesMax;
    this.#scheduler.giveUp(session, this.#scheduler.blockKey(block.pieceIndex, Math.trunc(blockIndex)));
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
    for (const source of new Set(piece.sources)) if (source !== undefined) source.goodPieces += 1;
    this.#report({ type: 'piece-stored', pieceIndex });
    for (const session of this.#sessions.values()) {
      if (!session.hasPiece(pieceIndex)) session.sendHave(pieceIndex);
      else if (--session.usefulCount === 0) session.setInterested(false);
    }
    this.#punish(this.#provenance.onStored(pieceIndex, digests), nowMs);
    if (this.#ledger.isComplete) this.#complete(nowMs);
    else this.fillAll(nowMs);
  }

  onPieceCorrupt(pieceIndex: PieceIndex, digests: readonly string[], nowMs: number): void {
    const piece = this.#ledger.failed(pieceIndex);
    this.#wasted += this.spec.geometry.pieceBytes(pieceIndex);
    this.#picker.restore(pieceIndex);
    this.#report({ type: 'piece-failed', pieceIndex });
    this.#punish(this.#provenance.onCorrupt(piece, digests), nowMs);
    const { suspicionsMax } = this.#context.limits;
    this.#punish(
      [...new Set(piece.sources)].filter(
        (s) => s !== undefined && s.suspicions > suspicionsMax,
      ) as PeerRecord[],
      nowMs,
    );
    this.fillAll(nowMs);
  }

  onPieceUnstorable(pieceIndex: PieceIndex, trouble: DiskTrouble, nowMs: number): void {
    this.#ledger.failed(pieceIndex);
    this.#wasted += this.spec.geometry.pieceBytes(pieceIndex);
    this.#picker.restore(pieceIndex);
    this.#scheduler.paused = true;
    this.#diskRetryMs = nowMs + this.#context.limits.diskRetryMs;
    const isNews = this.#trouble?.code !== trouble.code;
    this.#trouble = trouble;
    if (isNews) this.#report({ type: 'disk-trouble', trouble });
  }

  #punish(guilty: readonly PeerRecord[], nowMs: number): void {
    for (const record of guilty) {
      this.#directory.ban(record, nowMs);
      for (const session of this.#sessions.values()) {
        if (session.record === record) this.drop(session, 'sent-corrupt-data', nowMs);
      }
    }
  }

  #complete(nowMs: number): void {
    this.#announces.onCompleted(nowMs);
    this.#announce(nowMs);
    for (const session of this.#sessions.values()) {
      session.setInterested(false);
      if (session.isSeed) this.drop(session, 'both-complete', nowMs);
    }
    this.#report({ type: 'completed' });
  }

  fillAll(nowMs: number): void {
    if (this.#ledger.isComplete) return;
    for (const session of this.#sessions.values()) this.#scheduler.fill(session, nowMs);
  }

  fill(session: PeerSession, nowMs: number): void {
    this.#scheduler.fill(session, nowMs);
  }

  // Serving ---------------------------------------------------------------------------------------------------------

  onRequest(session: PeerSession, block: Block): Violation | undefined {
    if (session.amChoking || !this.#ledger.has(block.pieceIndex)) {
      session.sendReject(block);
      return undefined;
    }
    if (!session.uploads.add(block)) {
      if (!session.fast) return 'too-many-requests';
      session.sendReject(block);
    }
    this.pump(session);
    return undefined;
  }

  onCancel(session: PeerSession, block: Block): void {
    // BEP 6: a cancel is answered, by the block or by a reject.
    if (session.uploads.cancel(block)) session.sendReject(block);
  }

  onBlockRead(read: ReadId, bytes: Uint8Array): void {
    const session = this.#reads.get(read);
    this.#reads.delete(read);
    const block = session?.uploads.onRead(read);
    if (session === undefined || block === undefined || session.gone) return;
    this.#up.add(bytes.length);
    session.sendBlock(block, bytes);
    this.pump(session);
  }

  /** Our disk failed: the peer is let go, so that it asks somebody else at once. */
  onBlockUnreadable(read: ReadId, trouble: DiskTrouble, nowMs: number): void {
    const session = this.#reads.get(read);
    this.#reads.delete(read);
    if (this.#trouble?.code !== trouble.code) this.#report({ type: 'disk-trouble', trouble });
    this.#trouble = trouble;
    if (session?.isOpen) this.drop(session, 'our-disk-failed', nowMs);
  }

  onFlushed(session: PeerSession, bytes: number): void {
    session.uploads.onFlushed(bytes);
    this.pump(session);
  }

  /** Reads what the peer asked for, as far as its window and the rate limit allow. */
  pump(session: PeerSession): void {
    const context = this.#context;
    for (let block = session.uploads.next; block !== undefined; block = session.uploads.next) {
      if (!context.uploadRate.take(block.bytes, context.nowMs)) {
        context.throttled.add(session);
        return;
      }
      const read = context.newRead();
      session.uploads.onReading(read, block);
      this.#reads.set(read, session);
      context.emit({ type: 'read-block', torrent: this.spec.torrent, read, block });
    }
  }

  // Trackers --------------------------------------------------------------------------------------------------------

  onAnnounced(tracker: string, answer: TrackerAnswer, nowMs: number): void {
    this.#announces.onAnswer(tracker, answer, nowMs);
    this.#report({ type: 'tracker-answered', tracker, peers: answer.peers.length });
    if (this.#stopping) return;
    this.learn(answer.peers, nowMs);
    this.#announce(nowMs);
  }

  onAnnounceFailed(
    tracker: string,
    reason: string,
    retry: number | 'never' | undefined,
    nowMs: number,
  ): void {
    this.#announces.onFailure(tracker, reason, retry, nowMs);
    this.#report({ type: 'tracker-failed', tracker, reason });
    if (!this.#stopping) this.#announce(nowMs);
  }

  #announce(nowMs: number): void {
    const due = this.#announces.next(nowMs);
    if (due !== undefined)
      this.#emitAnnounce(due.tracker.url, due.event, this.#context.limits.peersWantedDefault);
  }

  #emitAnnounce(tracker: string, event: AnnounceEvent, peersWanted: number): void {
    const { peerId, port } = this.#context;
    const { torrent, infoHash } = this.spec;
    this.#context.emit({
      type: 'announce',
      request: {
        torrent,
        tracker,
        infoHash,
        peerId,
        port,
        uploaded: this.#up.total,
        downloaded: this.#down.total,
        left: this.#ledger.leftBytes,
        event,
        peersWanted,
      },
    });
  }

  /** The user stops it: trackers are told, peers are let go. */
  stop(nowMs: number): void {
    this.#stopping = true;
    for (const tracker of this.#announces.stop()) this.#emitAnnounce(tracker.url, 'stopped', 0);
    for (const session of this.#sessions.values()) this.drop(session, 'stopped', nowMs);
    for (const connection of [...this.#dialing.keys()]) {
      this.#context.emit({ type: 'close', connection, reason: 'stopped' });
      this.onDialEnded(connection, nowMs);
    }
    this.#ledger.abandonAll();
    this.#report({ type: 'stopped' });
  }

  status(): TorrentStatus {
    return {
      complete: this.#ledger.isComplete,
      haveCount: this.#ledger.haveCount,
      pieceCount: this.spec.geometry.pieceCount,
      haveBytes: this.#ledger.haveBytes,
      totalBytes: this.spec.geometry.totalBytes,
      downloaded: this.#down.total,
      uploaded: this.#up.total,
      wasted: this.#wasted,
      downBps: this.#down.rate,
      upBps: this.#up.rate,
      peers: [...this.#sessions.values()].map(peerStatus),
      peersKnown: this.#directory.size,
      trackers: this.#announces.trackers.map((t) => ({
        url: t.url,
        working: t.listsUs && t.failures === 0,
        lastFailure: t.lastFailure,
        lastWarning: t.lastWarning,
        peers: t.peers,
      })),
      trouble: this.#trouble,
    };
  }

  #report(report: WithoutTorrent<Report>): void {
    this.#context.emit({ type: 'report', report: { ...report, torrent: this.spec.torrent } });
  }
}

type WithoutTorrent<T> = T extends unknown ? Omit<T, 'torrent'> : never;

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return compareBytes(a, b) === 0;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}
