/**
 * Announces and changes of access in any order, against a model that knows only who may see what. Every peer
 * is listed to all accounts that may see its release, and to no other.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { maySee, type ReleaseAccess } from '../../../tracker/access.ts';
import { openPasskeys } from '../../../tracker/admission/passkeys.ts';
import type { ServedRelease } from '../../../tracker/catalogue/contract.ts';
import type { AccountAccess } from '../../../tracker/community/contract.ts';
import { accountPasskeyHash } from '../../../tracker/community/sign-in/secrets.ts';
import { replyEndpoints } from '../../../tracker/protocol/announce-reply.ts';
import { decodeSwarms } from '../../../tracker/registry/snapshot.ts';
import { Registry } from '../../../tracker/registry.ts';
import { openSwarmAccess } from '../../../tracker/swarms/swarm-access.ts';

const [accountCount, releaseCount] = [4, 4];
/** Two releases per torrent, all hybrid: every release has two info-hashes. */
const hashesOf = (release: number) => [2 * (release % 2), 2 * (release % 2) + 1];
const hash = (byte: number) => new Uint8Array(20).fill(byte + 1);

type Wanted = Omit<ReleaseAccess, 'publisherId'>;
const wanted: fc.Arbitrary<Wanted | undefined> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Wanted>({ visibility: 'everyone' }) },
  { weight: 3, arbitrary: fc.constant<Wanted>({ visibility: 'group', groupId: 1 }) },
  fc.constant<Wanted>({ visibility: 'members' }),
  fc.record({ visibility: fc.constant('people' as const), peopleIds: fc.subarray([1, 2, 3, 4]) }),
  fc.constant<Wanted>({ visibility: 'nobody' }),
  fc.constant(undefined),
);
const account = fc.integer({ min: 1, max: accountCount });
const release = fc.integer({ min: 1, max: releaseCount });

type Step =
  | { kind: 'release'; release: number; access: Wanted | undefined }
  | { kind: 'account'; account: number; role: 'guest' | 'member'; isInGroup: boolean; isBanned: boolean }
  | { kind: 'renew'; account: number }
  /** Make a snapshot; and restart the tracker from the last one. */
  | { kind: 'snapshot' }
  | { kind: 'restart' }
  | {
      kind: 'announce';
      account: number;
      release: number;
      which: number;
      key: 'own' | 'old' | 'account' | 'none';
      address: number;
      left: number;
      event: 'stopped' | 'completed' | undefined;
    };

const announce = fc.record({
  kind: fc.constant('announce' as const),
  account,
  release,
  which: fc.nat(1),
  key: fc.constantFrom('own', 'own', 'own', 'old', 'account', 'none'),
  address: fc.nat(3),
  left: fc.nat(1),
  event: fc.constantFrom(undefined, undefined, undefined, 'completed' as const, 'stopped' as const),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: announce },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), release, access: wanted }) },
  fc.record({
    kind: fc.constant('account' as const),
    account,
    role: fc.constantFrom('guest' as const, 'member' as const),
    isInGroup: fc.boolean(),
    isBanned: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('renew' as const), account }),
  { weight: 2, arbitrary: fc.constantFrom<Step>({ kind: 'snapshot' }, { kind: 'restart' }) },
);

/** A peer in the model: its account, release and hash, from its last announce that was served. */
interface Listed {
  readonly accountId: number | undefined;
  /** Undefined: a stranger, in the public swarm. */
  readonly release: number | undefined;
  readonly byte: number;
}

function openWorld() {
  const passkeys = openPasskeys(new Uint8Array(32).fill(5));
  const newAccess = () =>
    openSwarmAccess({
      registry: new Registry({ hashSeed: 1 }),
      signInRequired: false,
      passkeys,
      peerTimeoutMs: 1e12,
      onChanged: () => {},
      onFinished: () => {},
    });
  let access = newAccess();
  const releases = new Map<number, ReleaseAccess>();
  const served = new Map<number, ServedRelease>();
  const accounts = new Map<number, AccountAccess>();
  const accountPasskey = (id: number) => String.fromCharCode(96 + id).repeat(32);
  for (let accountId = 1; accountId <= accountCount; accountId++) {
    setAccount({
      accountId,
      generation: 1,
      passkeyHash: accountPasskeyHash(accountPasskey(accountId)),
      role: 'member',
      groupIds: [1],
    });
  }
  for (let number = 1; number <= releaseCount; number++) {
    setRelease(number, number % 3 === 0 ? { visibility: 'group', groupId: 1 } : { visibility: 'everyone' });
  }

  function setAccount(account: AccountAccess): void {
    accounts.set(account.accountId, account);
    access.setAccount(account, 0);
  }

  function setRelease(number: number, wanted: Wanted | undefined): void {
    const infoHashes = hashesOf(number).map(hash);
    const now = wanted && { publisherId: ((number - 1) % accountCount) + 1, ...wanted };
    if (now === undefined) releases.delete(number);
    else releases.set(number, now);
    const release = { number, releaseId: `release ${number}`, infoHashes, access: now };
    served.set(number, release);
    access.setRelease(release);
  }

  /** The tracker ends in any way: it restores only what the database and the snapshot hold. */
  function restart(snapshot: Uint8Array): void {
    access = newAccess();
    for (const release of served.values()) access.admission.setRelease(release);
    for (const account of accounts.values()) access.admission.setAccount(account);
    access.restore(decodeSwarms(snapshot)!, { nowMs: 0, wallMs: 0 }, 0);
  }

  const sees = (accountId: number, number: number): boolean => {
    const [account, release] = [accounts.get(accountId)!, releases.get(number)];
    return release !== undefined && account.bannedUntilMs === undefined && maySee(account, release);
  };
  const isOpen = (byte: number) =>
    [...releases].some(
      ([number, { visibility }]) => visibility === 'everyone' && hashesOf(number).includes(byte),
    );
  const changes = { setAccount, setRelease, restart };
  return {
    get access() {
      return access;
    },
    ...{ passkeys, accounts, releases, accountPasskey, sees, isOpen, ...changes },
  };
}

type World = ReturnType<typeof openWorld>;

/** Each account, and strangers, have their own port; an account has several addresses. */
const portOf = (accountId: number | undefined) => 7000 + (accountId ?? 0);
const endpointOf = (accountId: number | undefined, address: number) =>
  `10.0.0.${address + 1}:${portOf(accountId)}`;

function runAnnounce(
  world: World,
  told: Extract<Step, { kind: 'announce' }>,
  listed: Map<string, Listed>,
): void {
  const { access, passkeys, accounts, accountPasskey } = world;
  const byte = hashesOf(told.release)[told.which]!;
  const isStranger = told.key === 'none';
  const accountId = isStranger ? undefined : told.account;
  const generation = accounts.get(told.account)!.generation - (told.key === 'old' ? 1 : 0);
  const own = { kind: 'announce', accountId: told.account, release: told.release, generation } as const;
  const passkey = isStranger
    ? undefined
    : told.key === 'account'
      ? accountPasskey(told.account)
      : passkeys.make(own);
  const port = portOf(accountId);
  const request = {
    ...{ infoHash: hash(byte), peerId: new Uint8Array(20), port, uploaded: 1, downloaded: 1 },
    ...{ left: told.left, event: told.event, numWant: 200, compact: true },
  };
  const remote = Uint8Array.of(10, 0, 0, told.address + 1);
  const moment = { nowMs: 0, wallMs: 0 };
  const reply = access.announce(request, { remote }, passkey, moment, () => 0);
  const isServed = typeof reply !== 'string' && !('failureReason' in reply);
  // Oldest first: a passkey of an account alone applies to the first release that fits.
  const visible = [...world.releases.keys()]
    .sort((one, other) => one - other)
    .filter((number) => hashesOf(number).includes(byte) && !isStranger && world.sees(told.account, number));
  const isOpenFor = (number: number) => world.releases.get(number)!.visibility === 'everyone';
  if (told.key === 'own') expect(isServed).toBe(world.sees(told.account, told.release));
  if (told.key === 'old') expect(isServed).toBe(false);
  if (isStranger) expect(isServed).toBe(world.isOpen(byte));
  if (told.key === 'account' && accounts.get(told.account)!.passkeyHash !== undefined) {
    const isClear = visible.length === 1 || (visible.length > 1 && visible.every(isOpenFor));
    expect(isServed).toBe(isClear);
  }
  if (!isServed) return;
  const release = isStranger ? undefined : told.key === 'own' ? told.release : visible[0]!;
  const inSwarm = (peer: Listed) =>
    peer.byte === byte &&
    (release === undefined || isOpenFor(release)
      ? peer.release === undefined || isOpenFor(peer.release)
      : peer.release === release);
  const me = endpointOf(accountId, told.address);
  const key = (at: string) =>
    `${at} ${byte} ${release === undefined || isOpenFor(release) ? 'open' : release}`;
  if (told.event === 'stopped') {
    listed.delete(key(me));
    return;
  }
  const others = [...listed].filter(([at, peer]) => inSwarm(peer) && at !== key(me));
  // Seeds receive only leechers, so all peers are checked for leechers only.
  if (told.left > 0) {
    const heard = replyEndpoints(reply).map(({ host, port }) => `${host}:${port}`);
    expect(heard.sort()).toEqual(others.map(([at]) => at.split(' ')[0]!).sort());
  }
  listed.set(key(me), { accountId, release, byte });
}

/** Removes the peers that must leave after a change of access, by the rules alone. */
function forgetUnseen(world: World, listed: Map<string, Listed>, before: ReadonlyMap<number, string>): void {
  for (const [at, { accountId, release, byte }] of listed) {
    const isIn =
      release === undefined || accountId === undefined
        ? world.isOpen(byte)
        : world.sees(accountId, release) &&
          // A peer moves between a release's own swarm and the public one at its next announce.
          (world.releases.get(release)!.visibility === 'everyone') === (before.get(release) === 'everyone');
    if (!isIn) listed.delete(at);
  }
}

/** A snapshot with the model's peers, and their accounts and releases at that time. */
interface Snapshot {
  readonly bytes: Uint8Array;
  readonly listed: ReadonlyMap<string, Listed>;
  readonly generations: ReadonlyMap<number, number>;
  readonly visibilities: ReadonlyMap<number, string>;
}

function takeSnapshot({ access, accounts, releases }: World, listed: Map<string, Listed>): Snapshot {
  return {
    bytes: Buffer.concat([...access.snapshot(0)]),
    listed: new Map(listed),
    generations: new Map([...accounts].map(([id, { generation }]) => [id, generation])),
    visibilities: new Map([...releases].map(([number, { visibility }]) => [number, visibility])),
  };
}

/** A peer returns from a snapshot if it would be admitted now, into the swarm in which it was. */
function comeBack(world: World, taken: Snapshot, listed: Map<string, Listed>): void {
  listed.clear();
  for (const [at, peer] of taken.listed) {
    const { accountId } = peer;
    const isRenewed =
      accountId !== undefined &&
      taken.generations.get(accountId) !== world.accounts.get(accountId)!.generation;
    if (!isRenewed) listed.set(at, peer);
  }
  forgetUnseen(world, listed, taken.visibilities);
}

it('a peer is listed to all accounts that may see its release, and to no other, through all changes of access', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 60 }), (steps) => {
      const world = openWorld();
      const listed = new Map<string, Listed>();
      let taken = takeSnapshot(world, listed);
      for (const one of steps) {
        const before = new Map([...world.releases].map(([number, { visibility }]) => [number, visibility]));
        if (one.kind === 'announce') {
          runAnnounce(world, one, listed);
          continue;
        }
        if (one.kind === 'snapshot') {
          taken = takeSnapshot(world, listed);
          continue;
        }
        if (one.kind === 'restart') {
          world.restart(taken.bytes);
          comeBack(world, taken, listed);
          continue;
        }
        if (one.kind === 'release') world.setRelease(one.release, one.access);
        else {
          const account = world.accounts.get(one.account)!;
          if (one.kind === 'renew') {
            const { passkeyHash: _, ...rest } = account;
            world.setAccount({ ...rest, generation: account.generation + 1 });
            for (const [at, { accountId }] of listed) if (accountId === one.account) listed.delete(at);
          } else {
            const { bannedUntilMs: _, ...rest } = account;
            world.setAccount({
              ...rest,
              role: one.role,
              groupIds: one.isInGroup ? [1] : [],
              ...(one.isBanned && { bannedUntilMs: Infinity }),
            });
          }
        }
        forgetUnseen(world, listed, before);
      }
      checkHolders(world, listed);
    }),
    { numRuns: 500 },
  );
});

/** Holders and counts agree with the swarms. */
function checkHolders({ access, releases, sees }: World, listed: ReadonlyMap<string, Listed>): void {
  for (const [number, { visibility }] of releases) {
    const isOpen = visibility === 'everyone';
    const mine = [...listed].filter(
      ([, { release, byte }]) =>
        hashesOf(number).includes(byte) &&
        (isOpen
          ? release === undefined || releases.get(release)?.visibility === 'everyone'
          : release === number),
    );
    const byHash = hashesOf(number).map((byte) => mine.filter(([, peer]) => peer.byte === byte).length);
    const { complete, incomplete } = access.counts(`release ${number}`);
    expect(complete + incomplete).toBeGreaterThanOrEqual(Math.max(...byHash));
    expect(complete + incomplete).toBeLessThanOrEqual(byHash.reduce((sum, count) => sum + count));
    const named = mine
      .filter(([, { accountId }]) => accountId !== undefined)
      .map(([at]) => at.split(' ')[0]!);
    for (let accountId = 1; accountId <= accountCount; accountId++) {
      const holders = access.holders(accountId, `release ${number}`, hashesOf(number).map(hash), 1000);
      const maySee = sees(accountId, number);
      // A banned account cannot ask.
      if (!maySee) continue;
      expect(holders.map(({ host, port }) => `${host}:${port}`).sort()).toEqual(named.sort());
    }
    if (!isOpen) {
      expect(access.holders(undefined, `release ${number}`, hashesOf(number).map(hash), 1000)).toEqual([]);
    }
  }
}
