/** A torrent that a simulated client fetches or seeds: the counterpart of client/host/running-torrent.ts. */
import type { Report, TorrentId } from '../../../client/engine/contract.ts';
import type { TorrentStatus } from '../../../client/engine/status.ts';
import type { ActiveTorrent, DownloadOptions } from '../../../client/host/active-torrent.ts';
import { ClientError } from '../../../client/host/client-error.ts';
import { Completion } from '../../../client/host/content/completion.ts';
import { type FileChoice, piecePriorities } from '../../../client/host/file-selection.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import type { Life } from '../world/life.ts';
import type { Platter } from '../world/platter.ts';
import type { SimTorrent } from '../world/torrent.ts';

interface RunningParts {
  readonly id: TorrentId;
  readonly metainfo: Metainfo;
  readonly place: string;
  readonly platter: Platter;
  readonly life: Life;
  readonly torrent: SimTorrent;
  readonly status: () => TorrentStatus;
  /** Writes pending pieces to disk. */
  readonly stopping: () => Promise<void>;
}

export class RunningSimTorrent implements ActiveTorrent {
  readonly metainfo: Metainfo;
  readonly id: TorrentId;
  readonly path: string;
  readonly status: () => TorrentStatus;
  isStopping = false;
  readonly #parts: RunningParts;
  readonly #completed: Completion;

  constructor(parts: RunningParts) {
    const { metainfo, place, status, id } = parts;
    this.#parts = parts;
    this.metainfo = metainfo;
    this.id = id;
    this.path = `${place}/${metainfo.layout.rootName}`;
    this.status = status;
    this.#completed = new Completion(
      () => status().complete,
      async () => true,
      () => {},
    );
  }

  begin(have: Uint8Array, { select, peers = [] }: Partial<DownloadOptions>): void {
    const { id, life, platter, torrent, metainfo } = this.#parts;
    const { geometry, infoHash, infoBytes, dataBytes } = torrent;
    const { trackers, private: isPrivate } = metainfo;
    life.open(id, platter, { have, stamps: platter.files.stamps, mends: false });
    const about = { torrent: id, infoHash, trackers, private: isPrivate };
    const known = { ...about, geometry, dataBytes, have, infoBytes };
    const spec = select === undefined ? known : { ...known, priorities: piecePriorities(metainfo, select) };
    life.tell({ type: 'added', spec });
    if (peers.length > 0) life.tell({ type: 'peers-found', torrent: id, peers, origin: 'user' });
    void this.#completed.confirm();
  }

  onReport(report: Report): void {
    if (report.type === 'completed') void this.#completed.confirm();
  }

  get completed(): Promise<void> {
    return this.#completed.promise;
  }

  hasFile(fileIndex: number): boolean {
    const { platter, metainfo } = this.#parts;
    const { geometry, files } = metainfo;
    const { offset, bytes } = files[fileIndex]!;
    const from = Math.floor(offset / geometry.pieceLength);
    const to = Math.floor((offset + bytes - 1) / geometry.pieceLength);
    for (let i = from; i <= to; i++) if (!platter.isRight(geometry.pieceIndex(i)!)) return false;
    return true;
  }

  select(choose: FileChoice): void {
    const { id, life, metainfo } = this.#parts;
    if (this.isStopping) throw new ClientError('stopped', `${metainfo.name} was stopped`);
    this.#completed.reopen();
    life.tell({ type: 'pieces-selected', torrent: id, priorities: piecePriorities(metainfo, choose) });
    void this.#completed.confirm();
  }

  setSequential(sequential: boolean): void {
    this.#parts.life.tell({ type: 'order-chosen', torrent: this.id, sequential });
  }

  setDeadline(): void {}

  announceNow(): void {
    this.#parts.life.tell({ type: 'announce-wished', torrent: this.id });
  }

  async stop(): Promise<void> {
    this.end();
    await this.#parts.stopping();
  }

  remove(): Promise<void> {
    return this.stop();
  }

  /** Removes the torrent from the engine. */
  end(): void {
    if (this.isStopping) return;
    this.isStopping = true;
    // Takes the last status while the engine still has the torrent.
    this.status();
    this.#parts.life.tell({ type: 'stopped', torrent: this.id });
    this.#completed.reject(new ClientError('stopped', `${this.metainfo.name} was stopped`));
  }
}
