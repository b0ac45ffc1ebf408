/** What every Community must do to protect users: mutes, blocks, reports, and the audit list. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Viewer } from '../../tracker/access.ts';
import type { WholeCommunity } from '../../tracker/community/community.ts';
import {
  again,
  type CommunityBench,
  enrol,
  enrolAs,
  enrolOwner,
  type Person,
} from '../tracker/community/community-scene.ts';

export function safeguardsContract(name: string, open: () => Promise<CommunityBench>): void {
  describe(`${name}: safeguards`, () => {
    let bench: CommunityBench;
    let community: WholeCommunity;
    let owner: Person;
    let mod: Person;
    let ada: Person;
    let mallory: Person;
    let names = 0;
    beforeAll(async () => {
      bench = await open();
      ({ community } = bench);
      owner = await enrolOwner(community);
      mod = await enrolAs(community, owner, 'Mod', 'moderator');
    });
    afterAll(() => bench.close());

    /** Two accounts that have had no contact. */
    const strangers = async () => {
      names += 1;
      ada = await enrol(community, `Ada ${names}`);
      mallory = await enrol(community, `Mallory ${names}`);
    };
    const nameOf = (person: Person) => person.account.name;
    const refused = (code: string) => expect.objectContaining({ code });
    const texts = (page: { rows: readonly { text: string }[] }) => page.rows.map(({ text }) => text);
    const kinds = async (viewer: Viewer) =>
      (await community.notices(viewer)).rows.map(({ kind, title }) => `${kind} ${title}`);
    const release = (person: Person) => ({
      releaseId: `r${names}`,
      publisherId: person.viewer.accountId,
      title: 'Blue',
    });

    describe('muted accounts', () => {
      it('messages of a muted account are hidden in lists, searches and notices, and it does not notice', async () => {
        await strangers();
        await community.say(mallory.viewer, 'lobby', 'zebra one');
        await community.mute(ada.viewer, nameOf(mallory).toUpperCase());
        await community.say(mallory.viewer, 'lobby', 'zebra two');
        await community.say(ada.viewer, 'lobby', 'zebra three');
        await community.sayTo(mallory.viewer, nameOf(ada), 'zebra four');
        await community.comment(mallory.viewer, release(ada), 'zebra five');
        expect(texts(await community.messages(ada.viewer, 'lobby'))[0]).toBe('zebra three');
        expect(texts(await community.messages(ada.viewer, 'lobby'))).not.toContain('zebra one');
        expect(texts(await community.searchMessages(ada.viewer, 'zebra'))).toEqual(['zebra three']);
        expect(texts(await community.directMessages(ada.viewer, nameOf(mallory)))).toEqual([]);
        expect((await community.conversations(ada.viewer)).rows).toEqual([]);
        expect(texts(await community.comments(ada.viewer, `r${names}`))).toEqual([]);
        expect(await kinds(ada.viewer)).toEqual([]);
        expect(texts(await community.messages(mallory.viewer, 'lobby'))).toContain('zebra three');
        expect(texts(await community.comments(mallory.viewer, `r${names}`))).toEqual(['zebra five']);
      });

      it('after an unmute, messages sent during the mute are visible too', async () => {
        expect(await community.mutes(ada.viewer)).toMatchObject([{ name: nameOf(mallory), isBlock: false }]);
        await community.unmute(ada.viewer, nameOf(mallory));
        await community.unmute(ada.viewer, nameOf(mallory));
        expect(await community.mutes(ada.viewer)).toEqual([]);
        expect(texts(await community.directMessages(ada.viewer, nameOf(mallory)))).toEqual(['zebra four']);
        expect(texts(await community.messages(ada.viewer, 'lobby'))).toContain('zebra two');
      });

      it('a muted account causes no events, live or missed', async () => {
        await strangers();
        const live: (number | undefined)[] = [];
        const stop = community.onEvent(({ authorId }) => void live.push(authorId));
        await community.mute(ada.viewer, nameOf(mallory));
        const { lastId } = await community.eventsAfter(ada.viewer, Number.MAX_SAFE_INTEGER);
        await community.say(mallory.viewer, 'lobby', 'noise');
        stop();
        expect(live).toEqual([mallory.viewer.accountId]);
        expect(await community.mutedIds(ada.viewer)).toEqual([mallory.viewer.accountId]);
        expect((await community.eventsAfter(ada.viewer, lastId)).events).toEqual([]);
        expect((await community.eventsAfter(mallory.viewer, lastId)).events).toHaveLength(1);
      });

      it('an unmute is reported to listeners, which end the streams of the account', async () => {
        const told: number[] = [];
        const stop = community.onAccess(({ accountId }) => void told.push(accountId));
        await community.unmute(ada.viewer, nameOf(mallory));
        stop();
        expect(told).toEqual([ada.viewer.accountId]);
      });

      it('a mute needs another existing account and a signed-in user', async () => {
        await expect(community.mute(ada.viewer, nameOf(ada))).rejects.toEqual(refused('text-invalid'));
        await expect(community.mute(ada.viewer, 'Nemo')).rejects.toEqual(refused('not-found'));
        await expect(community.mute({ role: 'anonymous', groupIds: [] }, 'Mod')).rejects.toEqual(
          refused('not-signed-in'),
        );
      });
    });

    describe('blocked accounts', () => {
      it('a blocked account can neither message, follow, comment on nor add to a group the account that blocked it', async () => {
        await strangers();
        await community.follow(mallory.viewer, { account: nameOf(ada) });
        await community.block(ada.viewer, nameOf(mallory));
        const tries = [
          () => community.sayTo(mallory.viewer, nameOf(ada), 'hello'),
          () => community.follow(mallory.viewer, { account: nameOf(ada) }),
          () => community.comment(mallory.viewer, release(ada), 'hello'),
          async () => {
            await community.createGroup(mallory.viewer, `Circle ${names}`);
            await community.addToGroup(await again(community, mallory), `Circle ${names}`, nameOf(ada));
          },
          () => community.sayTo(ada.viewer, nameOf(mallory), 'hello'),
        ];
        for (const attempt of tries) await expect(attempt()).rejects.toEqual(refused('not-allowed'));
        expect(await community.follows(mallory.viewer)).toMatchObject({ accounts: [] });
        expect(await community.mutes(ada.viewer)).toMatchObject([{ isBlock: true }]);
      });

      it('a blocked account gets no notice of new versions', async () => {
        const { viewer } = ada;
        await community.follow(mallory.viewer, { releaseId: `r${names}` });
        const access = { visibility: 'everyone', publisherId: viewer.accountId } as const;
        await community.tellPublished({ ...release(ada), version: 2, access, tracks: [] });
        expect(await kinds(mallory.viewer)).toEqual([]);
      });

      it('a blocked account is also muted, and neither a mute nor an unmute lifts the block', async () => {
        await community.mute(ada.viewer, nameOf(mallory));
        await community.unmute(ada.viewer, nameOf(mallory));
        expect(await community.mutes(ada.viewer)).toMatchObject([{ isBlock: true }]);
        await community.unblock(ada.viewer, nameOf(mallory));
        expect(await community.mutes(ada.viewer)).toEqual([]);
        await community.sayTo(mallory.viewer, nameOf(ada), 'sorry');
        expect(await kinds(ada.viewer)).toEqual(['direct undefined']);
      });
    });

    describe('a report', () => {
      it('a report holds what is needed to judge it, and several reports of one subject are merged', async () => {
        await strangers();
        const bo = await enrol(community, `Bo ${names}`);
        const first = await community.report(
          ada.viewer,
          { release: release(mallory) },
          'mine\u202e\n\nreally',
        );
        const second = await community.report(bo.viewer, { release: release(mallory) }, 'hers');
        expect(second).toBe(first);
        await community.report(bo.viewer, { release: release(mallory) }, 'hers, not his');
        expect((await community.reports(mod.viewer)).rows[0]).toMatchObject({
          id: first,
          kind: 'release',
          person: nameOf(mallory),
          releaseId: `r${names}`,
          title: 'Blue',
          texts: expect.arrayContaining([
            { reporter: nameOf(ada), text: 'mine\n\nreally', atMs: bench.clock.nowMs },
            { reporter: nameOf(bo), text: 'hers, not his', atMs: bench.clock.nowMs },
          ]),
        });
        // Once, even with several reporters.
        expect((await kinds(mod.viewer)).filter((kind) => kind === 'report Blue')).toHaveLength(1);
      });

      it('a report of a message needs a reporter who can read it, and quotes it', async () => {
        const { id } = await community.sayTo(mallory.viewer, nameOf(ada), 'you fool');
        const what = { messageId: id };
        await expect(community.report(mod.viewer, what, 'x')).rejects.toEqual(refused('not-found'));
        await expect(community.message(mod.viewer, id)).rejects.toEqual(refused('not-found'));
        await community.report(ada.viewer, what, 'insults');
        expect((await community.reports(mod.viewer)).rows[0]).toMatchObject({
          ...{ kind: 'message', messageId: id, quoted: 'you fool', person: nameOf(mallory) },
        });
      });

      it('a report lets a moderator delete a message in a room that they may not read', async () => {
        await community.createGroup(mallory.viewer, `Few ${names}`);
        await community.addToGroup(mallory.viewer, `Few ${names}`, nameOf(ada));
        const [founder, reader] = [await again(community, mallory), await again(community, ada)];
        const group = `Few ${names}`;
        await community.createRoom(founder, { name: `Room ${names}`, visibility: 'group', group });
        const { id } = await community.say(founder, `Room ${names}`, 'filth');
        await expect(community.deleteMessage(mod.viewer, id)).rejects.toEqual(refused('not-found'));
        await community.report(reader, { messageId: id }, 'filth');
        await community.deleteMessage(mod.viewer, id);
        expect((await community.messages(reader, `Room ${names}`)).rows).toMatchObject([{ isDeleted: true }]);
      });

      it('a report is closed by a moderator whom it does not concern, and the reporter learns only that it was closed', async () => {
        await strangers();
        const id = await community.report(ada.viewer, { account: 'Mod' }, 'abuses their power');
        const idsFor = async (person: Person) =>
          (await community.reports(person.viewer)).rows.map((row) => row.id);
        expect(await idsFor(mod)).not.toContain(id);
        expect(await kinds(mod.viewer)).not.toContain('report Mod');
        await expect(community.closeReport(mod.viewer, id, 'nonsense')).rejects.toEqual(refused('not-found'));
        await expect(community.closeReport(owner.viewer, id, ' ')).rejects.toEqual(refused('text-invalid'));
        await community.closeReport(owner.viewer, id, 'warned');
        await expect(community.closeReport(owner.viewer, id, 'again')).rejects.toEqual(refused('not-found'));
        const [notice] = (await community.notices(ada.viewer)).rows;
        expect(notice).toMatchObject({ kind: 'report-closed', title: 'Mod' });
        expect(notice).not.toHaveProperty('text');
        const closed = await community.reports(owner.viewer, { isClosed: true });
        expect(closed.rows[0]).toMatchObject({ id, closed: { by: 'Olga', outcome: 'warned' } });
        // The same report again is a new one.
        expect(await community.report(ada.viewer, { account: 'Mod' }, 'once more')).toBeGreaterThan(id);
      });

      it('a report is short, not about oneself, and unreadable for members', async () => {
        const me = { account: nameOf(ada) };
        await expect(community.report(ada.viewer, me, 'x')).rejects.toEqual(refused('text-invalid'));
        for (const text of ['', ' \u200b', 'x'.repeat(1_001)]) {
          await expect(community.report(ada.viewer, { account: 'Mod' }, text)).rejects.toEqual(
            refused('text-invalid'),
          );
        }
        await expect(community.reports(ada.viewer)).rejects.toEqual(refused('not-allowed'));
      });
    });

    describe('the audit list', () => {
      it('the audit list has every action with its subject, detail and reason, newest first, in pages', async () => {
        await strangers();
        const target = nameOf(mallory);
        const { id: messageId } = await community.say(mallory.viewer, 'lobby', 'noise');
        const invitation = await community.invite(mallory.viewer, {});
        await community.createRoom(mallory.viewer, { name: `Hall ${names}`, visibility: 'everyone' });
        const report = await community.report(ada.viewer, { account: target }, 'noise');
        await community.deleteMessage(mod.viewer, messageId);
        await community.withdrawInvitation(mod.viewer, invitation.id);
        await community.changeTopic(mod.viewer, `Hall ${names}`, 'quiet');
        await community.changeRole(owner.viewer, target, 'guest');
        await community.ban(mod.viewer, target, { reason: 'noise', untilMs: bench.clock.nowMs + 1_000 });
        await community.unban(mod.viewer, target);
        await community.closeReport(mod.viewer, report, 'banned for a second');
        const entry = (action: string, more: object = {}, moderator = 'Mod') => ({
          ...{ moderator, action, person: target, atMs: bench.clock.nowMs },
          ...more,
        });
        const { rows } = await community.audit(owner.viewer, { limit: 7 });
        expect(rows.map(({ id: _, ...row }) => row)).toEqual([
          entry('close-report', { about: String(report), reason: 'banned for a second' }),
          entry('unban'),
          entry('ban', { reason: 'noise', detail: 'until 2026-01-01T00:00:01.000Z' }),
          entry('role', { detail: 'member to guest' }, 'Olga'),
          entry('change-topic', { detail: `Hall ${names}` }),
          entry('withdraw-invitation', { about: invitation.id }),
          entry('delete-message', { about: String(messageId) }),
        ]);
        const page = await community.audit(mod.viewer, { limit: 2, before: rows[1]!.id });
        expect(page.rows.map(({ id }) => id)).toEqual([rows[2]!.id, rows[3]!.id]);
      });

      it("the audit list has no actions on one's own things and no refused ones", async () => {
        const count = async () => (await community.audit(owner.viewer)).rows[0]!.id;
        const before = await count();
        const { id } = await community.say(ada.viewer, 'lobby', 'oops');
        await community.deleteMessage(ada.viewer, id);
        const invitation = await community.invite(ada.viewer, {});
        await community.withdrawInvitation(ada.viewer, invitation.id);
        await expect(community.ban(mod.viewer, 'Olga', { reason: 'spite' })).rejects.toEqual(
          refused('not-allowed'),
        );
        expect(await count()).toBe(before);
        await expect(community.audit(ada.viewer)).rejects.toEqual(refused('not-allowed'));
      });
    });

    it('moderators see all accounts, their inviters, and current bans', async () => {
      await strangers();
      const { token: invitation } = await community.invite(ada.viewer, {});
      await community.register({ name: `Kin ${names}`, publicKey: new Uint8Array(32).fill(200), invitation });
      await community.ban(mod.viewer, nameOf(mallory), { reason: 'noise' });
      const members = await community.members(mod.viewer, { limit: 2 });
      expect(members.rows).toMatchObject([
        { name: `Kin ${names}`, role: 'member', invitedBy: nameOf(ada) },
        { name: nameOf(mallory), ban: { reason: 'noise' } },
      ]);
      expect(members.hasMore).toBe(true);
      const banned = await community.members(mod.viewer, { isBanned: true });
      expect(banned.rows.map((row) => row.name)).toEqual([nameOf(mallory)]);
      await expect(community.members(ada.viewer)).rejects.toEqual(refused('not-allowed'));
    });
  });
}
