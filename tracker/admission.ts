/**
 * Who may announce what, in memory: the part of catalogue and community that the announce path asks, synchronously, at
 * each call. It is loaded at the start and told of every change as it is acknowledged, so a revocation counts from the
 * next announce on.
 *
 * Invariant: a hash that nobody published and one that this account may not see get the same answer, and so does every
 * hash for a passkey that is not good.
 * Left to others: where the passkey stands in a URL (http), and the words of the refusal (registry).
 */
import type { ServedRelease } from './catalogue/contract.ts';
import type { AccountAccess } from './community/contract.ts';
import { anonymous, maySee, type Viewer } from './community/permissions.ts';

export interface Admitted {
  /** Who it is; undefined for a stranger, where strangers are served. */
  readonly accountId: number | undefined;
}

export interface Admission {
  /** Undefined: not served. `infoHash`: 20 bytes. */
  admit(infoHash: Uint8Array, passkey: string | undefined, nowMs: number): Admitted | undefined;
  /** Whose passkey it is; a stranger without one. Undefined: not good, or everybody signs in here. */
  viewer(passkey: string | undefined, nowMs: number): Viewer | undefined;
  /** Takes the present state of a release. */
  setRelease(release: ServedRelease): void;
  /** Takes the present state of an account. */
  setAccount(access: AccountAccess): void;
}

export function openAdmission({ signInRequired }: { readonly signInRequired: boolean }): Admission {
  /** Hash → the releases that have it in one of their versions; nearly always one. */
  const byHash = new Map<string, Map<string, ServedRelease>>();
  const releases = new Map<string, ServedRelease>();
  const byPasskey = new Map<string, AccountAccess>();
  const passkeys = new Map<number, string>();

  function forget(releaseId: string): void {
    for (const infoHash of releases.get(releaseId)?.infoHashes ?? []) {
      const key = hashKey(infoHash);
      const homes = byHash.get(key);
      homes?.delete(releaseId);
      if (homes?.size === 0) byHash.delete(key);
    }
    releases.delete(releaseId);
  }

  /** Undefined: a passkey that is not good, or a stranger where everybody signs in. */
  function viewerOf(passkey: string | undefined, nowMs: number): Viewer | undefined {
    if (passkey === undefined) return signInRequired ? undefined : anonymous;
    const account = byPasskey.get(passkey);
    if (account === undefined || nowMs < (account.bannedUntilMs ?? -Infinity)) return undefined;
    return account;
  }

  return {
    admit(infoHash, passkey, nowMs) {
      const viewer = viewerOf(passkey, nowMs);
      const homes = byHash.get(hashKey(infoHash));
      if (viewer === undefined || homes === undefined) return undefined;
      for (const { access } of homes.values()) {
        if (access !== undefined && maySee(viewer, access)) return { accountId: viewer.accountId };
      }
      return undefined;
    },
    viewer: viewerOf,
    setRelease(release) {
      const { releaseId, infoHashes, access } = release;
      forget(releaseId);
      if (access === undefined) return;
      releases.set(releaseId, release);
      for (const infoHash of infoHashes) {
        const key = hashKey(infoHash);
        const homes = byHash.get(key) ?? new Map<string, ServedRelease>();
        byHash.set(key, homes.set(releaseId, release));
      }
    },
    setAccount(access) {
      const { accountId, passkey } = access;
      const old = passkeys.get(accountId);
      if (old !== undefined) byPasskey.delete(old);
      passkeys.set(accountId, passkey);
      byPasskey.set(passkey, access);
    },
  };
}

/** A Map finds text by its content and bytes only by identity. */
function hashKey(infoHash: Uint8Array): string {
  return String.fromCharCode(...infoHash);
}
