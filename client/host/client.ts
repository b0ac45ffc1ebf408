/**
 * A running client: one listening port, one engine, any number of torrents. Calls of the program become facts
 * for the engine, and the engine's reports become promises. open-client.ts assembles it.
 */
import { hex } from '../../torrents/byte-text.ts';
import type { MagnetLink } from '../../torrents/magnet.ts';
import type { Metainfo } from '../../torrents/metainfo/metainfo.ts';
import { noPieces } from '../../torrents/piece-set.ts';
import type { PeerAddress, Report } from '../engine/contract.ts';
import type { Engine } from '../engine/engine.ts';
import {
  type ActiveTorrent,
  type DownloadOptions,
  hashControl,
  type SeedOptions,
  type TorrentControl,
} from './active-torrent.ts';
import { downloadClaimed } from './claims/waiting-download.ts';
import { ClientError } from './client-error.ts';
import { checkShare, isRemembered, lookAtShare } from './content/share-check.ts';
import { freeSpace } from './disk/free-space.ts';
import { sideBySide } from './disk/side-by-side.ts';
import type { Driver } from './driver.ts';
import { isInfoOf } from './magnet-check.ts';
import { eraseContent } from './own-content/erase-content.ts';
import { type MoveProgress, moveContent } from './own-content/move-content.ts';
import { ownContent } from './own-content/own-files.ts';
import { awaitMagnet, type PendingMagnet } from './pending-magnet.ts';
import type { FactSink } from './ports.ts';
import { onDisk, planDownload } from './preparing/download-plan.ts';
import type { RealPorts } from './real-ports.ts';
import type { RecordingSummary } from './recording/flight-recorder.ts';
import { RunningTorrent, type TorrentStart } from './running-torrent.ts';
import { hasPieceHashes } from './storage/piece-hashes.ts';
import { TorrentTable } from './torrent-table.ts';

export interface RateLimits {
  readonly uploadBpsMax: number;
  readonly downloadBpsMax: number;
}

export class Client {
  readonly #ports: RealPorts;
  readonly #sink: FactSink;
  readonly #threads: number | undefined;
  readonly #table: TorrentTable;
  readonly #infoHashes = new Set<string>();
  readonly #closing = new AbortController();

  /** Use openClient (open-client.ts). */
  constructor(engine: Engine, driver: Driver, ports: RealPorts, threads: number | undefined) {
    this.#ports = ports;
    this.#sink = driver.enqueue;
    this.#threads = threads;
    this.#table = new TorrentTable(engine, driver.enqueue, ports);
  }

  get port(): number {
    return this.#ports.network.port;
  }

  /** The current size and state of the recording of `recordInto`. */
  get recording(): RecordingSummary | undefined {
    return this.#ports.recorder?.summary;
  }

  /** Payload bytes per second over all torrents, from now on; 0: no limit. */
  setLimits({ uploadBpsMax, downloadBpsMax }: RateLimits): void {
    this.#sink({ type: 'limits-set', uploadBpsMax, downloadBpsMax });
  }

  /** Downloads into `folder`: the torrent's own folder or file goes inside it. Rejects with a ClientError. */
  async download(torrent: Metainfo, asked: DownloadOptions): Promise<ActiveTorrent> {
    const { metainfo, options } = onDisk(torrent, asked);
    let release: (() => void) | undefined = this.#claim(metainfo);
    try {
      // The earlier version must not be active, because its files are about to change.
      if (options.upgradeFrom !== undefined) this.#claim(options.upgradeFrom.metainfo)();
      const [closing, { claims, pool, store }] = [this.#closing.signal, this.#ports];
      return await downloadClaimed(claims, metainfo, options, closing, async (how, claim, isLeft) => {
        // A run that ended has released its claim.
        const forget = release ?? this.#claim(metainfo);
        release = undefined;
        try {
          const world = { pool, store, threads: this.#threads, promised: this.#table.promisedBytes };
          const plan = await planDownload(metainfo, { ...options, ...how }, isLeft, world);
          closing.throwIfAborted();
          const control = { ...options, ...how };
          const kind = { isVerified: true, isSeed: false };
          const { peers } = options;
          return this.#begin({ ...plan, ...kind, metainfo, control, peers, claim, onEnd: forget });
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
   * Seeds the files at `path`: the shared folder or file, or the folder that contains it. The program decides
   * whether that may be shared (for the command line: checkSeed()); it is not checked here. `verify: false`
   * trusts the files. Otherwise every piece is checked first, and a ClientError 'data-mismatch' names the
   * first file that differs. Files that are remembered as checked and look the same are not checked again,
   * unless `verify` is 'anew'.
   */
  async seed(metainfo: Metainfo, options: SeedOptions): Promise<ActiveTorrent> {
    const release = this.#claim(metainfo);
    try {
      const { pathOf, files, stamps } = await lookAtShare(metainfo, options.path);
      const [{ verify = true }, { store }] = [options, this.#ports];
      const isKnown = verify === true && (await isRemembered(metainfo, files, stamps, store));
      if (verify !== false && !isKnown) {
        const control = hashControl(options, undefined, this.#closing.signal);
        await checkShare(metainfo, pathOf, { ...control, pool: this.#ports.hashing }).catch(async (error) => {
          // A missing folder may be back tomorrow, and then its record is valid.
          const isWrong = error instanceof ClientError && error.code === 'data-mismatch';
          if (isWrong) await store?.erase(metainfo.infoHash, files.rootPath);
          throw error;
        });
      }
      const had = { files, have: noPieces(metainfo.geometry.pieceCount).fill(0xff) };
      const kind = { isVerified: verify !== false, isSeed: true };
      return this.#begin({ ...had, ...kind, metainfo, control: options, onEnd: release });
    } catch (error) {
      release();
      throw error;
    }
  }

  /**
   * Fetches the info dictionary of a magnet link from peers. Throws a ClientError when the link has no
   * info-hash.
   */
  openMagnet(
    link: MagnetLink,
    options: Pick<TorrentControl, 'onReport' | 'trust'> & { readonly peers?: readonly PeerAddress[] } = {},
  ): PendingMagnet {
    const infoHash = link.infoHash ?? link.infoHashV2?.slice(0, 20);
    if (infoHash === undefined)
      throw new ClientError('not-found', 'the magnet link names no torrent (no btih, no btmh)');
    const torrent = this.#table.newId();
    const trackers = link.trackers.map((tracker) => [tracker]);
    const status = this.#table.statusOf(torrent);
    const letGo = () => {
      // Caches the status while the engine still knows the torrent.
      status();
      this.#table.letGo(torrent);
    };
    const { magnet, onReport } = awaitMagnet(link, status, letGo);
    this.#table.add(torrent, {
      onReport: (report) => {
        options.onReport?.(report);
        onReport(report);
      },
      device: undefined,
      end: magnet.stop,
      finish: async () => {},
    });
    const { announcer, disk } = this.#ports;
    if (options.trust !== undefined) announcer.trust(torrent, options.trust);
    disk.expectMetadata(torrent, (infoBytes) => isInfoOf(infoBytes, link));
    this.#sink({ type: 'magnet-added', spec: { torrent, infoHash, trackers } });
    const { peers } = options;
    if (peers !== undefined) this.#sink({ type: 'peers-found', torrent, peers, origin: 'user' });
    return magnet;
  }

  /** Forgets what earlier runs have verified. `path`: the torrent's own folder or file. */
  async forget({ infoHash }: Metainfo, path: string): Promise<void> {
    await this.#ports.store?.erase(infoHash, path);
  }

  /** The files of a torrent that does not run, all or none, into another folder. Answers the new place. */
  async move(
    metainfo: Metainfo,
    place: string,
    into: string,
    onProgress?: (progress: MoveProgress) => void,
  ): Promise<string> {
    const release = this.#claim(metainfo);
    const options = { store: this.#ports.store, onProgress };
    return await moveContent(metainfo, place, into, options).finally(release);
  }

  /** Deletes the files of a stopped torrent, and the folders that become empty. */
  async erase(metainfo: Metainfo, place: string): Promise<void> {
    const release = this.#claim(metainfo);
    try {
      const { root } = ownContent(metainfo, place);
      await eraseContent(metainfo, place);
      await this.forget(metainfo, root);
    } finally {
      release();
    }
  }

  /** The free bytes of the folder's disk; undefined where the system does not tell. */
  async freeBytes(folder: string): Promise<number | undefined> {
    return (await freeSpace(folder)).freeBytes;
  }

  /** Stops every torrent, announces `stopped` (for a few seconds at most), and closes everything. */
  async close(): Promise<void> {
    this.#closing.abort(new ClientError('stopped', 'the client was closed'));
    const running = this.#table.all;
    for (const { end } of running) end();
    await Promise.all([
      this.#ports.announcer.stop(),
      this.#ports.network.stop(),
      this.#ports.hashing.close(),
    ]);
    this.#ports.clock.stop();
    // Pieces being written still reach the disk and the resume record. Torrents finish concurrently, so that
    // their fsyncs share the disk's writes.
    await sideBySide(running, 16, ({ finish }) => finish());
    await this.#ports.disk.stop();
    this.#ports.recorder?.close();
  }

  /** Called by the driver. */
  onReport(report: Report): void {
    this.#table.onReport(report);
  }

  #claim(metainfo: Metainfo): () => void {
    if (!hasPieceHashes(metainfo)) {
      const message = `${metainfo.name} is of format v2 alone and came without the hashes of its pieces`;
      throw new ClientError('format-not-supported', message, { missing: 'piece-hashes' });
    }
    const key = hex(metainfo.infoHash);
    if (this.#infoHashes.has(key)) {
      throw new ClientError('already-added', `${metainfo.name} is being fetched or seeded already`);
    }
    this.#infoHashes.add(key);
    return () => this.#infoHashes.delete(key);
  }

  #begin(start: TorrentStart): ActiveTorrent {
    return RunningTorrent.begin(start, { table: this.#table, sink: this.#sink, ports: this.#ports });
  }
}
