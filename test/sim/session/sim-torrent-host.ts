/**
 * The host of a session in virtual time: one production engine for all its torrents (world/life.ts), set up
 * as client/host/client.ts does over sockets and files. Files are modelled as pieces on a platter.
 *
 * Invariant: a second step on the same torrent, or a step on the files of a running one, is a broken rule.
 * The real host leaves both to its caller.
 */
import type { PeerAddress, Report, TorrentId } from '../../../client/engine/contract.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import type { TorrentStatus } from '../../../client/engine/status.ts';
import type {
  ActiveTorrent,
  DownloadOptions,
  SeedOptions,
  TorrentControl,
} from '../../../client/host/active-torrent.ts';
import type { RateLimits } from '../../../client/host/client.ts';
import { ClientError } from '../../../client/host/client-error.ts';
import { awaitMagnet, type PendingMagnet } from '../../../client/host/pending-magnet.ts';
import type { TorrentHost } from '../../../client/session/torrent-host.ts';
import { hex } from '../../../torrents/byte-text.ts';
import type { MagnetLink } from '../../../torrents/magnet.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import type { Life } from '../world/life.ts';
import { foundOn, torrentsMax } from '../world/side.ts';
import { BrokenSession } from './broken-session.ts';
import type { Machine } from './machine.ts';
import { RunningSimTorrent } from './running-sim-torrent.ts';

/** Reading and hashing one piece, as in the simulator's swarms. */
const checkMs = 3;
/** Upper limits: looking at a folder; moving or deleting. */
const lookMsMax = 30;
const workMsMax = 400;
/**
 * Stopping a torrent, while pending pieces are written. `farewellMsMax`: closing, with the last announces.
 */
const stopMsMax = 60;
const stopMsMin = 20;
const farewellMsMax = 1_000;

export interface HostParts {
  readonly life: Life;
  readonly machine: Machine;
  readonly random: Prng;
  /** Runs nothing once the program has ended. */
  after(ms: number, run: () => void): () => void;
  /** Reports a broken rule. If it were thrown, the session would take it for an error of the machine. */
  onBroken(error: BrokenSession): void;
}

export class SimTorrentHost implements TorrentHost {
  readonly port: number;
  readonly #parts: HostParts;
  readonly #running = new Map<TorrentId, RunningSimTorrent>();
  readonly #magnets = new Map<TorrentId, string>();
  /** By info-hash: the step under way. */
  readonly #works = new Map<string, string>();
  readonly #listeners = new Map<TorrentId, (report: Report) => void>();
  #adds = 0;
  #isClosing = false;
  isClosed = false;

  constructor(parts: HostParts) {
    this.#parts = parts;
    this.port = parts.life.host.address.port;
  }

  /** All running torrents but those that are being stopped. */
  get running(): readonly RunningSimTorrent[] {
    return [...this.#running.values()].filter(({ isStopping }) => !isStopping);
  }

  /** Info-hashes of magnet links whose metadata is searched. */
  get searching(): readonly string[] {
    return [...this.#magnets.values()];
  }

  /** No torrent is being started, stopped, moved or deleted. */
  get isAtRest(): boolean {
    return this.#works.size === 0 && [...this.#running.values()].every(({ isStopping }) => !isStopping);
  }

  onReport(report: Report): void {
    this.#listeners.get(report.torrent)?.(report);
  }

  async download(metainfo: Metainfo, options: DownloadOptions): Promise<ActiveTorrent> {
    const { machine } = this.#parts;
    return await this.#work(metainfo, 'download', async () => {
      const platter = machine.madeAt(metainfo, options.folder);
      return await this.#begin(metainfo, options.folder, options, async () => {
        const { doubtful } = foundOn(platter);
        if (doubtful > 0) options.onCheck?.({ done: 0, total: doubtful } as never);
        await this.#wait(1 + this.#below(lookMsMax) + doubtful * checkMs, options.signal);
        return foundOn(platter).have;
      });
    });
  }

  async seed(metainfo: Metainfo, options: SeedOptions): Promise<ActiveTorrent> {
    const { machine } = this.#parts;
    return await this.#work(metainfo, 'seed', async () => {
      await this.#wait(1 + this.#below(lookMsMax), options.signal);
      const platter = machine.at(metainfo, options.path);
      const message = `${options.path} has not ${metainfo.name}`;
      if (platter === undefined) throw new ClientError('not-found', message, { path: options.path });
      return await this.#begin(metainfo, options.path, options, async () => {
        const { have, doubtful } = foundOn(platter);
        await this.#wait(1 + doubtful * checkMs, options.signal);
        if (!platter.isAllRight) throw new ClientError('data-mismatch', message, { path: options.path });
        return have;
      });
    });
  }

  openMagnet(
    link: MagnetLink,
    options: Pick<TorrentControl, 'onReport' | 'trust'> & { readonly peers?: readonly PeerAddress[] },
  ): PendingMagnet {
    const { life, machine } = this.#parts;
    const infoHash = link.infoHash!;
    const key = hex(infoHash);
    const { torrent: content } = machine.torrentOf({ infoHash });
    const torrent = this.#newId(content.id);
    if (this.#works.has(key) || this.#runs(key)) this.#broken('two-steps', `${key} is looked for and used`);
    const letGo = () => {
      status();
      if (!this.#magnets.delete(torrent)) return;
      life.tell({ type: 'stopped', torrent });
    };
    const status = this.#statusOf(torrent);
    const { magnet, onReport } = awaitMagnet(link, status, letGo);
    this.#magnets.set(torrent, key);
    this.#listeners.set(torrent, (report) => {
      options.onReport?.(report);
      onReport(report);
    });
    life.disk.expectMetadata(torrent, content.infoBytes);
    const trackers = link.trackers.map((tracker) => [tracker]);
    life.tell({ type: 'magnet-added', spec: { torrent, infoHash, trackers } });
    const { peers } = options;
    if (peers !== undefined) life.tell({ type: 'peers-found', torrent, peers, origin: 'user' });
    return magnet;
  }

  setLimits({ uploadBpsMax, downloadBpsMax }: RateLimits): void {
    this.#parts.life.tell({ type: 'limits-set', uploadBpsMax, downloadBpsMax });
  }

  async forget(metainfo: Metainfo, path: string): Promise<void> {
    const place = path.slice(0, path.lastIndexOf('/'));
    await this.#work(metainfo, 'forget', async () => {
      await this.#wait(1 + this.#below(lookMsMax));
      const platter = this.#parts.machine.at(metainfo, place);
      if (platter !== undefined) platter.record = new Uint8Array(platter.record.length);
    });
  }

  async move(metainfo: Metainfo, place: string, into: string): Promise<string> {
    const { machine } = this.#parts;
    return await this.#work(metainfo, 'move', async () => {
      if (machine.at(metainfo, place) !== undefined && machine.at(metainfo, into) !== undefined)
        throw new ClientError('exists', `${into} has something of it already`, { path: into });
      // A delay before the move and one before the answer: a power cut can hit between them.
      await this.#wait(1 + this.#below(workMsMax));
      machine.move(metainfo, place, into);
      await this.#wait(1 + this.#below(workMsMax));
      return into;
    });
  }

  async erase(metainfo: Metainfo, place: string): Promise<void> {
    await this.#work(metainfo, 'erase', async () => {
      await this.#wait(1 + this.#below(workMsMax));
      this.#parts.machine.erase(metainfo, place);
    });
  }

  async freeBytes(): Promise<number | undefined> {
    return undefined;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    const all = [...this.#running.values()];
    for (const running of all) running.end();
    await this.#wait(1 + this.#below(farewellMsMax));
    for (const { id } of all) this.#parts.life.close(id);
    this.#parts.life.end();
    this.#running.clear();
    this.isClosed = true;
  }

  async #begin(
    metainfo: Metainfo,
    place: string,
    options: TorrentControl & Partial<DownloadOptions>,
    look: () => Promise<Uint8Array>,
  ): Promise<ActiveTorrent> {
    const { life, machine } = this.#parts;
    const have = await look();
    if (this.#isClosing) throw new ClientError('stopped', 'the client was closed');
    const { torrent } = machine.torrentOf(metainfo);
    const id = this.#newId(torrent.id);
    const platter = machine.madeAt(metainfo, place);
    const running = new RunningSimTorrent({
      ...{ id, metainfo, place, platter, life, torrent, status: this.#statusOf(id) },
      stopping: async () => {
        await this.#wait(stopMsMin + this.#below(stopMsMax));
        this.#running.delete(id);
        if (!this.#isClosing) life.close(id);
      },
    });
    this.#running.set(id, running);
    this.#listeners.set(id, (report) => {
      options.onReport?.(report);
      running.onReport(report);
    });
    running.begin(have, options);
    return running;
  }

  /** Only one step per torrent, and no step while it runs. */
  async #work<T>(metainfo: Metainfo, what: string, run: () => Promise<T>): Promise<T> {
    const key = hex(metainfo.infoHash);
    const other = this.#works.get(key);
    const { name } = metainfo;
    if (other !== undefined) this.#broken('two-steps', `${name}: ${what} while ${other} is under way`);
    if (this.#runs(key)) this.#broken('files-in-use', `${name}: ${what} while it runs`);
    if (this.isClosed) this.#broken('work-after-close', `${name}: ${what}`);
    this.#works.set(key, what);
    try {
      return await run();
    } finally {
      this.#works.delete(key);
    }
  }

  #runs(key: string): boolean {
    return [...this.#running.values()].some(({ metainfo }) => hex(metainfo.infoHash) === key);
  }

  #broken(checker: string, message: string): void {
    this.#parts.onBroken(new BrokenSession(checker, message));
  }

  #newId(torrent: TorrentId): TorrentId {
    this.#adds += 1;
    return torrent + torrentsMax * this.#adds;
  }

  #below(ms: number): number {
    return this.#parts.random.below(ms);
  }

  #statusOf(id: TorrentId): () => TorrentStatus {
    let last: TorrentStatus | undefined;
    return () => {
      last = this.#parts.life.engine.status(id) ?? last;
      return last!;
    };
  }

  /** Rejects with the signal's reason. */
  #wait(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const cancel = this.#parts.after(ms, () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      });
      const leave = () => {
        cancel();
        reject(signal!.reason);
      };
      signal?.addEventListener('abort', leave, { once: true });
    });
  }
}
