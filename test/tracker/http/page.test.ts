import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ListedTorrents, magnetFor } from '../../../tracker/http/listed-torrents.ts';
import { html } from '../../../tracker/http/pages/html.ts';
import { homePage, notFoundPage } from '../../../tracker/http/pages/page.ts';
import { torrentFile } from '../tracker-fixtures.ts';

const stats = {
  torrents: 12_345,
  seeds: 3,
  leechers: 1,
  announces: 1_000_000,
  scrapes: 0,
  refused: 0,
  expired: 0,
  connections: 1,
  connectionsDropped: 0,
  uptimeSeconds: 200_000,
};

function pageOf(files: readonly Uint8Array[], announceUrl = 'http://t:6969/announce'): string {
  const torrents = new ListedTorrents();
  for (const file of files) torrents.add(file);
  const counts = { complete: 2, incomplete: 1, downloaded: 7 };
  return homePage({ announceUrl, torrents: torrents.all.map((torrent) => ({ torrent, counts })), stats });
}

/** The names of all elements and attributes in a page, which show whether a name has injected any. */
function markup(page: string): { elements: Set<string>; attributes: Set<string> } {
  const elements = new Set<string>();
  const attributes = new Set<string>();
  for (const [, element, rest] of page.matchAll(/<([!/a-z][^\s>]*)((?:\s+[a-z-]+(?:="[^"]*")?)*)\s*\/?>/gi)) {
    elements.add(element!.replace('/', ''));
    for (const [, attribute] of rest!.matchAll(/\s([a-z-]+)(?:="[^"]*")?/gi)) attributes.add(attribute!);
  }
  return { elements, attributes };
}

const hostile = [
  '<script>alert(1)<\\script>',
  '<img src=x onerror=alert(1)>',
  '"><svg onload=alert(1)>',
  "' onmouseover='alert(1)",
  '</style><style>*{display:none}',
  '&lt;script&gt;',
  '$' + '{alert(1)}',
  'javascript:alert(1)',
  '\u202Egnp.exe',
  'line\u2028break',
].map((name) => name.replaceAll('/', '\u2215'));

describe('the page', () => {
  it('the page shows each torrent with its size, files, peers and links', () => {
    const page = pageOf([
      torrentFile('Salt Marsh', [
        ['CD1/01 Low Tide.flac', 5_000_000],
        ['cover.jpg', 1],
      ]),
    ]);
    for (const text of [
      'Salt Marsh',
      '4.8 MiB',
      '2 files',
      '2 seeds',
      '1 downloading',
      'CD1/01 Low Tide.flac',
      '1 B<',
    ]) {
      expect(page).toContain(text);
    }
    expect(page).toMatch(/href="\/[0-9a-f]{40}\.torrent"/);
    expect(page).toMatch(
      /href="magnet:\?xt=urn:btih:[0-9a-f]{40}&amp;dn=Salt%20Marsh&amp;tr=http%3A%2F%2Ft%3A6969%2Fannounce"/,
    );
  });

  it('the page shows grouped figures and the uptime', () => {
    const page = pageOf([]);
    for (const text of ['12,345', '1,000,000', '2 days']) expect(page).toContain(text);
  });

  it.each(hostile)('the page shows the name %j as text and nothing else', (name) => {
    const plain = markup(
      pageOf([
        torrentFile('plain', [
          ['a', 1],
          ['b', 2],
        ]),
      ]),
    );
    const page = pageOf([
      torrentFile(name, [
        [`${name}.mp3`, 1],
        ['b', 2],
      ]),
    ]);
    expect(markup(page)).toEqual(plain);
    expect(page).not.toMatch(/[\u202a-\u202e\u2028\u2029]/);
  });

  it('the page shows an announce URL as text', () => {
    expect(pageOf([], 'http://"><b>/announce')).toContain('http://&quot;&gt;&lt;b&gt;/announce');
  });

  it('the page loads, runs and sends nothing', () => {
    for (const page of [
      pageOf([
        torrentFile('x', [
          ['a', 1],
          ['b', 1],
        ]),
      ]),
      notFoundPage(),
    ]) {
      const { elements, attributes } = markup(page);
      for (const element of ['script', 'iframe', 'form', 'object', 'base', 'img'])
        expect(elements).not.toContain(element);
      expect(
        [...attributes].filter((name) => name.startsWith('on') || name === 'src' || name === 'style'),
      ).toEqual([]);
      expect(page).not.toMatch(/url\(|@import/);
    }
  });

  it('the page is limited to 200 torrents and 100 files each', () => {
    const many = Array.from({ length: 250 }, (_, at) => torrentFile(`Torrent ${at}`, [['a', 1]]));
    const page = pageOf(many);
    expect(page).toContain('And 50 more torrents.');
    const files = Array.from({ length: 150 }, (_, at) => [`${at}.mp3`, 1] as const);
    expect(pageOf([torrentFile('Box set', files)])).toContain('and 50 more files');
  });
});

describe('html', () => {
  it('an html template lets no value out of element content or a quoted attribute', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.oneof(
            fc.constantFrom(...'<>&"\'='),
            fc.nat(0xffff).map((unit) => String.fromCharCode(unit)),
          ),
        }),
        (value) => {
          const { text } = html`<a title="${value}">${value}</a>`;
          expect(text.match(/[<>"]/g)?.join('')).toBe('<"">' + '<>');
          const inner = /^<a title="([^"]*)">/s.exec(text)![1]!;
          const decoded = inner
            .replaceAll('&lt;', '<')
            .replaceAll('&gt;', '>')
            .replaceAll('&quot;', '"')
            .replaceAll('&#39;', "'")
            .replaceAll('&amp;', '&');
          expect(decoded).toBe(value);
        },
      ),
    );
  });

  it('an html template keeps nested results, joins lists, and writes nothing for undefined', () => {
    expect(html`${[html`<b>${'&'}</b>`, 1]}${undefined}`.text).toBe('<b>&amp;</b>1');
  });
});

describe('a magnet link', () => {
  it('a magnet link names the torrent and this tracker, with all values escaped', () => {
    const torrent = new ListedTorrents().add(torrentFile('a&b=c #1', [['x', 3]]));
    expect(magnetFor(torrent, 'http://t/announce?k=1&x=2')).toBe(
      `magnet:?xt=urn:btih:${torrent.infoHash}&dn=a%26b%3Dc%20%231&tr=http%3A%2F%2Ft%2Fannounce%3Fk%3D1%26x%3D2`,
    );
  });
});
