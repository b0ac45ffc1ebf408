/**
 * Sessions over a host that transfers nothing, with their lists on a disk in memory. Tests can fail single
 * disk calls and hold single steps.
 */
import { Prng } from '../../client/engine/prng.ts';
import type { TorrentStatus } from '../../client/engine/status.ts';
import type { ActiveTorrent, DownloadOptions } from '../../client/host/active-torrent.ts';
import { piecePriorities } from '../../client/host/file-selection.ts';
import type { MoveProgress } from '../../client/host/own-content/move-content.ts';
import { type OpenedList, openList } from '../../client/session/list/open-list.ts';
import { noLimits, type Session } from '../../client/session/session.ts';
import type { TorrentHost } from '../../client/session/torrent-host.ts';
import type { AddRequest } from '../../client/session/transfers/transfer-settings.ts';
import type { Metainfo } from '../../torrents/metainfo/metainfo.ts';
import { TestDrive, TestTimers } from '../host/test-drive.ts';
import { drawTorrent } from '../sim/session/known-torrent.ts';

const folder = '/state/session';

/** An album of one to four files. */
export function album(number = 0): Metainfo {
  return drawTorrent(new Prng(number + 1), number, []).metainfo;
}

export class ListBench {
  readonly disk = new TestDrive();
  timers = new TestTimers();
  host = new HeldHost();

  /**
   * As after a kill: an earlier session of this bench gets a host and timers of its own, so it has no effect
   * on this one.
   */
  async open(): Promise<OpenedList> {
    this.host = new HeldHost();
    this.timers = new TestTimers();
    const { host, timers } = this;
    const ports = {
      host: host as unknown as TorrentHost,
      timers,
      wallMs: () => 1,
      resolvePeers: async () => [],
    };
    return await openList(ports, folder, this.disk.fs, noLimits);
  }

  async session(): Promise<Session> {
    const { session, damaged } = await this.open();
    if (damaged.length > 0) throw damaged[0];
    return session;
  }

  /** File name → content, for all files of the list. */
  files(): Map<string, string> {
    const names = this.disk.listing(folder);
    return new Map(
      names.map((name) => [name, Buffer.from(this.disk.bytesAt(`${folder}/${name}`)!).toString()]),
    );
  }

  /** A kill loses nothing that was written. A power cut loses what was not synced. */
  isOnDisk(name: string): boolean {
    return this.disk.drive.forcedAt(`${folder}/${name}`) !== undefined;
  }
}

export const download = (metainfo: Metainfo, place = '/home'): AddRequest => {
  return { wanted: { metainfo }, kind: 'download', place };
};

/** Resolves when `isSo` returns true. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** Runs torrents that have no peers. A test decides how long its steps take. */
class HeldHost {
  readonly port = 1;
  /** Calls to the host, such as `move /home /new`. */
  readonly calls: string[] = [];
  onCall: (call: string) => void = () => {};
  readonly #held = new Map<string, Promise<void>>();

  /** The next step of this kind waits until the returned function is called. */
  hold(kind: 'stop' | 'move'): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held.set(kind, promise);
    return resolve;
  }

  async download(metainfo: Metainfo, { folder: place, select }: DownloadOptions): Promise<ActiveTorrent> {
    await this.#work('download', place);
    return new HeldTorrent(metainfo, select, (kind) => this.#work(kind)) as unknown as ActiveTorrent;
  }

  async move(
    _: Metainfo,
    place: string,
    into: string,
    onProgress: (progress: MoveProgress) => void = () => {},
  ): Promise<string> {
    await this.#work('move', place, into);
    for (let done = 0; done <= 100; done++) onProgress({ done, total: 100 });
    return into;
  }

  setLimits(): void {}

  async close(): Promise<void> {
    await this.#work('close');
  }

  async #work(kind: string, ...about: string[]): Promise<void> {
    const call = [kind, ...about].join(' ');
    this.calls.push(call);
    this.onCall(call);
    const held = this.#held.get(kind);
    this.#held.delete(kind);
    await held;
  }
}

class HeldTorrent {
  readonly metainfo: Metainfo;
  readonly completed = new Promise<void>(() => {});
  readonly #work: (kind: string) => Promise<void>;
  #isStopping = false;
  /** Bytes of wanted pieces. */
  #wantedBytes: number;

  constructor(metainfo: Metainfo, choice: DownloadOptions['select'], work: (kind: string) => Promise<void>) {
    this.metainfo = metainfo;
    this.#work = work;
    this.#wantedBytes = wantedBytesOf(metainfo, choice);
  }

  status(): TorrentStatus {
    const status = { complete: false, uploaded: 0, downloaded: 0, peers: [], trackers: [] };
    return { ...status, wantedBytes: this.#wantedBytes } as unknown as TorrentStatus;
  }

  hasFile(): boolean {
    return false;
  }

  select(choice: NonNullable<DownloadOptions['select']>): void {
    if (this.#isStopping) throw new Error('it is being stopped');
    this.#wantedBytes = wantedBytesOf(this.metainfo, choice);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#work('stop');
  }
}

function wantedBytesOf(metainfo: Metainfo, choice: DownloadOptions['select'] = () => true): number {
  const priorities = piecePriorities(metainfo, choice);
  return priorities.filter((priority) => priority > 0).length * metainfo.geometry.pieceLength;
}
