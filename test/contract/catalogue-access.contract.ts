/** Who sees and who changes a release, for every query, as tests for each implementation. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseMetainfo } from '../../torrents/metainfo/metainfo.ts';
import type { Catalogue, ServedRelease, WantedAccess } from '../../tracker/catalogue/contract.ts';
import { type Album, albumTorrent, publication, releaseIdOf } from '../tracker/catalogue/catalogue-album.ts';
import {
  abbeyRoad,
  anonymous,
  type CatalogueBench,
  guest,
  member,
  owner,
  publisher,
} from './catalogue.contract.ts';

const viewers = { publisher, member, guest, anonymous, owner };

export function catalogueAccessContract(name: string, open: () => Promise<CatalogueBench>): void {
  describe(`${name} as a catalogue with permissions`, () => {
    let bench: CatalogueBench;
    let catalogue: Catalogue;
    beforeEach(async () => {
      bench = await open();
      catalogue = bench.catalogue;
    });
    afterEach(() => bench.stop());

    async function publish(album: Album, viewer = publisher): Promise<string> {
      const releaseId = releaseIdOf(`${viewer.accountId} ${album.album}`);
      await catalogue.publish(publication(releaseId, viewer, album));
      return releaseId;
    }

    describe('hidden releases', () => {
      const secret: Album = { ...abbeyRoad, private: true };
      const cases = [
        [{ visibility: 'everyone' }, ['publisher', 'member', 'guest', 'anonymous', 'owner']],
        [{ visibility: 'members' }, ['publisher', 'member', 'owner']],
        [{ visibility: 'group', groupId: 7 }, ['publisher', 'member']],
        [{ visibility: 'people', peopleIds: [3] }, ['publisher', 'guest']],
        [{ visibility: 'nobody' }, ['publisher']],
      ] as const;

      it.each(cases)(
        'a release with access %o is visible to %o, and does not exist for others in any query',
        async (access, seers) => {
          const releaseId = await publish({ ...secret, access });
          const { infoHashV2, files } = parseMetainfo(albumTorrent(secret));
          for (const [who, viewer] of Object.entries(viewers)) {
            const sees = (seers as readonly string[]).includes(who);
            const asked = { viewer, releaseId };
            const counts = {
              release: Number((await catalogue.release(asked)) !== undefined),
              torrent: Number((await catalogue.torrent(asked)) !== undefined),
              versions: (await catalogue.versions(asked)).length,
              list: (await catalogue.releases({ viewer })).rows.length,
              ofPublisher: (await catalogue.releases({ viewer, publisherId: 1 })).rows.length,
              ofTorrent: (await catalogue.releasesOfTorrent({ viewer, infoHash: infoHashV2! })).length,
              homes: (await catalogue.homesOf({ viewer, piecesRoot: files[0]!.piecesRoot! })).length,
              tracks: (await catalogue.searchTracks({ viewer, text: 'come together' })).rows.length,
              misspelt: (await catalogue.searchTracks({ viewer, text: 'comr togethre' })).rows.length,
              found: (await catalogue.searchReleases({ viewer, text: 'abbey' })).rows.length,
              everything: (await catalogue.searchReleases({ viewer, text: '' })).rows.length,
            };
            const expected = Object.fromEntries(Object.keys(counts).map((key) => [key, Number(sees)]));
            expect(counts, `${who} asks`).toEqual(expected);
          }
        },
      );

      it('changing a hidden release is refused like changing a missing one', async () => {
        const releaseId = await publish({ ...secret, access: { visibility: 'nobody' } });
        const refusal = async (id: string) => {
          const input = { viewer: owner, releaseId: id };
          const tries = [
            catalogue.withdraw(input),
            catalogue.changeAccess({ ...input, access: { visibility: 'everyone' }, nowMs: 0 }),
            catalogue.addVersion({ ...publication(id, owner, abbeyRoad), version: 2 }),
          ];
          return (await Promise.allSettled(tries)).map((result) =>
            result.status === 'rejected' ? [result.reason.code, result.reason.message] : 'done',
          );
        };
        expect(await refusal(releaseId)).toEqual(await refusal(releaseIdOf('nowhere')));
      });

      it('hidden releases take no place on a page', async () => {
        for (const n of [1, 2, 3, 4, 5, 6]) {
          const access = { visibility: n % 2 === 0 ? 'nobody' : 'everyone' } as const;
          await publish({ ...secret, album: `Album ${n}`, access });
        }
        const page = await catalogue.searchReleases({ viewer: anonymous, text: 'album', limit: 3 });
        expect(page.rows.map(({ album }) => album)).toEqual(['Album 5', 'Album 3', 'Album 1']);
        const list = await catalogue.releases({ viewer: anonymous, limit: 3 });
        expect(list).toMatchObject({
          rows: [{ album: 'Album 5' }, { album: 'Album 3' }, { album: 'Album 1' }],
        });
        expect(list.next).toBeUndefined();
      });

      it('a change of access takes effect at once, in both directions', async () => {
        const releaseId = await publish({ ...secret, access: { visibility: 'everyone' } });
        const found = async () =>
          (await catalogue.searchTracks({ viewer: member, text: 'something' })).rows.length;
        expect(await found()).toBe(1);
        await catalogue.changeAccess({
          viewer: publisher,
          releaseId,
          access: { visibility: 'nobody' },
          nowMs: 1,
        });
        expect(await found()).toBe(0);
        await catalogue.changeAccess({
          ...{ viewer: publisher, releaseId, nowMs: 2 },
          access: { visibility: 'group', groupId: 7 },
        });
        expect(await found()).toBe(1);
      });

      it('a release has the counts of its own swarm, which start at zero when it becomes public or restricted', async () => {
        const releaseId = await publish({ ...secret, access: { visibility: 'everyone' } });
        const seeds = async () => (await catalogue.release({ viewer: publisher, releaseId }))!.seeds;
        const change = (access: WantedAccess) =>
          catalogue.changeAccess({ viewer: publisher, releaseId, access, nowMs: 1 });
        const count = (seeds: number) => catalogue.setSwarms([{ releaseId, seeds, leechers: 1 }]);
        await count(7);
        await change({ visibility: 'group', groupId: 7 });
        expect(await seeds()).toBe(0);
        await count(3);
        await change({ visibility: 'members' });
        expect(await seeds()).toBe(3);
        await change({ visibility: 'everyone' });
        expect(await seeds()).toBe(0);
      });

      it('the people of a restricted release are visible to its publisher only', async () => {
        const access = { visibility: 'people', peopleIds: [3, 2] } as const;
        const releaseId = await publish({ ...secret, access });
        expect((await catalogue.release({ viewer: publisher, releaseId }))!.peopleIds).toEqual([2, 3]);
        expect((await catalogue.release({ viewer: guest, releaseId }))!.peopleIds).toBeUndefined();
      });
    });

    describe('served releases', () => {
      it('a served release is announced at each change, before its publisher is answered, and listed at the start', async () => {
        const told: ServedRelease[] = [];
        catalogue.onServed((release) => told.push(release));
        const album: Album = { ...abbeyRoad, private: true };
        const releaseId = await publish(album);
        const infoHash = new Uint8Array(parseMetainfo(albumTorrent(album)).infoHash);
        const access = { visibility: 'people', publisherId: 1, peopleIds: [2] } as const;
        await catalogue.changeAccess({ viewer: publisher, releaseId, access, nowMs: 1 });
        // Passkeys name a release by this number.
        const { number } = told[0]!;
        expect(number).toBeGreaterThan(0);
        expect(told).toEqual([
          { number, releaseId, infoHashes: [infoHash], access: { visibility: 'everyone', publisherId: 1 } },
          { number, releaseId, infoHashes: [infoHash], access },
        ]);
        expect(await catalogue.served()).toEqual(told.slice(1));
        await catalogue.withdraw({ viewer: publisher, releaseId });
        expect(told[2]).toEqual({ number, releaseId, infoHashes: [infoHash], access: undefined });
        // The number is never reused.
        await publish(album);
        expect(told[3]!.number).not.toBe(number);
        await catalogue.withdraw({ viewer: publisher, releaseId: told[3]!.releaseId });
        expect(await catalogue.served()).toEqual([]);
      });

      it('the releases changed last are listed in that order, hidden ones too', async () => {
        const [first, second] = [
          await publish(abbeyRoad),
          await publish({ ...abbeyRoad, album: 'Let It Be', private: true }),
        ];
        expect(await catalogue.changedLast(10)).toEqual([second, first]);
        const more = {
          viewer: publisher,
          releaseId: first,
          access: { visibility: 'everyone' },
          nowMs: 1,
        } as const;
        await catalogue.changeAccess(more);
        expect(await catalogue.changedLast(10)).toEqual([first, second]);
        expect(await catalogue.changedLast(1)).toEqual([first]);
      });

      it('a release can be withdrawn by its publisher only, and by no other role', async () => {
        const releaseId = await publish(abbeyRoad);
        for (const viewer of [member, owner]) {
          await expect(catalogue.withdraw({ viewer, releaseId })).rejects.toMatchObject({
            code: 'not-allowed',
          });
        }
        await catalogue.withdraw({ viewer: publisher, releaseId });
        expect(await catalogue.release({ viewer: publisher, releaseId })).toBeUndefined();
        expect((await catalogue.searchTracks({ viewer: publisher, text: 'something' })).rows).toEqual([]);
        // The same torrent can be published again, and survives the cleanup at the next start.
        await publish(abbeyRoad, publisher);
        catalogue = await bench.reopen();
        expect(await catalogue.torrent({ viewer: anonymous, releaseId })).toBeDefined();
      });
    });
  });
}
