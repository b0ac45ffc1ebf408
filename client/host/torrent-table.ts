/**
 * The torrents and magnet links that a client runs. The engine's reports are dispatched here, and torrents
 * are removed here.
 */
import type { Report, TorrentId } from '../engine/contract.ts';
import type { Engine } from '../engine/engine.ts';
import type { TorrentStatus } from '../engine/status.ts';
import type { FactSink } from './ports.ts';
import type { RealPorts } from './real-ports.ts';

export interface Running {
  readonly onReport: (report: Report) => void;
  /** Device number of the disk that it is downloaded to. */
  readonly device: number | undefined;
  /** Removes the torrent from the engine and rejects its promise. */
  readonly end: () => void;
  /** Resolves when the last record is written and other torrents may use the folder. */
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

  /** Answers a function for the status. After the torrent's end, it answers the last status that was read. */
  statusOf(torrent: TorrentId): () => TorrentStatus {
    let last: TorrentStatus | undefined;
    return () => {
      last = this.#engine.status(torrent) ?? last;
      return last!;
    };
  }

  /** For a torrent that the engine does not know yet. */
  takeBack(torrent: TorrentId): void {
    this.#running.delete(torrent);
    this.#ports.disk.remove(torrent);
  }

  /** False when the torrent was removed before. */
  letGo(torrent: TorrentId): boolean {
    if (!this.#running.delete(torrent)) return false;
    this.#sink({ type: 'stopped', torrent });
    this.#ports.disk.remove(torrent);
    this.#ports.announcer.forget(torrent);
    return true;
  }

  /** What the active downloads will still write on this disk. */
  readonly promisedBytes = (device: number | undefined): number => {
    const others = [...this.#running].filter(([, running]) => device && running.device === device);
    const missing = others.map(([torrent]) => this.#engine.status(torrent));
    return missing.reduce((sum, s) => sum + (s === undefined ? 0 : s.wantedBytes - s.haveWantedBytes), 0);
  };
}
