/**
 * RSS 2.0 for feed readers and BitTorrent clients: qBittorrent downloads the `enclosure`, other programs read
 * the `torrent:` elements (ezRSS), and `atom:link` holds the URL of the feed itself.
 */
import { type Html, html } from '../../pages/html.ts';

export interface FeedItem {
  readonly title: string;
  readonly link: string;
  readonly id: string;
  readonly atMs: number;
  readonly text: string;
  readonly creator?: string | undefined;
  readonly torrent?: FeedTorrent | undefined;
}

export interface FeedTorrent {
  /** URL of the .torrent file. */
  readonly url: string;
  /**
   * Size of the content, not of the .torrent file. BitTorrent feeds give this size: clients show it and
   * filter by it.
   */
  readonly bytes: number;
  readonly magnet: string;
}

export interface Feed {
  readonly title: string;
  readonly link: string;
  /** URL of the feed itself. */
  readonly self: string;
  readonly items: readonly FeedItem[];
}

export const rssType = 'application/rss+xml; charset=utf-8';

export function feedXml({ title, link, self, items }: Feed): string {
  const text = html`<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:torrent="http://xmlns.ezrss.it/0.1/"><channel><title>${title}</title><link>${link}</link><description>${title}</description>
<atom:link href="${self}" rel="self" type="application/rss+xml"/>
${items.map(entry)}</channel></rss>
`.text;
  return text.toWellFormed().replace(notXml, '\ufffd');
}

function entry({ title, link, id, atMs, text, creator, torrent }: FeedItem): Html {
  return html`<item><title>${title}</title><link>${link}</link>
<guid isPermaLink="false">${id}</guid><pubDate>${new Date(atMs).toUTCString()}</pubDate>
${creator === undefined ? '' : html`<dc:creator>${creator}</dc:creator>`}<description>${text}</description>${torrent === undefined ? '' : enclosure(torrent)}</item>
`;
}

function enclosure({ url, bytes, magnet }: FeedTorrent): Html {
  return html`
<enclosure url="${url}" length="${bytes}" type="application/x-bittorrent"/>
<torrent:contentLength>${bytes}</torrent:contentLength><torrent:magnetURI>${magnet}</torrent:magnetURI>`;
}

/** Characters that an XML 1.0 document must not contain, not even escaped (section 2.2). */
const notXml = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
