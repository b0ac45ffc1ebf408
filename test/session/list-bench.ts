/**
 * Sessions over a host that runs nothing, with their lists on a disk in memory: what a disk refuses, and what is wished in the
 * middle of a step, can be shown one by one.
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

/** An album of up to four files. */
export function album(number = 0): Metainfo {
  return drawTorrent(new Prng(number + 1), number, []).metainfo;
}

export class ListBench {
  readonly disk = new TestDrive();
  timers = new TestTimers();
  host = new HeldHost();

  /** As after a kill: what an earlier session of this bench still does comes to nothing for it. */
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

  /** By name: what the files of the list hold. */
  files(): Map<string, string> {
    const names = this.disk.listing(folder);
    return new Map(
      names.map((name) => [name, Buffer.from(this.disk.bytesAt(`${folder}/${name}`)!).toString()]),
    );
  }

  /** A program that is killed loses nothing of it; a power cut does. */
  isOnDisk(name: string): boolean {
    return this.disk.drive.forcedAt(`${folder}/${name}`) !== undefined;
  }
}

export const download = (metainfo: Metainfo, place = '/home'): AddRequest => {
  return { wanted: { metainfo }, kind: 'download', place };
};

/** Resolves when it holds. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** Runs torrents that have no peers. Its works take as long as a test wants. */
class HeldHost {
  readonly port = 1;
  /** What it was asked for, as `move /home /new`. */
  readonly calls: string[] = [];
  onCall: (call: string) => void = () => {};
  readonly #held = new Map<string, Promise<void>>();

  /** The next work of this kind waits for what is answered here to be called. */
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
  /** Bytes of pieces that are wanted. */
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
