/**
 * What a change of a release or account does to peers that are listed already. Synchronous and pure.
 *
 * Invariant: once a change is applied, a restricted release's peers are sent only to accounts that may see
 * it.
 */
import { isBanned, maySee } from '../access.ts';
import type { ServedRelease } from '../catalogue/contract.ts';
import type { AccountAccess } from '../community/contract.ts';
import type { PresentPeer } from '../presence.ts';
import { packAddress } from '../protocol/address.ts';
import { isSameSwarm, type ListedSwarms } from './listed-swarms.ts';

export type TellChanged = (
  infoHash: Uint8Array,
  swarm: Uint8Array,
  release: ServedRelease | undefined,
) => void;

/** Calls `onChanged` for each release whose swarm this is. */
export function changeTeller({ admission, onChanged }: ListedSwarms): TellChanged {
  return (infoHash, swarm, release) => {
    if (release !== undefined && swarm !== infoHash) return onChanged(release.releaseId);
    for (const entry of admission.swarms.withHash(infoHash))
      if (entry.isOpen) onChanged(entry.release.releaseId);
  };
}

export function accessChanges(listed: ListedSwarms, tellChanged: TellChanged) {
  const { registry, admission, presence, onChanged } = listed;
  const { swarms } = admission;

  function remove({ swarm, host, port }: PresentPeer): void {
    presence.stopped({ swarm, host, port });
    const remote = packAddress(host);
    if (remote !== undefined) registry.remove(swarm, remote, port);
  }

  /** Whether the peer would be admitted now. */
  function isStillIn(peer: PresentPeer): boolean {
    const account = admission.account(peer.accountId);
    const access = swarms.numbered(peer.release)?.access;
    if (account === undefined || !maySee(account, access)) return false;
    return swarms.inUse(peer.release).some((swarm) => isSameSwarm(swarm, peer.swarm));
  }

  /**
   * For when the accounts of some peers are unknown, and this account lost access to releases. One of the
   * unknown peers may be its own, so the swarms of these releases lose all peers.
   */
  function dropLostSwarms(before: AccountAccess, now: AccountAccess | undefined): void {
    for (const { isOpen, access, release } of swarms.all()) {
      if (isOpen || !maySee(before, access) || (now !== undefined && maySee(now, access))) continue;
      for (const swarm of swarms.inUse(release.number)) {
        registry.drop(swarm);
        presence.drop(swarm);
      }
      onChanged(release.releaseId);
    }
  }

  return {
    setRelease(release: ServedRelease): void {
      const { number, releaseId, infoHashes } = release;
      const before = swarms.numbered(number);
      const swarmsBefore = swarms.inUse(number);
      admission.setRelease(release);
      const isOpen = swarms.numbered(number)?.isOpen ?? false;
      const swarmsNow = swarms.inUse(number);
      for (const swarm of swarmsBefore) {
        const isIts = swarmsNow.some((other) => isSameSwarm(other, swarm));
        // The swarm of an open release is named by its info-hash, and other releases may share it.
        const isOfOthers = before?.isOpen === true && swarms.hasOpen(swarm);
        // If the accounts of some peers are unknown, the swarm of a restricted release loses all peers.
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
    setAccount(access: AccountAccess, wallMs: number): void {
      const { accountId, generation } = access;
      const before = admission.account(accountId);
      admission.setAccount(access);
      const isOut = isBanned(access, wallMs) || (before !== undefined && before.generation !== generation);
      if (presence.isIncomplete && before !== undefined) dropLostSwarms(before, isOut ? undefined : access);
      for (const peer of presence.ofAccount(accountId)) {
        if (!isOut && isStillIn(peer)) continue;
        remove(peer);
        const releaseId = swarms.numbered(peer.release)?.release.releaseId;
        if (releaseId !== undefined) onChanged(releaseId);
      }
    },
  };
}
