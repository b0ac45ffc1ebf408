/**
 * One torrent that a client downloads or seeds, from start to end. Connects its user, its claim, the disk and
 * the engine.
 */
import type { Metainfo } from '../../torrents/metainfo/metainfo.ts';
import { dataBytesOfPadded } from '../../torrents/metainfo/pads.ts';
import type { PeerAddress, Report, TorrentId } from '../engine/contract.ts';
import { unwanted } from '../engine/pieces/piece-selection.ts';
import type { TorrentStatus } from '../engine/status.ts';
import type { ActiveTorrent, TorrentControl } from './active-torrent.ts';
import type { RunClaim } from './claims/waiting-download.ts';
import { ClientError, cannotWrite, inTheWay, isHopeless } from './client-error.ts';
import { Completion } from './content/completion.ts';
import { type FileChoice, filePriority } from './file-selection.ts';
import type { FactSink } from './ports.ts';
import type { PreparedDownload } from './preparing/download-folder.ts';
import type { RealPorts } from './real-ports.ts';
import { ResumeJournal } from './resume/resume-journal.ts';
import { expectedHashes } from './storage/piece-hashes.ts';
import { isNamed } from './storage/stored-file.ts';
import type { Running, TorrentTable } from './torrent-table.ts';
import { type TorrentWishes, wishesOf } from './torrent-wishes.ts';

export interface TorrentStart extends PreparedDownload {
  readonly metainfo: Metainfo;
  readonly control: TorrentControl;
  readonly peers?: readonly PeerAddress[] | undefined;
  readonly priorities?: Uint8Array | undefined;
  readonly device?: number | undefined;
  readonly claim?: RunClaim;
  /**
   * False when the user wants the files trusted without a check: then they are not recorded as verified
   * either.
   */
  readonly isVerified: boolean;
  /** Its files belong to the user and are only read. */
  readonly isSeed: boolean;
  /** Called when the torrent is removed from the engine. */
  readonly onEnd: () => void;
}

export interface RunningWorld {
  readonly table: TorrentTable;
  readonly sink: FactSink;
  readonly ports: RealPorts;
}

export class RunningTorrent implements Running {
  readonly #torrent: TorrentId;
  readonly #start: TorrentStart;
  readonly #world: RunningWorld;
  readonly #journal: ResumeJournal | undefined;
  readonly #completed: Completion;
  readonly #wishes: TorrentWishes;
  readonly #status: () => TorrentStatus;
  /** The torrent is not to be started again. */
  #isLast = false;

  private constructor(start: TorrentStart, world: RunningWorld) {
    const { metainfo, files, have, unforced, isVerified, isSeed } = start;
    const { store, disk, clock } = world.ports;
    this.#start = start;
    this.#world = world;
    this.#journal =
      store && isVerified
        ? new ResumeJournal(store, { infoHash: metainfo.infoHash, files, have, unforced })
        : undefined;
    const torrent = world.table.newId();
    this.#torrent = torrent;
    this.#status = world.table.statusOf(torrent);
    const stored = { torrent, geometry: metainfo.geometry, files, expected: expectedHashes(metainfo) };
    disk.add({ ...stored, ...(this.#journal && { journal: this.#journal }) }, isSeed);
    this.#completed = new Completion(
      () => this.#status().complete,
      () => disk.watch.confirm(torrent),
      () => this.#restClaim(),
    );
    this.#wishes = wishesOf(torrent, metainfo, files, { sink: world.sink, disk, clock });
  }

  /** Throws a ClientError when a complete file cannot get its final name. */
  static begin(start: TorrentStart, world: RunningWorld): ActiveTorrent {
    const running = new RunningTorrent(start, world);
    world.table.add(running.#torrent, running);
    running.#nameComplete();
    running.#tellEngine();
    void running.#completed.confirm();
    return running.#forUser();
  }

  get device(): number | undefined {
    return this.#start.device;
  }

  readonly onReport = (report: Report): void => {
    const { control, claim, files } = this.#start;
    control.onReport?.(report);
    // After the engine's turn, because this causes new facts.
    if (report.type === 'completed') queueMicrotask(this.#completed.confirm);
    if (report.type === 'pieces-lost') claim?.wake(this.#fail);
    const isTrouble = report.type === 'disk-trouble' || report.type === 'pieces-lost';
    if (isTrouble && isHopeless(report.trouble)) this.#fail(inTheWay(report.trouble, files.rootPath));
  };

  readonly end = (): void => {
    const { metainfo, files, onEnd } = this.#start;
    // Caches the status while the engine still knows the torrent.
    this.#status();
    if (this.#world.table.letGo(this.#torrent)) {
      onEnd();
      this.#completed.reject(
        new ClientError('stopped', `${metainfo.name} was stopped before it was complete`),
      );
    }
    void files.writes.settled().then(() => this.#restClaim());
  };

  readonly finish = async (): Promise<void> => {
    const { files, claim } = this.#start;
    await files.writes.settled();
    await this.#journal?.stop();
    files.tidy(this.#isLast && this.#status().complete);
    claim?.release();
  };

  /** Gives complete files their final names. */
  #nameComplete(): void {
    const { table, ports } = this.#world;
    try {
      ports.disk.finishComplete(this.#torrent);
    } catch (error) {
      table.takeBack(this.#torrent);
      throw cannotWrite(this.#start.files.rootPath, error);
    }
  }

  #tellEngine(): void {
    const { metainfo, have, priorities, control, peers = [] } = this.#start;
    const { sink, ports } = this.#world;
    const torrent = this.#torrent;
    const { geometry, infoHash, infoBytes, trackers, private: isPrivate } = metainfo;
    const dataBytes = dataBytesOfPadded(geometry, metainfo.files);
    const known = { torrent, infoHash, geometry, dataBytes, have, trackers, infoBytes, private: isPrivate };
    const spec = priorities === undefined ? known : { ...known, priorities };
    if (control.trust !== undefined) ports.announcer.trust(torrent, control.trust);
    sink({ type: 'added', spec });
    if (peers.length > 0) sink({ type: 'peers-found', torrent, peers, origin: 'user' });
  }

  #forUser(): ActiveTorrent {
    const { metainfo, files } = this.#start;
    const completed = this.#completed;
    return {
      metainfo,
      path: files.rootPath,
      status: this.#status,
      hasFile: (fileIndex) => {
        const stored = files.files[fileIndex];
        return stored !== undefined && isNamed(stored);
      },
      get completed() {
        return completed.promise;
      },
      stop: () => this.#stop(),
      remove: () => {
        this.#isLast = true;
        return this.#stop();
      },
      ...this.#wishes,
      select: (choose) => this.#select(choose),
    };
  }

  async #stop(): Promise<void> {
    this.end();
    await this.finish();
  }

  #select(choose: FileChoice): void {
    const { metainfo, claim } = this.#start;
    const { table, ports } = this.#world;
    if (!table.has(this.#torrent)) throw new ClientError('stopped', `${metainfo.name} was stopped`);
    const takeBack = this.#completed.reopen();
    try {
      claim?.select((file) => filePriority(choose, file) !== unwanted);
      this.#wishes.select(choose);
    } catch (error) {
      takeBack();
      throw error;
    }
    // If this is called from a report, the engine receives the selection only after its turn.
    queueMicrotask(() => {
      if (!this.#status().complete) ports.disk.watch.onMoreWanted(this.#torrent);
      void this.#completed.confirm();
    });
  }

  readonly #fail = (reason: Error): void => {
    this.#completed.reject(reason);
    // After the engine's turn, because this causes new facts.
    queueMicrotask(this.end);
  };

  #restClaim(): void {
    const { claim, files } = this.#start;
    claim?.rest(files.isWhole);
  }
}
