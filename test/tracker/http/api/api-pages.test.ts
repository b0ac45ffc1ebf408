/** Pages and feeds show what users wrote as text: no part of it runs, loads, or ends its element. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiScene, openApiScene, publishBody } from './api-scene.ts';

const payloads = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</title></style><svg onload=alert(1)>',
  '<a href="javascript:alert(1)">x</a>',
  '&lt;script&gt;',
  ']]><script/>',
  '<!--',
];

let scene: ApiScene;
let ids: string[];
beforeAll(async () => {
  scene = await openApiScene();
  ids = await Promise.all(
    payloads.map((text, n) =>
      scene.publish({
        album: `zebra ${n} ${text}`,
        artist: text,
        tracks: [`zebra ${text}`, { title: text, artist: text }],
      }),
    ),
  );
  for (const text of payloads) {
    await scene.ask('POST /rooms/lobby/messages', { by: scene.people.pia, body: { text } });
  }
});
afterAll(() => scene.close());

/** Every tag with its attributes, as a browser would parse them. */
const tagsIn = (html: string) => [...html.matchAll(/<([a-z!/?][^\s>]*)((?:"[^"]*"|'[^']*'|[^"'>])*)>/gi)];

it("the name of a release's torrent is shown as text beside the album's title", async () => {
  const { pia } = scene.people;
  const name = '<b>x\u202Egnp.exe</b>'.replaceAll('/', '_');
  const body = { ...publishBody({ album: name, tracks: ['Song'] }, pia), album: 'Nice Holiday Album' };
  expect((await scene.ask('POST /releases', { by: pia, body })).status).toBe(201);
  const shown = 'torrent &lt;b&gt;x\\u202egnp.exe&lt;_b&gt;';
  for (const url of ['//?q=holiday', `//releases/${body.releaseId}`]) {
    const { text } = await scene.ask(`GET ${url}`);
    expect(text, url).toContain('Nice Holiday Album');
    expect(text, url).toContain(shown);
  }
  const { json } = await scene.ask(`GET /releases/${body.releaseId}`);
  expect(json).toMatchObject({ album: 'Nice Holiday Album', torrentName: '<b>x\\u202egnp.exe<_b>' });
});

it('a torrent with a hidden name is refused with the code torrent-name-hidden', async () => {
  const { pia } = scene.people;
  const body = { ...publishBody({ album: '.ssh', tracks: ['Song'] }, pia), album: 'Nice Holiday Album' };
  const { status, json } = await scene.ask('POST /releases', { by: pia, body });
  expect([status, json.error.code]).toEqual([400, 'torrent-name-hidden']);
});

describe('texts of users', () => {
  it.each([
    ['the home page', () => ['//']],
    ['search results', () => [...payloads, 'zebra'].map((text) => `//?q=${encodeURIComponent(text)}`)],
    ['release pages', () => ids.map((id) => `//releases/${id}`)],
  ])('what users wrote is shown as text on %s', async (_, urls) => {
    for (const url of urls()) {
      const { status, text, headers } = await scene.ask(`GET ${url}`);
      expect(status, url).toBe(200);
      for (const [, tag = '', attributes = ''] of tagsIn(text)) {
        expect(tag.toLowerCase(), url).not.toMatch(/^(script|iframe|object|embed|base)$/);
        expect(attributes, url).not.toMatch(/^(?:[^"]|"[^"]*")*\son[a-z]+\s*=/i);
        expect(attributes, url).not.toMatch(/="\s*javascript:/i);
      }
      expect(headers['content-security-policy'], url).toMatch(/default-src 'none'/);
      expect(headers['content-security-policy'], url).not.toMatch(/script-src|unsafe/);
      expect(headers['x-content-type-options'], url).toBe('nosniff');
    }
  });

  it.each([
    ['a search', '//rss/search?q=zebra'],
    ['a search that is itself hostile', `//rss/search?q=${encodeURIComponent(']]></title><script>')}`],
    [
      'a search with an unpaired surrogate and characters invalid in XML',
      `//rss/search?q=%00%0b${'a'.repeat(297)}%F0%9F%8E%B5`,
    ],
    ['a room', '//rss/rooms/lobby'],
    ['a user', '//rss/users/Pia'],
  ])('what users wrote is text in the feed of %s', async (_, url) => {
    const { status, text, headers } = await scene.ask(`GET ${url}`);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/rss+xml; charset=utf-8');
    // Well-formed: all elements are closed in order, and no other `<` begins a tag.
    const open: string[] = [];
    for (const [whole, tag = ''] of tagsIn(text)) {
      if (tag.startsWith('?')) continue;
      if (tag.startsWith('/')) expect(open.pop()).toBe(tag.slice(1));
      else if (!whole.endsWith('/>')) open.push(tag);
      expect(tag.replace('/', '')).toMatch(
        /^(rss|channel|(atom:)?link|title|description|item|guid|pubDate|enclosure|dc:creator|torrent:(contentLength|magnetURI))$/,
      );
    }
    expect(open).toEqual([]);
    expect(text).not.toMatch(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/);
    expect(text.isWellFormed()).toBe(true);
  });

  it('a long query is cut between characters', async () => {
    const { status } = await scene.ask(`GET //?q=${'a'.repeat(299)}%F0%9F%8E%B5`);
    expect(status).toBe(200);
  });

  it('the API documentation page loads nothing from other hosts', async () => {
    const { status, text, headers } = await scene.ask('GET //api/');
    expect(status).toBe(200);
    expect(text).not.toMatch(/(src|href)="(https?:)?\/\//);
    const policy = String(headers['content-security-policy']);
    expect(policy).toMatch(/default-src 'self'/);
    expect(policy).not.toMatch(/https?:|script-src[^;]*unsafe/);
  });
});
