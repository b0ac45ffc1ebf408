/**
 * Seeds all torrents of one folder from one music folder, and follows torrent files that are added or removed
 * later (folder-scout.ts). A torrent whose content is missing is seeded when its content appears.
 *
 * Invariant: a torrent that cannot be seeded is reported with the reason and does not affect others. It is
 * tried again only when its torrent file or its content has changed, because hashing it again would give the
 * same result.
 */
import { isDeepStrictEqual } from 'node:util';
import { hex } from '../../../torrents/byte-text.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { sideBySide } from '../../host/disk/side-by-side.ts';
import type { UserTrust } from '../../host/network/user-trust.ts';
import { checkSeed, type SecretFile } from '../../sharing/seed-rules.ts';
import type { Session } from '../session.ts';
import type { Transfer } from '../transfers/transfer.ts';
import { ContentFinder, type IncompleteContent } from './content-finder.ts';
import { scoutFolders } from './folder-scout.ts';
import { ShareTransfers } from './share-transfers.ts';
import { type SeenTorrent, torrentFilesIn } from './torrent-folder.ts';

export interface SeededFolderOptions {
  /** The folder of the torrent files. */
  readonly torrents: string;
  /** The folder of the music. */
  readonly path: string;
  readonly verify: boolean | 'anew';
  /** Nothing in these folders is ever shared. */
  readonly privateFolders: readonly string[];
  readonly signal: AbortSignal;
  /** For tests. */
  readonly lookEveryMs?: number | undefined;
}

export interface SeedableTorrent {
  readonly metainfo: Metainfo;
  readonly trust: UserTrust;
}

/** Events for the user interface. `torrent`: the path of a torrent file. */
export interface SeededFolderPorts {
  /** Reads a torrent file and adds the user's settings. Rejects when it is not a torrent. */
  readonly load: (torrent: string, signal: AbortSignal) => Promise<SeedableTorrent>;
  /**
   * Some files look like secrets, and a torrent can only be shared whole. Throws when the user has not
   * allowed them.
   */
  readonly onSecrets: (metainfo: Metainfo, secrets: readonly SecretFile[]) => void;
  /** Reading torrent file `number` of `count`. */
  readonly onReading: (number: number, count: number) => void;
  /** Starting torrent `number` of `count`. */
  readonly onStarting: (number: number, count: number) => void;
  /** All torrents that were added together have been tried. */
  readonly onTried: () => void;
  readonly onSeeding: (torrent: string, transfer: Transfer) => void;
  /** Another torrent file with the same info-hash is seeded already. */
  readonly onTwin: (torrent: string) => void;
  /** The content was not found. `nearest`: the place with the most files. */
  readonly onMissing: (torrent: string, nearest: IncompleteContent | undefined) => void;
  readonly onFailed: (torrent: string, error: unknown) => void;
  /** The torrent file was removed, so seeding stops. */
  readonly onGone: (torrent: string, transfer: Transfer) => void;
  /** One of the folders cannot be read. It is read again later. */
  readonly onTrouble: (error: unknown, folder: string) => void;
  /** The music folder cannot be read, so new torrents are not seeded. */
  readonly onMusicAway: (error: unknown) => void;
}

/** Torrents started at once. The hash pool serves them in turn, while records of others are read. */
const startsMax = 4;

export class SeededFolder {
  readonly #options: SeededFolderOptions;
  readonly #ports: SeededFolderPorts;
  readonly #transfers: ShareTransfers;
  /** All maps are keyed by the path of a torrent file. */
  readonly #seeded = new Map<string, { readonly transfer: Transfer; readonly file: string }>();
  /** Torrents whose content is missing or wrong. */
  readonly #waiting = new Map<string, SeedableTorrent>();
  /** Path → info-hash, for torrent files with the info-hash of one that is seeded already. */
  readonly #twins = new Map<string, string>();
  /** The stamps of torrent files and their content at the last try. */
  readonly #tried = new Map<string, string>();

  constructor(session: Session, options: SeededFolderOptions, ports: SeededFolderPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#transfers = new ShareTransfers(session);
  }

  /** The transfers that are seeded now. They change as torrent files are added and removed. */
  get transfers(): readonly Transfer[] {
    return this.#transfers.all;
  }

  /**
   * Returns the number of torrent files. Throws a SessionError when there are no torrent files, or when a
   * folder cannot be read.
   */
  async start(): Promise<number> {
    const { torrents, signal } = this.#options;
    const files = await torrentFilesIn(torrents, signal);
    await this.#take(files, signal);
    return files.length;
  }

  /**
   * Seeds torrents that are added to the folder and stops those that are removed, until the signal is
   * aborted. Never rejects.
   */
  async follow(signal: AbortSignal): Promise<void> {
    const { torrents, lookEveryMs: everyMs } = this.#options;
    const known = [...this.#seeded].map(([path, { file }]) => ({ path, stamp: file }));
    await scoutFolders<SeenTorrent>(
      { folders: [torrents], known, signal, everyMs },
      {
        look: async (at) => await this.#withContent(await torrentFilesIn(at, signal), signal),
        isKnown: (path) => this.#seeded.has(path) || this.#isTwin(path),
        onNew: (seen) => this.#takeLater(seen, signal),
        onChanged: (seen) => this.#takeAnew(seen, signal),
        shared: () => [...this.#seeded.keys()],
        onGone: async (path) => {
          this.#ports.onGone(path, this.#seeded.get(path)!.transfer);
          await this.#letGo(path);
        },
        onTrouble: this.#ports.onTrouble,
      },
    );
  }

  /**
   * Adds the content's stamp to the stamps of waiting torrents. Throws a SessionError when the music folder
   * cannot be read.
   */
  async #withContent(seen: readonly SeenTorrent[], signal: AbortSignal): Promise<readonly SeenTorrent[]> {
    const paths = new Set(seen.map(({ path }) => path));
    for (const path of this.#waiting.keys()) if (!paths.has(path)) this.#waiting.delete(path);
    if (this.#waiting.size === 0) return seen;
    const torrents = [...this.#waiting.values()].map(({ metainfo }) => metainfo);
    const finder = await ContentFinder.open(this.#options.path, torrents, signal);
    return seen.map((one) => {
      const waiting = this.#waiting.get(one.path);
      return waiting === undefined
        ? one
        : { ...one, stamp: `${one.file} ${finder.stampOf(waiting.metainfo)}` };
    });
  }

  #isTwin(path: string): boolean {
    const hash = this.#twins.get(path);
    return hash !== undefined && this.transfers.some(({ infoHash }) => infoHash === hash);
  }

  /** The torrent file was replaced. If the torrent is the same, peers stay connected. Never rejects. */
  async #takeAnew(seen: SeenTorrent, signal: AbortSignal): Promise<void> {
    const seeded = this.#seeded.get(seen.path);
    if (seeded === undefined || seeded.file === seen.file) return;
    const loaded = await this.#ports.load(seen.path, signal).catch(() => undefined);
    const now = loaded?.metainfo;
    const { metainfo } = seeded.transfer;
    const isSame =
      now !== undefined &&
      Buffer.compare(now.infoHash, metainfo.infoHash) === 0 &&
      isDeepStrictEqual(now.trackers, metainfo.trackers);
    if (isSame) return void this.#seeded.set(seen.path, { ...seeded, file: seen.file });
    await this.#letGo(seen.path);
    await this.#takeLater([seen], signal);
  }

  async #letGo(path: string): Promise<void> {
    const { transfer } = this.#seeded.get(path)!;
    this.#seeded.delete(path);
    await this.#transfers.letGo(transfer);
  }

  /** Never rejects. */
  async #takeLater(seen: readonly SeenTorrent[], signal: AbortSignal): Promise<void> {
    const worthATry = seen.filter(({ path, stamp }) => this.#tried.get(path) !== stamp);
    try {
      await this.#take(worthATry, signal);
    } catch (error) {
      if (!signal.aborted) this.#ports.onMusicAway(error);
    }
    this.#ports.onTried();
  }

  /** Throws a SessionError when the music folder cannot be read. */
  async #take(files: readonly SeenTorrent[], signal: AbortSignal): Promise<void> {
    const loaded = await this.#load(files, signal);
    if (loaded.size === 0) return;
    const torrents = [...loaded.values()].map(({ metainfo }) => metainfo);
    const finder = await ContentFinder.open(this.#options.path, torrents, signal);
    const stamps = new Map(files.map(({ path, file }) => [path, file]));
    let started = 0;
    await sideBySide(loaded, startsMax, async ([torrent, one]) => {
      signal.throwIfAborted();
      // Yields to the event loop, because torrents with a resume record start without any other pause.
      await new Promise(setImmediate);
      this.#ports.onStarting(++started, loaded.size);
      const file = stamps.get(torrent)!;
      const places = finder.find(one.metainfo);
      this.#tried.set(torrent, `${file} ${finder.stampOf(one.metainfo, places)}`);
      if (places.length === 0) return this.#ports.onMissing(torrent, finder.nearest(one.metainfo));
      try {
        const transfer = await firstRight(places, (place) => this.#seed(one, place, signal));
        this.#ports.onSeeding(torrent, transfer);
        this.#seeded.set(torrent, { transfer, file });
        this.#waiting.delete(torrent);
      } catch (error) {
        if (signal.aborted) throw error;
        this.#ports.onFailed(torrent, error);
      }
    });
  }

  async #seed({ metainfo, trust }: SeedableTorrent, place: string, signal: AbortSignal): Promise<Transfer> {
    const { verify, privateFolders } = this.#options;
    const secrets = await checkSeed(metainfo, place, { privateFolders });
    if (secrets.length > 0) this.#ports.onSecrets(metainfo, secrets);
    return await this.#transfers.start({ wanted: { metainfo }, place, verify, trust }, signal);
  }

  /** By path. Of two files with the same torrent, only the first is taken. */
  async #load(files: readonly SeenTorrent[], signal: AbortSignal): Promise<Map<string, SeedableTorrent>> {
    const loaded = new Map<string, SeedableTorrent>();
    const known = new Set(this.transfers.map(({ infoHash }) => infoHash));
    for (const [index, { path, file }] of files.entries()) {
      this.#ports.onReading(index + 1, files.length);
      try {
        this.#waiting.delete(path);
        const torrent = await this.#ports.load(path, signal);
        const infoHash = hex(torrent.metainfo.infoHash);
        if (known.has(infoHash)) {
          this.#twins.set(path, infoHash);
          this.#ports.onTwin(path);
        } else {
          loaded.set(path, torrent);
          this.#waiting.set(path, torrent);
        }
        known.add(infoHash);
      } catch (error) {
        if (signal.aborted) throw error;
        this.#tried.set(path, file);
        this.#ports.onFailed(path, error);
      }
    }
    return loaded;
  }
}

/**
 * Several places may have files of the right sizes with different bytes. Throws the error of the last one.
 */
async function firstRight<T>(places: readonly string[], use: (place: string) => Promise<T>): Promise<T> {
  let wrong: unknown;
  for (const place of places) {
    try {
      return await use(place);
    } catch (error) {
      if ((error as { readonly code?: unknown }).code !== 'data-mismatch') throw error;
      wrong = error;
    }
  }
  throw wrong;
}
