/**
 * A running client: one listening port, one engine, any number of torrents. What a program wants (fetch this, seed
 * that) becomes facts, and what the engine reports becomes promises. Put together in open-client.ts.
 */
import { hex } from '../../torrents/byte-text.ts';
import type { MagnetLink } from '../../torrents/magnet.ts';
import type { Metainfo } from '../../torrents/metainfo/metainfo.ts';
import { dataBytesOfPadded } from '../../torrents/metainfo/pads.ts';
import { noPieces } from '../../torrents/piece-set.ts';
import type { PeerAddress, Report, TorrentId } from '../engine/contract.ts';
import type { Engine } from '../engine/engine.ts';
import { unwanted } from '../engine/pieces/piece-selection.ts';
import type { TorrentStatus } from '../engine/status.ts';
import {
  type ActiveTorrent,
  type DownloadOptions,
  hashControl,
  type TorrentControl,
} from './active-torrent.ts';
import { downloadClaimed, type RunClaim } from './claims/waiting-download.ts';
import { ClientError, cannotWrite, inTheWay, isHopeless } from './client-error.ts';
import { Completion } from './content/completion.ts';
import { checkShare, isRemembered, lookAtShare } from './content/share-check.ts';
import { sideBySide } from './disk/side-by-side.ts';
import type { Driver } from './driver.ts';
import { filePriority } from './file-selection.ts';
import { isInfoOf } from './magnet-check.ts';
import { awaitMagnet, type PendingMagnet } from './pending-magnet.ts';
import type { RealPorts } from './real-ports.ts';
import type { RecordingSummary } from './recording/flight-recorder.ts';
import { ResumeJournal } from './resume/resume-journal.ts';
import type { PreparedDownload } from './storage/download-folder.ts';
import { onDisk, planDownload } from './storage/download-plan.ts';
import { expectedHashes, hasPieceHashes } from './storage/piece-hashes.ts';
import { wishesOf } from './torrent-wishes.ts';

interface Running {
  readonly onReport: (report: Report) => void;
  lastStatus: TorrentStatus | undefined;
  /** Of the disk that it is fetched to. */
  readonly device: number | undefined;
  /** The engine lets go of it; whoever waits for it is told. */
  readonly end: () => void;
  /** The last record is written, others may have the folder. */
  readonly finish: () => Promise<void>;
}

export class Client {
  readonly #engine: Engine;
  readonly #driver: Driver;
  readonly #ports: RealPorts;
  readonly #threads: number | undefined;
  readonly #running = new Map<TorrentId, Running>();
  readonly #infoHashes = new Set<string>();
  readonly #closing = new AbortController();
  #torrents = 0;

  /** Use openClient (open-client.ts). */
  constructor(engine: Engine, driver: Driver, ports: RealPorts, threads: number | undefined) {
    this.#engine = engine;
    this.#driver = driver;
    this.#ports = ports;
    this.#threads = threads;
  }

  get port(): number {
    return this.#ports.network.port;
  }

  /** What `recordInto` has come to. */
  get recording(): RecordingSummary | undefined {
    return this.#ports.recorder?.summary;
  }

  /** Fetches into `folder`: the torrent's own folder or file goes inside it. Rejects with a ClientError. */
  async download(torrent: Metainfo, asked: DownloadOptions): Promise<ActiveTorrent> {
    const { metainfo, options } = onDisk(torrent, asked);
    let release: (() => void) | undefined = this.#claim(metainfo);
    try {
      // Nobody else may be giving away what is about to change.
      if (options.upgradeFrom !== undefined) this.#claim(options.upgradeFrom.metainfo)();
      const [closing, { claims, pool, store }] = [this.#closing.signal, this.#ports];
      return await downloadClaimed(claims, metainfo, options, closing, async (how, claim, isLeft) => {
        // A run that was ended has let go of it.
        const forget = release ?? this.#claim(metainfo);
        release = undefined;
        try {
          const world = { pool, store, threads: this.#threads, promised: this.#promisedBytes };
          const plan = await planDownload(metainfo, { ...options, ...how }, isLeft, world);
          closing.throwIfAborted();
          return await this.#start(metainfo, { ...plan, claim }, options.peers ?? [], { ...options, ...how });
        } catch (error) {
          forget();
          throw error;
        }
      });
    } catch (error) {
      release?.();
      throw error;
    }
  }

  /**
   * Seeds what lies at `path`: the shared folder or file, or the folder that holds it. Whether that may be shared is the
   * program's own decision (checkSeed() is that of our command line); it is not asked here. `verify: false` believes it;
   * otherwise every piece is checked first, and a ClientError 'data-mismatch' names the first file that differs. What was
   * checked before and looks the same is not checked again, unless `verify` is 'anew'.
   */
  async seed(
    metainfo: Metainfo,
    options: TorrentControl & { readonly path: string; readonly verify?: boolean | 'anew' },
  ): Promise<ActiveTorrent> {
    const release = this.#claim(metainfo);
    try {
      const { pathOf, files, stamps } = await lookAtShare(metainfo, options.path);
      const [{ verify = true }, { store }] = [options, this.#ports];
      const isKnown = verify === true && (await isRemembered(metainfo, files, stamps, store));
      if (verify !== false && !isKnown) {
        const control = hashControl(options, undefined, this.#closing.signal);
        await checkShare(metainfo, pathOf, { ...control, pool: this.#ports.hashing }).catch(async (error) => {
          // A folder that is not there may be back tomorrow, and its record is right then.
          const isWrong = error instanceof ClientError && error.code === 'data-mismatch';
          if (isWrong) await store?.erase(metainfo.infoHash, files.rootPath);
          throw error;
        });
      }
      const had = { files, have: noPieces(metainfo.geometry.pieceCount).fill(0xff) };
      return await this.#start(metainfo, had, [], options, {
        isVerified: verify !== false,
        isSeed: true,
      });
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Asks trackers and peers for what a magnet link stands for. Throws a ClientError when it names no hash. */
  openMagnet(
    link: MagnetLink,
    options: Pick<TorrentControl, 'onReport' | 'trust'> & { readonly peers?: readonly PeerAddress[] } = {},
  ): PendingMagnet {
    const infoHash = link.infoHash ?? link.infoHashV2?.slice(0, 20);
    if (infoHash === undefined)
      throw new ClientError('not-found', 'the magnet link names no torrent (no btih, no btmh)');
    const torrent = ++this.#torrents;
    const trackers = link.trackers.map((tracker) => [tracker]);
    const status = () => {
      running.lastStatus = this.#engine.status(torrent) ?? running.lastStatus;
      return running.lastStatus!;
    };
    const letGo = () => {
      status();
      if (!this.#running.delete(torrent)) return;
      this.#driver.enqueue({ type: 'stopped', torrent });
      this.#ports.disk.remove(torrent);
      this.#ports.announcer.forget(torrent);
    };
    const { magnet, onReport } = awaitMagnet(link, status, letGo);
    const running: Running = {
      onReport: (report) => {
        options.onReport?.(report);
        onReport(report);
      },
      lastStatus: undefined,
      device: undefined,
      end: magnet.stop,
      finish: async () => {},
    };
    this.#running.set(torrent, running);
    if (options.trust !== undefined) this.#ports.announcer.trust(torrent, options.trust);
    this.#ports.disk.expectMetadata(torrent, (infoBytes) => isInfoOf(infoBytes, link));
    this.#driver.enqueue({ type: 'magnet-added', spec: { torrent, infoHash, trackers } });
    if (options.peers !== undefined)
      this.#driver.enqueue({ type: 'peers-found', torrent, peers: options.peers });
    return magnet;
  }

  /** Every torrent is stopped, trackers are told (for a few seconds at most), and everything is closed. */
  async close(): Promise<void> {
    this.#closing.abort(new ClientError('stopped', 'the client was closed'));
    const running = [...this.#running.values()];
    for (const { end } of running) end();
    await Promise.all([
      this.#ports.announcer.stop(),
      this.#ports.network.stop(),
      this.#ports.hashing.close(),
    ]);
    this.#ports.clock.stop();
    // A piece under way still reaches the disk and its record. Forced to the disk side by side, they share its writes.
    await sideBySide(running, 16, ({ finish }) => finish());
    await this.#ports.disk.stop();
    this.#ports.recorder?.close();
  }

  /** From the driver. */
  onReport(report: Report): void {
    this.#running.get(report.torrent)?.onReport(report);
  }

  #claim(metainfo: Metainfo): () => void {
    if (!hasPieceHashes(metainfo)) {
      const advice = 'fetch it from its .torrent file';
      const message = `${metainfo.name} is of format v2 alone and came without the hashes of its pieces: ${advice}`;
      throw new ClientError('format-not-supported', message);
    }
    const key = hex(metainfo.infoHash);
    if (this.#infoHashes.has(key)) {
      throw new ClientError('already-added', `${metainfo.name} is being fetched or seeded already`);
    }
    this.#infoHashes.add(key);
    return () => this.#infoHashes.delete(key);
  }

  /**
   * `isVerified` is false when the user wants it believed without a look: then it is not remembered either. `isSeed`: its
   * files are its owner's, and only read.
   */
  async #start(
    metainfo: Metainfo,
    {
      files,
      have,
      unforced,
      priorities,
      device,
      claim,
    }: PreparedDownload & {
      readonly priorities?: Uint8Array | undefined;
      readonly device?: number | undefined;
      readonly claim?: RunClaim;
    },
    peers: readonly PeerAddress[],
    control: TorrentControl,
    { isVerified, isSeed } = { isVerified: true, isSeed: false },
  ): Promise<ActiveTorrent> {
    const { store } = this.#ports;
    const journal =
      store && isVerified ? new ResumeJournal(store, metainfo.infoHash, files, have, unforced) : undefined;
    const torrent = ++this.#torrents;
    const { geometry, infoHash, infoBytes, trackers } = metainfo;
    const expected = expectedHashes(metainfo);
    const { disk, clock } = this.#ports;
    disk.add({ torrent, geometry, files, expected, ...(journal && { journal }) }, isSeed);
    const completed = new Completion(
      () => status().complete,
      () => disk.watch.confirm(torrent),
      () => claim?.rest(files.isWhole),
    );
    let isLast = false;
    const fail = (reason: Error) => {
      completed.reject(reason);
      // Not from within the engine's turn: what follows are new facts.
      queueMicrotask(running.end);
    };
    const status = () => {
      running.lastStatus = this.#engine.status(torrent) ?? running.lastStatus;
      return running.lastStatus!;
    };
    const running: Running = {
      onReport: (report) => {
        control.onReport?.(report);
        // Not from within the engine's turn: what follows are new facts.
        if (report.type === 'completed') queueMicrotask(completed.confirm);
        if (report.type === 'pieces-lost') claim?.wake(fail);
        const isTrouble = report.type === 'disk-trouble' || report.type === 'pieces-lost';
        if (isTrouble && isHopeless(report.trouble)) fail(inTheWay(report.trouble, files.rootPath));
      },
      lastStatus: undefined,
      device,
      end: () => {
        status();
        this.#stop(torrent, metainfo, (reason) => completed.reject(reason));
        void files.writes.settled().then(() => claim?.rest(files.isWhole));
      },
      finish: async () => {
        await files.writes.settled();
        await journal?.stop();
        files.tidy(isLast && status().complete);
        claim?.release();
      },
    };
    this.#running.set(torrent, running);
    try {
      this.#ports.disk.finishComplete(torrent);
    } catch (error) {
      this.#running.delete(torrent);
      this.#ports.disk.remove(torrent);
      throw cannotWrite(files.rootPath, error);
    }
    const dataBytes = dataBytesOfPadded(geometry, metainfo.files);
    const known = { torrent, infoHash, geometry, dataBytes, have, trackers, infoBytes };
    const spec = priorities === undefined ? known : { ...known, priorities };
    if (control.trust !== undefined) this.#ports.announcer.trust(torrent, control.trust);
    this.#driver.enqueue({ type: 'added', spec });
    if (peers.length > 0) this.#driver.enqueue({ type: 'peers-found', torrent, peers });
    void completed.confirm();
    const stop = async () => {
      running.end();
      await running.finish();
    };
    const wishes = wishesOf(torrent, metainfo, files, { sink: this.#driver.enqueue, disk, clock });
    return {
      metainfo,
      path: files.rootPath,
      status,
      get completed() {
        return completed.promise;
      },
      stop,
      remove: () => {
        isLast = true;
        return stop();
      },
      ...wishes,
      select: (choose) => {
        if (!this.#running.has(torrent)) throw new ClientError('stopped', `${metainfo.name} was stopped`);
        const takeBack = completed.reopen();
        try {
          claim?.select((file) => filePriority(choose, file) !== unwanted);
          wishes.select(choose);
        } catch (error) {
          takeBack();
          throw error;
        }
        // Called from a report, the engine hears of it only after its turn.
        queueMicrotask(() => {
          if (!status().complete) disk.watch.onMoreWanted(torrent);
          void completed.confirm();
        });
      },
    };
  }

  /** What the downloads under way will yet write on this disk. */
  readonly #promisedBytes = (device: number | undefined): number => {
    const others = [...this.#running].filter(([, running]) => device && running.device === device);
    const missing = others.map(([torrent]) => this.#engine.status(torrent));
    return missing.reduce((sum, s) => sum + (s === undefined ? 0 : s.wantedBytes - s.haveWantedBytes), 0);
  };

  #stop(torrent: TorrentId, metainfo: Metainfo, reject: (reason: Error) => void): void {
    if (!this.#running.delete(torrent)) return;
    this.#driver.enqueue({ type: 'stopped', torrent });
    this.#ports.disk.remove(torrent);
    this.#ports.announcer.forget(torrent);
    this.#infoHashes.delete(hex(metainfo.infoHash));
    reject(new ClientError('stopped', `${metainfo.name} was stopped before it was complete`));
  }
}
