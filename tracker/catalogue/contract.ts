/**
 * The catalogue as the rest of the tracker sees it, whatever keeps it. Tests of the contract:
 * test/contract/catalogue.contract.ts.
 *
 * Invariants: what a viewer may not see answers exactly as what does not exist, in every method. Whatever was answered
 * to a publisher outlives a crash. Texts are stored as they are shown: one line, NFC, no controls.
 * Left to others: who a viewer is and what its role may do beyond seeing (community), and who holds what (registry).
 */
import type { CoverImage, ReleaseTrack } from '../../torrents/release/release.ts';
import type { ReleaseAccess, Viewer, Visibility } from '../access.ts';

/** As the publisher wishes it. */
export type WantedAccess = Omit<ReleaseAccess, 'publisherId'>;

/** What the publisher says of the music; the torrent says the rest. */
export interface Description {
  readonly album: string;
  readonly artist?: string | undefined;
  readonly albumArtist?: string | undefined;
  readonly year?: number | undefined;
  readonly genre?: string | undefined;
  readonly licence?: string | undefined;
  readonly copyright?: string | undefined;
  /** In the order in which they are shown. Their bytes and roots are the torrent's. */
  readonly tracks: readonly Omit<ReleaseTrack, 'path' | 'bytes' | 'piecesRoot'>[];
}

export interface VersionInput {
  /** Who publishes; an account. */
  readonly viewer: Viewer;
  /** 26 characters of base32 (16 random bytes) that the publisher chose, since they are signed. */
  readonly releaseId: string;
  /** The .torrent file. */
  readonly torrent: Uint8Array;
  readonly description: Description;
  readonly cover?: Uint8Array | undefined;
  /** By the publisher's clock, as it was signed. */
  readonly publishedAtMs: number;
  readonly signature?: Uint8Array | undefined;
  /** Of the publisher's account, where it has one: then the signature must be its. */
  readonly publisherKey?: Uint8Array | undefined;
  /** The tracker's clock. */
  readonly nowMs: number;
}

/** A version that another thread has read and checked: what it brings is in the parcel (publication-parcel.ts). */
export interface ReadVersionInput
  extends Pick<VersionInput, 'viewer' | 'releaseId' | 'publishedAtMs' | 'signature' | 'nowMs'> {
  readonly parcel: Uint8Array;
}

export type PublishInput = (VersionInput | ReadVersionInput) & { readonly access: WantedAccess };

export type AddVersionInput = (VersionInput | ReadVersionInput) & {
  /** One more than the latest. */
  readonly version: number;
  /** Changed together with the version, so that nobody hears of one that is not for them; as it is when left out. */
  readonly access?: WantedAccess | undefined;
};

export interface ReleaseSummary {
  readonly releaseId: string;
  readonly publisherId: number;
  readonly visibility: Visibility;
  readonly album: string;
  /** What the torrent calls its own folder, and the disk of whoever fetches it; undefined when its file is lost. */
  readonly torrentName: string | undefined;
  readonly artist: string | undefined;
  readonly albumArtist: string | undefined;
  readonly year: number | undefined;
  readonly genre: string | undefined;
  readonly licence: string | undefined;
  readonly copyright: string | undefined;
  readonly trackCount: number;
  readonly durationMs: number;
  readonly bytes: number;
  /** Of most of its tracks. */
  readonly codec: string | undefined;
  /** All of its tracks. */
  readonly lossless: boolean;
  /** Percent of the tracks that their numbers tell of. */
  readonly completeness: number;
  readonly hasCover: boolean;
  readonly version: number;
  readonly infoHash: Uint8Array | undefined;
  readonly infoHashV2: Uint8Array | undefined;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly seeds: number;
  readonly leechers: number;
}

export interface ReleaseDetail extends ReleaseSummary {
  /** Told to its publisher alone; nobody else is told that there is a release. */
  readonly takenDown?: TakenDown | undefined;
  readonly groupId: number | undefined;
  /** For the publisher only. */
  readonly peopleIds: readonly number[] | undefined;
  readonly tracks: readonly ReleaseTrack[];
}

/** A moderator took the release down. */
export interface TakenDown {
  readonly reason: string;
  readonly atMs: number;
}

export interface VersionSummary {
  readonly version: number;
  readonly infoHash: Uint8Array | undefined;
  readonly infoHashV2: Uint8Array | undefined;
  readonly bytes: number;
  readonly fileCount: number;
  readonly publishedAtMs: number;
  readonly signature: Uint8Array | undefined;
}

export interface TrackHit extends ReleaseTrack {
  readonly releaseId: string;
  readonly publisherId: number;
  readonly album: string;
  /** As of ReleaseSummary. */
  readonly torrentName: string | undefined;
  readonly year: number | undefined;
  readonly genre: string | undefined;
  readonly version: number;
  readonly infoHash: Uint8Array | undefined;
  readonly infoHashV2: Uint8Array | undefined;
  readonly seeds: number;
  readonly leechers: number;
  /** Found by a like word or a part of one, not by the words as they were typed. */
  readonly approximate: boolean;
}

export interface ReleaseHit extends ReleaseSummary {
  readonly approximate: boolean;
}

export interface SearchFilters {
  /** `flac`, `mp3` … */
  readonly format?: string | undefined;
  readonly lossless?: boolean | undefined;
  /** A word of licences.ts: `any`, `cc`, `cc-by-sa` … */
  readonly licence?: string | undefined;
  /** Bits a second. */
  readonly bitRateMin?: number | undefined;
  readonly yearFrom?: number | undefined;
  readonly yearTo?: number | undefined;
  /** Of a track; of all tracks together where releases are searched. */
  readonly durationMinMs?: number | undefined;
  readonly durationMaxMs?: number | undefined;
  readonly hasSeeds?: boolean | undefined;
  readonly publisherId?: number | undefined;
}

export interface SearchInput extends SearchFilters {
  readonly viewer: Viewer;
  /** Words, in any script; nothing in it is syntax. The last one may be the beginning of one. */
  readonly text: string;
  readonly after?: string | undefined;
  /** At most 50. */
  readonly limit?: number | undefined;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** For `after`; undefined on the last page. A page may be short and still have one behind it. */
  readonly next: string | undefined;
}

/** A release as the announce path has to know it: the whole of its present state. */
export interface ServedRelease {
  /** The database's, never given twice: what passkeys name it by. */
  readonly number: number;
  readonly releaseId: string;
  /** 20 bytes each, as announces name them: of all versions, both hashes of hybrids. */
  readonly infoHashes: readonly Uint8Array[];
  /** Undefined: it was withdrawn. */
  readonly access: ReleaseAccess | undefined;
}

export type OwnedRelease = Pick<ServedRelease, 'releaseId' | 'number'>;

export interface SwarmCount {
  readonly releaseId: string;
  readonly seeds: number;
  readonly leechers: number;
}

type ReleaseQuestion = { readonly viewer: Viewer; readonly releaseId: string };

export interface Catalogue {
  /**
   * Each rejects with a CatalogueError's `code`; all codes are in catalogue-error.ts. `awaits-approval`: its content is
   * blocked, and a moderator is asked.
   */
  publish(input: PublishInput): Promise<ServedRelease>;
  addVersion(input: AddVersionInput): Promise<ServedRelease>;
  changeAccess(
    input: ReleaseQuestion & { readonly access: WantedAccess; readonly nowMs: number },
  ): Promise<ServedRelease>;
  /** By its publisher, for good. A moderator takes it down instead (tracker/moderation). */
  withdraw(input: ReleaseQuestion): Promise<ServedRelease>;
  /** The next hundred behind this number that the account has published, taken down or not. */
  ownedBy(publisherId: number, after?: number): Promise<readonly OwnedRelease[]>;
  /** What waits for a moderator of an account that is gone. */
  dropWaitingOf(publisherId: number): Promise<void>;

  /** `orTakenDown`: also one's own that was taken down. */
  release(
    input: ReleaseQuestion & { readonly orTakenDown?: boolean | undefined },
  ): Promise<ReleaseDetail | undefined>;
  /** What may be seen of the releases that hold this torrent, in any version; 20 or 32 bytes. */
  releasesOfTorrent(input: {
    readonly viewer: Viewer;
    readonly infoHash: Uint8Array;
  }): Promise<readonly ReleaseSummary[]>;
  /** The same song elsewhere: by its root of BEP 52. */
  homesOf(input: { readonly viewer: Viewer; readonly piecesRoot: Uint8Array }): Promise<readonly TrackHit[]>;
  versions(input: ReleaseQuestion): Promise<readonly VersionSummary[]>;
  /** The latest one when no version is named. */
  torrent(
    input: ReleaseQuestion & { readonly version?: number | undefined },
  ): Promise<Uint8Array | undefined>;
  cover(input: ReleaseQuestion): Promise<CoverImage | undefined>;
  /** Newest first. */
  releases(input: {
    readonly viewer: Viewer;
    readonly publisherId?: number | undefined;
    /** Only those that hold this file, by its root of BEP 52. */
    readonly piecesRoot?: Uint8Array | undefined;
    readonly after?: string | undefined;
    readonly limit?: number | undefined;
  }): Promise<Page<ReleaseSummary>>;
  searchTracks(input: SearchInput): Promise<Page<TrackHit>>;
  searchReleases(input: SearchInput): Promise<Page<ReleaseHit>>;

  /** Everything that is served, when the tracker starts; then the listener hears of each change, before its publisher. */
  served(): Promise<readonly ServedRelease[]>;
  /** Ids of those that were published or changed last, the latest first: what a crash may have kept from being told. */
  changedLast(limit: number): Promise<readonly string[]>;
  onServed(listener: (release: ServedRelease) => void): void;
  /** A release was changed by others than the methods here: what is large of it is put into the index now. */
  indexRest(): void;
  /** Of releases whose swarms have changed: search ranks and filters by them. */
  setSwarms(counts: readonly SwarmCount[]): Promise<void>;
}
