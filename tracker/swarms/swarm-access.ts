/**
 * Admission, registry and presence together. An announce reaches the swarm of its passkey, and a change of
 * who may see a release applies to listed peers too. Synchronous and pure, like its parts.
 *
 * Invariant: once a change is applied, a restricted release's peers are sent only to accounts that may see
 * it. Peers of accounts that lost access leave its swarm at once, as do all peers of a swarm that no release
 * has any more. A peer that may still announce is listed again by its next announce, at the same announce
 * URL.
 */
import { type Admission, type AdmissionOptions, openAdmission, type Refusal } from '../admission.ts';
import type { ServedRelease } from '../catalogue/contract.ts';
import type { AccountAccess } from '../community/contract.ts';
import { type Holder, openPresence, type Presence, type PresentPeer } from '../presence.ts';
import { addressText } from '../protocol/address.ts';
import type { AnnounceRequest } from '../protocol/announce-query.ts';
import type { AnnounceReply } from '../protocol/announce-reply.ts';
import type { TrackerFailure } from '../protocol/reply.ts';
import type { ScrapedTorrent, SwarmCounts } from '../protocol/scrape-reply.ts';
import type { SavedSwarm } from '../registry/snapshot.ts';
import type { PeerAddress, RandomBelow, Registry } from '../registry.ts';
import { accessChanges, changeTeller } from './access-changes.ts';
import type { Moment } from './listed-swarms.ts';
import { swarmRestorer } from './swarm-restore.ts';
import { snapshotOf } from './swarm-snapshot.ts';

export interface SwarmAccessOptions extends AdmissionOptions {
  readonly registry: Registry;
  /** A peer that is silent for this long is dropped. */
  readonly peerTimeoutMs: number;
  /** The most peers whose accounts are remembered. */
  readonly presentMax?: number;
  /** Called when the swarms of this release have changed. */
  readonly onChanged: (releaseId: string) => void;
  /** Called when an account reports that it has completed this release. */
  readonly onFinished: (releaseId: string, accountId: number) => void;
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
  /** A torrent that this passkey may not see looks like an unknown one. */
  scrape(
    infoHashes: readonly Uint8Array[],
    passkey: string | undefined,
    moment: Moment,
  ): readonly ScrapedTorrent[];
  /** Peers of these hashes of a release, for an account that sees it or an anonymous viewer; seeds first. */
  holders(
    accountId: number | undefined,
    releaseId: string,
    infoHashes: readonly Uint8Array[],
    limit: number,
  ): readonly Holder[];
  counts(releaseId: string): Pick<SwarmCounts, 'complete' | 'incomplete'>;
  setRelease(release: ServedRelease): void;
  setAccount(access: AccountAccess, wallMs: number): void;
  /** All peers with their accounts, swarm by swarm. Announces and changes may come in between. */
  snapshot(nowMs: number): Generator<Uint8Array>;
  /**
   * Lists the peers of a snapshot that would be admitted now. `downMs`: its age. Call it before the first
   * announce, when all releases and accounts are loaded. Returns how many are listed.
   */
  restore(swarms: readonly SavedSwarm[], moment: Moment, downMs: number): number;
}

/** The registry counts whole seconds and expires a limited number of peers per call. */
const presenceLongerMs = 10_000;

export function openSwarmAccess(options: SwarmAccessOptions): SwarmAccess {
  const { registry, onChanged, onFinished } = options;
  const admission = openAdmission(options);
  // Its timeout is a little longer than the registry's, so that the account of every listed peer is known.
  const presence = openPresence(options.peerTimeoutMs + presenceLongerMs, options.presentMax);
  const { swarms } = admission;
  const listed = { registry, admission, presence, onChanged };
  const tellChanged = changeTeller(listed);
  const restore = swarmRestorer(listed, tellChanged);

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
      // A peer of a hybrid torrent is in one or both of its swarms.
      return {
        complete: Math.max(0, ...scraped.map(({ complete }) => complete)),
        incomplete: Math.max(0, ...scraped.map(({ incomplete }) => incomplete)),
      };
    },
    ...accessChanges(listed, tellChanged),
    snapshot: (nowMs) =>
      snapshotOf({ registry, presence, generationOf: (id) => admission.account(id)?.generation }, nowMs),
    restore,
  };
}
