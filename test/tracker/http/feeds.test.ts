/** Feeds of releases: newest first, with all that a BitTorrent client needs to fetch them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseMagnet } from '../../../torrents/magnet.ts';
import { parseMetainfo } from '../../../torrents/metainfo/metainfo.ts';
import { type ApiScene, openApiScene, type Person } from './api/api-scene.ts';

let scene: ApiScene;
let mia: Person;
beforeAll(async () => {
  scene = await openApiScene();
  mia = scene.people.member;
  for (const album of ['First Tide', 'Second Tide', 'Third Tide']) {
    await scene.publish({ album, artist: `Artist of ${album}` });
  }
  await scene.publish({ album: 'Members Tide', private: true }, { visibility: 'members' });
});
afterAll(() => scene?.close());

const get = (path: string, headers = {}) => scene.ask(`GET //rss${path}`, { headers });
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, found]) => plain(found!));
const plain = (text: string) => text.replaceAll('&amp;', '&').replaceAll('&#38;', '&');
const titles = (text: string) => all(text, /<item><title>([^<]*)/g);
const enclosures = (text: string) => all(text, /<enclosure url="([^"]*)"/g);
const pathOf = (url: string) => url.replace('https://tracker.example', '/');

describe('a feed', () => {
  it('a feed lists the newest releases first, however many peers share a release', async () => {
    const [, oldest] = [0, scene.library.served((await scene.ask('GET /releases')).json.rows.at(-1).id)!];
    for (let peer = 0; peer < 3; peer++) {
      await scene.announce(oldest.infoHashes[0]!, undefined, `&port=${7000 + peer}`);
    }
    const newestFirst = ['Third Tide', 'Second Tide', 'First Tide'];
    for (const path of ['/search?q=tide', '/search?q=', '/search', '/users/Pia']) {
      const { text } = await get(path);
      expect(
        titles(text).map((title) => title.split(' – ').at(-1)),
        path,
      ).toEqual(newestFirst);
    }
  });

  it('a feed contains its own URL and the artist of each album', async () => {
    const { text } = await get('/search?q=first+tide');
    expect(text).toContain('<atom:link href="https://tracker.example/rss/search?q=first%20tide" rel="self"');
    expect(text).toContain('<dc:creator>Artist of First Tide</dc:creator>');
    expect(titles(text)[0]).toBe('Artist of First Tide – First Tide');
  });

  it('a feed has an enclosure with the torrent, and a magnet link to the same torrent', async () => {
    const { text } = await get('/search?q=first+tide');
    expect(text).toMatch(/<enclosure url="[^"]*" length="[1-9]\d*" type="application\/x-bittorrent"\/>/);
    const [url = ''] = enclosures(text);
    const { status, bytes, headers } = await scene.ask(`GET ${pathOf(url)}`);
    expect([status, headers['content-type']]).toEqual([200, 'application/x-bittorrent']);
    const { infoHashV2, trackers } = parseMetainfo(new Uint8Array(bytes));
    expect(trackers).toEqual([['https://tracker.example/announce']]);
    const [magnet = ''] = all(text, /<torrent:magnetURI>([^<]*)/g);
    expect(parseMagnet(magnet)).toMatchObject({ infoHashV2, trackers: ['https://tracker.example/announce'] });
  });

  it.each([
    ['the same tag', (tag: string) => tag, 304],
    ['one of several tags', (tag: string) => `"x", W/${tag}`, 304],
    ['any tag', () => '*', 304],
    ['another tag', () => '"x"', 200],
  ])('a feed is answered by its ETag: a reader that sends %s', async (_what, known, expected) => {
    const { headers } = await get('/search?q=tide');
    const again = await get('/search?q=tide', { 'if-none-match': known(String(headers.etag)) });
    expect(again.status).toBe(expected);
    if (expected === 304) expect(again.text).toBe('');
  });
});

describe('a feed key', () => {
  it("a feed key shows what its account may see, and fetches torrents with that account's announce URL", async () => {
    const { text } = await get(`/search?q=members&key=${mia.feedKey}`);
    const [url = ''] = enclosures(text);
    expect(url).toContain(`key=${mia.feedKey}`);
    const { bytes } = await scene.ask(`GET ${pathOf(url)}`);
    const [[announce = ''] = []] = parseMetainfo(new Uint8Array(bytes)).trackers;
    expect(announce).toMatch(/^https:\/\/tracker\.example\/[a-z2-7]{48}\/announce$/);
    expect(announce).not.toContain(mia.feedKey);
    // Without a key, or with the key of an account without access, the release does not exist.
    const bare = pathOf(url).replace(/\?.*/, '');
    expect((await scene.ask(`GET ${bare}`)).status).toBe(404);
    expect((await scene.ask(`GET ${bare}?key=${scene.people.guest.feedKey}`)).status).toBe(404);
    expect((await scene.ask(`GET ${bare}?key=${mia.token}`)).status).toBe(401);
  });

  it('a feed key opens no session and no swarm', async () => {
    expect(await scene.ask('GET /accounts/me', { by: { token: mia.feedKey } })).toMatchObject({
      status: 401,
    });
    const hash = scene.library.served((await scene.ask('GET /releases')).json.rows[0].id)!.infoHashes[0]!;
    expect(String(await scene.announce(hash, mia.feedKey))).toContain('failure reason');
  });

  it('a renewed feed key ends the old one, together with the enclosures of its feeds', async () => {
    const [url = ''] = enclosures((await get(`/search?q=tide&key=${mia.feedKey}`)).text);
    await scene.ask('POST /accounts/me/passkey', { by: mia });
    expect((await scene.ask(`GET ${pathOf(url)}`)).status).toBe(401);
  });
});
