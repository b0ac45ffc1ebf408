/** What every Community must do so that people are told: follows, wishes, notices. */
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

    it('who follows a person hears of a new release, who follows a release of a new version, each once', async () => {
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

    it('nobody is told of what they may not see', async () => {
      const access = { visibility: 'members', publisherId: ada.viewer.accountId } as const;
      await community.follow(guest.viewer, { account: 'Ada' });
      await community.tellPublished(release({ releaseId: 'r2', access }));
      expect(await kinds(guest.viewer)).not.toContain('new-release r2');
      expect(await kinds(ben.viewer)).toContain('new-release r2');
    });

    it('a wish is told of when it comes true, once a release, and not when its filters do not hold', async () => {
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

    it('a wish for a licence comes true for that licence, and one for no known licence is refused', async () => {
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

    it('a publisher hears once of each who has it all, and never of themselves', async () => {
      const ref = { releaseId: 'r1', publisherId: ada.viewer.accountId, title: 'Blue' };
      for (const who of [ben, ben, ada]) await community.tellFinished(ref, who.viewer.accountId);
      const { rows } = await community.notices(ada.viewer);
      expect(rows).toMatchObject([{ kind: 'finished', actor: 'Ben', title: 'Blue' }]);
    });

    it('what was read stays read, what comes after is new', async () => {
      const { rows } = await community.notices(ben.viewer);
      expect((await community.me(ben.viewer)).unreadNotices).toBe(rows.length);
      await community.readNotices(ben.viewer, rows[1]!.id);
      expect((await community.notices(ben.viewer)).rows.map(({ isRead }) => isRead).slice(0, 2)).toEqual([
        false,
        true,
      ]);
      // No number from the future reads what has not been written.
      await community.readNotices(ben.viewer, Number.MAX_SAFE_INTEGER);
      await community.sayTo(ada.viewer, 'Ben', 'one');
      await community.sayTo(ada.viewer, 'Ben', 'two');
      expect((await community.me(ben.viewer)).unreadNotices).toBe(1);
    });

    it('a release that is gone is followed by nobody, and its comments are gone', async () => {
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

    it('the oldest notices make room', async () => {
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
