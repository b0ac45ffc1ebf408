/**
 * What makes a tracker more than a list of peers: catalogue, community and presence, over one database, and
 * the admission of announces. This file connects them: published releases reach admission and followers, and
 * swarm counts reach the search.
 *
 * Invariant: announces read memory only. Their effects (a notice, new counts of seeds) happen after the
 * answer.
 */

import { join } from 'node:path';
import { openPasskeys } from './admission/passkeys.ts';
import type { Admission } from './admission.ts';
import type { Catalogue, ServedRelease, SwarmCount } from './catalogue/contract.ts';
import { torrentsFolder } from './catalogue/publication/torrent-files.ts';
import { catalogueStores, sqliteCatalogue } from './catalogue/sqlite-catalogue.ts';
import type { Clock } from './clock.ts';
import { communityRoom, communityStores, openCommunity, type WholeCommunity } from './community/community.ts';
import type { Community } from './community/contract.ts';
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
import { openReleaseNews } from './release-news.ts';
import { openSwarmAccess, type SwarmAccess } from './swarms/swarm-access.ts';
import { openSwarmCounts } from './swarms/swarm-counts.ts';

export interface LibraryOptions extends Clock {
  /** Made if missing. */
  readonly dataFolder: string;
  readonly policy?: WantedPolicy;
  /** The whole internet can reach it: a new community then takes newcomers by invitation only. */
  readonly isExposed?: boolean;
  readonly registry: Registry;
  /** A peer that is silent for this long is dropped. */
  readonly peerTimeoutMs: number;
  readonly onError: (error: unknown) => void;
}

export interface Library {
  readonly catalogue: Catalogue;
  readonly community: WholeCommunity;
  readonly moderation: Moderation;
  readonly admission: Admission;
  readonly presence: Presence;
  /** Which accounts are online, as far as each viewer may know. */
  readonly online: Online;
  /** How much is shared with everyone. */
  readonly figures: PublicFigures['figures'];
  /** Announces, scrapes and holders, as far as the asker may know. */
  readonly swarmAccess: SwarmAccess;
  /** The tracker's key is not the one that this database knows: announce URLs given out before are void. */
  readonly isKeyReplaced: boolean;
  readonly policy: CommunityPolicy;
  /** The folder of the catalogue's .torrent files. */
  readonly torrentsFolder: string;
  /** Each part derives a key for its purpose from it; see key-file.ts. */
  readonly key: Buffer;
  /** Both info-hashes of every served version. */
  served(releaseId: string): ServedRelease | undefined;
  /** Notifies moderators that a publication waits for them. */
  tellWaiting(): void;
  /** Notifies followers and matching wishes of an acknowledged publication. */
  tellPublished(releaseId: string): void;
  /** Permanent. What the account published and wrote is deleted after the answer. */
  deleteAccount: WholeCommunity['deleteAccount'];
  /** Call it about once a second. */
  tick(): void;
  close(): Promise<void>;
}

/**
 * Any client can send `completed`, and each costs a write: enough for one album after another, not for a
 * flood.
 */
const finishedPerAccount: RateLimit = { burst: 100, everyMs: 1_000 };
/** Moderators read a list, so that not every entry of a flood needs a notice. */
const waitingNotices: RateLimit = { burst: 10, everyMs: 60_000 };

/** Rejects with DatabaseError or KeyFileError. */
export async function openLibrary(options: LibraryOptions): Promise<Library> {
  const { registry, nowMs, wallMs, onError } = options;
  const { path, database, key, policy } = await openData(options);
  const catalogue = sqliteCatalogue(database, key, onError);
  const community = openCommunity(database, { policy, nowMs, wallMs });
  const publicFigures = openPublicFigures();
  const swarmCounts = openSwarmCounts({
    ...{ catalogue, publicFigures, onError },
    countsOf: (releaseId) => countsIn(swarmAccess, releaseId),
  });
  const finished = openRateGate(finishedPerAccount);
  const waitingGate = openRateGate(waitingNotices);
  const swarmAccess = openSwarmAccess({
    registry,
    signInRequired: policy.signInRequired,
    passkeys: openPasskeys(deriveKey(key, 'passkeys')),
    peerTimeoutMs: options.peerTimeoutMs,
    onChanged: swarmCounts.changed,
    onFinished(releaseId, accountId) {
      if (finished.take(String(accountId), nowMs()) === 0)
        background.run(news.tellFinished(releaseId, accountId));
    },
  });
  const { admission, presence } = swarmAccess;
  const served: Library['served'] = (releaseId) => admission.release(releaseId);
  const news = openReleaseNews({ catalogue, community, served });
  const background = openBackground(onError);

  const onServed = (release: ServedRelease) => {
    swarmAccess.setRelease(release);
    publicFigures.setRelease(release);
  };
  // Listeners are set before loading: a change during loading is applied twice, never missed.
  catalogue.onServed(onServed);
  const moderation = openModeration(database, {
    served(release) {
      onServed(release);
      catalogue.indexRest();
    },
    ...{ events: community.tellEvents, wallMs },
  });
  community.onAccess((access) => swarmAccess.setAccount(access, wallMs()));
  let isKeyReplaced: boolean;
  try {
    isKeyReplaced = await noteKey(community, key);
    await loadAccess(catalogue, community, { admission, publicFigures });
  } catch (error) {
    await database.close();
    throw error;
  }
  for (const accountId of await community.unfinishedDepartures()) background.run(empty(accountId));
  if (database.afterUncleanStop) {
    lookForDamage(path, onError);
    background.run(news.tellAgain(background.isClosing));
  }

  function empty(accountId: number): Promise<void> {
    return emptyAccount({ catalogue, community }, accountId, background.isClosing);
  }

  return {
    ...{ catalogue, community, moderation, admission, presence, swarmAccess },
    online: openOnline(presence, ({ release }) => admission.swarms.numbered(release)?.access),
    figures: publicFigures.figures,
    torrentsFolder: torrentsFolder(path),
    ...{ policy, key, isKeyReplaced, served },
    tellPublished: (releaseId) => background.run(news.tellPublished(releaseId)),
    tellWaiting() {
      if (waitingGate.take('', nowMs()) === 0) background.run(community.tellWaiting());
    },
    async deleteAccount(viewer, account) {
      await community.deleteAccount(viewer, account);
      // Without an account the call was refused before.
      if (viewer.accountId !== undefined) background.run(empty(viewer.accountId));
    },
    tick() {
      presence.expire(nowMs());
      const due = swarmCounts.tellDue(nowMs());
      if (due !== undefined) background.run(due);
    },
    async close() {
      // After a clean stop the next start does not look for missing notices, so all are sent now.
      await background.close();
      await database.close();
    },
  };
}

function lookForDamage(path: string, onError: (error: unknown) => void): void {
  findDamage(path).then((lines) => {
    if (lines.length > 0) onError(new Error(`the database ${path} is damaged: ${lines.join('; ')}`));
  }, onError);
}

/** Work that is done after the answers, such as notices. Only `close` waits for it. */
function openBackground(onError: (error: unknown) => void) {
  const pending = new Set<Promise<void>>();
  let isClosing = false;
  return {
    isClosing: () => isClosing,
    run(task: Promise<void>): void {
      const run = task.catch(onError).finally(() => pending.delete(run));
      pending.add(run);
    },
    async close(): Promise<void> {
      isClosing = true;
      while (pending.size > 0) await Promise.all(pending);
    },
  };
}

function countsIn(swarms: SwarmAccess, releaseId: string): SwarmCount {
  const { complete: seeds, incomplete: leechers } = swarms.counts(releaseId);
  return { releaseId, seeds, leechers };
}

/** The database with all its modules, and the key and policy in it or beside it. */
async function openData({ dataFolder, onError, policy: wanted = {}, isExposed }: LibraryOptions) {
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
  try {
    const key = loadTrackerKey(dataFolder);
    const policy = await keptPolicy(database, wanted, isExposed === true);
    return { path, database, key, policy };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/**
 * Whether this is another key than the database knows. The database stores a fingerprint that is derived from
 * the key and reveals nothing about it.
 */
async function noteKey(community: Community, key: Buffer): Promise<boolean> {
  const fingerprint = new Uint8Array(deriveKey(key, 'fingerprint'));
  const before = await community.keyFingerprint();
  if (before !== undefined && Buffer.compare(before, fingerprint) === 0) return false;
  await community.setKeyFingerprint(fingerprint);
  return before !== undefined;
}

/** Loads all releases and accounts into what announces read. */
async function loadAccess(
  catalogue: Catalogue,
  community: Community,
  into: { readonly admission: Admission; readonly publicFigures: PublicFigures },
): Promise<void> {
  for (const release of await catalogue.served()) {
    into.admission.setRelease(release);
    into.publicFigures.setRelease(release);
  }
  for (let after = 0; ; ) {
    const page = await community.accessAfter(after);
    for (const access of page) into.admission.setAccount(access);
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.accountId;
  }
}
