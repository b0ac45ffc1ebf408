/**
 * Follows one torrent that is being fetched or seeded: who gave how much, what was told to scripts, what people see.
 *
 * Invariant: a source's bytes never shrink, though its connections come and go. Left to others: when to look.
 */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { hex } from '../../../torrents/byte-text.ts';
import type { TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { displayPath } from '../../../torrents/paths/path-rules.ts';
import { capital, count, size } from '../../../torrents/wording.ts';
import type { DiskTrouble, PeerAddress, Report } from '../../engine/contract.ts';
import type { TorrentStatus } from '../../engine/status.ts';
import { isFailingDisk } from '../../engine/swarm/loss-pace.ts';
import type { ActiveTorrent } from '../../host/active-torrent.ts';
import type { ClaimWait } from '../../host/claims/download-claim.ts';
import { isHopeless } from '../../host/client-error.ts';
import { isAboutFiles } from '../../host/disk/disk-errors.ts';
import { freeSpace } from '../../host/disk/free-space.ts';
import { DiskRefusal } from '../../session/following/disk-refusal.ts';
import { FailedDials } from '../../session/following/failed-dials.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import { addressText } from '../options/endpoints.ts';
import type { Output } from '../screen/output.ts';
import type { TransferFigures } from '../screen/progress-line.ts';
import { diskWords } from '../swarm-view/disk-words.ts';
import { dropReason } from '../swarm-view/drop-reasons.ts';
import { type Obstacle, obstaclesOf } from '../swarm-view/obstacles.ts';
import { withoutPasskey } from '../swarm-view/shown-tracker.ts';
import { type Departures, outlook } from '../swarm-view/standstill.ts';
import { TrackerComplaints } from '../swarm-view/tracker-complaints.ts';
import { trackerHost } from '../swarm-view/tracker-host.ts';
import { type Background, waitingReason } from '../swarm-view/waiting-reason.ts';

/** While a disk refuses: somebody makes room, and looks whether that is enough. */
const askFreeEveryMs = 1_000;

/** A peer as a source: payload bytes over all its connections. */
interface Source {
  readonly address: string;
  /** Of connections that have ended. */
  before: number;
  /** Of the present one. */
  now: number;
  downBps: number;
  connected: boolean;
  /** It sent data that did not match. */
  lied: boolean;
}

export class Transfer {
  readonly metainfo: Metainfo;
  readonly infoHash: string;
  readonly #output: Output;
  readonly #isWatched: boolean;
  readonly #sources = new Map<string, Source>();
  readonly #filesDone = new Set<TorrentFile>();
  readonly #complaints: TrackerComplaints;
  readonly #departures = { ended: new Map<string, number>(), unreached: new Map<string, number>() };
  readonly #dials = new FailedDials();
  readonly #refusal = new DiskRefusal();
  /** Of the disk that refuses. */
  #freeBytes: number | undefined;
  #freeAskedMs = -askFreeEveryMs;
  #startedMs = performance.now();
  #startedBytes = 0;
  #active: ActiveTorrent | undefined;

  /** `isWatched`: its folder is watched, and becomes a new version when it changes. `complaints`: shared with others. */
  constructor(metainfo: Metainfo, output: Output, isWatched = false, complaints?: TrackerComplaints) {
    this.#isWatched = isWatched;
    this.metainfo = metainfo;
    this.infoHash = hex(metainfo.infoHash);
    this.#output = output;
    this.#complaints = complaints ?? new TrackerComplaints(output, metainfo.trackers.flat());
  }

  /** It runs. Files that are there already are not news. */
  attach(active: ActiveTorrent): void {
    this.#active = active;
    this.#startedMs = performance.now();
    this.#startedBytes = active.status().haveWantedBytes;
    for (const file of this.metainfo.files) if (this.#isFinished(file)) this.#filesDone.add(file);
  }

  get active(): ActiveTorrent {
    if (this.#active === undefined) throw new Error('the transfer has not begun');
    return this.#active;
  }

  get status(): TorrentStatus {
    return this.active.status();
  }

  /** Since it runs; checking what was there does not count. */
  get seconds(): number {
    return (performance.now() - this.#startedMs) / 1000;
  }

  /** Bytes of files that have come since it runs: what came on the wire has pads and what came twice, too.  BEP 47 */
  get fetchedBytes(): number {
    const { haveWantedBytes, downloaded } = this.status;
    // What another torrent has fetched to the same place was only compared.
    return Math.min(haveWantedBytes - this.#startedBytes, downloaded);
  }

  /** Who gave something, the most generous first. To be called often enough to see every peer's bytes. */
  sources(): { address: string; bytes: number; downBps: number; connected: boolean; lied: boolean }[] {
    for (const peer of this.status.peers) {
      const source = this.#source(peer.address);
      source.now = peer.downloaded;
      source.downBps = peer.downBps;
    }
    return [...this.#sources.values()]
      .map(({ before, now, ...source }) => ({ ...source, bytes: before + now }))
      .sort((a, b) => b.bytes - a.bytes);
  }

  /** Connections that ended, and those that never came about, by reason. */
  get departures(): Departures {
    return this.#departures;
  }

  /** Peers that gave something good. */
  get honestSources(): number {
    return this.sources().filter(({ bytes, lied }) => bytes > 0 && !lied).length;
  }

  readonly onReport = (report: Report): void => {
    const { infoHash } = this;
    const document = (event: string, fields: object) => this.#output.document({ event, infoHash, ...fields });
    switch (report.type) {
      case 'peer-connected': {
        const source = this.#source(report.address);
        source.connected = true;
        this.#dials.onConnected(source.address);
        document('peer-connected', { peer: source.address });
        return this.#output.detail(`connected to ${source.address}`);
      }
      case 'peer-dropped': {
        const source = this.#source(report.address);
        source.before += report.downloaded;
        Object.assign(source, { now: 0, downBps: 0, connected: false });
        countOne(this.#departures.ended, report.reason);
        source.lied ||= report.reason === 'sent-corrupt-data';
        const { address: peer, lied } = source;
        document('peer-dropped', { peer, reason: report.reason, bytes: report.downloaded });
        const words = `${peer}: ${dropReason(report.reason)}`;
        return lied
          ? this.#output.remark(`Dropped ${words}; none of it was kept`)
          : this.#output.detail(`left ${words}`);
      }
      case 'dial-failed':
        return this.#onDialFailed(report.address, report.reason);
      case 'piece-failed':
        document('piece-failed', { piece: report.pieceIndex });
        return this.#output.detail(`piece ${report.pieceIndex} does not match its hash; it is fetched again`);
      case 'piece-stored':
        return this.#announceFiles(report.pieceIndex, document);
      case 'tracker-answered': {
        this.#complaints.onAnswered(report.tracker);
        document('tracker-answered', { tracker: withoutPasskey(report.tracker), peers: report.peers });
        return this.#output.detail(`${trackerHost(report.tracker)} named ${count(report.peers, 'peer')}`);
      }
      case 'tracker-failed':
        document('tracker-failed', { tracker: withoutPasskey(report.tracker), reason: report.reason });
        return this.#complaints.onFailed(report.tracker, report.reason, report.retryInSeconds);
      case 'disk-trouble':
        document('disk-trouble', { code: report.trouble.code, message: report.trouble.message });
        if (isAboutFiles(report.trouble) || isHopeless(report.trouble))
          return this.#output.detail(displayPath([report.trouble.message]));
        return this.#onDiskTrouble(report.trouble);
      case 'pieces-lost': {
        const { pieceCount: pieces, bytes, trouble } = report;
        document('pieces-lost', { pieces, bytes, code: trouble.code, message: trouble.message });
        for (const file of this.#filesDone) if (!this.#isFinished(file)) this.#filesDone.delete(file);
        // The download ends with that, and says so.
        if (isHopeless(trouble)) return;
        if (isFailingDisk(trouble)) return this.#onDiskTrouble(trouble, true);
        const what = `${count(pieces, 'piece')} (${size(bytes)}) ${pieces === 1 ? 'is' : 'are'}`;
        return this.#output.remark(`${displayPath([trouble.message])}: ${what} fetched again`);
      }
      case 'content-offline':
        document('content-offline', { code: report.trouble.code, message: report.trouble.message });
        return this.#tellOffline(report.trouble);
      case 'content-online':
        document('content-online', {});
        return this.#output.remark(`${plain(this.active.path)} is as it was: it is shared again`);
      case 'completed':
        return this.lookAtDisk();
      case 'stopped':
        return;
    }
  };

  #onDialFailed(address: PeerAddress, reason: string): void {
    // Trackers name us, too: that is no failure of anybody.
    if (reason === 'connected-to-self') return;
    countOne(this.#departures.unreached, reason);
    const peer = addressText(address);
    if (!this.#dials.isNews(peer, reason)) return;
    this.#output.document({ event: 'dial-failed', infoHash: this.infoHash, peer, reason });
    this.#output.detail(`not connected to ${peer}: ${dropReason(reason)}`);
  }

  get #background(): Background {
    const { closers, reasons } = this.#dials;
    return { webSeeds: this.metainfo.webSeeds, closers, reasons };
  }

  /** Why nothing moves, as far as that is known. */
  get obstacles(): readonly Obstacle[] {
    return obstaclesOf(this.status, this.metainfo.webSeeds, this.#dials.closers);
  }

  #onDiskTrouble(trouble: DiskTrouble, hasLost = false): void {
    const { complete, haveWantedBytes } = this.#active?.status() ?? { complete: false, haveWantedBytes: 0 };
    // A seed that cannot read something has its peers ask others: nothing waits for its disk.
    const isNews = complete || this.#refusal.onTrouble(trouble, haveWantedBytes, hasLost);
    if (isNews) this.#output.remark(capital(this.#diskWords(trouble)));
  }

  /** What the disk refuses now; undefined while it takes what comes. Rates say nothing then: what comes is lost. */
  get diskTrouble(): DiskTrouble | undefined {
    return this.#refusal.trouble;
  }

  /** To be called a few times a second: whether the disk takes again what it has refused. */
  lookAtDisk(): void {
    if (this.#active === undefined) return;
    const { haveWantedBytes, complete } = this.status;
    const nowMs = performance.now();
    if (this.#refusal.look(haveWantedBytes, complete, nowMs)) {
      this.#output.document({ event: 'disk-recovered', infoHash: this.infoHash });
      this.#output.remark(`The disk takes ${displayPath([this.metainfo.name])} again: going on.`);
    }
    if (this.#refusal.trouble === undefined || nowMs < this.#freeAskedMs + askFreeEveryMs) return;
    this.#freeAskedMs = nowMs;
    freeSpace(dirname(this.active.path)).then(
      ({ freeBytes }) => {
        this.#freeBytes = freeBytes;
      },
      () => {},
    );
  }

  #diskWords(trouble: DiskTrouble): string {
    if (this.#refusal.isSettling) return 'the disk takes pieces again';
    const { wantedBytes, haveWantedBytes } = this.#active?.status() ?? { wantedBytes: 0, haveWantedBytes: 0 };
    return diskWords(trouble, { missingBytes: wantedBytes - haveWantedBytes, freeBytes: this.#freeBytes });
  }

  #tellOffline(trouble: DiskTrouble): void {
    const until = trouble.code === 'ECHANGED' || trouble.code === 'EREPLACED' ? 'as it was' : 'back';
    const words = `${displayPath([trouble.message])}: it is not shared until it is ${until}`;
    // A changed folder becomes a new version within seconds: there is nothing to do.
    if (this.#isWatched && trouble.code === 'ECHANGED') this.#output.detail(words);
    else this.#output.remark(words);
  }

  figures(): TransferFigures {
    const { status, diskTrouble } = this;
    const { haveWantedBytes, wantedBytes, upBps, peers, complete } = status;
    const missing = wantedBytes - haveWantedBytes;
    const downBps = diskTrouble === undefined ? status.downBps : 0;
    return {
      bytes: haveWantedBytes,
      totalBytes: wantedBytes,
      downBps,
      upBps,
      peers: peers.length,
      etaSeconds: downBps > 0 ? Math.ceil(missing / downBps) : undefined,
      waitingFor:
        diskTrouble !== undefined
          ? this.#diskWords(diskTrouble)
          : complete || this.isMoving
            ? undefined
            : this.waitsFor === undefined
              ? waitingReason(status, this.#background)
              : `waits for ${displayPath([basename(this.waitsFor.path)])}`,
    };
  }

  /** Files that another torrent is fetching to the same place. */
  get waitsFor(): ClaimWait | undefined {
    return this.#active?.waitsFor;
  }

  /** The rate is an average of the last seconds: it outlives the last peer. */
  get isMoving(): boolean {
    const { downBps, peers } = this.status;
    return this.diskTrouble === undefined && downBps > 0 && peers.length > 0;
  }

  /** The `progress` line of scripts. */
  announceProgress(): void {
    const { bytes, totalBytes: total, etaSeconds = null, waitingFor = null, ...figures } = this.figures();
    const { status, diskTrouble } = this;
    const { uploaded } = status;
    const disk =
      diskTrouble === undefined
        ? null
        : {
            ...{ code: diskTrouble.code, message: diskTrouble.message },
            ...{ missingBytes: total - bytes, freeBytes: this.#freeBytes ?? null },
          };
    this.#output.document({
      ...{ event: 'progress', infoHash: this.infoHash, bytes, total, etaSeconds, ...figures, uploaded },
      waitingFor,
      disk,
      outlook: waitingFor === null ? null : outlook(status),
      obstacles: waitingFor === null ? [] : this.obstacles,
      sources: this.sources().map(({ address: peer, ...source }) => ({ peer, ...source })),
    });
  }

  #source(peer: PeerAddress): Source {
    const address = addressText(peer);
    const source = this.#sources.get(address) ?? { address, ...newSource };
    this.#sources.set(address, source);
    return source;
  }

  /** A file is done when it has its final name, which its last piece gives it. */
  #announceFiles(pieceIndex: number, document: (event: string, fields: object) => void): void {
    const { geometry, layout } = this.metainfo;
    const piece = geometry.pieceIndex(pieceIndex)!;
    for (const { fileIndex } of layout.segments(geometry.pieceOffset(piece), geometry.pieceBytes(piece))) {
      const file = layout.files[fileIndex]!;
      if (this.#filesDone.has(file) || !this.#isFinished(file)) continue;
      this.#filesDone.add(file);
      const path = displayPath(file.components);
      document('file-done', { path, bytes: file.bytes });
      this.#output.detail(`${path} is complete`);
    }
  }

  #isFinished({ isPad, index }: TorrentFile): boolean {
    if (isPad || this.#active === undefined) return false;
    const { path, metainfo } = this.#active;
    return existsSync(join(dirname(path), ...metainfo.files[index]!.diskPath));
  }
}

const newSource = { before: 0, now: 0, downBps: 0, connected: true, lied: false };

function countOne(counts: Map<string, number>, reason: string): void {
  counts.set(reason, (counts.get(reason) ?? 0) + 1);
}
