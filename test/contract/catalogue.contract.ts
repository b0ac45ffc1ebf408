/**
 * What every Catalogue must do (tracker/catalogue/contract.ts), as tests for each implementation. Visibility
 * is in catalogue-access.contract.ts, search in catalogue-search.contract.ts.
 */
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseMetainfo } from '../../torrents/metainfo/metainfo.ts';
import { signVersion, versionOf } from '../../torrents/release/version-signature.ts';
import type { Viewer } from '../../tracker/access.ts';
import type { Catalogue } from '../../tracker/catalogue/contract.ts';
import { type Album, albumTorrent, publication, releaseIdOf } from '../tracker/catalogue/catalogue-album.ts';

export interface CatalogueBench {
  readonly catalogue: Catalogue;
  /** Stops it cleanly and opens it again with the same data. */
  reopen(): Promise<Catalogue>;
  stop(): Promise<void>;
}

export const publisher: Viewer = { accountId: 1, role: 'member', groupIds: [] };
export const member: Viewer = { accountId: 2, role: 'member', groupIds: [7] };
export const guest: Viewer = { accountId: 3, role: 'guest', groupIds: [] };
export const anonymous: Viewer = { role: 'anonymous', groupIds: [] };
export const owner: Viewer = { accountId: 9, role: 'owner', groupIds: [] };

export const abbeyRoad: Album = {
  album: 'Abbey Road',
  artist: 'The Beatles',
  year: 1969,
  genre: 'Rock',
  tracks: ['Come Together', 'Something', { title: 'Octopus’s Garden', durationMs: 171_000 }],
};
/** The beginning of a 1x1 PNG, by which the type of a cover is recognized. */
const png = new Uint8Array(
  Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex'),
);

export function catalogueContract(name: string, open: () => Promise<CatalogueBench>): void {
  describe(`${name} as a catalogue`, () => {
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

    describe('a release', () => {
      it('a release is read as it was published, with its files from the torrent', async () => {
        const releaseId = await publish(abbeyRoad);
        const { infoHashV2, files } = parseMetainfo(albumTorrent(abbeyRoad));
        expect(await catalogue.release({ viewer: anonymous, releaseId })).toMatchObject({
          releaseId,
          publisherId: 1,
          visibility: 'everyone',
          album: 'Abbey Road',
          torrentName: 'Abbey Road',
          artist: 'The Beatles',
          year: 1969,
          trackCount: 3,
          durationMs: 571_000,
          bytes: 15_000_003,
          codec: 'flac',
          lossless: true,
          completeness: 100,
          hasCover: false,
          version: 1,
          infoHash: undefined,
          infoHashV2: new Uint8Array(infoHashV2!),
          createdAtMs: 1_700_000_000_500,
          tracks: [
            {
              fileIndex: 0,
              path: '0001 Come Together.flac',
              track: 1,
              title: 'Come Together',
              bytes: 5_000_000,
            },
            { title: 'Something', piecesRoot: new Uint8Array(files[1]!.piecesRoot!) },
            { title: 'Octopus’s Garden', durationMs: 171_000 },
          ],
        });
      });

      it('a release is read with the name of its torrent, which may differ from the album', async () => {
        const releaseId = releaseIdOf('another name');
        const named = publication(releaseId, publisher, abbeyRoad);
        const torrent = albumTorrent({ ...abbeyRoad, album: 'x\u202Egnp.exe' });
        await catalogue.publish({ ...named, torrent });
        const torrentName = 'x\\u202egnp.exe';
        expect(await catalogue.release({ viewer: anonymous, releaseId })).toMatchObject({ torrentName });
        const [hit] = (await catalogue.searchReleases({ viewer: anonymous, text: 'abbey' })).rows;
        expect(hit).toMatchObject({ album: 'Abbey Road', torrentName });
        const [song] = (await catalogue.searchTracks({ viewer: anonymous, text: 'something' })).rows;
        expect(song).toMatchObject({ album: 'Abbey Road', torrentName });
      });

      it.each(['.ssh', '.bash_profile', '..x', '\u200b.ssh', '\uff0essh'])(
        'a release whose torrent has the hidden name %j is refused',
        async (album) => {
          const named = publication(releaseIdOf(album), publisher, abbeyRoad);
          const torrent = albumTorrent({ ...abbeyRoad, album });
          const refused = { code: 'torrent-name-hidden', message: expect.stringMatching(/hidden: rename/) };
          await expect(catalogue.publish({ ...named, torrent })).rejects.toMatchObject(refused);
          const releaseId = await publish(abbeyRoad);
          const next = { ...named, releaseId, torrent, version: 2 };
          await expect(catalogue.addVersion(next)).rejects.toMatchObject(refused);
        },
      );

      it('a release whose torrent name begins with three dots is accepted', async () => {
        const releaseId = await publish({ album: '...And Justice for All', tracks: ['One'] });
        const torrentName = '...And Justice for All';
        expect(await catalogue.release({ viewer: anonymous, releaseId })).toMatchObject({ torrentName });
      });

      it('the torrent of a release is returned byte for byte', async () => {
        const releaseId = await publish(abbeyRoad);
        const torrent = await catalogue.torrent({ viewer: anonymous, releaseId });
        expect(Buffer.from(torrent!).equals(albumTorrent(abbeyRoad))).toBe(true);
        expect(await catalogue.torrent({ viewer: anonymous, releaseId, version: 2 })).toBeUndefined();
      });

      it('the type of a cover is recognized from its bytes', async () => {
        const releaseId = releaseIdOf('with a cover');
        await catalogue.publish({ ...publication(releaseId, publisher, abbeyRoad), cover: png });
        expect(await catalogue.cover({ viewer: anonymous, releaseId })).toEqual({
          type: 'image/png',
          bytes: png,
        });
        expect(await catalogue.release({ viewer: anonymous, releaseId })).toMatchObject({ hasCover: true });
      });

      it('a release is still there when the catalogue is opened again', async () => {
        const releaseId = await publish(abbeyRoad);
        catalogue = await bench.reopen();
        expect(await catalogue.release({ viewer: anonymous, releaseId })).toMatchObject({
          album: 'Abbey Road',
        });
        expect((await catalogue.searchTracks({ viewer: anonymous, text: 'octopuss' })).rows.length).toBe(1);
        expect(await catalogue.torrent({ viewer: anonymous, releaseId })).toBeDefined();
      });

      it('a release is found by its torrent, and its songs by their pieces roots in every release', async () => {
        const song = { title: 'Something', content: 'the same bytes' };
        const first = await publish({ album: 'One', tracks: [song] });
        const second = await publish({ album: 'Two', tracks: ['Other', song] });
        const { infoHashV2, files } = parseMetainfo(albumTorrent({ album: 'One', tracks: [song] }));
        const found = await catalogue.releasesOfTorrent({ viewer: anonymous, infoHash: infoHashV2! });
        expect(found.map(({ releaseId }) => releaseId)).toEqual([first]);
        const homes = await catalogue.homesOf({ viewer: anonymous, piecesRoot: files[0]!.piecesRoot! });
        expect(homes.map(({ releaseId, fileIndex }) => [releaseId, fileIndex])).toEqual([
          [second, 1],
          [first, 0],
        ]);
      });

      it('completeness is the share of tracks that exist according to the track numbers', async () => {
        const releaseId = releaseIdOf('incomplete');
        const input = publication(releaseId, publisher, { album: 'Half', tracks: ['One', 'Four'] });
        const tracks = input.description.tracks.map((track, index) => ({ ...track, track: [1, 4][index] }));
        await catalogue.publish({ ...input, description: { ...input.description, tracks } });
        expect(await catalogue.release({ viewer: anonymous, releaseId })).toMatchObject({ completeness: 50 });
      });
    });

    describe('a publication is refused', () => {
      const releaseId = releaseIdOf('refused');
      const input = publication(releaseId, publisher, abbeyRoad);
      const { description } = input;
      const [track] = description.tracks;

      it.each([
        ['by a viewer without an account', { viewer: anonymous }, 'not-allowed'],
        ['with an invalid id', { releaseId: "' OR 1=1 --" }, 'release-invalid'],
        ['with an invalid torrent', { torrent: new TextEncoder().encode('l-3:e') }, 'torrent-invalid'],
        ['with an SVG as its cover', { cover: new TextEncoder().encode('<svg/>') }, 'release-invalid'],
        ['without a name', { description: { ...description, album: '\u202e \0' } }, 'release-invalid'],
        [
          'with a file that is not in its torrent',
          { description: { ...description, tracks: [{ ...track!, fileIndex: 3 }] } },
          'release-invalid',
        ],
        [
          'with one file as two tracks',
          { description: { ...description, tracks: [track!, track!] } },
          'release-invalid',
        ],
        [
          'for members only, with a torrent that is not private',
          { access: { visibility: 'members' } },
          'release-not-private',
        ],
        ['for a group without its name', { access: { visibility: 'group' } }, 'release-not-private'],
        ['with an invalid time', { publishedAtMs: Number.NaN }, 'release-invalid'],
      ] as const)('a publication is refused %s', async (_, changes, code) => {
        await expect(catalogue.publish({ ...input, ...changes })).rejects.toMatchObject({ code });
        expect(await catalogue.served()).toEqual([]);
      });

      it('the same torrent cannot be published twice by one account, but by others, whose copy may be hidden', async () => {
        await publish(abbeyRoad);
        await expect(catalogue.publish(input)).rejects.toMatchObject({ code: 'already-published' });
        await publish(abbeyRoad, member);
        expect((await catalogue.releases({ viewer: anonymous })).rows.length).toBe(2);
      });

      it('a release under an id that is taken is refused', async () => {
        const taken = await publish(abbeyRoad);
        const again = publication(taken, member, { ...abbeyRoad, album: 'Other' });
        await expect(catalogue.publish(again)).rejects.toMatchObject({ code: 'release-exists' });
      });

      it('texts become one line without invisible characters, and impossible numbers are left out', async () => {
        const wild = { ...description, album: 'A\u202eb\nc', year: 99_999, genre: '\u200b' };
        await catalogue.publish({ ...input, description: wild });
        expect(await catalogue.release({ viewer: anonymous, releaseId })).toMatchObject({
          album: 'A b c',
          year: undefined,
          genre: undefined,
        });
      });
    });

    describe('a signature', () => {
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      const publisherKey = new Uint8Array(Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url'));
      const releaseId = releaseIdOf('signed');
      const input = { ...publication(releaseId, publisher, abbeyRoad), publisherKey };
      const version = versionOf(parseMetainfo(input.torrent), {
        ...{ releaseId, version: 1, publishedAtMs: input.publishedAtMs },
      });

      it('a signature by the publisher is stored with its version', async () => {
        const { signature } = signVersion(version, privateKey);
        await catalogue.publish({ ...input, signature });
        expect(await catalogue.versions({ viewer: anonymous, releaseId })).toMatchObject([
          { version: 1, signature, publishedAtMs: input.publishedAtMs, fileCount: 3 },
        ]);
      });

      it('a signature of something else is refused, and so is a missing one if the account has a key', async () => {
        const { signature } = signVersion({ ...version, version: 2 }, privateKey);
        await expect(catalogue.publish({ ...input, signature })).rejects.toMatchObject({
          code: 'signature-invalid',
        });
        await expect(catalogue.publish(input)).rejects.toMatchObject({ code: 'signature-invalid' });
      });
    });

    describe('a new version', () => {
      const newer: Album = { ...abbeyRoad, tracks: ['Come Together', 'Maxwell’s Silver Hammer'] };
      const next = (releaseId: string, version: number, viewer = publisher) => ({
        ...publication(releaseId, viewer, newer),
        version,
        nowMs: 1_700_000_001_000,
      });

      it('a new version is shown and found, and the older one is still served', async () => {
        const releaseId = await publish(abbeyRoad);
        const served = await catalogue.addVersion(next(releaseId, 2));
        expect(served.infoHashes.length).toBe(2);
        expect(await catalogue.release({ viewer: anonymous, releaseId })).toMatchObject({
          version: 2,
          trackCount: 2,
          createdAtMs: 1_700_000_000_500,
          updatedAtMs: 1_700_000_001_000,
        });
        expect((await catalogue.searchTracks({ viewer: anonymous, text: 'hammer' })).rows.length).toBe(1);
        expect((await catalogue.searchTracks({ viewer: anonymous, text: 'octopuss' })).rows).toEqual([]);
        const old = await catalogue.torrent({ viewer: anonymous, releaseId, version: 1 });
        expect(Buffer.from(old!).equals(albumTorrent(abbeyRoad))).toBe(true);
        const versions = await catalogue.versions({ viewer: anonymous, releaseId });
        expect(versions.map(({ version }) => version)).toEqual([2, 1]);
      });

      it('a new version must be the next one, by the publisher, with another torrent', async () => {
        const releaseId = await publish(abbeyRoad);
        await expect(catalogue.addVersion(next(releaseId, 3))).rejects.toMatchObject({
          code: 'version-not-next',
        });
        await expect(catalogue.addVersion(next(releaseId, 2, owner))).rejects.toMatchObject({
          code: 'not-allowed',
        });
        const same = { ...publication(releaseId, publisher, abbeyRoad), version: 2 };
        await expect(catalogue.addVersion(same)).rejects.toMatchObject({ code: 'already-published' });
        expect(await catalogue.release({ viewer: anonymous, releaseId })).toMatchObject({
          version: 1,
          trackCount: 3,
        });
      });
    });

    it('the torrent of an earlier version can be published again as the next version', async () => {
      const releaseId = await publish(abbeyRoad);
      const changed: Album = { ...abbeyRoad, tracks: ['Come Together'] };
      const next = (album: Album, version: number) => ({
        ...publication(releaseId, publisher, album),
        version,
      });
      await catalogue.addVersion(next(changed, 2));
      await catalogue.addVersion(next(abbeyRoad, 3));
      await expect(catalogue.addVersion(next(abbeyRoad, 4))).rejects.toMatchObject({
        code: 'already-published',
      });
      const viewer = anonymous;
      expect(await catalogue.release({ viewer, releaseId })).toMatchObject({ version: 3, trackCount: 3 });
      const versions = await catalogue.versions({ viewer, releaseId });
      expect(versions[0]!.infoHash).toEqual(versions[2]!.infoHash);
      await catalogue.withdraw({ viewer: publisher, releaseId });
      expect(await catalogue.served()).toEqual([]);
    });

    it('the pages of a list contain every release once', async () => {
      for (let n = 0; n < 7; n++) await publish({ ...abbeyRoad, album: `Album ${n}` });
      const seen: string[] = [];
      let after: string | undefined;
      do {
        const page = await catalogue.releases({ viewer: anonymous, limit: 3, after });
        seen.push(...page.rows.map(({ album }) => album));
        after = page.next;
      } while (after !== undefined);
      expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0].map((n) => `Album ${n}`));
    });
  });
}
