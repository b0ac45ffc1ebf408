/**
 * The machine of a session over all runs of its program: the disk with the list, and the contents of torrents
 * by folder. The list is made of files on a simulated drive (world/file-system). Each content is a platter
 * for one torrent and folder, as in the simulator's swarms.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import { hex } from '../../../torrents/byte-text.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { type DiskTemper, healthyDisk } from '../world/disk-temper.ts';
import { Drive, type DriveOptions } from '../world/file-system/drive.ts';
import { type DriveTemper, healthyDrive } from '../world/file-system/drive-temper.ts';
import { Platter } from '../world/platter.ts';
import type { KnownTorrent } from './known-torrent.ts';

export const listFolder = '/home/state/session';

export class Machine {
  readonly drive: Drive;
  /** Only calls for the list's folder can fail. */
  readonly driveTemper: DriveTemper = { ...healthyDrive(), failsAt: (at) => at.startsWith(listFolder) };
  readonly diskTemper: DiskTemper = { ...healthyDisk };
  readonly #torrents: ReadonlyMap<string, KnownTorrent>;
  /** By torrent and place. */
  readonly #platters = new Map<string, Platter>();

  constructor(options: DriveOptions, nowMs: () => number, torrents: readonly KnownTorrent[]) {
    this.drive = new Drive(options, nowMs);
    this.#torrents = new Map(torrents.map((known) => [hex(known.metainfo.infoHash), known]));
    let folder = this.drive.root;
    for (const name of ['home', 'state']) {
      const inode = this.drive.create('folder', this.drive.nowNs);
      this.drive.rename([{ folder, name, inode }], this.drive.nowNs);
      // These folders exist and are synced before the first run.
      folder.settle(folder.mark);
      folder = inode;
    }
    this.drive.commit(this.drive.calls);
  }

  torrentOf({ infoHash }: Pick<Metainfo, 'infoHash'>): KnownTorrent {
    return this.#torrents.get(hex(infoHash))!;
  }

  /** Some calls for the list fail now. */
  get refusesList(): boolean {
    return Object.keys(this.driveTemper.failPpm).length > 0;
  }

  /** Puts the complete, verified content into a folder. */
  own(metainfo: Metainfo, place: string): void {
    const { content } = this.torrentOf(metainfo).torrent;
    this.#platters.set(keyOf(metainfo, place), new Platter(content, () => true, 0));
  }

  /** Undefined if nothing of the torrent is there. */
  at(metainfo: Metainfo, place: string): Platter | undefined {
    const platter = this.#platters.get(keyOf(metainfo, place));
    return platter?.files.isEmpty === false ? platter : undefined;
  }

  /** Makes an empty folder if it does not exist. */
  madeAt(metainfo: Metainfo, place: string): Platter {
    const key = keyOf(metainfo, place);
    const platter =
      this.#platters.get(key) ?? new Platter(this.torrentOf(metainfo).torrent.content, () => false, 0);
    this.#platters.set(key, platter);
    return platter;
  }

  /** The target must not hold the torrent. */
  move(metainfo: Metainfo, from: string, to: string): void {
    const platter = this.at(metainfo, from);
    if (platter === undefined) return;
    this.#platters.delete(keyOf(metainfo, from));
    this.#platters.set(keyOf(metainfo, to), platter);
  }

  erase(metainfo: Metainfo, place: string): void {
    this.#platters.delete(keyOf(metainfo, place));
  }

  /** The folders that hold something of the torrent. */
  placesOf(metainfo: Metainfo): string[] {
    const prefix = keyOf(metainfo, '');
    return [...this.#platters.keys()]
      .filter((key) => key.startsWith(prefix) && !this.#platters.get(key)!.files.isEmpty)
      .map((key) => key.slice(prefix.length));
  }

  cutPower(random: Prng): void {
    this.drive.cutPower(random);
    for (const platter of this.#platters.values()) platter.cutPower(random);
  }
}

function keyOf({ infoHash }: Pick<Metainfo, 'infoHash'>, place: string): string {
  return `${hex(infoHash)} ${place}`;
}
