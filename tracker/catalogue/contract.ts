/**
 * The interface of the catalogue to the rest of the tracker, independent of its storage. Tests of the
 * contract: test/contract/catalogue.contract.ts.
 *
 * Invariants: in every method a hidden release answers exactly as a missing one. Every change that was
 * answered to its publisher survives a crash. Texts are stored as they are shown: one line, NFC, no control
 * characters.
 * Left to others: who a viewer is and which actions their role allows (community), and which peers hold what
 * (registry).
 */
import type { CoverImage, ReleaseTrack } from '../../torrents/release/release.ts';
import type { ReleaseAccess, Viewer, Visibility } from '../access.ts';

/** The access that the publisher chooses. */
export type WantedAccess = Omit<ReleaseAccess, 'publisherId'>;

/** The publisher's description of the music; the torrent supplies the rest. */
export interface Description {
  readonly album: string;
  readonly artist?: string | undefined;
  readonly albumArtist?: string | undefined;
  readonly year?: number | undefined;
  readonly genre?: string | undefined;
  readonly licence?: string | undefined;
  readonly copyright?: string | undefined;
  /** In display order. Path, bytes and root come from the torrent. */
  readonly tracks: readonly Omit<ReleaseTrack, 'path' | 'bytes' | 'piecesRoot'>[];
}

export interface VersionInput {
  /** The publisher; must have an account. */
  readonly viewer: Viewer;
  /** 26 characters of base32 (16 random bytes). The publisher chooses it, since the signature covers it. */
  readonly releaseId: string;
  /** The .torrent file. */
  readonly torrent: Uint8Array;
  readonly description: Description;
  readonly cover?: Uint8Array | undefined;
  /** By the publisher's clock, as signed. */
  readonly publishedAtMs: number;
  readonly signature?: Uint8Array | undefined;
  /** The key of the publisher's account, if it has one; the signature must then be valid for it. */
  readonly publisherKey?: Uint8Array | undefined;
  /** By the tracker's clock. */
  readonly nowMs: number;
}

/**
 * A version that another thread has already read and checked; its content is in the parcel
 * (publication-parcel.ts).
 */
export interface ReadVersionInput
  extends Pick<VersionInput, 'viewer' | 'releaseId' | 'publishedAtMs' | 'signature' | 'nowMs'> {
  readonly parcel: Uint8Array;
}

export type PublishInput = (VersionInput | ReadVersionInput) & { readonly access: WantedAccess };

export type AddVersionInput = (VersionInput | ReadVersionInput) & {
  /** The latest version plus one. */
  readonly version: number;
  /**
   * Changed in the same transaction as the version, so that no viewer learns of a version that is hidden from
   * them. Undefined: unchanged.
   */
  readonly access?: WantedAccess | undefined;
};

export interface ReleaseSummary {
  readonly releaseId: string;
  readonly publisherId: number;
  readonly visibility: Visibility;
  readonly album: string;
  /**
   * The name that the torrent gives its own folder, also on a downloader's disk. Undefined: the torrent file
   * is lost.
   */
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
  /** The codec of most of its tracks. */
  readonly codec: string | undefined;
  /** All of its tracks are lossless. */
  readonly lossless: boolean;
  /** Percent of the tracks that the track numbers imply. */
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
  /** Shown to the publisher only; for other viewers the release does not exist. */
  readonly takenDown?: TakenDown | undefined;
  readonly groupId: number | undefined;
  /** Shown to the publisher only. */
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
  /** As in ReleaseSummary. */
  readonly torrentName: string | undefined;
  readonly year: number | undefined;
  readonly genre: string | undefined;
  readonly version: number;
  readonly infoHash: Uint8Array | undefined;
  readonly infoHashV2: Uint8Array | undefined;
  readonly seeds: number;
  readonly leechers: number;
  /** Found by a similar word or by part of a word, not by the words as typed. */
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
  /** Bits per second. */
  readonly bitRateMin?: number | undefined;
  readonly yearFrom?: number | undefined;
  readonly yearTo?: number | undefined;
  /** The length of a track; in a search for releases, the length of all tracks together. */
  readonly durationMinMs?: number | undefined;
  readonly durationMaxMs?: number | undefined;
  readonly hasSeeds?: boolean | undefined;
  readonly publisherId?: number | undefined;
}

export interface SearchInput extends SearchFilters {
  readonly viewer: Viewer;
  /** Words in any script; no syntax. The last word may be incomplete. */
  readonly text: string;
  readonly after?: string | undefined;
  /** At most 50. */
  readonly limit?: number | undefined;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** The cursor for `after`; undefined on the last page. A short page may still have a next one. */
  readonly next: string | undefined;
}

/** A release as the announce path needs it: its whole current state. */
export interface ServedRelease {
  /** The database's number of the release, never reused. Passkeys name the release by it. */
  readonly number: number;
  readonly releaseId: string;
  /** 20 bytes each, as in announces: those of all versions, and both hashes of hybrids. */
  readonly infoHashes: readonly Uint8Array[];
  /** Undefined: the release is withdrawn or taken down. */
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
   * Each of these rejects with a CatalogueError (codes: catalogue-error.ts). `awaits-approval`: the content
   * is blocked, and the moderators are asked.
   */
  publish(input: PublishInput): Promise<ServedRelease>;
  addVersion(input: AddVersionInput): Promise<ServedRelease>;
  changeAccess(
    input: ReleaseQuestion & { readonly access: WantedAccess; readonly nowMs: number },
  ): Promise<ServedRelease>;
  /**
   * The publisher withdraws a release permanently. A moderator takes it down instead (tracker/moderation).
   */
  withdraw(input: ReleaseQuestion): Promise<ServedRelease>;
  /** The next hundred releases of this account whose number is above `after`, taken down or not. */
  ownedBy(publisherId: number, after?: number): Promise<readonly OwnedRelease[]>;
  /** Deletes the waiting publications of a deleted account. */
  dropWaitingOf(publisherId: number): Promise<void>;

  /** `orTakenDown`: also the viewer's own release that was taken down. */
  release(
    input: ReleaseQuestion & { readonly orTakenDown?: boolean | undefined },
  ): Promise<ReleaseDetail | undefined>;
  /** The visible releases that hold this torrent in any version. The info-hash has 20 or 32 bytes. */
  releasesOfTorrent(input: {
    readonly viewer: Viewer;
    readonly infoHash: Uint8Array;
  }): Promise<readonly ReleaseSummary[]>;
  /** The same song in other releases, by its BEP 52 root. */
  homesOf(input: { readonly viewer: Viewer; readonly piecesRoot: Uint8Array }): Promise<readonly TrackHit[]>;
  versions(input: ReleaseQuestion): Promise<readonly VersionSummary[]>;
  /** Undefined `version`: the latest one. */
  torrent(
    input: ReleaseQuestion & { readonly version?: number | undefined },
  ): Promise<Uint8Array | undefined>;
  cover(input: ReleaseQuestion): Promise<CoverImage | undefined>;
  /** Newest first. */
  releases(input: {
    readonly viewer: Viewer;
    readonly publisherId?: number | undefined;
    /** Only releases that hold this file, by its BEP 52 root. */
    readonly piecesRoot?: Uint8Array | undefined;
    readonly after?: string | undefined;
    readonly limit?: number | undefined;
  }): Promise<Page<ReleaseSummary>>;
  searchTracks(input: SearchInput): Promise<Page<TrackHit>>;
  searchReleases(input: SearchInput): Promise<Page<ReleaseHit>>;

  /**
   * Every served release, read when the tracker starts. After that the listener is called for each change,
   * before the change is answered to its publisher.
   */
  served(): Promise<readonly ServedRelease[]>;
  /**
   * The ids of the releases that were published or changed last, the latest first: a crash may have prevented
   * their notifications.
   */
  changedLast(limit: number): Promise<readonly string[]>;
  onServed(listener: (release: ServedRelease) => void): void;
  /** Called after another module has changed a release: the rest of a large release is indexed now. */
  indexRest(): void;
  /** The counts of releases whose swarms have changed; search ranks and filters by them. */
  setSwarms(counts: readonly SwarmCount[]): Promise<void>;
}
