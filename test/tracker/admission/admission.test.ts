import { describe, expect, it } from 'vitest';
import type { ReleaseAccess } from '../../../tracker/access.ts';
import { openPasskeys } from '../../../tracker/admission/passkeys.ts';
import { openAdmission } from '../../../tracker/admission.ts';
import type { AccountAccess } from '../../../tracker/community/contract.ts';
import { accountPasskeyHash } from '../../../tracker/community/sign-in/secrets.ts';

const hash = (byte: number) => new Uint8Array(20).fill(byte);
const release = (number: number, bytes: readonly number[], access?: Omit<ReleaseAccess, 'publisherId'>) => ({
  number,
  releaseId: `release ${number}`,
  infoHashes: bytes.map(hash),
  access: access && { publisherId: 1, ...access },
});
/** A passkey of an account alone, as older versions handed out. */
const accountPasskey = (accountId: number) => String.fromCharCode(96 + accountId).repeat(32);
const account = (
  accountId: number,
  role: 'guest' | 'member' | 'owner' = 'member',
  groupIds: number[] = [],
): AccountAccess => ({
  accountId,
  generation: 1,
  passkeyHash: accountPasskeyHash(accountPasskey(accountId)),
  role,
  groupIds,
});
const [open, members, group, hidden] = [1, 2, 3, 4];

function scene(signInRequired = false) {
  const passkeys = openPasskeys(hash(9));
  const admission = openAdmission({ signInRequired, passkeys });
  for (const one of [
    account(1),
    account(2),
    account(3, 'guest'),
    account(4, 'owner'),
    account(5, 'guest', [7]),
  ]) {
    admission.setAccount(one);
  }
  admission.setRelease(release(open, [10, 11], { visibility: 'everyone' }));
  admission.setRelease(release(members, [20], { visibility: 'members' }));
  admission.setRelease(release(group, [30], { visibility: 'group', groupId: 7 }));
  admission.setRelease(release(hidden, [40], { visibility: 'nobody' }));
  const passkey = (accountId: number, number: number, generation = 1) =>
    passkeys.make({ kind: 'announce', accountId, release: number, generation });
  const admit = (byte: number, key?: string, nowMs = 0) => admission.admit(hash(byte), key, nowMs);
  /** The accounts that are served with a passkey of this release; 0 for a stranger. */
  const servedTo = (byte: number, number: number, nowMs = 0) =>
    [undefined, 1, 2, 3, 4, 5].flatMap((id) => {
      const admitted = admit(byte, id === undefined ? id : passkey(id, number), nowMs);
      return typeof admitted === 'string' ? [] : [admitted.account?.accountId ?? 0];
    });
  /** The swarm in hex, or the refusal. */
  const swarm = (byte: number, key?: string) => {
    const admitted = admit(byte, key);
    return typeof admitted === 'string' ? admitted : Buffer.from(admitted.swarm).toString('hex');
  };
  return { admission, passkeys, passkey, admit, servedTo, swarm };
}
const named = (byte: number) => Buffer.from(hash(byte)).toString('hex');

describe('admission', () => {
  it('a release is served to every account that may see it, and to strangers if it is public', () => {
    const { servedTo } = scene();
    expect(servedTo(10, open)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(servedTo(11, open)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(servedTo(20, members)).toEqual([1, 2, 4]);
    expect(servedTo(30, group)).toEqual([1, 5]);
    expect(servedTo(40, hidden)).toEqual([1]);
  });

  it('a hash that is unknown, hidden, or of another release is not served', () => {
    const { admit, passkey } = scene();
    const answers = [
      admit(99, passkey(2, open)),
      admit(40, passkey(2, hidden)),
      admit(40),
      admit(20),
      admit(20, passkey(2, open)),
      admit(10, passkey(2, members)),
      admit(10, passkey(2, 99)),
      admit(99, accountPasskey(2)),
      admit(40, accountPasskey(2)),
      admit(10, accountPasskey(9)),
    ];
    expect(new Set(answers)).toEqual(new Set(['not-served']));
  });

  it('an unknown or invalid passkey is told to fetch the torrent again, for every hash', () => {
    const { admit, passkey, passkeys } = scene();
    const feedKey = passkeys.make({ kind: 'feed', accountId: 2, generation: 1 });
    for (const none of [passkey(99, open), feedKey, 'wrong', '', 'a'.repeat(48)]) {
      for (const byte of [10, 40, 99]) expect(admit(byte, none)).toBe('fetch-again');
    }
  });

  it('strangers are not served where sign-in is required', () => {
    const { servedTo } = scene(true);
    expect(servedTo(10, open)).toEqual([1, 2, 3, 4, 5]);
  });

  it('a ban, a role or a group change takes effect at the next announce', () => {
    const { admission, servedTo } = scene();
    admission.setAccount({ ...account(1), bannedUntilMs: 1_000 });
    expect(servedTo(10, open, 999)).not.toContain(1);
    expect(servedTo(10, open, 1_000)).toContain(1);
    admission.setAccount({ ...account(4, 'owner'), bannedUntilMs: Infinity });
    expect(servedTo(10, open, Number.MAX_SAFE_INTEGER)).not.toContain(4);
    admission.setAccount(account(5, 'guest', []));
    expect(servedTo(30, group)).not.toContain(5);
  });

  it("a change of a release's access applies to all its versions", () => {
    const { admission, servedTo } = scene();
    admission.setRelease(release(open, [10, 11, 12], { visibility: 'nobody' }));
    for (const byte of [10, 11, 12]) expect(servedTo(byte, open)).toEqual([1]);
    admission.setRelease(release(open, [10, 11, 12]));
    for (const byte of [10, 11, 12]) expect(servedTo(byte, open)).toEqual([]);
  });

  it('a passkey of an earlier generation is told to fetch the torrent again, for every hash', () => {
    const { admission, admit, passkey } = scene();
    admission.setAccount({ ...account(2), generation: 2 });
    for (const byte of [10, 20, 40, 99]) expect(admit(byte, passkey(2, open))).toBe('fetch-again');
    expect(admit(10, passkey(2, open, 2))).toMatchObject({ account: { accountId: 2 } });
    expect(admission.passkeyFor(2, `release ${open}`)).toBe(passkey(2, open, 2));
    expect([admission.passkeyFor(2, 'nowhere'), admission.passkeyFor(99, `release ${open}`)]).toEqual([
      undefined,
      undefined,
    ]);
  });
});

describe('a torrent in several releases', () => {
  it('a torrent has one swarm for all its public releases, named by its hash, and one for each restricted release', () => {
    const { admission, passkey, swarm } = scene();
    admission.setRelease(release(5, [30], { visibility: 'everyone' }));
    admission.setRelease(release(6, [30], { visibility: 'everyone' }));
    admission.setRelease(release(7, [30], { visibility: 'members' }));
    admission.setRelease(release(8, [30], { visibility: 'members' }));
    for (const key of [undefined, passkey(5, 5), passkey(1, 6)]) expect(swarm(30, key)).toBe(named(30));
    const own = [swarm(30, passkey(1, group)), swarm(30, passkey(1, 7)), swarm(30, passkey(2, 8))];
    expect(new Set([...own, named(30)]).size).toBe(4);
    expect(swarm(30, passkey(5, group))).toBe(own[0]);
    expect([swarm(30, passkey(3, group)), swarm(30, passkey(5, 7))]).toEqual(['not-served', 'not-served']);
  });

  it('a restricted release keeps its swarm when its people or versions change, and enters the public swarm when public', () => {
    const { admission, passkey, swarm } = scene();
    const before = swarm(30, passkey(1, group));
    admission.setRelease(release(group, [30, 31], { visibility: 'people', peopleIds: [3] }));
    expect(swarm(30, passkey(3, group))).toBe(before);
    expect(swarm(31, passkey(3, group))).not.toBe(before);
    admission.setRelease(release(group, [30, 31], { visibility: 'everyone' }));
    expect(swarm(30, passkey(3, group))).toBe(named(30));
    expect(swarm(30)).toBe(named(30));
    admission.setRelease(release(group, [30, 31], { visibility: 'nobody' }));
    expect([swarm(30), swarm(30, passkey(3, group))]).toEqual(['not-served', 'not-served']);
  });
});

describe('a passkey of an account alone', () => {
  it('a passkey of an account alone is valid if that account sees one release with the hash', () => {
    const { swarm, passkey } = scene();
    expect(swarm(10, accountPasskey(3))).toBe(named(10));
    expect(swarm(20, accountPasskey(2))).toBe(swarm(20, passkey(2, members)));
    expect(swarm(20, accountPasskey(3))).toBe('not-served');
    expect(swarm(40, accountPasskey(1))).toBe(swarm(40, passkey(1, hidden)));
  });

  it('a passkey of an account alone is told to fetch again if the account sees two swarms, and learns nothing of others', () => {
    const { admission, swarm } = scene();
    admission.setRelease(release(5, [30], { visibility: 'everyone' }));
    expect(swarm(30, accountPasskey(5))).toBe('fetch-again');
    expect(swarm(30, accountPasskey(2))).toBe(named(30));
    admission.setRelease(release(6, [30], { visibility: 'everyone' }));
    expect(swarm(30, accountPasskey(2))).toBe(named(30));
  });

  it('a passkey of an account alone ends with a new generation, and with a ban', () => {
    const { admission, admit } = scene();
    expect(typeof admit(10, accountPasskey(2))).toBe('object');
    const { passkeyHash: _, ...renewed } = account(2);
    admission.setAccount({ ...renewed, generation: 2 });
    expect(admit(10, accountPasskey(2))).toBe('not-served');
    admission.setAccount({ ...account(3), bannedUntilMs: 5 });
    expect(admit(10, accountPasskey(3))).toBe('not-served');
  });
});

it('a feed is opened by its key and by a passkey of an account alone, and not by one from a torrent', () => {
  const { admission, passkey } = scene();
  const key = admission.feedKeyFor(2)!;
  expect(admission.feedReader(key, 0)).toMatchObject({ accountId: 2 });
  expect(admission.feedReader(accountPasskey(2), 0)).toMatchObject({ accountId: 2 });
  expect(admission.feedReader(undefined, 0)).toMatchObject({ role: 'anonymous' });
  for (const wrong of [passkey(2, open), '', 'a'.repeat(48), accountPasskey(9)]) {
    expect(admission.feedReader(wrong, 0)).toBeUndefined();
  }
  admission.setAccount({ ...account(2), generation: 2 });
  expect(admission.feedReader(key, 0)).toBeUndefined();
  expect(scene(true).admission.feedReader(undefined, 0)).toBeUndefined();
});
