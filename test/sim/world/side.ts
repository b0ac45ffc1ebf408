/**
 * A side torrent of a peer, in addition to the first torrent of its world: its content, and whether its user
 * has it running. Other programs leave its files alone. A torrent that is added again gets a new number, as
 * the engine requires.
 */
import type { Report, TorrentId } from '../../../client/engine/contract.ts';
import type { Life } from './life.ts';
import { mark, Platter } from './platter.ts';
import type { SimTorrent } from './torrent.ts';

export interface SideOptions {
  readonly torrent: SimTorrent;
  has(pieceIndex: number): boolean;
}

export class Side {
  readonly torrent: SimTorrent;
  readonly platter: Platter;
  /** Whether the present life believes every piece stored. */
  isComplete = false;
  /** Whether its user has it running. */
  isWanted = true;
  #adds = 0;
  /** Its number in this life, while it runs. */
  #id: TorrentId | undefined;

  constructor({ torrent, has }: SideOptions) {
    this.torrent = torrent;
    this.platter = new Platter(torrent.content, has, 0);
  }

  /** The engine's present number for it; undefined while it does not run. */
  get id(): TorrentId | undefined {
    return this.#id;
  }

  /** Recorded pieces are believed, the others are hashed. */
  add(life: Life, trackers: readonly (readonly string[])[]): void {
    const { torrent, platter } = this;
    const { geometry, infoHash, infoBytes, dataBytes } = torrent;
    const id = torrent.id + torrentsMax * this.#adds++;
    const { have, count } = foundOn(platter);
    this.isComplete = count === geometry.pieceCount;
    this.#id = id;
    life.open(id, platter, { have, stamps: platter.files.stamps, mends: false });
    life.tell({
      type: 'added',
      spec: { torrent: id, infoHash, trackers, geometry, dataBytes, have, infoBytes, private: false },
    });
  }

  stop(life: Life): void {
    if (this.#id === undefined) return;
    life.tell({ type: 'stopped', torrent: this.#id });
    life.close(this.#id);
    this.#id = undefined;
  }

  /** The program has ended. */
  onEnd(): void {
    this.#id = undefined;
    this.isComplete = false;
  }

  hear(report: Report): void {
    if (report.torrent === this.#id && report.type === 'completed') this.isComplete = true;
  }
}

/**
 * The pieces that a start finds. Recorded pieces are believed when their file has the recorded stamp. All
 * others on the disk are hashed (`doubtful`: their number).
 */
export function foundOn(platter: Platter): { have: Uint8Array; count: number; doubtful: number } {
  const have = new Uint8Array(platter.record.length);
  let count = 0;
  let doubtful = 0;
  for (const pieceIndex of platter.content.geometry.pieces()) {
    const isTrusted = platter.isTrusted(pieceIndex);
    if (!isTrusted && platter.hasAnyOf(pieceIndex)) doubtful += 1;
    if (!isTrusted && !platter.isRight(pieceIndex)) continue;
    mark(have, pieceIndex);
    count += 1;
  }
  return { have, count, doubtful };
}

/** More torrents than any world has: a torrent number modulo this is the same for all its adds. */
export const torrentsMax = 100;
