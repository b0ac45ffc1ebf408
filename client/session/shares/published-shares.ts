/**
 * Shares folders that are published at a tracker with a catalogue: each is seeded, watched, and published
 * again when it changes. In collections (folders of albums), albums that are added later are published as
 * well.
 *
 * Invariant: a folder whose release a moderator has taken down or is holding back is not retried
 * automatically, and does not affect other folders.
 */
import type { Album } from '../../../torrents/create/albums.ts';
import type { CreateOptions, Skipped } from '../../../torrents/create/create.ts';
import type { HashProgress } from '../../../torrents/hashing/engine.ts';
import { HashPool } from '../../../torrents/hashing/pool.ts';
import type { ReleaseFault } from '../../../torrents/release/release.ts';
import type { AccountPlace, TrackerAccount } from '../../account/account.ts';
import { type Identity, openIdentity } from '../../account/identity.ts';
import { ShareError } from '../../account/share-error.ts';
import type { TrackerError } from '../../account/tracker-error.ts';
import type { FolderVersion } from '../../sharing/folder-version.ts';
import { type AccessBody, isHeld, type Published, type ReleaseDetail } from '../../sharing/publishing.ts';
import type { SharedFolder } from '../../sharing/shared-folder.ts';
import type { Session } from '../session.ts';
import type { Transfer } from '../transfers/transfer.ts';
import { scoutAlbums } from './album-scout.ts';
import { publishFolder } from './publishing-folder.ts';
import { type StandingTrouble, watchStanding } from './share-standing.ts';
import { ShareTransfers } from './share-transfers.ts';
import { SaidOnce, type TroubleOutlook } from './share-trouble.ts';

/** A folder that is one release. For an album, also the files that belong to it. */
export type SharedPlace = Pick<Album, 'path'> & Partial<Album>;

export interface PublishedSharesOptions {
  readonly place: AccountPlace & { readonly signal: AbortSignal };
  /** Each is a release. With `collections`: the albums found in them so far. */
  readonly folders: readonly SharedPlace[];
  /** Folders of albums. Albums that are added later are shared as well. */
  readonly collections: readonly string[];
  readonly create: CreateOptions;
  readonly access: AccessBody | undefined;
  readonly threads: number | undefined;
  readonly includeSecrets: boolean | undefined;
}

/** Events for the user interface. */
export interface PublishedSharesPorts {
  /** start() is at this folder. */
  readonly onPublishing: (index: number, count: number) => void;
  readonly onHash: (progress: HashProgress) => void;
  readonly onLeftOut: (file: Skipped) => void;
  readonly onPublished: (shared: PublishedVersion) => void;
  /** A moderator has taken the release down, or has to approve it. */
  readonly onHeld: (error: TrackerError, folder: string, release: string | undefined) => void;
  readonly onTrouble: (error: unknown, folder: string, next: TroubleOutlook) => void;
  readonly onStanding: (trouble: StandingTrouble) => void;
  /** The folder does not exist any more. Its release is not withdrawn. */
  readonly onGone: (folder: string) => void;
}

export interface PublishedVersion extends Published {
  readonly version: FolderVersion;
  readonly faults: readonly ReleaseFault[];
  /** The first version of this folder in this run. */
  readonly isFirst: boolean;
}

/** A folder that is being shared. */
interface Sharing {
  readonly folder: string;
  share: SharedFolder | undefined;
  transfer: Transfer | undefined;
  release: ReleaseDetail | undefined;
}

export class PublishedShares {
  readonly #transfers: ShareTransfers;
  readonly #account: TrackerAccount;
  readonly #options: PublishedSharesOptions;
  readonly #ports: PublishedSharesPorts;
  readonly #identity: Identity;
  readonly #pool: HashPool;
  #sharings: Sharing[] = [];
  readonly #nothingLeft = new AbortController();
  /** Folders that are not retried, because the result would be the same. */
  readonly #givenUp = new Set<string>();
  /** Troubles that were reported, of albums in collections. */
  readonly #said = new SaidOnce();
  #lastHeld: TrackerError | undefined;

  private constructor(
    session: Session,
    account: TrackerAccount,
    options: PublishedSharesOptions,
    ports: PublishedSharesPorts,
    identity: Identity,
  ) {
    this.#transfers = new ShareTransfers(session);
    this.#account = account;
    this.#options = options;
    this.#ports = ports;
    this.#identity = identity;
    this.#pool = new HashPool(options.threads);
  }

  static async open(
    session: Session,
    account: TrackerAccount,
    options: PublishedSharesOptions,
    ports: PublishedSharesPorts,
  ): Promise<PublishedShares> {
    const identity = await openIdentity(options.place.stateFolder);
    return new PublishedShares(session, account, options, ports, identity);
  }

  /** The transfers that are seeded now. They change as folders are added and removed. */
  get transfers(): readonly Transfer[] {
    return this.#transfers.all;
  }

  /** Aborted when nothing is left to share. */
  get nothingLeft(): AbortSignal {
    return this.#nothingLeft.signal;
  }

  /**
   * Publishes and seeds all folders. Throws TrackerError, ShareError and CreateError. With several folders,
   * one that a moderator holds back is reported instead, unless nothing is left.
   */
  async start(): Promise<void> {
    const { folders, place } = this.#options;
    for (const [index, found] of folders.entries()) {
      place.signal.throwIfAborted();
      this.#ports.onPublishing(index, folders.length);
      if (this.#isCollection) await this.#shareOneOfMany(found);
      else await this.#shareNamed(found);
    }
    if (!this.#isCollection && this.#sharings.length === 0 && this.#lastHeld !== undefined)
      throw this.#lastHeld;
  }

  /** Runs until the signal is aborted. Never rejects. */
  async follow(until: AbortSignal): Promise<void> {
    const { folders, collections, create } = this.#options;
    const shown = () => this.#sharings.flatMap(({ release }) => (release === undefined ? [] : [release]));
    const watching = watchStanding(this.#account, shown, until, {
      onTrouble: this.#ports.onStanding,
      onTakenDown: async (releaseId, error) => {
        const sharing = this.#sharings.find(({ release }) => release?.id === releaseId);
        if (sharing !== undefined) await this.#end(sharing, error);
      },
    });
    const known = folders.flatMap(({ path, stamp = '' }) => ({ path, stamp }));
    const looks = { folders: collections, known, scan: create, signal: until };
    const scouting = scoutAlbums(looks, {
      isKnown: (path) => this.#givenUp.has(path) || this.#at(path) !== undefined,
      onAlbum: (album) => this.#shareOneOfMany(album),
      onChanged: async ({ path }) => this.#at(path)?.share?.touch(),
      shared: () => this.#sharings.map(({ folder }) => folder),
      onGone: (path) => this.#onGone(path),
      onTrouble: (error, folder) => this.#ports.onTrouble(error, folder, 'looked-at-again'),
    });
    await Promise.all([watching, this.#isCollection ? scouting : undefined]);
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.close(), ...this.#sharings.map(({ share }) => share?.close())]);
  }

  get #isCollection(): boolean {
    return this.#options.collections.length > 0;
  }

  #at(path: string): Sharing | undefined {
    return this.#sharings.find(({ folder }) => folder === path);
  }

  /**
   * For a folder that the user named: errors are thrown, except that a moderator's decision is only reported
   * if there are other folders.
   */
  async #shareNamed(found: SharedPlace): Promise<void> {
    const sharing = this.#add(found.path);
    try {
      await this.#share(found, sharing);
    } catch (error) {
      if (!isHeld(error) || this.#options.folders.length === 1) throw error;
      this.#drop(sharing);
      this.#lastHeld = error;
      this.#ports.onHeld(error, found.path, undefined);
    }
  }

  /**
   * For an album of a collection: an error is reported once, and the album is tried again at the next look.
   * Never rejects.
   */
  async #shareOneOfMany(found: SharedPlace): Promise<void> {
    const { path: folder } = found;
    const sharing = this.#add(folder);
    try {
      await this.#share(found, sharing);
      this.#said.forget(folder);
    } catch (error) {
      this.#drop(sharing);
      if (this.#options.place.signal.aborted) return;
      if (isHeld(error)) {
        this.#lastHeld = error;
        this.#givenUp.add(folder);
        return this.#ports.onHeld(error, folder, undefined);
      }
      if (this.#said.isNews(folder, String(error))) this.#ports.onTrouble(error, folder, 'tried-again');
    }
  }

  async #share({ path: folder, wanted, wantedNow }: SharedPlace, sharing: Sharing): Promise<void> {
    const { place, create, access, threads, includeSecrets } = this.#options;
    const { onHash, onLeftOut } = this.#ports;
    sharing.share = await publishFolder({
      ...{ folder, place, access, threads, includeSecrets, onHash, onLeftOut },
      ...{ account: this.#account, identity: this.#identity, pool: this.#pool },
      create: wanted === undefined ? create : { ...create, wanted },
      ...{ wantedNow, isTold: this.#isCollection },
      onTrouble: (error) => {
        if (!isForbidden(error)) return this.#ports.onTrouble(error, folder, 'tried-again');
        // The folder may have been replaced by another one, so nothing in it is seeded.
        sharing.transfer?.pause();
        this.#ports.onTrouble(error, folder, 'not-seeded');
      },
      onHeld: async (error) => {
        if (error.code === 'taken-down') await this.#end(sharing, error);
        else this.#ports.onHeld(error, folder, sharing.release?.id);
      },
      onPublished: (version, published, faults) => this.#seed(sharing, { version, ...published, faults }),
    });
  }

  async #seed(sharing: Sharing, shared: Omit<PublishedVersion, 'isFirst'>): Promise<void> {
    const { release, version } = shared;
    const { folder: place, transfer: before } = sharing;
    sharing.release = release;
    // The announce URL contains a passkey for this release, so it is never printed.
    const metainfo = { ...version.metainfo, trackers: [[release.announceUrl]] };
    const trust = { origin: new URL(this.#account.url).origin };
    // The files no longer match the earlier version, so this client stops seeding it.
    const request = { wanted: { metainfo }, place, verify: false, trust };
    sharing.transfer = await this.#transfers.start(request, this.#options.place.signal, before);
    this.#ports.onPublished({ ...shared, isFirst: before === undefined });
  }

  /** A moderator took the release down: it is no longer published or seeded. The other folders stay. */
  async #end(sharing: Sharing, error: TrackerError): Promise<void> {
    if (!this.#sharings.includes(sharing)) return;
    this.#drop(sharing);
    this.#givenUp.add(sharing.folder);
    this.#lastHeld = error;
    this.#ports.onHeld(error, sharing.folder, sharing.release?.id);
    await this.#letGo(sharing);
    if (this.#sharings.length === 0 && !this.#isCollection) this.#nothingLeft.abort();
    // Not awaited, because its watcher may be the caller.
    void sharing.share?.close();
  }

  async #onGone(path: string): Promise<void> {
    const sharing = this.#at(path);
    if (sharing === undefined) return;
    this.#drop(sharing);
    this.#ports.onGone(path);
    await this.#letGo(sharing);
    await sharing.share?.close();
  }

  #add(folder: string): Sharing {
    const sharing: Sharing = { folder, share: undefined, transfer: undefined, release: undefined };
    this.#sharings.push(sharing);
    return sharing;
  }

  #drop(sharing: Sharing): void {
    this.#sharings = this.#sharings.filter((other) => other !== sharing);
  }

  async #letGo({ transfer }: Sharing): Promise<void> {
    if (transfer !== undefined) await this.#transfers.letGo(transfer);
  }
}

/** A folder that does not exist may be back soon. */
function isForbidden(error: unknown): boolean {
  return error instanceof ShareError && error.code !== 'share-missing';
}
