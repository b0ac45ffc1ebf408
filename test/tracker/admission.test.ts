import { expect, it } from 'vitest';
import { openAdmission } from '../../tracker/admission.ts';
import type { ReleaseAccess } from '../../tracker/catalogue/contract.ts';

const hash = (byte: number) => new Uint8Array(20).fill(byte);
const release = (
  releaseId: string,
  bytes: readonly number[],
  access?: Omit<ReleaseAccess, 'publisherId'>,
) => ({
  releaseId,
  infoHashes: bytes.map(hash),
  access: access && { publisherId: 1, ...access },
});
const account = (
  accountId: number,
  role: 'guest' | 'member' | 'owner' = 'member',
  groupIds: number[] = [],
) => ({
  accountId,
  passkey: `key${accountId}`,
  role,
  groupIds,
});

function scene(signInRequired = false) {
  const admission = openAdmission({ signInRequired });
  for (const one of [
    account(1),
    account(2),
    account(3, 'guest'),
    account(4, 'owner'),
    account(5, 'guest', [7]),
  ]) {
    admission.setAccount(one);
  }
  admission.setRelease(release('open', [10, 11], { visibility: 'everyone' }));
  admission.setRelease(release('members', [20], { visibility: 'members' }));
  admission.setRelease(release('group', [30], { visibility: 'group', groupId: 7 }));
  admission.setRelease(release('hidden', [40], { visibility: 'nobody' }));
  /** Whom it is served to: account ids, 0 for a stranger. */
  const servedTo = (byte: number, nowMs = 0) =>
    [undefined, 1, 2, 3, 4, 5].flatMap((id) => {
      const admitted = admission.admit(hash(byte), id === undefined ? id : `key${id}`, nowMs);
      return admitted === undefined ? [] : [admitted.accountId ?? 0];
    });
  return { admission, servedTo };
}

it('serves to everybody what everybody may see, and names the account', () => {
  const { servedTo } = scene();
  expect(servedTo(10)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(servedTo(11)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(servedTo(20)).toEqual([1, 2, 4]);
  expect(servedTo(30)).toEqual([1, 5]);
  expect(servedTo(40)).toEqual([1]);
});

it('unknown and forbidden are the same answer, and so is a passkey that nobody has', () => {
  const { admission } = scene();
  const answers = [
    admission.admit(hash(99), 'key2', 0),
    admission.admit(hash(40), 'key2', 0),
    admission.admit(hash(40), undefined, 0),
    admission.admit(hash(10), 'wrong', 0),
    admission.admit(hash(10), '', 0),
  ];
  expect(new Set(answers)).toEqual(new Set([undefined]));
});

it('where everybody signs in, a stranger is served nothing', () => {
  const { servedTo } = scene(true);
  expect(servedTo(10)).toEqual([1, 2, 3, 4, 5]);
});

it('a passkey that was renewed, a ban, a role and a group count from the next announce on', () => {
  const { admission, servedTo } = scene();
  admission.setAccount({ ...account(2), passkey: 'new2' });
  expect(servedTo(10)).not.toContain(2);
  expect(admission.admit(hash(20), 'new2', 0)).toEqual({ accountId: 2 });
  admission.setAccount({ ...account(1), bannedUntilMs: 1_000 });
  expect(servedTo(10, 999)).not.toContain(1);
  expect(servedTo(10, 1_000)).toContain(1);
  admission.setAccount({ ...account(4, 'owner'), bannedUntilMs: Infinity });
  expect(servedTo(10, Number.MAX_SAFE_INTEGER)).not.toContain(4);
  admission.setAccount(account(5, 'guest', []));
  expect(servedTo(30)).not.toContain(5);
});

it('a release that changes or goes is served as it is now, in all its versions', () => {
  const { admission, servedTo } = scene();
  admission.setRelease(release('open', [10, 11, 12], { visibility: 'nobody' }));
  for (const byte of [10, 11, 12]) expect(servedTo(byte)).toEqual([1]);
  admission.setRelease(release('open', [10, 11, 12]));
  for (const byte of [10, 11, 12]) expect(servedTo(byte)).toEqual([]);
});

it('a torrent in two releases is served to whoever sees one of them', () => {
  const { admission, servedTo } = scene();
  admission.setRelease(release('second home', [40], { visibility: 'people', peopleIds: [3] }));
  expect(servedTo(40)).toEqual([1, 3]);
  admission.setRelease(release('second home', [40]));
  expect(servedTo(40)).toEqual([1]);
});
