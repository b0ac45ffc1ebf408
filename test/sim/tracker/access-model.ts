/**
 * A model of who may enter which swarm and who is listed there, from first principles: every question walks
 * all releases and accounts. The decisions of tracker/admission.ts and tracker/swarms/swarm-access.ts are
 * compared with it.
 */
import type { ServedRelease } from '../../../tracker/catalogue/contract.ts';
import type { AccountAccess } from '../../../tracker/community/contract.ts';
import { hexOf } from './addresses.ts';

/** The content of a passkey. `old`: of an account only, from before passkeys named a release. */
export type Key =
  | { readonly kind: 'none' }
  | { readonly kind: 'garbage' }
  | { readonly kind: 'feed'; readonly accountId: number; readonly generation: number }
  | { readonly kind: 'old'; readonly accountId: number }
  | {
      readonly kind: 'release';
      readonly accountId: number;
      readonly generation: number;
      readonly release: number;
    };

/**
 * A swarm. The swarms of public releases are named by their info-hash, all others by release and info-hash.
 */
export type Label = `open ${string}` | `own ${number} ${string}`;

interface Listed {
  readonly accountId: number | undefined;
  readonly release: number | undefined;
  /** The account of the peer is unknown, since there were too many peers. */
  readonly isUnknown?: boolean;
}

export class AccessModel {
  readonly #signInRequired: boolean;
  readonly #accounts = new Map<number, AccountAccess>();
  readonly #releases = new Map<number, ServedRelease>();
  /** By label, then by host. */
  readonly #listed = new Map<Label, Map<string, Listed>>();

  readonly #presentMax: number;
  /** Whether peers of unknown accounts may be listed. */
  hasUnknown = false;

  constructor(signInRequired: boolean, presentMax = Infinity) {
    this.#signInRequired = signInRequired;
    this.#presentMax = presentMax;
  }

  /** Labels that have had peers. */
  get labels(): Iterable<Label> {
    return this.#listed.keys();
  }

  get releases(): Iterable<ServedRelease> {
    return this.#releases.values();
  }

  get accounts(): Iterable<AccountAccess> {
    return this.#accounts.values();
  }

  account(accountId: number): AccountAccess | undefined {
    return this.#accounts.get(accountId);
  }

  hostsIn(label: Label): readonly string[] {
    return [...(this.#listed.get(label)?.keys() ?? [])].sort();
  }

  /** For each swarm of a served release, the accounts of its peers. */
  holdersOf(number: number): readonly (readonly number[])[] {
    const release = this.#releases.get(number);
    if (release?.access === undefined) return [];
    return release.infoHashes.map((infoHash) => {
      const hosts = this.#listed.get(labelOf(release, hexOf(infoHash)))?.values() ?? [];
      return [...hosts].flatMap(({ accountId }) => accountId ?? []);
    });
  }

  /** The number of peers in each swarm of a served release. */
  peersOf(number: number): readonly number[] {
    const release = this.#releases.get(number);
    if (release?.access === undefined) return [];
    return release.infoHashes.map((hash) => this.hostsIn(labelOf(release, hexOf(hash))).length);
  }

  /** Whether this key may read feeds. */
  readsFeeds(key: Key, wallMs: number): boolean {
    if (key.kind === 'none') return !this.#signInRequired;
    if (key.kind !== 'feed' && key.kind !== 'old') return false;
    const viewer = this.#accounts.get(key.accountId);
    if (viewer === undefined || isBanned(viewer, wallMs)) return false;
    return key.kind === 'old' ? viewer.passkeyHash !== undefined : viewer.generation === key.generation;
  }

  admit(infoHash: Uint8Array, key: Key, wallMs: number): Label | 'not-served' | 'fetch-again' {
    const hash = hexOf(infoHash);
    if (key.kind === 'none')
      return !this.#signInRequired && this.#isOpen(hash) ? `open ${hash}` : 'not-served';
    if (key.kind === 'garbage' || key.kind === 'feed') return 'fetch-again';
    const viewer = this.#accounts.get(key.accountId);
    if (key.kind === 'old') {
      if (viewer?.passkeyHash === undefined || isBanned(viewer, wallMs)) return 'not-served';
      const labels = new Set(
        this.#with(hash)
          .filter((release) => sees(viewer, release))
          .map((release) => labelOf(release, hash)),
      );
      const [first] = labels;
      return labels.size > 1 ? 'fetch-again' : (first ?? 'not-served');
    }
    if (viewer === undefined) return 'fetch-again';
    if (isBanned(viewer, wallMs)) return 'not-served';
    if (viewer.generation !== key.generation) return 'fetch-again';
    const release = this.#with(hash).find(({ number }) => number === key.release);
    return release !== undefined && sees(viewer, release) ? labelOf(release, hash) : 'not-served';
  }

  /** The release that an announce counts for: the oldest of several public ones. */
  releaseOf(infoHash: Uint8Array, key: Key): number | undefined {
    if (key.kind === 'release') return key.release;
    if (key.kind !== 'old') return undefined;
    const viewer = this.#accounts.get(key.accountId)!;
    return this.#with(hexOf(infoHash)).find((release) => sees(viewer, release))?.number;
  }

  announced(label: Label, host: string, isStopped: boolean, listed: Listed): void {
    const hosts = this.#listed.get(label) ?? new Map<string, Listed>();
    this.#listed.set(label, hosts);
    if (isStopped) hosts.delete(host);
    else hosts.set(host, this.#known(listed, hosts.get(host)));
  }

  /**
   * Restarts the tracker. Peers of unknown accounts come back without an account where anonymous peers are
   * served. Returns those that do not come back.
   */
  restart(): [Label, string][] {
    const gone: [Label, string][] = [];
    this.hasUnknown = false;
    for (const [label, hosts] of this.#listed)
      for (const [host, { isUnknown }] of hosts)
        if (isUnknown) {
          if (label.startsWith('open') && !this.#signInRequired)
            hosts.set(host, { accountId: undefined, release: undefined });
          else {
            hosts.delete(host);
            gone.push([label, host]);
          }
        }
    return gone;
  }

  /** The peer as it is listed, with its account if there is room for another known one. */
  #known(listed: Listed, before: Listed | undefined): Listed {
    if (listed.accountId === undefined || before?.accountId !== undefined) return listed;
    let known = 0;
    for (const hosts of this.#listed.values())
      for (const { accountId } of hosts.values()) if (accountId !== undefined) known += 1;
    if (known < this.#presentMax) return listed;
    this.hasUnknown = true;
    return { accountId: undefined, release: undefined, isUnknown: true };
  }

  sees(accountId: number | undefined, number: number): boolean {
    const release = this.#releases.get(number);
    if (release?.access === undefined) return false;
    if (accountId === undefined) return release.access.visibility === 'everyone';
    const viewer = this.#accounts.get(accountId);
    return viewer !== undefined && sees(viewer, release);
  }

  setRelease(release: ServedRelease): void {
    this.#releases.set(release.number, release);
    for (const [label, hosts] of this.#listed) {
      const [kind, first, second] = label.split(' ');
      const hash = kind === 'open' ? first! : second!;
      const isGone =
        kind === 'open'
          ? !this.#isOpen(hash)
          : Number(first) === release.number &&
            // A swarm with peers of unknown accounts is dropped.
            (!has(release, hash, false) || this.hasUnknown);
      if (isGone) hosts.clear();
      for (const [host, listed] of hosts)
        if (listed.release === release.number && !this.#isStillIn(listed, label)) hosts.delete(host);
    }
  }

  setAccount(access: AccountAccess, wallMs: number): void {
    const before = this.#accounts.get(access.accountId);
    this.#accounts.set(access.accountId, access);
    const isOut =
      isBanned(access, wallMs) || (before !== undefined && before.generation !== access.generation);
    if (this.hasUnknown && before !== undefined) this.#beginAnew(before, access, isOut);
    for (const [label, hosts] of this.#listed)
      for (const [host, listed] of hosts)
        if (listed.accountId === access.accountId && (isOut || !this.#isStillIn(listed, label)))
          hosts.delete(host);
  }

  /** A peer of an unknown account may be of this one: swarms that it may no longer enter are dropped. */
  #beginAnew(before: AccountAccess, now: AccountAccess, isOut: boolean): void {
    for (const [label, hosts] of this.#listed) {
      const [kind, number] = label.split(' ');
      const release = kind === 'own' ? this.#releases.get(Number(number)) : undefined;
      if (release !== undefined && sees(before, release) && (isOut || !sees(now, release))) hosts.clear();
    }
  }

  #isStillIn({ accountId, release: number }: Listed, label: Label): boolean {
    if (accountId === undefined || number === undefined) return true;
    const release = this.#releases.get(number);
    const viewer = this.#accounts.get(accountId);
    if (release === undefined || viewer === undefined || !sees(viewer, release)) return false;
    const hash = label.split(' ').at(-1)!;
    return has(release, hash, label.startsWith('open')) && labelOf(release, hash) === label;
  }

  #with(hash: string): ServedRelease[] {
    return [...this.#releases.values()]
      .filter(({ access, infoHashes }) => access !== undefined && infoHashes.some((h) => hexOf(h) === hash))
      .sort((a, b) => a.number - b.number);
  }

  #isOpen(hash: string): boolean {
    return this.#with(hash).some(({ access }) => access!.visibility === 'everyone');
  }
}

function has({ access, infoHashes }: ServedRelease, hash: string, asOpen: boolean): boolean {
  if (access === undefined || (access.visibility === 'everyone') !== asOpen) return false;
  return infoHashes.some((h) => hexOf(h) === hash);
}

function labelOf({ access, number }: ServedRelease, hash: string): Label {
  return access!.visibility === 'everyone' ? `open ${hash}` : `own ${number} ${hash}`;
}

function isBanned({ bannedUntilMs }: AccountAccess, wallMs: number): boolean {
  return bannedUntilMs !== undefined && wallMs < bannedUntilMs;
}

function sees({ accountId, role, groupIds }: AccountAccess, { access }: ServedRelease): boolean {
  if (access === undefined) return false;
  const { visibility, publisherId, groupId, peopleIds = [] } = access;
  if (accountId === publisherId || visibility === 'everyone') return true;
  if (visibility === 'members') return role !== 'guest';
  if (visibility === 'group') return groupId !== undefined && groupIds.includes(groupId);
  return visibility === 'people' && peopleIds.includes(accountId);
}
