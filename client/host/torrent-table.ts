/** The torrents and magnet links that a client runs: the engine's reports find them here, and here they are let go. */
import type { Report, TorrentId } from '../engine/contract.ts';
import type { Engine } from '../engine/engine.ts';
import type { TorrentStatus } from '../engine/status.ts';
import type { FactSink } from './ports.ts';
import type { RealPorts } from './real-ports.ts';

export interface Running {
  readonly onReport: (report: Report) => void;
  /** Of the disk that it is fetched to. */
  readonly device: number | undefined;
  /** The engine lets go of it, and its user is told. */
  readonly end: () => void;
  /** The last record is written, others may have the folder. */
  readonly finish: () => Promise<void>;
}

export class TorrentTable {
  readonly #engine: Engine;
  readonly #sink: FactSink;
  readonly #ports: RealPorts;
  readonly #running = new Map<TorrentId, Running>();
  #ids = 0;

  constructor(engine: Engine, sink: FactSink, ports: RealPorts) {
    this.#engine = engine;
    this.#sink = sink;
    this.#ports = ports;
  }

  newId(): TorrentId {
    this.#ids += 1;
    return this.#ids;
  }

  add(torrent: TorrentId, running: Running): void {
    this.#running.set(torrent, running);
  }

  has(torrent: TorrentId): boolean {
    return this.#running.has(torrent);
  }

  get all(): readonly Running[] {
    return [...this.#running.values()];
  }

  onReport(report: Report): void {
    this.#running.get(report.torrent)?.onReport(report);
  }

  /** What asks for its status; after its end, for the last one that was asked for. */
  statusOf(torrent: TorrentId): () => TorrentStatus {
    let last: TorrentStatus | undefined;
    return () => {
      last = this.#engine.status(torrent) ?? last;
      return last!;
    };
  }

  /** Before the engine has heard of it. */
  takeBack(torrent: TorrentId): void {
    this.#running.delete(torrent);
    this.#ports.disk.remove(torrent);
  }

  /** False when that has been done before. */
  letGo(torrent: TorrentId): boolean {
    if (!this.#running.delete(torrent)) return false;
    this.#sink({ type: 'stopped', torrent });
    this.#ports.disk.remove(torrent);
    this.#ports.announcer.forget(torrent);
    return true;
  }

  /** What the downloads under way will yet write on this disk. */
  readonly promisedBytes = (device: number | undefined): number => {
    const others = [...this.#running].filter(([, running]) => device && running.device === device);
    const missing = others.map(([torrent]) => this.#engine.status(torrent));
    return missing.reduce((sum, s) => sum + (s === undefined ? 0 : s.wantedBytes - s.haveWantedBytes), 0);
  };
}
