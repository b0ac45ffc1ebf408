/**
 * Shares the albums of collections (folders of albums) without a catalogue: each is a torrent of its own,
 * seeded and watched, and gets a new torrent when it changes. Albums that are added later are shared as well.
 *
 * Invariant: an album that cannot be shared does not affect the others. The reason is reported once, and it
 * is tried again.
 */
import type { Album } from '../../../torrents/create/albums.ts';
import type { CreateOptions } from '../../../torrents/create/create.ts';
import type { ScanOptions } from '../../../torrents/create/folder-scan.ts';
import type { HashProgress } from '../../../torrents/hashing/engine.ts';
import { HashPool } from '../../../torrents/hashing/pool.ts';
import type { UserTrust } from '../../host/network/user-trust.ts';
import type { FolderChanges } from '../../sharing/folder-listing.ts';
import type { FolderVersion } from '../../sharing/folder-version.ts';
import { type SharedFolder, shareFolder } from '../../sharing/shared-folder.ts';
import type { Session } from '../session.ts';
import type { Transfer } from '../transfers/transfer.ts';
import { scoutAlbums } from './album-scout.ts';
import { ShareTransfers } from './share-transfers.ts';
import { SaidOnce, type TroubleOutlook } from './share-trouble.ts';

/** An album that was found at the start. */
export interface FoundAlbum {
  readonly path: string;
  /** Undefined when the album could not be examined. */
  readonly album?: Album | undefined;
  /** Options of its torrent. */
  readonly create: CreateOptions;
  /** Why it cannot be shared now. */
  readonly fault?: Error | undefined;
}

export interface AlbumSharesOptions {
  readonly collections: readonly string[];
  /** Options for finding albums in the collections. */
  readonly scan: ScanOptions;
  readonly stateFolder: string;
  readonly trust: UserTrust;
  readonly threads: number | undefined;
  readonly includeSecrets: boolean | undefined;
  readonly signal: AbortSignal;
  /** For tests. */
  readonly lookEveryMs?: number | undefined;
  readonly settleMs?: number | undefined;
}

/** Events for the user interface. */
export interface AlbumSharesPorts {
  /**
   * Returns the torrent options for a new album. Undefined: do not share it now; asked again at the next
   * look. Never rejects.
   */
  readonly createFor: (album: Album) => Promise<CreateOptions | undefined>;
  readonly onHash: (progress: HashProgress) => void;
  /** The torrent is made and not seeded yet. If it rejects, the album is not seeded, and is tried again. */
  readonly onMade: (path: string, version: FolderVersion) => Promise<void>;
  readonly onShared: (shared: SharedAlbum) => void;
  readonly onTrouble: (error: unknown, path: string, next: TroubleOutlook) => void;
  /** The album's folder does not exist any more. */
  readonly onGone: (path: string) => void;
}

export interface SharedAlbum {
  readonly path: string;
  readonly version: FolderVersion;
  /** The first version of this album in this run. */
  readonly isFirst: boolean;
}

/**
 * Earlier versions that only lack new files are seeded too, for users who have their magnet links. Older
 * versions than these hardly have peers.
 */
const earlierMax = 4;

/** An album that is being shared. */
interface Sharing {
  readonly path: string;
  readonly folder: SharedFolder;
  /** The last one is the current version. */
  readonly versions: Transfer[];
}

export class AlbumShares {
  readonly #options: AlbumSharesOptions;
  readonly #ports: AlbumSharesPorts;
  readonly #transfers: ShareTransfers;
  readonly #pool: HashPool;
  /** By the path of the album. */
  readonly #sharings = new Map<string, Sharing>();
  readonly #said = new SaidOnce();
  #known: readonly Album[] = [];

  constructor(session: Session, options: AlbumSharesOptions, ports: AlbumSharesPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#transfers = new ShareTransfers(session);
    this.#pool = new HashPool(options.threads);
  }

  /** The transfers that are seeded now. They change as albums are added and removed. */
  get transfers(): readonly Transfer[] {
    return this.#transfers.all;
  }

  /** Seeds the given albums. Rejects only with the signal's reason. */
  async start(found: readonly FoundAlbum[]): Promise<void> {
    this.#known = found.flatMap(({ album }) => (album === undefined ? [] : [album]));
    for (const one of found) {
      this.#options.signal.throwIfAborted();
      await this.#share(one);
    }
  }

  /** Runs until the signal is aborted. Never rejects. */
  async follow(): Promise<void> {
    const { collections: folders, scan, signal, lookEveryMs: everyMs } = this.#options;
    await scoutAlbums(
      { folders, known: this.#known, scan, signal, everyMs },
      {
        isKnown: (path) => this.#sharings.has(path),
        onAlbum: (album) => this.#onAlbum(album),
        onChanged: async ({ path }) => this.#sharings.get(path)?.folder.touch(),
        shared: () => [...this.#sharings.keys()],
        onGone: (path) => this.#onGone(path),
        onTrouble: (error, folder) => this.#ports.onTrouble(error, folder, 'looked-at-again'),
      },
    );
  }

  async close(): Promise<void> {
    const folders = [...this.#sharings.values()].map(({ folder }) => folder.close());
    await Promise.all([this.#pool.close(), ...folders]);
  }

  async #onAlbum(album: Album): Promise<void> {
    const { path } = album;
    const create = await this.#ports.createFor(album);
    // The caller handles an abort by its own signal.
    if (create !== undefined) await this.#share({ path, album, create }).catch(() => {});
  }

  async #onGone(path: string): Promise<void> {
    const sharing = this.#sharings.get(path);
    if (sharing === undefined) return;
    this.#sharings.delete(path);
    this.#ports.onGone(path);
    await sharing.folder.close();
    for (const transfer of sharing.versions) await this.#transfers.letGo(transfer);
  }

  /** Rejects only with the signal's reason. */
  async #share({ path, album, create, fault }: FoundAlbum): Promise<void> {
    const { stateFolder, settleMs, includeSecrets, signal } = this.#options;
    const { onHash: onProgress } = this.#ports;
    try {
      if (fault !== undefined) throw fault;
      const folder = await shareFolder(path, {
        ...{ stateFolder, create, includeSecrets, isTold: true, wantedNow: album?.wantedNow },
        ...(settleMs === undefined ? {} : { settleMs }),
        control: { signal, pool: this.#pool, onProgress },
        onVersion: async (version, changes) => {
          const sharing = this.#sharings.get(path);
          if (sharing !== undefined) await this.#seedNext(sharing, version, changes);
        },
        onTrouble: (error) => this.#tellOnce(error, path, 'looked-at-again'),
      });
      try {
        this.#sharings.set(path, { path, folder, versions: [await this.#seed(path, folder.current)] });
        this.#said.forget(path);
      } catch (error) {
        await folder.close();
        throw error;
      }
    } catch (error) {
      if (signal.aborted) throw error;
      this.#tellOnce(error, path, 'tried-again');
    }
  }

  async #seed(path: string, version: FolderVersion): Promise<Transfer> {
    const { metainfo } = version;
    const { trust, signal } = this.#options;
    await this.#ports.onMade(path, version);
    const request = { wanted: { metainfo }, place: path, verify: false, trust };
    const transfer = await this.#transfers.start(request, signal);
    this.#ports.onShared({ path, version, isFirst: !this.#sharings.has(path) });
    return transfer;
  }

  /** Earlier versions are seeded while all of their files are unchanged. */
  async #seedNext(
    { path, versions }: Sharing,
    version: FolderVersion,
    { changed, removed }: FolderChanges,
  ): Promise<void> {
    const kept = changed.length + removed.length === 0 ? earlierMax : 0;
    const ended = versions.splice(0, Math.max(0, versions.length - kept));
    for (const earlier of ended) await this.#transfers.letGo(earlier);
    versions.push(await this.#seed(path, version));
  }

  #tellOnce(error: unknown, path: string, next: TroubleOutlook): void {
    if (this.#said.isNews(path, String(error))) this.#ports.onTrouble(error, path, next);
  }
}
