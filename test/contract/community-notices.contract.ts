/** What every Community must do for notices: follows, wishes, inbox. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Viewer } from '../../tracker/access.ts';
import type { Community, PublishedRelease } from '../../tracker/community/contract.ts';
import {
  type CommunityBench,
  enrol,
  enrolAs,
  enrolOwner,
  type Person,
} from '../tracker/community/community-scene.ts';

export function noticesContract(name: string, open: () => Promise<CommunityBench>): void {
  describe(`${name}: notices`, () => {
    let bench: CommunityBench;
    let community: Community;
    let ada: Person;
    let ben: Person;
    let guest: Person;
    beforeAll(async () => {
      bench = await open();
      ({ community } = bench);
      const owner = await enrolOwner(community);
      ada = await enrol(community, 'Ada');
      ben = await enrol(community, 'Ben');
      guest = await enrolAs(community, owner, 'Gast', 'guest');
    });
    afterAll(() => bench.close());

    const refused = (code: string) => expect.objectContaining({ code });
    const kinds = async (viewer: Viewer) =>
      (await community.notices(viewer)).rows.map(({ kind, releaseId }) => `${kind} ${releaseId}`);
    const release = (fields: Partial<PublishedRelease> = {}): PublishedRelease => ({
      releaseId: 'r1',
      version: 1,
      title: 'Blue',
      artist: 'Joni Mitchell',
      year: 1971,
      tracks: [{ title: 'A Case of You', codec: 'flac', isLossless: true }],
      access: { visibility: 'everyone', publisherId: ada.viewer.accountId },
      ...fields,
    });

    it('a follower of an account gets a notice of a new release, a follower of a release of a new version, each once', async () => {
      await community.follow(ben.viewer, { account: 'ada' });
      await community.follow(guest.viewer, { releaseId: 'r1' });
      await community.follow(guest.viewer, { releaseId: 'r1' });
      expect(await community.follows(guest.viewer)).toEqual({ releaseIds: ['r1'], accounts: [] });
      for (const version of [1, 1, 2, 2]) await community.tellPublished(release({ version }));
      expect(await kinds(ben.viewer)).toEqual(['new-release r1']);
      expect(await kinds(guest.viewer)).toEqual(['new-version r1']);
      expect((await community.notices(guest.viewer)).rows[0]).toMatchObject({
        actor: 'Ada',
        version: 2,
        title: 'Blue',
      });
      await community.unfollow(guest.viewer, { releaseId: 'r1' });
      await community.tellPublished(release({ version: 3 }));
      expect(await kinds(guest.viewer)).toEqual(['new-version r1']);
    });

    it('an account gets no notice of a release that it may not see', async () => {
      const access = { visibility: 'members', publisherId: ada.viewer.accountId } as const;
      await community.follow(guest.viewer, { account: 'Ada' });
      await community.tellPublished(release({ releaseId: 'r2', access }));
      expect(await kinds(guest.viewer)).not.toContain('new-release r2');
      expect(await kinds(ben.viewer)).toContain('new-release r2');
    });

    it('a wish causes one notice per matching release, and none if its filters do not match', async () => {
      const wish = await community.addWish(ben.viewer, {
        query: 'joni case',
        isLossless: true,
        yearTo: 1980,
      });
      expect(await community.wishes(ben.viewer)).toEqual([wish]);
      await community.tellPublished(release({ releaseId: 'r3', year: 1990 }));
      await community.tellPublished(
        release({ releaseId: 'r4', tracks: [{ title: 'A Case of You', isLossless: false }] }),
      );
      await community.tellPublished(release({ releaseId: 'r5' }));
      await community.tellPublished(release({ releaseId: 'r5', version: 2 }));
      const hits = (await community.notices(ben.viewer)).rows.filter(({ kind }) => kind === 'wish');
      expect(hits).toMatchObject([{ releaseId: 'r5', wishId: wish.id, version: 1 }]);
      await expect(community.dropWish(ada.viewer, wish.id)).rejects.toEqual(refused('not-found'));
      await community.dropWish(ben.viewer, wish.id);
      expect(await community.wishes(ben.viewer)).toEqual([]);
      await expect(community.addWish(ben.viewer, { query: '* "' })).rejects.toEqual(refused('query-invalid'));
    });

    it('a wish for a licence matches that licence, and one for an unknown licence is refused', async () => {
      const wish = await community.addWish(ben.viewer, { query: 'hejira', licence: 'CC-BY' });
      expect(wish.licence).toBe('cc-by');
      const album = { title: 'Hejira', tracks: [{ title: 'Coyote' }] };
      await community.tellPublished(release({ ...album, releaseId: 'r10' }));
      await community.tellPublished(release({ ...album, releaseId: 'r11', licence: 'CC BY-SA 4.0' }));
      await community.tellPublished(release({ ...album, releaseId: 'r12', licence: 'CC BY 4.0' }));
      const hits = (await community.notices(ben.viewer)).rows.filter(({ wishId }) => wishId === wish.id);
      expect(hits.map(({ releaseId }) => releaseId)).toEqual(['r12']);
      await community.dropWish(ben.viewer, wish.id);
      for (const licence of ['gpl', 'cc-sa', '', 'cc" OR']) {
        const asked = community.addWish(ben.viewer, { query: 'hejira', licence });
        await expect(asked).rejects.toEqual(refused('query-invalid'));
      }
    });

    it('a publisher is notified once of each account that finished, and never of itself', async () => {
      const ref = { releaseId: 'r1', publisherId: ada.viewer.accountId, title: 'Blue' };
      for (const who of [ben, ben, ada]) await community.tellFinished(ref, who.viewer.accountId);
      const { rows } = await community.notices(ada.viewer);
      expect(rows).toMatchObject([{ kind: 'finished', actor: 'Ben', title: 'Blue' }]);
    });

    it('notices that were read stay read, and later ones are unread', async () => {
      const { rows } = await community.notices(ben.viewer);
      expect((await community.me(ben.viewer)).unreadNotices).toBe(rows.length);
      await community.readNotices(ben.viewer, rows[1]!.id);
      expect((await community.notices(ben.viewer)).rows.map(({ isRead }) => isRead).slice(0, 2)).toEqual([
        false,
        true,
      ]);
      // A number from the future does not mark later notices as read.
      await community.readNotices(ben.viewer, Number.MAX_SAFE_INTEGER);
      await community.sayTo(ada.viewer, 'Ben', 'one');
      await community.sayTo(ada.viewer, 'Ben', 'two');
      expect((await community.me(ben.viewer)).unreadNotices).toBe(1);
    });

    it('a withdrawn release has no followers and no comments', async () => {
      await community.follow(ben.viewer, { releaseId: 'r9' });
      await community.comment(
        ben.viewer,
        { releaseId: 'r9', publisherId: ada.viewer.accountId, title: '' },
        'x',
      );
      await community.forgetRelease('r9');
      expect((await community.comments(ben.viewer, 'r9')).rows).toEqual([]);
      expect((await community.follows(ben.viewer)).releaseIds).not.toContain('r9');
    });

    it('the oldest notices are dropped above the limit of 1,000', async () => {
      const ref = (i: number) => ({ releaseId: `m${i}`, publisherId: guest.viewer.accountId, title: '' });
      await Promise.all(
        Array.from({ length: 999 }, (_, i) => community.tellFinished(ref(i), ben.viewer.accountId)),
      );
      await community.tellFinished(ref(999), ben.viewer.accountId);
      await community.tellFinished(ref(1000), ben.viewer.accountId);
      expect((await community.me(guest.viewer)).unreadNotices).toBe(1_000);
    });
  });
}
