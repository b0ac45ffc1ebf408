/**
 * All torrents of a folder, over one music folder; and torrent files that are put into that folder later, or taken out of it
 * (folder-scout.ts). A torrent whose content is missing is seeded when its content has come.
 *
 * Invariant: a torrent that cannot be seeded is told of, with why, and stops no other. It is tried again when its file or its
 * content has changed, and not before: hashing it once more would give the same.
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
  /** Nothing in them is ever shared. */
  readonly privateFolders: readonly string[];
  readonly signal: AbortSignal;
  /** Another pace for tests. */
  readonly lookEveryMs?: number | undefined;
}

export interface SeedableTorrent {
  readonly metainfo: Metainfo;
  readonly trust: UserTrust;
}

/** What happens, for the user interface. `torrent`: the path of a torrent file. */
export interface SeededFolderPorts {
  /** Reads a torrent file, with what the user adds to it. Rejects when it is not a torrent. */
  readonly load: (torrent: string, signal: AbortSignal) => Promise<SeedableTorrent>;
  /** Files of it look like secrets, and a torrent is shared whole. Throws when the user has not allowed them. */
  readonly onSecrets: (metainfo: Metainfo, secrets: readonly SecretFile[]) => void;
  /** The next of so many torrent files is read. */
  readonly onReading: (number: number, count: number) => void;
  /** The next of so many torrents is started. */
  readonly onStarting: (number: number, count: number) => void;
  /** All that have come together have been tried. */
  readonly onTried: () => void;
  readonly onSeeding: (torrent: string, transfer: Transfer) => void;
  /** It is seeded already, by another name. */
  readonly onTwin: (torrent: string) => void;
  /** Its content is not there. `nearest`: the place that has most of it. */
  readonly onMissing: (torrent: string, nearest: IncompleteContent | undefined) => void;
  readonly onFailed: (torrent: string, error: unknown) => void;
  /** Its file is not there any more: it is not seeded. */
  readonly onGone: (torrent: string, transfer: Transfer) => void;
  /** One of the folders cannot be looked at; it is looked at again. */
  readonly onTrouble: (error: unknown, folder: string) => void;
  /** The music cannot be looked at: torrents that have come are not seeded. */
  readonly onMusicAway: (error: unknown) => void;
}

/** First checks at once: their files are hashed in turn all the same, and records are read in between. */
const startsMax = 4;

export class SeededFolder {
  readonly #options: SeededFolderOptions;
  readonly #ports: SeededFolderPorts;
  readonly #transfers: ShareTransfers;
  /** All by the path of a torrent file. */
  readonly #seeded = new Map<string, { readonly transfer: Transfer; readonly file: string }>();
  /** Those whose content is not there, or not right. */
  readonly #waiting = new Map<string, SeedableTorrent>();
  /** The info-hashes of those that are seeded by another name already. */
  readonly #twins = new Map<string, string>();
  /** How those that wait looked, with their content, when they were tried last. */
  readonly #tried = new Map<string, string>();

  constructor(session: Session, options: SeededFolderOptions, ports: SeededFolderPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#transfers = new ShareTransfers(session);
  }

  /** Those that are seeded now: they come and go. */
  get transfers(): readonly Transfer[] {
    return this.#transfers.all;
  }

  /** Answers how many torrent files there are. Throws a SessionError when there are none, or a folder cannot be read. */
  async start(): Promise<number> {
    const { torrents, signal } = this.#options;
    const files = await torrentFilesIn(torrents, signal);
    await this.#take(files, signal);
    return files.length;
  }

  /** Takes up what comes into the folder and lets go of what leaves it, until the signal is aborted; never rejects. */
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

  /** Those that wait look otherwise when their content does. Throws a SessionError when the music cannot be looked at. */
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

  /** The file is another one. One that says the same costs no peer its connection. Never rejects. */
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

  /** Throws a SessionError when the music cannot be looked at. */
  async #take(files: readonly SeenTorrent[], signal: AbortSignal): Promise<void> {
    const loaded = await this.#load(files, signal);
    if (loaded.size === 0) return;
    const torrents = [...loaded.values()].map(({ metainfo }) => metainfo);
    const finder = await ContentFinder.open(this.#options.path, torrents, signal);
    const stamps = new Map(files.map(({ path, file }) => [path, file]));
    let started = 0;
    await sideBySide(loaded, startsMax, async ([torrent, one]) => {
      signal.throwIfAborted();
      // Others have a turn: what is remembered is started without ever waiting.
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

  /** By path. A torrent that is there twice is taken once. */
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

/** Two places may have files of the same sizes, and one of them is right. Throws what is wrong with the last. */
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
