/** One torrent that a client fetches or seeds, from its start to its end: what its user, its claim, the disk and the engine hear. */
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
  /** False when the user wants it believed without a look: then it is not remembered either. */
  readonly isVerified: boolean;
  /** Its files are its owner's, and only read. */
  readonly isSeed: boolean;
  /** The engine has let go of it. */
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
  /** It is not to be started again. */
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

  /** Throws a ClientError when the disk refuses a file its name. */
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
    // Not from within the engine's turn: what follows are new facts.
    if (report.type === 'completed') queueMicrotask(this.#completed.confirm);
    if (report.type === 'pieces-lost') claim?.wake(this.#fail);
    const isTrouble = report.type === 'disk-trouble' || report.type === 'pieces-lost';
    if (isTrouble && isHopeless(report.trouble)) this.#fail(inTheWay(report.trouble, files.rootPath));
  };

  readonly end = (): void => {
    const { metainfo, files, onEnd } = this.#start;
    // Asked for while the engine still knows it.
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

  /** Files that are complete already get their names. */
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
    // Called from a report, the engine hears of it only after its turn.
    queueMicrotask(() => {
      if (!this.#status().complete) ports.disk.watch.onMoreWanted(this.#torrent);
      void this.#completed.confirm();
    });
  }

  readonly #fail = (reason: Error): void => {
    this.#completed.reject(reason);
    // Not from within the engine's turn: what follows are new facts.
    queueMicrotask(this.end);
  };

  #restClaim(): void {
    const { claim, files } = this.#start;
    claim?.rest(files.isWhole);
  }
}
