/**
 * What every Community must do for conversations (tracker/community/contract.ts), as tests for each
 * implementation.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anonymous } from '../../tracker/access.ts';
import type { Community, CommunityEvent } from '../../tracker/community/contract.ts';
import type { CommunityPolicy } from '../../tracker/community/method-context.ts';
import {
  again,
  type CommunityBench,
  enrol,
  enrolAs,
  enrolOwner,
  type Person,
} from '../tracker/community/community-scene.ts';

export function conversationContract(
  name: string,
  open: (policy?: CommunityPolicy) => Promise<CommunityBench>,
): void {
  describe(`${name}: conversation`, () => {
    let bench: CommunityBench;
    let community: Community;
    let owner: Person;
    let ada: Person;
    let ben: Person;
    let guest: Person;
    const heard: CommunityEvent[] = [];
    beforeAll(async () => {
      bench = await open();
      ({ community } = bench);
      owner = await enrolOwner(community);
      ada = await enrol(community, 'Ada');
      ben = await enrol(community, 'Ben');
      guest = await enrolAs(community, owner, 'Gast', 'guest');
      community.onEvent((event) => heard.push(event));
    });
    afterAll(() => bench.close());

    const refused = (code: string) => expect.objectContaining({ code });

    it('there is a lobby from the start, and a stranger may read it', async () => {
      expect(await community.rooms(anonymous)).toMatchObject([{ name: 'lobby', visibility: 'everyone' }]);
      const said = await community.say(ada.viewer, 'Lobby', 'hello\u202e <b>all</b>\r\n');
      expect(said).toMatchObject({
        author: 'Ada',
        room: 'lobby',
        text: 'hello <b>all</b>',
        isDeleted: false,
      });
      const page = await community.messages(anonymous, 'lobby');
      expect(page).toEqual({ rows: [said], hasMore: false });
      expect(heard.at(-1)).toMatchObject({ id: said.id, body: { type: 'message', message: said } });
    });

    it('guests and strangers may read but not write', async () => {
      await expect(community.say(guest.viewer, 'lobby', 'hi')).rejects.toEqual(refused('not-allowed'));
      await expect(community.say(anonymous, 'lobby', 'hi')).rejects.toEqual(refused('not-signed-in'));
    });

    it("a group's room does not exist for others", async () => {
      await community.createGroup(ada.viewer, 'Quartet');
      const viewer = await again(community, ada);
      await community.createRoom(viewer, { name: 'Rehearsal', visibility: 'group', group: 'quartet' });
      await community.say(viewer, 'rehearsal', 'bar 12 again');
      for (const other of [ben.viewer, owner.viewer, guest.viewer, anonymous]) {
        await expect(community.messages(other, 'rehearsal')).rejects.toEqual(refused('not-found'));
        expect((await community.rooms(other)).map((room) => room.name)).not.toContain('Rehearsal');
        expect((await community.searchMessages(other, 'bar')).rows).toEqual([]);
      }
      await expect(community.say(ben.viewer, 'rehearsal', 'hm')).rejects.toEqual(refused('not-found'));
      await community.addToGroup(viewer, 'quartet', 'ben');
      expect((await community.messages(await again(community, ben), 'rehearsal')).rows).toHaveLength(1);
      await community.removeFromGroup(viewer, 'quartet', 'ben');
      await expect(community.say(ben.viewer, 'rehearsal', 'hm')).rejects.toEqual(refused('not-found'));
    });

    it('pages of messages are contiguous in both directions', async () => {
      await community.createRoom(ada.viewer, { name: 'Pages', visibility: 'members' });
      const ids: number[] = [];
      for (let i = 0; i < 7; i++) ids.push((await community.say(ada.viewer, 'pages', `line ${i}`)).id);
      const newest = await community.messages(ben.viewer, 'pages', { limit: 3 });
      expect(newest).toMatchObject({ rows: [{ id: ids[6] }, { id: ids[5] }, { id: ids[4] }], hasMore: true });
      const older = await community.messages(ben.viewer, 'pages', { before: ids[4]!, limit: 4 });
      expect(older).toMatchObject({ rows: [3, 2, 1, 0].map((i) => ({ id: ids[i] })), hasMore: false });
      const newer = await community.messages(ben.viewer, 'pages', { after: ids[1]!, limit: 2 });
      expect(newer).toMatchObject({ rows: [{ id: ids[3] }, { id: ids[2] }], hasMore: true });
      expect((await community.messages(ben.viewer, 'pages', { limit: 1_000_000 })).rows).toHaveLength(7);
    });

    it('a direct message is visible to its two accounts only, also in searches', async () => {
      const sent = await community.sayTo(ada.viewer, 'ben', 'the secret 椎名林檎 tape');
      expect((await community.directMessages(ben.viewer, 'ADA')).rows).toEqual([sent]);
      expect((await community.conversations(ben.viewer)).rows).toEqual([{ with: 'Ada', last: sent }]);
      expect((await community.directMessages(owner.viewer, 'ada')).rows).toEqual([]);
      expect((await community.searchMessages(ben.viewer, '林檎 SECR')).rows).toEqual([sent]);
      expect((await community.searchMessages(owner.viewer, 'secret')).rows).toEqual([]);
      await expect(community.deleteMessage(owner.viewer, sent.id)).rejects.toEqual(refused('not-found'));
      expect(heard.filter((event) => event.audience.kind === 'accounts').at(-2)).toMatchObject({
        audience: { accountIds: [ada.viewer.accountId, ben.viewer.accountId] },
      });
    });

    it('the newest conversation comes first, and each is listed once', async () => {
      await community.sayTo(owner.viewer, 'Ben', 'welcome');
      await community.sayTo(ben.viewer, 'Ada', 'got it');
      const { rows } = await community.conversations(ben.viewer);
      expect(rows.map((row) => row.with)).toEqual(['Ada', 'Olga']);
    });

    it('operators of the full-text search in a query are searched as words', async () => {
      for (const query of [
        '"',
        'a OR b',
        'NEAR(a b)',
        'words:x',
        '*',
        '-x',
        '(',
        "'; DROP TABLE messages; --",
      ]) {
        const asked = community.searchMessages(ada.viewer, query);
        await asked.catch((error) => expect(error.code).toBe('query-invalid'));
      }
      expect((await community.searchMessages(ada.viewer, 'HÉLLO')).rows).toHaveLength(1);
    });

    it('a deleted message loses its text and keeps its place', async () => {
      const moderator = await enrolAs(community, owner, 'Mod', 'moderator');
      const said = await community.say(ben.viewer, 'lobby', 'spamspam');
      await expect(community.deleteMessage(ada.viewer, said.id)).rejects.toEqual(refused('not-allowed'));
      await community.deleteMessage(moderator.viewer, said.id);
      const { rows } = await community.messages(anonymous, 'lobby', { limit: 1 });
      expect(rows).toEqual([{ ...said, text: '', isDeleted: true }]);
      expect((await community.searchMessages(ben.viewer, 'spamspam')).rows).toEqual([]);
      expect(heard.at(-1)!.id).toBeGreaterThan(said.id);
      await expect(community.deleteMessage(moderator.viewer, said.id)).rejects.toEqual(refused('not-found'));
    });

    it('many messages sent and deleted at once cause no errors', async () => {
      await community.createRoom(owner.viewer, { name: 'Noise', visibility: 'members' });
      const noise = Array.from({ length: 8 }, async (_, speaker) => {
        for (let i = 0; i < 6; i++) {
          const { id } = await community.say(owner.viewer, 'noise', `noise ${speaker} ${i}`);
          if (i % 2 === 0) await community.deleteMessage(owner.viewer, id);
          await community.readNotices(owner.viewer, id);
        }
      });
      await Promise.all(noise);
      const { rows } = await community.messages(owner.viewer, 'noise');
      expect(rows.map(({ isDeleted }) => isDeleted).filter(Boolean)).toHaveLength(24);
      expect((await community.searchMessages(owner.viewer, 'noise')).rows).toHaveLength(24);
      // Events arrive in order, so that the last id seen covers all events before it.
      const ids = heard.map(({ id }) => id);
      expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    });

    it('comments stay with their release, and its publisher has one notice per author, which a further comment renews', async () => {
      const release = { releaseId: 'r1', publisherId: ben.viewer.accountId, title: 'Blue' };
      await community.comment(ada.viewer, release, 'lovely');
      const second = await community.comment(ada.viewer, release, 'still lovely');
      expect((await community.comments(anonymous, 'r1')).rows.map((row) => row.text)).toEqual([
        'still lovely',
        'lovely',
      ]);
      const about = (await community.notices(ben.viewer)).rows.filter((notice) => notice.kind === 'comment');
      expect(about).toMatchObject([{ actor: 'Ada', releaseId: 'r1', title: 'Blue', isRead: false }]);
      await community.deleteMessage(ada.viewer, second.id);
      expect((await community.comments(anonymous, 'r1')).rows[0]).toMatchObject({
        text: '',
        isDeleted: true,
      });
    });

    it('an account that was away receives the events it missed in their order', async () => {
      const from = heard.at(-1)!.id;
      const said = await community.say(ada.viewer, 'lobby', 'one');
      await community.sayTo(ada.viewer, 'Ben', 'two');
      await community.say(await again(community, ada), 'rehearsal', 'not for Ben');
      await community.deleteMessage(ada.viewer, said.id);
      const live = heard.filter((event) => event.id > from);
      const missed = await community.eventsAfter(ben.viewer, from);
      // A deleted message is sent as deleted, not as it was.
      expect(missed.events.map(({ id }) => id)).toEqual(
        live.filter(({ id, audience }) => id !== said.id && isFor(ben, audience)).map(({ id }) => id),
      );
      expect(missed).toMatchObject({ lastId: live.at(-1)!.id, hasMore: false, isTooFar: false });
      expect((await community.eventsAfter(ben.viewer, missed.lastId)).events).toEqual([]);
      expect(await community.eventsAfter(ben.viewer, missed.lastId + 1)).toMatchObject({ isTooFar: true });
    });
  });
}

function isFor({ viewer }: Person, audience: CommunityEvent['audience']): boolean {
  if (audience.kind === 'accounts') return audience.accountIds.includes(viewer.accountId);
  return audience.visibility !== 'group';
}
