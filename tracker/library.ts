/**
 * What makes a tracker more than an introducer: catalogue, community and presence, over one database, and the admission
 * that announces ask. Here they hear of each other: what is published reaches admission and followers, and what swarms
 * do reaches the search.
 *
 * Invariant: announces read memory only. Whatever they cause (a notice, new counts of seeds) happens behind them.
 */

import { join } from 'node:path';
import { isPublisher } from './access.ts';
import { openPasskeys } from './admission/passkeys.ts';
import type { Admission } from './admission.ts';
import type { Catalogue, ReleaseDetail, ServedRelease, SwarmCount } from './catalogue/contract.ts';
import { torrentsFolder } from './catalogue/publication/torrent-files.ts';
import { catalogueStores, sqliteCatalogue } from './catalogue/sqlite-catalogue.ts';
import { communityRoom, communityStores, openCommunity, type WholeCommunity } from './community/community.ts';
import type { CommunityPolicy } from './community/method-context.ts';
import { keptPolicy, type WantedPolicy } from './community/sign-in/kept-policy.ts';
import { openRateGate, type RateLimit } from './community/sign-in/rate-limits.ts';
import { openDatabase } from './database/database.ts';
import { findDamage } from './database/integrity.ts';
import { emptyAccount } from './departures.ts';
import { deriveKey, loadTrackerKey } from './key-file.ts';
import type { Moderation } from './moderation/contract.ts';
import { moderationModule, moderationStores, openModeration } from './moderation/moderation.ts';
import { type Online, openOnline } from './online.ts';
import type { Presence } from './presence.ts';
import { openPublicFigures, type PublicFigures } from './public-figures.ts';
import type { Registry } from './registry.ts';
import { openSwarmAccess, type SwarmAccess } from './swarms/swarm-access.ts';

export interface LibraryOptions {
  /** Made when it is not there. */
  readonly dataFolder: string;
  readonly policy?: WantedPolicy;
  /** Strangers from the whole internet can reach it: a new community takes newcomers by invitation. */
  readonly isExposed?: boolean;
  readonly registry: Registry;
  /** After which a silent peer is gone. */
  readonly peerTimeoutMs: number;
  readonly nowMs: () => number;
  readonly onError: (error: unknown) => void;
}

export interface Library {
  readonly catalogue: Catalogue;
  readonly community: WholeCommunity;
  readonly moderation: Moderation;
  readonly admission: Admission;
  readonly presence: Presence;
  /** Who is here, as each viewer may know it. */
  readonly online: Online;
  /** What is shared with everyone. */
  readonly figures: PublicFigures['figures'];
  /** Announces and scrapes, and who has what, each as far as the asker may know. */
  readonly swarmAccess: SwarmAccess;
  /** The tracker's key is not the one this database knows: announce URLs that were handed out are void. */
  readonly isKeyReplaced: boolean;
  readonly policy: CommunityPolicy;
  /** Where the catalogue keeps its .torrent files. */
  readonly torrentsFolder: string;
  /** Keys for one purpose each are derived from it; see key-file.ts. */
  readonly key: Buffer;
  /** Both hashes of every version that is served, as announces name them. */
  served(releaseId: string): ServedRelease | undefined;
  /** A publication waits for a moderator: they hear of it. */
  tellWaiting(): void;
  /** Tells followers and wishes of what the catalogue has just acknowledged. */
  tellPublished(releaseId: string): void;
  /** For good; what it has published and said goes behind the answer. */
  deleteAccount: WholeCommunity['deleteAccount'];
  /** Once a second or so. */
  tick(): void;
  close(): Promise<void>;
}

/** Search ranks by swarms: a few seconds late is soon enough, and one call carries many. */
const swarmsEveryMs = 2_000;
/** Releases in one call: the search worker answers nobody for the ten milliseconds that this takes. */
const swarmsAtOnceMax = 2_000;
/** `completed` is said by whoever wants to, and each costs a write: an album after the other, and no flood. */
const finishedPerAccount: RateLimit = { burst: 100, everyMs: 1_000 };
/** A track is compared with wishes by itself, and the writer answers nobody meanwhile: some ten milliseconds. */
const tracksToldAtOnce = 500;
/** Moderators read a list, not each of a flood. */
const waitingTellings: RateLimit = { burst: 10, everyMs: 60_000 };
/**
 * More than are acknowledged and untold at one moment, telling being the next thing after the answer; and far fewer than an
 * inbox keeps (1,000): whether somebody was told is seen by the notice, and one that was pushed out would come again.
 */
const untoldMax = 200;

/** Rejects with DatabaseError or KeyFileError. */
export async function openLibrary(options: LibraryOptions): Promise<Library> {
  const { dataFolder, registry, nowMs, onError } = options;
  const path = join(dataFolder, 'tracker.db');
  const database = await openDatabase({
    path,
    rooms: {
      [communityRoom]: communityStores,
      catalogue: catalogueStores,
      [moderationModule]: moderationStores,
    },
    onFault: onError,
  });
  let key: Buffer;
  let policy: CommunityPolicy;
  try {
    key = loadTrackerKey(dataFolder);
    policy = await keptPolicy(database, options.policy ?? {}, options.isExposed === true);
  } catch (error) {
    await database.close();
    throw error;
  }
  const catalogue = sqliteCatalogue(database, key, onError);
  const community = openCommunity(database, { policy });
  const publicFigures = openPublicFigures();
  const changed = new Set<string>();
  let swarmsAtMs = 0;
  const finished = openRateGate(finishedPerAccount);
  const waitingTold = openRateGate(waitingTellings);
  const swarmAccess = openSwarmAccess({
    registry,
    signInRequired: policy.signInRequired,
    passkeys: openPasskeys(deriveKey(key, 'passkeys')),
    peerTimeoutMs: options.peerTimeoutMs,
    onChanged: (releaseId) => void changed.add(releaseId),
    onFinished(releaseId, accountId) {
      if (finished.take(String(accountId), nowMs()) === 0) tell(tellFinished(releaseId, accountId));
    },
  });
  const { admission, presence } = swarmAccess;
  /** What people are still to be told of. */
  const telling = new Set<Promise<void>>();
  let isTellingSwarms = false;
  let isClosing = false;

  const onServed = (release: ServedRelease) => {
    swarmAccess.setRelease(release);
    publicFigures.setRelease(release);
  };
  // The listeners first: whatever happens while we load is told twice and never missed.
  catalogue.onServed(onServed);
  const moderation = openModeration(database, {
    served(release) {
      onServed(release);
      catalogue.indexRest();
    },
    events: community.tellEvents,
  });
  community.onAccess((access) => swarmAccess.setAccount(access, Date.now()));
  let isKeyReplaced: boolean;
  try {
    isKeyReplaced = await noteKey();
    await loadAdmission();
  } catch (error) {
    await database.close();
    throw error;
  }
  for (const accountId of await community.unfinishedDepartures()) tell(empty(accountId));
  if (database.afterUncleanStop) {
    findDamage(path).then((lines) => {
      if (lines.length > 0) onError(new Error(`the database ${path} is damaged: ${lines.join('; ')}`));
    }, onError);
    tell(tellAgain());
  }

  /** The database knows the key by what is derived from it, which gives nothing of the key away. */
  async function noteKey(): Promise<boolean> {
    const fingerprint = new Uint8Array(deriveKey(key, 'fingerprint'));
    const before = await community.keyFingerprint();
    if (before !== undefined && Buffer.compare(before, fingerprint) === 0) return false;
    await community.setKeyFingerprint(fingerprint);
    return before !== undefined;
  }

  async function loadAdmission(): Promise<void> {
    for (const release of await catalogue.served()) {
      admission.setRelease(release);
      publicFigures.setRelease(release);
    }
    for (let after = 0; ; ) {
      const page = await community.accessAfter(after);
      for (const access of page) admission.setAccount(access);
      const last = page.at(-1);
      if (last === undefined) return;
      after = last.accountId;
    }
  }

  /** Nobody waits for it but whoever closes. */
  function tell(people: Promise<void>): void {
    const told = people.catch(onError).finally(() => telling.delete(told));
    telling.add(told);
  }

  function empty(accountId: number): Promise<void> {
    return emptyAccount({ catalogue, community }, accountId, () => isClosing);
  }

  /** Between the acknowledgement of a publication and its notices lies a moment in which the tracker may have ended. */
  async function tellAgain(): Promise<void> {
    for (const releaseId of await catalogue.changedLast(untoldMax)) {
      if (isClosing) return;
      await tellPublished(releaseId);
    }
  }

  function countsOf(releaseId: string): SwarmCount {
    const { complete: seeds, incomplete: leechers } = swarmAccess.counts(releaseId);
    return { releaseId, seeds, leechers };
  }

  async function tellSwarms(): Promise<void> {
    const releaseIds = [...changed].slice(0, swarmsAtOnceMax);
    for (const releaseId of releaseIds) changed.delete(releaseId);
    const counts = releaseIds.map(countsOf);
    isTellingSwarms = true;
    try {
      publicFigures.setCounts(counts);
      await catalogue.setSwarms(counts);
    } catch (error) {
      for (const { releaseId } of counts) changed.add(releaseId);
      onError(error);
    } finally {
      isTellingSwarms = false;
    }
  }

  async function tellFinished(releaseId: string, accountId: number): Promise<void> {
    const access = admission.release(releaseId)?.access;
    if (access === undefined || isPublisher(accountId, access)) return;
    const release = await seenByPublisher(releaseId);
    if (release === undefined) return;
    const { publisherId, album: title } = release;
    await community.tellFinished({ releaseId, publisherId, title }, accountId);
  }

  /** As its publisher sees it: for what the tracker itself has to say of it. */
  async function seenByPublisher(releaseId: string): Promise<ReleaseDetail | undefined> {
    const publisherId = admission.release(releaseId)?.access?.publisherId;
    if (publisherId === undefined) return undefined;
    return catalogue.release({ viewer: { accountId: publisherId, role: 'member', groupIds: [] }, releaseId });
  }

  async function tellPublished(releaseId: string): Promise<void> {
    const release = await seenByPublisher(releaseId);
    const access = admission.release(releaseId)?.access;
    if (release === undefined || access === undefined) return;
    const { version, album: title, artist, genre, year, licence } = release;
    const tracks = release.tracks.map((track) => ({
      title: track.title,
      ...given({
        artist: track.artist,
        codec: track.codec,
        isLossless: track.lossless,
        bitRate: track.bitRate,
      }),
    }));
    const about = given({ artist: artist ?? release.albumArtist, genre, year, licence });
    const told = { releaseId, version, access, title, album: title, ...about };
    for (let from = 0; from === 0 || from < tracks.length; from += tracksToldAtOnce) {
      const slice = tracks.slice(from, from + tracksToldAtOnce);
      await community.tellPublished({ ...told, tracks: slice, isRest: from > 0 });
    }
  }

  return {
    catalogue,
    community,
    moderation,
    admission,
    presence,
    online: openOnline(presence, ({ release }) => admission.swarms.numbered(release)?.access),
    figures: publicFigures.figures,
    policy,
    torrentsFolder: torrentsFolder(path),
    key,
    swarmAccess,
    isKeyReplaced,
    served: (releaseId) => admission.release(releaseId),
    tellPublished: (releaseId) => tell(tellPublished(releaseId)),
    tellWaiting() {
      if (waitingTold.take('', nowMs()) === 0) tell(community.tellWaiting());
    },
    async deleteAccount(viewer, account) {
      await community.deleteAccount(viewer, account);
      tell(empty(viewer.accountId!));
    },
    tick() {
      presence.expire(nowMs());
      if (changed.size === 0 || isTellingSwarms || nowMs() < swarmsAtMs) return;
      swarmsAtMs = nowMs() + swarmsEveryMs;
      tell(tellSwarms());
    },
    async close() {
      isClosing = true;
      // After a clean stop nobody looks for what was left untold.
      while (telling.size > 0) await Promise.all(telling);
      await database.close();
    },
  };
}

/** Without the fields that are not there: an absent field and an undefined one are different things to a contract. */
function given<Fields extends object>(
  fields: Fields,
): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
