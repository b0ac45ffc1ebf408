/**
 * Admission, registry and presence together: an announce reaches the swarm that its passkey opens, and a change of who may
 * see a release takes effect on peers that are listed already. Synchronous and pure, like its parts.
 *
 * Invariant: a peer of a restricted release is told only to accounts that may see that release, from the moment the change
 * is taken: peers of accounts that lost it leave its swarm at once, and so do all peers of a swarm that is in no release
 * any more. A peer that may still announce is listed again by its next announce, at the same announce URL.
 */
import { isBanned, maySee } from '../access.ts';
import { type Admission, type AdmissionOptions, openAdmission, type Refusal } from '../admission.ts';
import type { ServedRelease } from '../catalogue/contract.ts';
import type { AccountAccess } from '../community/contract.ts';
import { type Holder, openPresence, type Presence, type PresentPeer } from '../presence.ts';
import { addressText, packAddress } from '../protocol/address.ts';
import type { AnnounceRequest } from '../protocol/announce-query.ts';
import type { AnnounceReply } from '../protocol/announce-reply.ts';
import type { TrackerFailure } from '../protocol/reply.ts';
import type { ScrapedTorrent, SwarmCounts } from '../protocol/scrape-reply.ts';
import type { SavedPeer, SavedSwarm } from '../registry/snapshot.ts';
import type { PeerAddress, RandomBelow, Registry } from '../registry.ts';
import { accountFinder, type SavedAccount, snapshotOf } from './swarm-snapshot.ts';

export interface SwarmAccessOptions extends AdmissionOptions {
  readonly registry: Registry;
  /** After which a silent peer is gone. */
  readonly peerTimeoutMs: number;
  /** Peers of accounts that are known by name. */
  readonly presentMax?: number;
  /** The swarms of this release have changed. */
  readonly onChanged: (releaseId: string) => void;
  /** Somebody says that they have all of it now. */
  readonly onFinished: (releaseId: string, accountId: number) => void;
}

/** `nowMs` never goes back; bans are counted by `wallMs`, milliseconds since 1970. */
export interface Moment {
  readonly nowMs: number;
  readonly wallMs: number;
}

export interface SwarmAccess {
  readonly admission: Admission;
  readonly presence: Presence;
  announce(
    request: AnnounceRequest,
    address: PeerAddress,
    passkey: string | undefined,
    moment: Moment,
    random: RandomBelow,
  ): AnnounceReply | TrackerFailure | Refusal;
  /** What this passkey may not know of looks like what is not there. */
  scrape(
    infoHashes: readonly Uint8Array[],
    passkey: string | undefined,
    moment: Moment,
  ): readonly ScrapedTorrent[];
  /** Who has these hashes of a release, to an account that sees it, or to a stranger; seeds first in each. */
  holders(
    accountId: number | undefined,
    releaseId: string,
    infoHashes: readonly Uint8Array[],
    limit: number,
  ): readonly Holder[];
  counts(releaseId: string): Pick<SwarmCounts, 'complete' | 'incomplete'>;
  setRelease(release: ServedRelease): void;
  setAccount(access: AccountAccess, wallMs: number): void;
  /** All peers, with their accounts, a swarm at a time: announces and changes may come between two of them. */
  snapshot(nowMs: number): Generator<Uint8Array>;
  /**
   * Lists the peers of a snapshot that was made `downMs` ago, as far as each would be let in now. Before the first announce,
   * and after all releases and accounts are known. Answers how many.
   */
  restore(swarms: readonly SavedSwarm[], moment: Moment, downMs: number): number;
}

/** The registry counts whole seconds, and expires a limited number at once. */
const presenceLongerMs = 10_000;

export function openSwarmAccess(options: SwarmAccessOptions): SwarmAccess {
  const { registry, onChanged, onFinished } = options;
  const admission = openAdmission(options);
  // A little longer than in the registry: of every peer that is listed under an account, it is known of which.
  const presence = openPresence(options.peerTimeoutMs + presenceLongerMs, options.presentMax);
  const { swarms } = admission;

  /** The releases whose swarm this is. */
  function tellChanged(infoHash: Uint8Array, swarm: Uint8Array, release: ServedRelease | undefined): void {
    if (release !== undefined && swarm !== infoHash) return onChanged(release.releaseId);
    for (const entry of swarms.withHash(infoHash)) if (entry.isOpen) onChanged(entry.release.releaseId);
  }

  function note(
    request: AnnounceRequest,
    host: string,
    peer: Pick<PresentPeer, 'swarm' | 'accountId'>,
    release: ServedRelease,
    nowMs: number,
  ): void {
    const { port, event, left } = request;
    const isSeed = left === 0;
    if (event === 'stopped') presence.stopped({ swarm: peer.swarm, host, port });
    else presence.announced({ ...peer, release: release.number, host, port, isSeed }, nowMs);
    if (event === 'completed' && isSeed) onFinished(release.releaseId, peer.accountId);
  }

  function remove({ swarm, host, port }: PresentPeer): void {
    presence.stopped({ swarm, host, port });
    const remote = packAddress(host);
    if (remote !== undefined) registry.remove(swarm, remote, port);
  }

  /** It was let in; would it be now? */
  function isStillIn(peer: PresentPeer): boolean {
    const account = admission.account(peer.accountId);
    const access = swarms.numbered(peer.release)?.access;
    if (account === undefined || !maySee(account, access)) return false;
    return swarms.inUse(peer.release).some((swarm) => isSame(swarm, peer.swarm));
  }

  /** Would this account be let in now with the passkey that it had? Which swarm that is, is another question. */
  function mayReturn({ accountId, release, generation }: SavedAccount, wallMs: number): boolean {
    const account = admission.account(accountId);
    if (account?.generation !== generation || isBanned(account, wallMs)) return false;
    return maySee(account, swarms.numbered(release)?.access);
  }

  /** Does this release have this swarm now? */
  function hasSwarm(number: number, swarm: Uint8Array): boolean {
    const entry = swarms.numbered(number);
    if (entry === undefined) return false;
    // The swarm of a restricted release is named when it is first asked for.
    const itsSwarms = entry.release.infoHashes.map((infoHash) => swarms.swarmOf(entry, infoHash));
    return itsSwarms.some((other) => other !== undefined && isSame(other, swarm));
  }

  /**
   * Some peers are not known by account, and this account has lost releases: one of these peers may be its own. The swarms of
   * what it does not see any more begin anew.
   */
  function beginAnew(before: AccountAccess, now: AccountAccess | undefined): void {
    for (const { isOpen, access, release } of swarms.all()) {
      if (isOpen || !maySee(before, access) || (now !== undefined && maySee(now, access))) continue;
      for (const swarm of swarms.inUse(release.number)) {
        registry.drop(swarm);
        presence.drop(swarm);
      }
      onChanged(release.releaseId);
    }
  }

  function swarmFor(releaseId: string): (infoHash: Uint8Array) => Uint8Array | undefined {
    const number = swarms.release(releaseId)?.number;
    const entry = number === undefined ? undefined : swarms.numbered(number);
    return (infoHash) => entry && swarms.swarmOf(entry, infoHash);
  }

  return {
    admission,
    presence,
    announce(request, address, passkey, { nowMs, wallMs }, random) {
      const { infoHash } = request;
      const admitted = admission.admit(infoHash, passkey, wallMs);
      if (typeof admitted === 'string') return admitted;
      const { swarm, account } = admitted;
      const reply = registry.announce(request, address, nowMs, random, swarm);
      if ('failureReason' in reply) return reply;
      tellChanged(infoHash, swarm, account?.release);
      if (account !== undefined) {
        const { accountId, release } = account;
        note(request, addressText(address.remote), { swarm, accountId }, release, nowMs);
      }
      return reply;
    },
    scrape(infoHashes, passkey, { wallMs }) {
      return registry.scrape(infoHashes, (infoHash) => {
        const admitted = admission.admit(infoHash, passkey, wallMs);
        return typeof admitted === 'string' ? undefined : admitted.swarm;
      });
    },
    holders(accountId, releaseId, infoHashes, limit) {
      if (!admission.sees(accountId, releaseId)) return [];
      const swarmOf = swarmFor(releaseId);
      return infoHashes.flatMap((infoHash) => {
        const swarm = swarmOf(infoHash);
        return swarm === undefined ? [] : presence.holders(swarm, limit);
      });
    },
    counts(releaseId) {
      const scraped = registry.scrape(swarms.release(releaseId)?.infoHashes ?? [], swarmFor(releaseId));
      // A peer of a hybrid is in both of its swarms or in one of them.
      return {
        complete: Math.max(0, ...scraped.map(({ complete }) => complete)),
        incomplete: Math.max(0, ...scraped.map(({ incomplete }) => incomplete)),
      };
    },
    setRelease(release) {
      const { number, releaseId, infoHashes } = release;
      const before = swarms.numbered(number);
      const swarmsBefore = swarms.inUse(number);
      admission.setRelease(release);
      const isOpen = swarms.numbered(number)?.isOpen ?? false;
      const swarmsNow = swarms.inUse(number);
      for (const swarm of swarmsBefore) {
        const isIts = swarmsNow.some((other) => isSame(other, swarm));
        // The swarm of everyone is named by its hash, and may be that of other releases too.
        const isOfOthers = before?.isOpen === true && swarms.hasOpen(swarm);
        // When not all of its peers are known by account, the swarm of a restricted release begins anew.
        if (isIts ? isOpen || !presence.isIncomplete : isOfOthers) continue;
        registry.drop(swarm);
        presence.drop(swarm);
      }
      for (const peer of presence.ofRelease(number)) if (!isStillIn(peer)) remove(peer);
      onChanged(releaseId);
      for (const infoHash of [...infoHashes, ...(before?.release.infoHashes ?? [])]) {
        tellChanged(infoHash, infoHash, undefined);
      }
    },
    setAccount(access, wallMs) {
      const { accountId, generation } = access;
      const before = admission.account(accountId);
      admission.setAccount(access);
      const isOut = isBanned(access, wallMs) || (before !== undefined && before.generation !== generation);
      if (presence.isIncomplete && before !== undefined) beginAnew(before, isOut ? undefined : access);
      for (const peer of presence.ofAccount(accountId)) {
        if (!isOut && isStillIn(peer)) continue;
        remove(peer);
        const releaseId = swarms.numbered(peer.release)?.release.releaseId;
        if (releaseId !== undefined) onChanged(releaseId);
      }
    },
    snapshot: (nowMs) =>
      snapshotOf({ registry, presence, generationOf: (id) => admission.account(id)?.generation }, nowMs),
    restore(saved, { nowMs, wallMs }, downMs) {
      const accountOf = accountFinder();
      /** What is the same for all peers of a swarm, and asked once. */
      const known = new Map<SavedSwarm, ReturningSwarm>();
      const returning = (of: SavedSwarm): ReturningSwarm => {
        let found = known.get(of);
        if (found === undefined) {
          // A copy: what was read from the disk is not kept for the sake of twenty bytes.
          const swarm = of.hash.slice();
          const isForStrangers = typeof admission.admit(swarm, undefined, wallMs) !== 'string';
          found = { swarm, isForStrangers, releases: new Map() };
          known.set(of, found);
        }
        return found;
      };
      const mayComeBack = (peer: SavedPeer) => {
        const { swarm, isForStrangers, releases } = returning(peer.swarm);
        const account = accountOf(peer);
        if (account === undefined) return isForStrangers;
        let isIts = releases.get(account.release);
        if (isIts === undefined) {
          isIts = hasSwarm(account.release, swarm);
          releases.set(account.release, isIts);
        }
        return isIts && mayReturn(account, wallMs);
      };
      const restored = registry.restore(saved, { nowMs, downMs }, mayComeBack, (peer, seenMs) => {
        const account = accountOf(peer);
        if (account === undefined) return;
        const { accountId, release, host, port } = account;
        const { swarm } = returning(peer.swarm);
        presence.announced({ swarm, accountId, release, host, port, isSeed: peer.isSeed }, seenMs);
      });
      for (const { swarm, releases } of known.values()) {
        tellChanged(swarm, swarm, undefined);
        for (const [number, isIts] of releases)
          if (isIts) onChanged(swarms.numbered(number)!.release.releaseId);
      }
      return restored;
    },
  };
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one === other || Buffer.compare(one, other) === 0;
}

/** A swarm of a snapshot. */
interface ReturningSwarm {
  readonly swarm: Uint8Array;
  readonly isForStrangers: boolean;
  /** Number of a release → whether it has this swarm. */
  readonly releases: Map<number, boolean>;
}
