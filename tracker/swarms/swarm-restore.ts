/** Lists the peers of a snapshot again that would be admitted now. Synchronous and pure. */
import { isBanned, maySee } from '../access.ts';
import type { SavedPeer, SavedSwarm } from '../registry/snapshot.ts';
import type { TellChanged } from './access-changes.ts';
import { isSameSwarm, type ListedSwarms, type Moment } from './listed-swarms.ts';
import { accountFinder, type SavedAccount } from './swarm-snapshot.ts';

/** A swarm of a snapshot. */
interface ReturningSwarm {
  readonly swarm: Uint8Array;
  readonly isForStrangers: boolean;
  /** Number of a release → whether the release has this swarm. */
  readonly releases: Map<number, boolean>;
}

/** `downMs`: age of the snapshot. Returns how many peers are listed. */
export function swarmRestorer(listed: ListedSwarms, tellChanged: TellChanged) {
  const { registry, presence, onChanged } = listed;
  const { swarms } = listed.admission;
  return (saved: readonly SavedSwarm[], { nowMs, wallMs }: Moment, downMs: number): number => {
    const accountOf = accountFinder();
    const gate = returnGate(listed, wallMs);
    const mayComeBack = (peer: SavedPeer) => gate.mayReturn(peer, accountOf(peer));
    const restored = registry.restore(saved, { nowMs, downMs }, mayComeBack, (peer, seenMs) => {
      const account = accountOf(peer);
      if (account === undefined) return;
      const { accountId, release, host, port } = account;
      const { swarm } = gate.returning(peer.swarm);
      presence.announced({ swarm, accountId, release, host, port, isSeed: peer.isSeed }, seenMs);
    });
    for (const { swarm, releases } of gate.known()) {
      tellChanged(swarm, swarm, undefined);
      for (const [number, isIts] of releases) {
        const entry = isIts ? swarms.numbered(number) : undefined;
        if (entry !== undefined) onChanged(entry.release.releaseId);
      }
    }
    return restored;
  };
}

/** Decides which peers may return. What is the same for all peers of a swarm is computed once. */
function returnGate({ admission }: ListedSwarms, wallMs: number) {
  const { swarms } = admission;
  const known = new Map<SavedSwarm, ReturningSwarm>();

  function returning(of: SavedSwarm): ReturningSwarm {
    let found = known.get(of);
    if (found === undefined) {
      // A copy, so that these 20 bytes do not keep the whole snapshot in memory.
      const swarm = of.hash.slice();
      const isForStrangers = typeof admission.admit(swarm, undefined, wallMs) !== 'string';
      found = { swarm, isForStrangers, releases: new Map() };
      known.set(of, found);
    }
    return found;
  }

  /** Whether this account would be admitted now with its passkey of then. hasSwarm checks the swarm. */
  function wouldEnter({ accountId, release, generation }: SavedAccount): boolean {
    const account = admission.account(accountId);
    if (account?.generation !== generation || isBanned(account, wallMs)) return false;
    return maySee(account, swarms.numbered(release)?.access);
  }

  /** Whether this release has this swarm now. */
  function hasSwarm(number: number, swarm: Uint8Array): boolean {
    const entry = swarms.numbered(number);
    if (entry === undefined) return false;
    // The swarm of a restricted release gets its name at the first call of swarmOf.
    const itsSwarms = entry.release.infoHashes.map((infoHash) => swarms.swarmOf(entry, infoHash));
    return itsSwarms.some((other) => other !== undefined && isSameSwarm(other, swarm));
  }

  return {
    returning,
    known: () => known.values(),
    mayReturn(peer: SavedPeer, account: SavedAccount | undefined): boolean {
      const { swarm, isForStrangers, releases } = returning(peer.swarm);
      if (account === undefined) return isForStrangers;
      let isIts = releases.get(account.release);
      if (isIts === undefined) {
        isIts = hasSwarm(account.release, swarm);
        releases.set(account.release, isIts);
      }
      return isIts && wouldEnter(account);
    },
  };
}
