/**
 * Publishes one folder as a release at a tracker, and again whenever it has a new version. Used by `publish`,
 * which stops after the first version, and by `share`, which seeds each version.
 *
 * Invariant: a restricted folder always has a private torrent. It stays restricted until the user changes
 * that.
 */
import type { CreateOptions, Skipped } from '../../../torrents/create/create.ts';
import type { HashProgress } from '../../../torrents/hashing/engine.ts';
import type { HashPool } from '../../../torrents/hashing/pool.ts';
import { type ReleaseFault, readRelease } from '../../../torrents/release/release.ts';
import type { AccountPlace, TrackerAccount } from '../../account/account.ts';
import type { Identity } from '../../account/identity.ts';
import type { TrackerError } from '../../account/tracker-error.ts';
import { earlierRelease } from '../../sharing/earlier-release.ts';
import type { FolderVersion } from '../../sharing/folder-version.ts';
import {
  isPublishedElsewhere,
  loadPublication,
  type PublicationRecord,
  savePublication,
} from '../../sharing/publication-store.ts';
import {
  type AccessBody,
  isHeld,
  type Published,
  publishRelease,
  type ReleaseDetail,
} from '../../sharing/publishing.ts';
import { checkShare } from '../../sharing/share-rules.ts';
import { type SharedFolder, type SharedFolderOptions, shareFolder } from '../../sharing/shared-folder.ts';

export interface PublishingFolder {
  readonly folder: string;
  readonly place: AccountPlace;
  readonly account: TrackerAccount;
  readonly identity: Identity;
  readonly create: CreateOptions;
  /** Undefined: as before; everyone the first time. */
  readonly access: AccessBody | undefined;
  readonly threads: number | undefined;
  /** Hash workers shared with other folders. */
  readonly pool?: HashPool | undefined;
  readonly includeSecrets: boolean | undefined;
  /** For an album inside a collection: see SharedFolderOptions. */
  readonly wantedNow?: SharedFolderOptions['wantedNow'];
  readonly isTold?: boolean;
  /** A key or password file was left out. */
  readonly onLeftOut: (file: Skipped) => void;
  readonly onHash: (progress: HashProgress) => void;
  readonly onTrouble: (error: unknown) => void;
  /** The user asks for it at this moment, so a changed version of a release that was taken down is sent. */
  readonly isAsked?: boolean;
  /** A later version waits for a moderator, or its release was taken down. It is not retried. */
  readonly onHeld?: (error: TrackerError) => Promise<void>;
  /** The tracker has this version. Called once per version, one call at a time. */
  readonly onPublished: (
    version: FolderVersion,
    published: Published,
    faults: readonly ReleaseFault[],
  ) => Promise<void>;
}

/** Resolves once the current version is published. Throws TrackerError, ShareError and CreateError. */
export async function publishFolder(options: PublishingFolder): Promise<SharedFolder> {
  const { account, place, includeSecrets } = options;
  const real = checkShare(options.folder, { privateFolders: [place.stateFolder] }, { includeSecrets });
  const before = await loadPublication(place.stateFolder, account.url, real);
  try {
    return await publishAs(options, real, before);
  } catch (error) {
    // The folder was renamed, and its release was restricted. It stays restricted, which requires another
    // torrent.
    if (error instanceof RestrictedBefore) return await publishAs(options, real, error.record);
    throw error;
  }
}

class RestrictedBefore extends Error {
  readonly record: PublicationRecord;
  constructor(record: PublicationRecord) {
    super('it was published for some before');
    this.record = record;
  }
}

function recordOf({ id: releaseId, visibility, group, people }: ReleaseDetail): PublicationRecord {
  return {
    releaseId,
    access: { visibility, ...(group && { group }), ...(people && { people: [...people] }) },
  };
}

async function publishAs(
  options: PublishingFolder,
  real: string,
  before: PublicationRecord | undefined,
): Promise<SharedFolder> {
  const { account, identity, place, create, threads, onHash, onTrouble, onPublished } = options;
  const { includeSecrets, onLeftOut, isAsked = false, onHeld } = options;
  const { stateFolder, signal } = place;
  const access = options.access ?? before?.access ?? { visibility: 'everyone' as const };
  let releaseId = before?.releaseId;
  let current: FolderVersion | undefined;
  let isPublished = false;

  const publish = async (version: FolderVersion): Promise<void> => {
    const { metainfo } = version;
    if (releaseId === undefined) {
      const isElsewhere = (id: string) => isPublishedElsewhere(stateFolder, account.url, real, id);
      const earlier = await earlierRelease(account, metainfo, isElsewhere);
      const isOpened = earlier !== undefined && earlier.visibility !== 'everyone';
      if (isOpened && options.access === undefined) throw new RestrictedBefore(recordOf(earlier));
      releaseId = earlier?.id;
    }
    const described = await readRelease(metainfo, real, { signal });
    const isUnknown = releaseId === undefined;
    const publication = { metainfo, release: described, access, releaseId, isAsked, isUnknown };
    const published = await publishRelease(account, identity, publication);
    releaseId = published.release.id;
    await savePublication(stateFolder, account.url, real, { releaseId, access });
    await onPublished(version, published, described.faults);
    current = version;
    isPublished = true;
  };
  const onVersion = async (version: FolderVersion): Promise<void> => {
    try {
      await publish(version);
    } catch (error) {
      // For the first version, the error goes to the caller.
      if (!isPublished || onHeld === undefined || !isHeld(error)) throw error;
      await onHeld(error);
    }
  };
  const isPrivate = create.private === true || access.visibility !== 'everyone';
  const shared = await shareFolder(real, {
    ...{ stateFolder, onVersion, onTrouble, onLeftOut, includeSecrets },
    ...{ wantedNow: options.wantedNow, isTold: options.isTold },
    create: { ...create, private: isPrivate, trackers: [] },
    control: {
      ...(signal && { signal }),
      ...(threads === undefined ? {} : { threads }),
      ...(options.pool === undefined ? {} : { pool: options.pool }),
      onProgress: onHash,
    },
  });
  try {
    // Nothing has changed since an earlier run, but that run may have used another tracker.
    if (current === undefined) await onVersion(shared.current);
    return shared;
  } catch (error) {
    await shared.close();
    throw error;
  }
}
