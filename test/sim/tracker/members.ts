/**
 * Members and anonymous peers of a tracker with a catalogue. They announce with every kind of passkey, while
 * accounts are banned, renewed and moved, and releases are published, restricted and withdrawn. The tracker
 * is separate and has no part in the swarm. Its model says who may enter which swarm and who is listed
 * (access-model.ts).
 */
import type { Prng } from '../../../client/engine/prng.ts';
import { openPasskeys, type Passkeys } from '../../../tracker/admission/passkeys.ts';
import type { ServedRelease } from '../../../tracker/catalogue/contract.ts';
import { accountPasskeyHash } from '../../../tracker/community/sign-in/secrets.ts';
import { packAddress } from '../../../tracker/protocol/address.ts';
import { decodeSwarms } from '../../../tracker/registry/snapshot.ts';
import { openSwarmAccess, type SwarmAccess } from '../../../tracker/swarms/swarm-access.ts';
import { AccessModel, type Key, type Label } from './access-model.ts';
import { hexOf } from './addresses.ts';
import { JudgedRegistry } from './judged-registry.ts';
import { accountsMax, drawAccess, oldKey } from './member-draws.ts';
import { announceOf } from './strangers.ts';

export interface MembersPlan {
  readonly steps: number;
  readonly signInRequired: boolean;
  /** How many peers may be listed with a known account; unlimited without it. */
  readonly presentMax?: number;
}

const releasesMax = 4;
const hashesMax = 3;
/** Long, so that peers leave the list only through actions of the test. */
const timeoutSeconds = 1_000_000;

/** Describes the first wrong answer, or undefined. */
export function playMembers(plan: MembersPlan, random: Prng): string | undefined {
  const play = new Play(plan, random);
  for (let step = 0; step < plan.steps; step++) {
    const disbelief = play.step();
    if (disbelief !== undefined) return disbelief;
  }
  return undefined;
}

class Play {
  readonly #random: Prng;
  #registry = new JudgedRegistry({ peerTimeoutSeconds: timeoutSeconds });
  readonly #signInRequired: boolean;
  readonly #presentMax: number | undefined;
  readonly #passkeys: Passkeys;
  #access: SwarmAccess;
  readonly #model: AccessModel;
  /** The registry's swarm hash of each label. */
  readonly #hashes = new Map<Label, Uint8Array>();
  readonly #finished: string[] = [];
  #lastSwarm: Uint8Array | undefined;
  #nowMs = 0;

  constructor({ signInRequired, presentMax }: MembersPlan, random: Prng) {
    this.#random = random;
    this.#signInRequired = signInRequired;
    this.#presentMax = presentMax;
    // A cache of one to four passkeys: evicted ones must be read as before.
    this.#passkeys = openPasskeys(new Uint8Array(32).fill(random.below(256)), 1 + random.below(4));
    this.#model = new AccessModel(signInRequired, presentMax);
    this.#registry.onAnnounce = (swarm) => {
      this.#lastSwarm = swarm;
    };
    this.#access = this.#open();
    for (let n = 0; n < accountsMax; n++) this.#changeAccount();
    for (let n = 0; n < releasesMax; n++) this.#changeRelease();
  }

  #open(): SwarmAccess {
    return openSwarmAccess({
      signInRequired: this.#signInRequired,
      passkeys: this.#passkeys,
      registry: this.#registry,
      peerTimeoutMs: timeoutSeconds * 1_000,
      ...(this.#presentMax !== undefined && { presentMax: this.#presentMax }),
      onChanged: () => {},
      onFinished: (releaseId, accountId) => this.#finished.push(`${releaseId} ${accountId}`),
    });
  }

  step(): string | undefined {
    // Coarse, so that bans often end at the very moment of an announce.
    this.#nowMs += 250 * this.#random.below(5);
    const what = this.#random.below(16);
    if (what === 0) this.#changeAccount();
    else if (what === 1) this.#changeRelease();
    else if (what === 2) {
      const disbelief = this.#restart();
      if (disbelief !== undefined) return disbelief;
    } else if (what === 3) {
      const disbelief = this.#judgeHolders() ?? this.#judgeKeys();
      if (disbelief !== undefined) return disbelief;
    } else {
      const disbelief = this.#announce();
      if (disbelief !== undefined) return disbelief;
    }
    return this.#registry.disbelief ?? this.#judgeListed() ?? this.#judgeSight() ?? this.#judgeFeeds();
  }

  // Changes ---------------------------------------------------------------------------------------------

  #changeAccount(): void {
    const random = this.#random;
    const accountId = 1 + random.below(accountsMax);
    const before = this.#model.account(accountId);
    const access = {
      accountId,
      generation: (before?.generation ?? 0) + (random.below(4) === 0 ? 1 : 0),
      role: (['guest', 'member', 'moderator', 'owner'] as const)[random.below(4)]!,
      groupIds: random.below(2) === 0 ? [] : [1 + random.below(2)],
      ...(random.below(3) > 0 && { passkeyHash: accountPasskeyHash(oldKey(accountId)) }),
      ...(random.below(4) === 0 && { bannedUntilMs: this.#nowMs + 250 * random.below(80) }),
    };
    this.#access.setAccount(access, this.#nowMs);
    this.#model.setAccount(access, this.#nowMs);
  }

  #changeRelease(): void {
    const random = this.#random;
    const number = 1 + random.below(releasesMax);
    const infoHashes = Array.from({ length: hashesMax }, (_, n) => new Uint8Array(20).fill(n + 1)).filter(
      () => random.below(2) === 0,
    );
    const before = [...this.#model.releases].find((release) => release.number === number);
    // Often only its texts have changed.
    const drawn: ServedRelease = {
      number,
      releaseId: `release-${number}`,
      infoHashes,
      access: random.below(8) === 0 ? undefined : drawAccess(random),
    };
    const release = before !== undefined && random.below(3) === 0 ? before : drawn;
    this.#access.setRelease(release);
    this.#model.setRelease(release);
  }

  /**
   * Restarts the tracker with a snapshot of its peers. One thing changes after the snapshot: peers that may
   * no longer enter must not come back.
   */
  #restart(): string | undefined {
    const random = this.#random;
    const saved = decodeSwarms(Buffer.concat([...this.#access.snapshot(this.#nowMs)]));
    if (saved === undefined) return 'cannot read its own snapshot';
    // Swarms dropped because of unknown accounts come back with an older snapshot: nothing is changed.
    const change = this.#model.hasUnknown ? 3 : random.below(4);
    if (change < 2) this.#changeAccount();
    if (change === 2) this.#changeRelease();
    for (const [label, host] of this.#model.restart())
      this.#registry.remove(this.#hashes.get(label)!, packAddress(host)!, 6_881);
    this.#registry = this.#registry.emptied();
    this.#access = this.#open();
    for (const release of this.#model.releases) this.#access.setRelease(release);
    for (const account of this.#model.accounts) this.#access.setAccount(account, this.#nowMs);
    this.#access.restore(saved, { nowMs: this.#nowMs, wallMs: this.#nowMs }, random.below(2_000));
    return undefined;
  }

  // Requests --------------------------------------------------------------------------------------------

  #announce(): string | undefined {
    const random = this.#random;
    const infoHash = new Uint8Array(20).fill(1 + random.below(hashesMax + 1));
    // Each host belongs to one account, or is anonymous.
    const accountId = random.below(accountsMax + 2);
    const key =
      accountId === 0 || accountId > accountsMax ? ({ kind: 'none' } as const) : this.#drawKey(accountId);
    const host = `10.8.${accountId}.${1 + random.below(2)}`;
    const request = { ...announceOf(infoHash, random), port: 6_881 };
    this.#lastSwarm = undefined;
    this.#finished.length = 0;
    const moment = { nowMs: this.#nowMs, wallMs: this.#nowMs };
    const passkey = this.#textOf(key);
    const should = this.#model.admit(infoHash, key, this.#nowMs);
    const what = `an announce of ${hexOf(infoHash.subarray(0, 1))} with ${JSON.stringify(key)}`;
    const answer = this.#access.announce(request, { remote: packAddress(host)! }, passkey, moment, (bound) =>
      random.below(bound),
    );
    if (typeof answer === 'string' || should === 'not-served' || should === 'fetch-again')
      return answer === should
        ? this.#judgeUnseen(infoHash, passkey, what)
        : `answers ${what}: ${show(answer)}, and ${should} it should`;
    const disbelief = this.#judgeSwarm(should, what);
    if (disbelief !== undefined) return disbelief;
    const isOfAccount = key.kind === 'release' || key.kind === 'old';
    const release = isOfAccount ? this.#model.releaseOf(infoHash, key) : undefined;
    const listed = { accountId: isOfAccount ? accountId : undefined, release };
    this.#model.announced(should, host, request.event === 'stopped', listed);
    const hasFinished = isOfAccount && request.event === 'completed' && request.left === 0;
    const finished = hasFinished ? `release-${release} ${accountId}` : '';
    if (this.#finished.join() !== finished)
      return `${what} finishes “${this.#finished.join()}”, not “${finished}”`;
    const [scraped] = this.#access.scrape([infoHash], passkey, moment);
    const there = this.#model.hostsIn(should).length;
    return scraped!.complete + scraped!.incomplete === there
      ? undefined
      : `a scrape after ${what} counts ${scraped!.complete + scraped!.incomplete} peers, and ${there} are there`;
  }

  /** A swarm that a passkey may not see looks as if it did not exist. */
  #judgeUnseen(infoHash: Uint8Array, passkey: string | undefined, what: string): string | undefined {
    const moment = { nowMs: this.#nowMs, wallMs: this.#nowMs };
    const { complete, incomplete, downloaded } = this.#access.scrape([infoHash], passkey, moment)[0]!;
    return complete + incomplete + downloaded === 0 ? undefined : `refuses ${what}, and counts its peers`;
  }

  #drawKey(accountId: number): Key {
    const random = this.#random;
    const { generation } = this.#model.account(accountId) ?? { generation: 0 };
    // A key of an earlier generation now and then.
    const made = Math.max(0, generation - (random.below(6) === 0 ? 1 : 0));
    const kind = (['release', 'release', 'release', 'old', 'feed', 'garbage'] as const)[random.below(6)]!;
    if (kind === 'garbage') return { kind };
    if (kind === 'old') return { kind, accountId };
    if (kind === 'feed') return { kind, accountId, generation: made };
    return { kind, accountId, generation: made, release: 1 + random.below(releasesMax + 1) };
  }

  #textOf(key: Key): string | undefined {
    switch (key.kind) {
      case 'none':
        return undefined;
      case 'garbage':
        return this.#forged();
      case 'old':
        return oldKey(key.accountId);
      case 'feed':
        return this.#passkeys.make({ ...key, kind: 'feed' });
      case 'release':
        return this.#passkeys.make({ ...key, kind: 'announce' });
    }
  }

  /** Almost a valid passkey: one letter of its content differs, or it is too short. */
  #forged(): string {
    const random = this.#random;
    const [accountId, release] = [1 + random.below(accountsMax), 1 + random.below(releasesMax)];
    const { generation } = this.#model.account(accountId) ?? { generation: 0 };
    const right = this.#passkeys.make({ kind: 'announce', accountId, generation, release });
    if (random.below(4) === 0) return right.slice(0, 20);
    const at = 28 + random.below(18);
    return right.slice(0, at) + (right[at] === 'a' ? 'b' : 'a') + right.slice(at + 1);
  }

  // Expectations ----------------------------------------------------------------------------------------

  /** One label is one swarm, and no two labels share a swarm. */
  #judgeSwarm(label: Label, what: string): string | undefined {
    const swarm = this.#lastSwarm;
    if (swarm === undefined) return `${what} reaches no swarm`;
    const known = this.#hashes.get(label);
    const isOther = [...this.#hashes].some(
      ([other, hash]) => other !== label && hexOf(hash) === hexOf(swarm),
    );
    const isNamedRight =
      known === undefined
        ? !isOther && (!label.startsWith('open') || label === `open ${hexOf(swarm)}`)
        : hexOf(known) === hexOf(swarm);
    this.#hashes.set(label, swarm);
    return isNamedRight ? undefined : `${what} reaches another swarm than “${label}”`;
  }

  #judgeListed(): string | undefined {
    for (const label of this.#model.labels) {
      const hash = this.#hashes.get(label)!;
      const [scraped] = this.#registry.scrape([hash]);
      const listed = scraped!.complete + scraped!.incomplete;
      const should = this.#model.hostsIn(label).length;
      if (listed !== should) return `lists ${listed} peers in “${label}”, and ${should} it should`;
    }
    return undefined;
  }

  /** The holders of a release are shown only to accounts that may see it. Their number is checked. */
  #judgeHolders(): string | undefined {
    const random = this.#random;
    const accountId = random.below(accountsMax + 2) || undefined;
    const number = 1 + random.below(releasesMax + 1);
    const hashes = Array.from({ length: hashesMax }, (_, n) => new Uint8Array(20).fill(n + 1));
    const limit = random.below(4);
    const told = this.#access.holders(accountId, `release-${number}`, hashes, limit);
    const there = this.#model.sees(accountId, number) ? this.#model.holdersOf(number) : [];
    const most = there.reduce((sum, { length }) => sum + Math.min(limit, length), 0);
    const isRight = told.length === most && told.every((holder) => there.flat().includes(holder.accountId));
    if (!isRight)
      return `tells account ${accountId} of ${told.length} holders of release ${number}; ${most} it should`;
    const { complete, incomplete } = this.#access.counts(`release-${number}`);
    const peers = this.#model.peersOf(number);
    const [least, sum] = [Math.max(0, ...peers), peers.reduce((all, one) => all + one, 0)];
    return complete + incomplete >= least && complete + incomplete <= sum
      ? undefined
      : `counts ${complete + incomplete} peers of release ${number}; ${least} to ${sum} it should`;
  }

  /** Which keys open feeds, and to which account each belongs. */
  #judgeFeeds(): string | undefined {
    const random = this.#random;
    const accountId = 1 + random.below(accountsMax + 1);
    const { generation } = this.#model.account(accountId) ?? { generation: 0 };
    const kind = random.below(6);
    const key: Key =
      kind === 0
        ? { kind: 'none' }
        : kind < 4
          ? { kind: 'feed', accountId, generation: Math.max(0, generation - Number(kind === 3)) }
          : this.#drawKey(accountId);
    const reader = this.#access.admission.feedReader(this.#textOf(key), this.#nowMs);
    const should = this.#model.readsFeeds(key, this.#nowMs);
    if ((reader !== undefined) !== should)
      return `${reader ? 'lets' : 'does not let'} feeds be read with ${JSON.stringify(key)}`;
    const whose = should && key.kind !== 'none' ? accountId : undefined;
    return reader?.accountId === whose
      ? undefined
      : `takes a key of ${whose} for one of ${reader?.accountId}`;
  }

  /** The keys made for an account. */
  #judgeKeys(): string | undefined {
    const { admission } = this.#access;
    const accountId = 1 + this.#random.below(accountsMax + 1);
    const generation = this.#model.account(accountId)?.generation;
    const number = 1 + this.#random.below(releasesMax + 1);
    const release = admission.release(`release-${number}`)?.number;
    const feed = generation === undefined ? undefined : this.#textOf({ kind: 'feed', accountId, generation });
    const announce =
      generation === undefined || release === undefined
        ? undefined
        : this.#textOf({ kind: 'release', accountId, generation, release });
    const isRight =
      admission.feedKeyFor(accountId) === feed &&
      admission.passkeyFor(accountId, `release-${number}`) === announce;
    return isRight ? undefined : `makes another key for account ${accountId} and release ${number}`;
  }

  /** Which accounts may see a release. */
  #judgeSight(): string | undefined {
    const accountId = this.#random.below(accountsMax + 1) || undefined;
    const number = 1 + this.#random.below(releasesMax);
    const seen = this.#access.admission.sees(accountId, `release-${number}`);
    return seen === this.#model.sees(accountId, number)
      ? undefined
      : `account ${accountId} ${seen ? 'sees' : 'does not see'} release ${number}`;
  }
}

function show(answer: unknown): string {
  return typeof answer === 'string' ? answer : 'an answer';
}
