/**
 * A part that a peer has in another torrent than the first of its world: what it holds of it, and whether its user has it
 * running. Others do nothing to its files. A torrent that is added again has another number each time, as the engine wants.
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
  /** All of it is stored, as far as the present life knows. */
  isComplete = false;
  /** Its user wants it running. */
  isWanted = true;
  #adds = 0;
  /** Its number in this life, while it runs. */
  #id: TorrentId | undefined;

  constructor({ torrent, has }: SideOptions) {
    this.torrent = torrent;
    this.platter = new Platter(torrent.content, has, 0);
  }

  /** What the engine calls it now; undefined: it does not run. */
  get id(): TorrentId | undefined {
    return this.#id;
  }

  /** What is recorded is believed, the rest is hashed. */
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

  /** The program is gone. */
  onEnd(): void {
    this.#id = undefined;
    this.isComplete = false;
  }

  hear(report: Report): void {
    if (report.torrent === this.#id && report.type === 'completed') this.isComplete = true;
  }
}

/**
 * What a start finds: recorded pieces are believed in when their file has the stamp that was recorded with them, all others
 * that are there are hashed (`doubtful`: so many).
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

/** More torrents than any world has: the rest of a number divided by this says which it is. */
export const torrentsMax = 100;
