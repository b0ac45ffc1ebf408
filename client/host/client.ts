/**
 * A running client: one listening port, one engine, any number of torrents. What a program wants (fetch this, seed
 * that) becomes facts, and what the engine reports becomes promises. Put together in open-client.ts.
 */
import { peerLimits } from '../../torrents/bencode.ts';
import type { HashProgress } from '../../torrents/hashing/engine.ts';
import type { MagnetLink } from '../../torrents/magnet.ts';
import { type Metainfo, parseInfo } from '../../torrents/metainfo.ts';
import { locateFiles } from '../../torrents/verify.ts';
import type { DiskTrouble, PeerAddress, Report, TorrentId } from '../engine/contract.ts';
import type { Engine } from '../engine/engine.ts';
import type { TorrentStatus } from '../engine/status.ts';
import { ClientError } from './client-error.ts';
import { type PreparedDownload, prepareDownload } from './download-folder.ts';
import type { Driver } from './driver.ts';
import type { FileDisk } from './file-disk.ts';
import type { HttpAnnouncer } from './http-announcer.ts';
import { isInfoOf } from './magnet-check.ts';
import { dataBytesOfPadded, expectedHashes } from './piece-hashes.ts';
import { ResumeJournal } from './resume-journal.ts';
import { type ResumeStore, stampOf } from './resume-store.ts';
import { checkShare, isRemembered } from './share-check.ts';
import type { StoragePool } from './storage-pool.ts';
import type { StoppableClock } from './system-clock.ts';
import type { TcpNetwork } from './tcp-network.ts';
import { type StoredFile, TorrentFiles } from './torrent-files.ts';

export interface TorrentControl {
  /** Ends the checking of what is there; later, use stop(). */
  readonly signal?: AbortSignal;
  /** Progress of that checking. */
  readonly onCheck?: (progress: HashProgress) => void;
  readonly onReport?: (report: Report) => void;
}

export interface ActiveTorrent {
  readonly metainfo: Metainfo;
  /** Where the torrent's own folder or file lies. */
  readonly path: string;
  status(): TorrentStatus;
  /** Every piece is stored and every file has its name; at once when nothing was missing. Rejects when that became impossible. */
  readonly completed: Promise<void>;
  /** Peers are let go, trackers are told. */
  stop(): Promise<void>;
}

/** A magnet link whose info dictionary is being fetched from peers.  BEP 9 */
export interface PendingMagnet {
  status(): TorrentStatus;
  /** The torrent it stands for, and peers to go on with; parsed as what it is, a stranger's file. */
  readonly found: Promise<{ readonly metainfo: Metainfo; readonly peers: readonly PeerAddress[] }>;
  stop(): void;
}

interface Running {
  readonly onReport: (report: Report) => void;
  lastStatus: TorrentStatus | undefined;
  /** The engine lets go of it; whoever waits for it is told. */
  readonly end: () => void;
  /** The last record is written, others may have the folder. */
  readonly finish: () => Promise<void>;
}

/** What a client is made of on a real machine. */
export interface RealPorts {
  readonly network: TcpNetwork;
  readonly disk: FileDisk;
  readonly announcer: HttpAnnouncer;
  readonly clock: StoppableClock;
  readonly pool: StoragePool;
  readonly store: ResumeStore | undefined;
}

export class Client {
  readonly #engine: Engine;
  readonly #driver: Driver;
  readonly #ports: RealPorts;
  readonly #threads: number | undefined;
  readonly #running = new Map<TorrentId, Running>();
  readonly #infoHashes = new Set<string>();
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

  /** Fetches into `folder`: the torrent's own folder or file goes inside it. Rejects with a ClientError. */
  async download(
    metainfo: Metainfo,
    options: TorrentControl & { readonly folder: string; readonly peers?: readonly PeerAddress[] },
  ): Promise<ActiveTorrent> {
    const release = this.#claim(metainfo);
    try {
      const { pool, store } = this.#ports;
      const memory = store === undefined ? undefined : { store, pool };
      const control = this.#checkControl(options);
      const prepared = await prepareDownload(metainfo, options.folder, control, memory);
      return await this.#start(metainfo, prepared, options.peers ?? [], options);
    } catch (error) {
      release();
      throw error;
    }
  }

  /**
   * Seeds what lies at `path`: the shared folder or file, or the folder that holds it. `verify: false` believes it;
   * otherwise every piece is checked first, and a ClientError 'data-mismatch' names the first file that differs.
   */
  async seed(
    metainfo: Metainfo,
    options: TorrentControl & { readonly path: string; readonly verify?: boolean },
  ): Promise<ActiveTorrent> {
    const release = this.#claim(metainfo);
    try {
      const pathOf = locateFiles(metainfo, options.path);
      const stored = metainfo.files.map((file): StoredFile | undefined => {
        const finalPath = file.isPad ? undefined : pathOf(file);
        if (finalPath === undefined) return undefined;
        return { file, finalPath, partPath: finalPath, state: 'foreign', missingBytes: 0 };
      });
      const files = new TorrentFiles(metainfo.layout, stored);
      const stamps = await Promise.all(stored.map((file) => file && stampOf(file.finalPath)));
      if ((options.verify ?? true) && !(await isRemembered(metainfo, files, stamps, this.#ports.store))) {
        await checkShare(metainfo, pathOf, this.#checkControl(options));
      }
      const have = new Uint8Array(Math.ceil(metainfo.geometry.pieceCount / 8)).fill(0xff);
      return await this.#start(metainfo, { files, have, stamps }, [], options, options.verify ?? true);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Asks trackers and peers for what a magnet link stands for. Throws a ClientError when it names no hash. */
  openMagnet(
    link: MagnetLink,
    options: Pick<TorrentControl, 'onReport'> & { readonly peers?: readonly PeerAddress[] } = {},
  ): PendingMagnet {
    const infoHash = link.infoHash ?? link.infoHashV2?.slice(0, 20);
    if (infoHash === undefined)
      throw new ClientError('not-found', 'the magnet link names no torrent (no btih, no btmh)');
    const torrent = ++this.#torrents;
    const found = Promise.withResolvers<{ metainfo: Metainfo; peers: readonly PeerAddress[] }>();
    found.promise.catch(() => {});
    const trackers = link.trackers.map((tracker) => [tracker]);
    const status = () => {
      running.lastStatus = this.#engine.status(torrent) ?? running.lastStatus;
      return running.lastStatus!;
    };
    const end = () => {
      status();
      if (!this.#running.delete(torrent)) return;
      this.#driver.enqueue({ type: 'stopped', torrent });
      this.#ports.disk.remove(torrent);
    };
    const running: Running = {
      onReport: (report) => {
        options.onReport?.(report);
        if (report.type !== 'metadata-received') return;
        // Not from within the engine's turn: what follows are new facts.
        queueMicrotask(end);
        const { webSeeds } = link;
        try {
          const metainfo = parseInfo(report.infoBytes, { limits: peerLimits, trackers, webSeeds });
          found.resolve({ metainfo, peers: report.peers });
        } catch (error) {
          found.reject(error);
        }
      },
      lastStatus: undefined,
      end: () => {
        end();
        found.reject(new ClientError('stopped', 'stopped before the torrent was found'));
      },
      finish: async () => {},
    };
    this.#running.set(torrent, running);
    this.#ports.disk.expectMetadata(torrent, (infoBytes) => isInfoOf(infoBytes, link));
    this.#driver.enqueue({ type: 'magnet-added', spec: { torrent, infoHash, trackers } });
    if (options.peers !== undefined)
      this.#driver.enqueue({ type: 'peers-found', torrent, peers: options.peers });
    return { status, found: found.promise, stop: running.end };
  }

  /** Every torrent is stopped, trackers are told (for a few seconds at most), and everything is closed. */
  async close(): Promise<void> {
    const running = [...this.#running.values()];
    for (const { end } of running) end();
    await Promise.all([this.#ports.announcer.stop(), this.#ports.network.stop()]);
    this.#ports.clock.stop();
    await this.#ports.disk.stop();
    for (const { finish } of running) await finish();
  }

  /** From the driver. */
  onReport(report: Report): void {
    this.#running.get(report.torrent)?.onReport(report);
  }

  #claim(metainfo: Metainfo): () => void {
    if (
      metainfo.pieceHashes.length === 0 &&
      metainfo.pieceRoots === undefined &&
      metainfo.geometry.pieceCount > 0
    ) {
      throw new ClientError(
        'format-not-supported',
        `${metainfo.name} is of format v2 alone and came without the hashes of its pieces: fetch it from its .torrent file`,
      );
    }
    const key = Buffer.from(metainfo.infoHash).toString('hex');
    if (this.#infoHashes.has(key)) {
      throw new ClientError('already-added', `${metainfo.name} is being fetched or seeded already`);
    }
    this.#infoHashes.add(key);
    return () => this.#infoHashes.delete(key);
  }

  #checkControl({ signal, onCheck }: TorrentControl) {
    return {
      ...(signal === undefined ? {} : { signal }),
      ...(onCheck === undefined ? {} : { onProgress: onCheck }),
      ...(this.#threads === undefined ? {} : { threads: this.#threads }),
    };
  }

  /** `isVerified` is false when somebody wants it believed without a look: then it is not remembered either. */
  async #start(
    metainfo: Metainfo,
    { files, have, stamps }: PreparedDownload,
    peers: readonly PeerAddress[],
    control: TorrentControl,
    isVerified = true,
  ): Promise<ActiveTorrent> {
    const { store } = this.#ports;
    const unlock = await this.#lock(metainfo, files.rootPath);
    const journal =
      store && isVerified ? new ResumeJournal(store, metainfo.infoHash, files, have, stamps) : undefined;
    const torrent = ++this.#torrents;
    const { geometry, infoHash, infoBytes, trackers } = metainfo;
    this.#ports.disk.add({
      torrent,
      geometry,
      files,
      expected: expectedHashes(metainfo),
      ...(journal && { journal }),
    });
    const completed = Promise.withResolvers<void>();
    // Whoever does not wait for it must not be ended by it.
    completed.promise.catch(() => {});
    const status = () => {
      running.lastStatus = this.#engine.status(torrent) ?? running.lastStatus;
      return running.lastStatus!;
    };
    const running: Running = {
      onReport: (report) => {
        control.onReport?.(report);
        if (report.type === 'completed') completed.resolve();
        if (report.type === 'disk-trouble' && isHopeless(report.trouble)) {
          const { message } = report.trouble;
          completed.reject(new ClientError('exists', `${message}: move it away`, { path: files.rootPath }));
          // Not from within the engine's turn: what follows are new facts.
          queueMicrotask(running.end);
        }
      },
      lastStatus: undefined,
      end: () => {
        status();
        this.#stop(torrent, metainfo, completed.reject);
      },
      finish: async () => {
        await journal?.stop();
        await unlock();
      },
    };
    this.#running.set(torrent, running);
    try {
      this.#ports.disk.finishComplete(torrent);
    } catch (error) {
      this.#running.delete(torrent);
      this.#ports.disk.remove(torrent);
      await unlock();
      throw new ClientError(
        'folder-not-writable',
        `${files.rootPath} cannot be written: ${(error as Error).message}`,
        {
          path: files.rootPath,
          cause: error,
        },
      );
    }
    const dataBytes = dataBytesOfPadded(metainfo);
    const spec = { torrent, infoHash, geometry, dataBytes, have, trackers, infoBytes };
    this.#driver.enqueue({ type: 'added', spec });
    if (peers.length > 0) this.#driver.enqueue({ type: 'peers-found', torrent, peers });
    if (status().complete) completed.resolve();
    const stop = async () => {
      running.end();
      await running.finish();
    };
    return { metainfo, path: files.rootPath, status, completed: completed.promise, stop };
  }

  /** One program at a time works on one download: the second is told. */
  async #lock(metainfo: Metainfo, rootPath: string): Promise<() => Promise<void>> {
    const lock = await this.#ports.store?.lock(metainfo.infoHash, rootPath);
    if (typeof lock !== 'number') return lock ?? (async () => {});
    throw new ClientError(
      'already-added',
      `${rootPath} is being worked on by another Cicada (process ${lock}): stop that one first`,
      { path: rootPath },
    );
  }

  #stop(torrent: TorrentId, metainfo: Metainfo, reject: (reason: Error) => void): void {
    if (!this.#running.delete(torrent)) return;
    this.#driver.enqueue({ type: 'stopped', torrent });
    this.#ports.disk.remove(torrent);
    this.#infoHashes.delete(Buffer.from(metainfo.infoHash).toString('hex'));
    reject(new ClientError('stopped', `${metainfo.name} was stopped before it was complete`));
  }
}

/** Room can be made and disks come back; a file of somebody else's in the way stays. */
function isHopeless(trouble: DiskTrouble): boolean {
  return trouble.code === 'EEXIST' || trouble.code === 'ELOOP';
}
