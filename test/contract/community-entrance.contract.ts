/** What every Community must do for sign-in: accounts, sessions, roles, bans, invitations. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anonymous } from '../../tracker/access.ts';
import type { AccountAccess, Community } from '../../tracker/community/contract.ts';
import type { CommunityPolicy } from '../../tracker/community/method-context.ts';
import { signInText } from '../../tracker/protocol/api/sign-in-text.ts';
import {
  type CommunityBench,
  enrol,
  enrolAs,
  enrolOwner,
  type Person,
  someKey,
} from '../tracker/community/community-scene.ts';

const dayMs = 86_400_000;
const host = 'music.example';

export function entranceContract(
  name: string,
  open: (policy?: CommunityPolicy) => Promise<CommunityBench>,
): void {
  describe(`${name}: sign-in`, () => {
    let bench: CommunityBench;
    let community: Community;
    let owner: Person;
    let moderator: Person;
    const told: AccountAccess[] = [];
    beforeAll(async () => {
      bench = await open();
      ({ community } = bench);
      owner = await enrolOwner(community);
      moderator = await enrolAs(community, owner, 'Mod', 'moderator');
      community.onAccess((access) => told.push(access));
    });
    afterAll(() => bench.close());

    const refused = (code: string) => expect.objectContaining({ code });
    const signedInWithKey = (
      accountName: string,
      challenge: string,
      privateKey: Parameters<typeof sign>[2],
    ) => {
      const signIn = { host, name: accountName, challenge };
      const signature = new Uint8Array(sign(null, Buffer.from(signInText(signIn)!), privateKey));
      return community.signInWithKey(signIn, signature);
    };

    it('the setup token makes one owner, once', async () => {
      expect(owner.account.role).toBe('owner');
      expect(await community.newSetupToken()).toBeUndefined();
      const setupToken = 'A'.repeat(43);
      const second = community.register({ name: 'Eve', publicKey: someKey(), setupToken });
      await expect(second).rejects.toEqual(refused('setup-invalid'));
    });

    it('a name and a key suffice to register, and all spellings of the name are then taken', async () => {
      const { account, session } = await enrol(community, 'Zoé');
      expect(account).toMatchObject({ name: 'Zoé', role: 'member', hasPassword: false, unreadNotices: 0 });
      expect(await community.authenticate(session.token)).toMatchObject({
        name: 'Zoé',
        role: 'member',
        groupIds: [],
      });
      for (const same of ['Zoé', 'ZOÉ', 'zoe\u0301', 'Ｚｏé']) {
        await expect(enrol(community, same)).rejects.toEqual(refused('name-taken'));
      }
      await expect(community.register({ name: 'Nobodys' })).rejects.toEqual(refused('credentials-missing'));
    });

    it('a wrong password and an unknown name get the same answer', async () => {
      await community.register({ name: 'Pia', password: 'correct horse' });
      const signedIn = await community.signInWithPassword('pia', 'correct horse', 'browser');
      expect(signedIn.account).toMatchObject({ name: 'Pia', hasPassword: true });
      const errors = await Promise.all(
        [
          community.signInWithPassword('pia', 'wrong horse'),
          community.signInWithPassword('pia2', 'correct horse'),
          community.signInWithPassword('Olga', ''),
        ].map((attempt) => attempt.catch((error: Error & { code: string }) => [error.code, error.message])),
      );
      expect(new Set(errors.map(String)).size).toBe(1);
      expect(errors[0]).toContain('sign-in-failed');
    });

    it('signing in by key is valid for this host and name, once, within a minute', async () => {
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      const raw = new Uint8Array(Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url'));
      await community.register({ name: 'Kim', publicKey: raw });
      const { challenge } = community.challenge('Kim');
      expect((await signedInWithKey('Kim', challenge, privateKey)).account.name).toBe('Kim');
      await expect(signedInWithKey('Kim', challenge, privateKey)).rejects.toEqual(refused('sign-in-failed'));
      const forAnother = community.challenge('Zoé').challenge;
      await expect(signedInWithKey('Kim', forAnother, privateKey)).rejects.toEqual(refused('sign-in-failed'));
      const late = community.challenge('Kim').challenge;
      bench.clock.nowMs += 60_000;
      await expect(signedInWithKey('Kim', late, privateKey)).rejects.toEqual(refused('sign-in-failed'));
      await expect(community.register({ name: 'Kim2', publicKey: raw })).rejects.toEqual(
        refused('key-taken'),
      );
    });

    it('a session ends by signing out or when idle, and cannot be guessed or ended by others', async () => {
      const person = await enrol(community, 'Sam');
      const other = await enrol(community, 'Samson');
      const [session] = await community.sessions(person.viewer, person.session.id);
      expect(session).toMatchObject({ id: person.session.id, isCurrent: true });
      await expect(community.signOut(other.viewer, person.session.id)).rejects.toEqual(refused('not-found'));
      for (const token of ['', 'x', 'A'.repeat(43), `${person.session.token} `, person.session.id]) {
        expect(await community.authenticate(token)).toBeUndefined();
      }
      await community.signOut(person.viewer, person.session.id);
      expect(await community.authenticate(person.session.token)).toBeUndefined();
      bench.clock.nowMs += 31 * dayMs;
      expect(await community.authenticate(other.session.token)).toBeUndefined();
      bench.clock.nowMs -= 31 * dayMs;
    });

    it('a new password needs the old one and ends the other sessions', async () => {
      const { session } = await community.register({ name: 'Pat', password: 'first password' });
      const viewer = (await community.authenticate(session.token))!;
      const second = await community.signInWithPassword('Pat', 'first password');
      const wrong = community.changePassword(viewer, { old: 'guess', new: 'next password' });
      await expect(wrong).rejects.toEqual(refused('sign-in-failed'));
      await expect(community.changePassword(viewer, { old: 'first password', new: 'short' })).rejects.toEqual(
        refused('password-invalid'),
      );
      await community.changePassword(
        viewer,
        { old: 'first password', new: 'next password' },
        viewer.sessionId,
      );
      expect(await community.authenticate(second.session.token)).toBeUndefined();
      expect(await community.authenticate(session.token)).toBeDefined();
      await community.signInWithPassword('Pat', 'next password');
    });

    it('renewed passkeys are reported to listeners before their owner is answered', async () => {
      const person = await enrol(community, 'Pax');
      const { accountId } = person.viewer;
      const [before] = await community.accessAfter(accountId - 1);
      await community.renewPasskeys(person.viewer);
      expect(told.at(-1)).toMatchObject({ accountId, generation: before!.generation + 1 });
      expect(await community.accessAfter(accountId - 1)).toMatchObject([told.at(-1)!]);
    });

    it('the latest key fingerprint is kept', async () => {
      expect(await community.keyFingerprint()).toBeUndefined();
      for (const byte of [1, 2]) await community.setKeyFingerprint(Uint8Array.of(byte));
      expect(await community.keyFingerprint()).toEqual(Uint8Array.of(2));
    });

    it('a ban takes effect at once, applies to lower roles only, and ends at its time', async () => {
      const person = await enrol(community, 'Bad');
      await expect(community.ban(person.viewer, 'Mod', { reason: '' })).rejects.toEqual(
        refused('not-allowed'),
      );
      await expect(community.ban(moderator.viewer, 'Olga', { reason: '' })).rejects.toEqual(
        refused('not-allowed'),
      );
      const untilMs = bench.clock.nowMs + dayMs;
      const { token: invitation } = await community.invite(person.viewer, {});
      await community.ban(moderator.viewer, 'bad', { reason: 'noise', untilMs });
      expect(told.at(-1)).toMatchObject({ accountId: person.viewer.accountId, bannedUntilMs: untilMs });
      expect(await community.authenticate(person.session.token)).toBeUndefined();
      await expect(community.say(person.viewer, 'lobby', 'hi')).rejects.toEqual(refused('account-banned'));
      expect(await community.account(anonymous, 'Bad')).toMatchObject({ ban: { reason: 'noise', untilMs } });
      const another = community.register({ name: 'Bad again', publicKey: someKey(), invitation });
      await expect(another).rejects.toEqual(refused('invitation-invalid'));
      bench.clock.nowMs += dayMs;
      await community.say(person.viewer, 'lobby', 'sorry');
      expect(await community.account(anonymous, 'Bad')).not.toHaveProperty('ban');
    });

    it('a moderator changes guests and members, an owner changes all roles, and one owner remains', async () => {
      await enrol(community, 'Rob');
      expect(await community.changeRole(moderator.viewer, 'Rob', 'guest')).toMatchObject({ role: 'guest' });
      for (const [who, role] of [
        ['Rob', 'moderator'],
        ['Rob', 'owner'],
        ['Olga', 'guest'],
        ['Mod', 'member'],
      ] as const) {
        await expect(community.changeRole(moderator.viewer, who, role)).rejects.toEqual(
          refused('not-allowed'),
        );
      }
      await expect(community.changeRole(owner.viewer, 'Olga', 'member')).rejects.toEqual(
        refused('last-owner'),
      );
      await community.changeRole(owner.viewer, 'Rob', 'owner');
      await community.changeRole(owner.viewer, 'Rob', 'member');
    });

    it('a revoked role cannot act, even in a request that was authenticated before', async () => {
      const person = await enrolAs(community, owner, 'Former', 'moderator');
      await community.changeRole(owner.viewer, 'Former', 'guest');
      expect(person.viewer.role).toBe('moderator');
      await expect(community.ban(person.viewer, 'Rob', { reason: '' })).rejects.toEqual(
        refused('not-allowed'),
      );
      await expect(community.say(person.viewer, 'lobby', 'hi')).rejects.toEqual(refused('not-allowed'));
    });

    it('a group is visible to its members only, and changes of its members are reported to listeners', async () => {
      const founder = await enrol(community, 'Founder');
      const { groupId } = await community.createGroup(founder.viewer, 'Choir');
      await expect(community.addToGroup(owner.viewer, 'Choir', 'Rob')).rejects.toEqual(refused('not-found'));
      await community.addToGroup(founder.viewer, 'choir', 'rob');
      const rob = (await community.accountId('ROB'))!;
      expect(told.at(-1)).toMatchObject({ accountId: rob, groupIds: [groupId] });
      const asRob = { accountId: rob, role: 'member', groupIds: [groupId] } as const;
      expect(await community.groups(asRob)).toMatchObject([{ name: 'Choir', members: ['Founder', 'Rob'] }]);
      await expect(community.addToGroup(asRob, 'choir', 'Olga')).rejects.toEqual(refused('not-allowed'));
      await community.removeFromGroup(asRob, 'choir', 'Rob');
      expect(told.at(-1)).toMatchObject({ accountId: rob, groupIds: [] });
      expect(await community.groups(asRob)).toEqual([]);
    });

    it('all access data and names can be read at a later start', async () => {
      const all: AccountAccess[] = [];
      for (;;) {
        const page = await community.accessAfter(all.at(-1)?.accountId ?? 0);
        if (page.length === 0) break;
        all.push(...page);
      }
      expect(all.map(({ accountId }) => accountId)).toContain(owner.viewer.accountId);
      expect(all.every(({ generation }) => Number.isSafeInteger(generation))).toBe(true);
      expect(await community.names([owner.viewer.accountId])).toEqual(
        new Map([[owner.viewer.accountId, 'Olga']]),
      );
    });
  });

  describe(`${name}: by invitation, with required sign-in`, () => {
    let bench: CommunityBench;
    let community: Community;
    let owner: Person;
    beforeAll(async () => {
      bench = await open({ signInRequired: true, newcomerRole: undefined });
      ({ community } = bench);
      owner = await enrolOwner(community);
    });
    afterAll(() => bench.close());
    const refused = (code: string) => expect.objectContaining({ code });

    it('a stranger sees nothing where sign-in is required', async () => {
      await expect(community.rooms(anonymous)).rejects.toEqual(refused('not-signed-in'));
      await expect(community.account(anonymous, 'Olga')).rejects.toEqual(refused('not-signed-in'));
      await expect(community.messages(anonymous, 'lobby')).rejects.toEqual(refused('not-signed-in'));
      await expect(community.comments(anonymous, 'r1')).rejects.toEqual(refused('not-signed-in'));
      await expect(community.searchMessages(anonymous, 'a')).rejects.toEqual(refused('not-signed-in'));
      await expect(community.eventsAfter(anonymous, 0)).rejects.toEqual(refused('not-signed-in'));
      await expect(enrol(community, 'Eve')).rejects.toEqual(refused('registration-closed'));
    });

    it('an invitation is valid for its number of uses, until it expires or is withdrawn', async () => {
      const register = (accountName: string, invitation: string) =>
        community.register({ name: accountName, publicKey: someKey(), invitation });
      const { token, id } = await community.invite(owner.viewer, { uses: 2, role: 'guest', note: 'choir' });
      expect((await register('One', token)).account.role).toBe('guest');
      // A refused name does not use it up.
      await expect(register('One', token)).rejects.toEqual(refused('name-taken'));
      expect(await community.invitations(owner.viewer)).toMatchObject([{ id, inviter: 'Olga', usesLeft: 1 }]);
      await register('Two', token);
      await expect(register('Three', token)).rejects.toEqual(refused('invitation-invalid'));
      const short = await community.invite(owner.viewer, { lifeMs: 1_000 });
      bench.clock.nowMs += 1_000;
      await expect(register('Four', short.token)).rejects.toEqual(refused('invitation-invalid'));
      const gone = await community.invite(owner.viewer, {});
      await community.withdrawInvitation(owner.viewer, gone.id);
      await expect(register('Five', gone.token)).rejects.toEqual(refused('invitation-invalid'));
      await expect(register('Six', '../..')).rejects.toEqual(refused('invitation-invalid'));
    });

    it('invitations never exceed the role member, and guests cannot invite', async () => {
      await expect(community.invite(owner.viewer, { role: 'owner' })).rejects.toEqual(refused('not-allowed'));
      const one = { accountId: (await community.accountId('One'))!, role: 'owner', groupIds: [] } as const;
      await expect(community.invite(one, {})).rejects.toEqual(refused('not-allowed'));
    });

    it('answered changes survive a restart of the tracker', async () => {
      bench = await bench.reopen();
      ({ community } = bench);
      expect(await community.newSetupToken()).toBeUndefined();
      expect(await community.authenticate(owner.session.token)).toMatchObject({
        name: 'Olga',
        role: 'owner',
      });
    });
  });
}
