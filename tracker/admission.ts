/**
 * Who may announce what, in memory: the part of catalogue and community that announces need, synchronous. It
 * is loaded at the start and updated with every acknowledged change, so that a revocation applies from the
 * next announce on.
 *
 * A torrent may be in several releases, and each restricted release has its own swarm: the passkey names the
 * release. Releases for everyone share the swarm named by the info-hash, the only one that an announce
 * without a passkey reaches. Releases for all members have their own swarms like those for a group, so that
 * the peers of one never depend on another release.
 *
 * Invariant: a hash that is not published and a hash that this account may not see get the same answer. Left
 * to others: where the passkey is in a URL and the text of a refusal (http), and peers (swarm-access.ts).
 */
import { latin1 } from '../torrents/byte-text.ts';
import { anonymous, isBanned, mayEnter, maySee, type Viewer } from './access.ts';
import type { Passkeys } from './admission/passkeys.ts';
import { ReleaseSwarms, type SwarmRelease } from './admission/release-swarms.ts';
import type { ServedRelease } from './catalogue/contract.ts';
import type { AccountAccess } from './community/contract.ts';
import { accountPasskeyHash } from './community/sign-in/secrets.ts';

export interface Admitted {
  /** 20 bytes: the swarm that the peer may join. */
  readonly swarm: Uint8Array;
  /** The account, and the release of the announce. Undefined: an anonymous peer, where such are admitted. */
  readonly account: { readonly accountId: number; readonly release: ServedRelease } | undefined;
}

/**
 * `not-served`: there is no such torrent for this passkey. `fetch-again`: the user needs a new announce URL,
 * because the passkey was renewed, or this tracker did not make it, or it names no release and the account
 * sees several swarms of this torrent.
 */
export type Refusal = 'not-served' | 'fetch-again';

export interface Admission {
  /** `infoHash`: 20 bytes. */
  admit(infoHash: Uint8Array, passkey: string | undefined, nowMs: number): Admitted | Refusal;
  /**
   * The owner of this feed key; `anonymous` without a key. Undefined: the key is invalid, or it is missing
   * where signing in is required.
   */
  feedReader(key: string | undefined, nowMs: number): Viewer | undefined;
  /** For the announce URL of this account; undefined if the account or the release does not exist. */
  passkeyFor(accountId: number, releaseId: string): string | undefined;
  feedKeyFor(accountId: number): string | undefined;
  release(releaseId: string): ServedRelease | undefined;
  account(accountId: number): AccountAccess | undefined;
  /** By the present state, not the state at the start of the request. */
  sees(accountId: number | undefined, releaseId: string): boolean;
  readonly swarms: ReleaseSwarms;
  /** Updates the state of a release. */
  setRelease(release: ServedRelease): void;
  /** Updates the state of an account. */
  setAccount(access: AccountAccess): void;
}

export interface AdmissionOptions {
  readonly signInRequired: boolean;
  readonly passkeys: Passkeys;
}

/** Passkeys of an account without a release, as in torrents made before passkeys named a release. */
const accountPasskey = /^[a-z2-7]{32}$/;

export function openAdmission({ signInRequired, passkeys }: AdmissionOptions): Admission {
  const swarms = new ReleaseSwarms(passkeys.swarmOf);
  const accounts = new KnownAccounts();

  function admitStranger(infoHash: Uint8Array): Admitted | Refusal {
    const isServed = mayEnter('anonymous', 'browse', signInRequired) && swarms.hasOpen(infoHash);
    return isServed ? { swarm: infoHash, account: undefined } : 'not-served';
  }

  function admitTo(
    entry: SwarmRelease | undefined,
    infoHash: Uint8Array,
    viewer: AccountAccess,
  ): Admitted | Refusal {
    const swarm = entry && swarms.swarmOf(entry, infoHash);
    if (entry === undefined || swarm === undefined || !maySee(viewer, entry.access)) return 'not-served';
    return { swarm, account: { accountId: viewer.accountId, release: entry.release } };
  }

  function admitAccount(infoHash: Uint8Array, viewer: AccountAccess): Admitted | Refusal {
    let found: Admitted | undefined;
    for (const entry of swarms.withHash(infoHash)) {
      const admitted = admitTo(entry, infoHash, viewer);
      if (typeof admitted === 'string') continue;
      found ??= admitted;
      // Releases for everyone share a swarm, so that any of them will do.
      if (found.swarm !== admitted.swarm) return 'fetch-again';
    }
    return found ?? 'not-served';
  }

  return {
    admit(infoHash, passkey, nowMs) {
      if (passkey === undefined) return admitStranger(infoHash);
      if (accountPasskey.test(passkey)) {
        const viewer = accounts.withPasskey(passkey);
        return viewer === undefined || isBanned(viewer, nowMs)
          ? 'not-served'
          : admitAccount(infoHash, viewer);
      }
      const content = passkeys.read(passkey);
      const viewer = content?.kind === 'announce' ? accounts.get(content.accountId) : undefined;
      // A forged passkey, another tracker key, or an account that a restored backup lacks: the answer does
      // not depend on the hash.
      if (content?.kind !== 'announce' || viewer === undefined) return 'fetch-again';
      if (isBanned(viewer, nowMs)) return 'not-served';
      if (content.generation !== viewer.generation) return 'fetch-again';
      return admitTo(swarms.numbered(content.release), infoHash, viewer);
    },
    feedReader(key, nowMs) {
      if (key === undefined) return mayEnter('anonymous', 'browse', signInRequired) ? anonymous : undefined;
      const isOfAccount = accountPasskey.test(key);
      const content = isOfAccount ? undefined : passkeys.read(key);
      const reader = isOfAccount
        ? accounts.withPasskey(key)
        : content?.kind === 'feed'
          ? accounts.withGeneration(content.accountId, content.generation)
          : undefined;
      return reader === undefined || isBanned(reader, nowMs) ? undefined : reader;
    },
    passkeyFor(accountId, releaseId) {
      const generation = accounts.get(accountId)?.generation;
      const release = swarms.release(releaseId)?.number;
      if (generation === undefined || release === undefined) return undefined;
      return passkeys.make({ kind: 'announce', accountId, release, generation });
    },
    feedKeyFor(accountId) {
      const generation = accounts.get(accountId)?.generation;
      return generation === undefined ? undefined : passkeys.make({ kind: 'feed', accountId, generation });
    },
    release: (releaseId) => swarms.release(releaseId),
    account: (accountId) => accounts.get(accountId),
    sees(accountId, releaseId) {
      const viewer = accountId === undefined ? anonymous : accounts.get(accountId);
      return viewer !== undefined && maySee(viewer, swarms.release(releaseId)?.access);
    },
    swarms,
    setRelease: (release) => swarms.set(release),
    setAccount: (access) => accounts.set(access),
  };
}

/** The present state of every account. */
class KnownAccounts {
  readonly #accounts = new Map<number, AccountAccess>();
  /** Hash of an account's passkey → its account id. */
  readonly #byPasskeyHash = new Map<string, number>();

  get(accountId: number): AccountAccess | undefined {
    return this.#accounts.get(accountId);
  }

  /** The account of a passkey that names no release. */
  withPasskey(passkey: string): AccountAccess | undefined {
    const accountId = this.#byPasskeyHash.get(latin1(accountPasskeyHash(passkey)));
    return accountId === undefined ? undefined : this.#accounts.get(accountId);
  }

  withGeneration(accountId: number, generation: number): AccountAccess | undefined {
    const account = this.#accounts.get(accountId);
    return account?.generation === generation ? account : undefined;
  }

  set(access: AccountAccess): void {
    const before = this.#accounts.get(access.accountId)?.passkeyHash;
    if (before !== undefined) this.#byPasskeyHash.delete(latin1(before));
    this.#accounts.set(access.accountId, access);
    if (access.passkeyHash !== undefined) {
      this.#byPasskeyHash.set(latin1(access.passkeyHash), access.accountId);
    }
  }
}
