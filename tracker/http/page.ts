/**
 * The pages for people: what this tracker is, what is shared here, how it is doing. Complete in themselves: no script,
 * nothing from elsewhere.
 */
import type { SwarmCounts } from '../protocol/scrape-reply.ts';
import { Html, html } from './html.ts';
import { type ListedTorrent, magnetFor } from './listed-torrents.ts';
import type { TrackerStats } from './metrics.ts';
import { pageStyle } from './page-style.ts';

export interface HomePage {
  /** Ours, by the address at which the reader has reached us. */
  readonly announceUrl: string;
  readonly torrents: readonly { readonly torrent: ListedTorrent; readonly counts: SwarmCounts }[];
  readonly stats: TrackerStats;
}

/** A page stays readable, and cheap to send to anybody who asks. */
const torrentsShownMax = 200;
const filesShownMax = 100;

/** A cicada, seen from above. */
const mark = html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" fill="none" stroke="currentColor"
 stroke-width="1.6" stroke-linejoin="round" stroke-linecap="round" role="img" aria-label="A cicada">
<path d="M24 10c3.6 0 5.6 2.2 5.6 5v13c0 5.4-2.4 10-5.6 12.5-3.2-2.5-5.6-7.1-5.6-12.5V15c0-2.8 2-5 5.6-5z"/>
<path d="M18.4 17C11 20.5 6.5 29 6 39.5c5.5-1 10.3-4.5 13.2-9.5M29.6 17C37 20.5 41.5 29 42 39.5c-5.5-1-10.3-4.5-13.2-9.5"/>
<path d="M18.4 21h11.2M18.9 27h10.2M20 33h8M21 10.5 18 6.5M27 10.5l3-4M15.5 21c-3 4-5 8.8-6 14M32.5 21c3 4 5 8.8 6 14"/>
</svg>`;

/** The mark as a file of its own, for the tab of a browser. */
export const iconSvg = mark.text.replace('currentColor', '#4f8a57');

export function homePage({ announceUrl, torrents, stats }: HomePage): string {
  const shown = torrents.slice(0, torrentsShownMax);
  return page(
    'Cicada tracker',
    html`
<header>${mark}
<h1>This is a tracker.</h1>
<p class="lead">It introduces computers that share the same music to one another.
The music itself goes straight from listener to listener and never passes through here.</p>
</header>
<main>
<span class="label">Announce URL, for torrents you make</span>
<code class="copy">${announceUrl}</code>
<section aria-labelledby="shared"><h2 id="shared">Shared here</h2>
${
  shown.length === 0
    ? html`<p class="soft">Nothing is on the list, but any torrent may be announced.</p>`
    : html`<ol class="torrents">${shown.map((entry) => torrentItem(entry, announceUrl))}</ol>`
}
${torrents.length > shown.length ? html`<p class="soft">And ${count(torrents.length - shown.length, 'more torrent')}.</p>` : ''}
</section>
<section aria-labelledby="figures"><h2 id="figures">At the moment</h2>
<dl class="figures">
${figure('Torrents', grouped(stats.torrents))}
${figure('Seeds', grouped(stats.seeds))}
${figure('Downloading', grouped(stats.leechers))}
${figure('Announces', grouped(stats.announces))}
</dl></section>
<section aria-labelledby="chance"><h2 id="chance">Here by chance?</h2>
<p>${
      shown.length === 0
        ? 'There is nothing to do on this page.'
        : html`Open one of the torrents above in a BitTorrent client, or with <code>cicada get</code>, and it will find
everybody who has it.`
    } If somebody gave you a magnet link or a torrent file, open that: your client talks to this address by itself.</p>
</section>
</main>
<footer><nav><a href="/metrics">Metrics</a><a href="/health">Health</a></nav>
Cicada, a tracker for shared music folders, up for ${duration(stats.uptimeSeconds)}.</footer>`,
  );
}

export function notFoundPage(): string {
  return page(
    'Not here · Cicada tracker',
    html`
<header>${mark}<h1>There is nothing here.</h1>
<p class="lead">The address may be mistyped, or what was here is no longer shared.</p></header>
<main><p><a href="/">What is shared here</a></p></main>`,
  );
}

function page(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex"><title>${title}</title>
<link rel="icon" type="image/svg+xml" href="/icon.svg"><style>${new Html(pageStyle)}</style></head>
<body>${body}</body></html>
`.text;
}

function torrentItem({ torrent, counts }: HomePage['torrents'][number], announceUrl: string): Html {
  const { files } = torrent;
  return html`<li>
<p class="name">${torrent.name}</p>
<p class="meta"><span>${size(torrent.bytes)}</span><span>${count(files.length, 'file')}</span><span class="${
    counts.complete > 0 ? 'live' : 'none'
  }">${count(counts.complete, 'seed')}</span><span>${grouped(counts.incomplete)} downloading</span></p>
<div class="get"><a href="/${torrent.infoHash}.torrent">Torrent file</a><a href="${magnetFor(torrent, announceUrl)}">Magnet link</a>
${files.length > 1 ? fileList(files) : undefined}</div>
</li>`;
}

function fileList(files: ListedTorrent['files']): Html {
  const more = files.length - filesShownMax;
  return html`<details><summary>Files</summary><ol class="files">${files
    .slice(0, filesShownMax)
    .map(({ path, bytes }) => html`<li><span>${path}</span><span>${size(bytes)}</span></li>`)}${
    more > 0 ? html`<li><span>and ${count(more, 'more file')}</span></li>` : undefined
  }</ol></details>`;
}

function figure(name: string, value: string): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>
`;
}

/** `1 seed`, `2 seeds`. */
function count(number: number, noun: string): string {
  return `${grouped(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** Thousands apart by a thin space, which everybody reads the same way. */
function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** Bytes in the units of the command line, three digits of them. */
function size(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${bytes === 1 ? 'byte' : units[unit]}`;
}

/** The largest unit that fits: `3 days`. */
function duration(seconds: number): string {
  if (seconds < 120) return count(seconds, 'second');
  if (seconds < 2 * 3600) return count(Math.floor(seconds / 60), 'minute');
  if (seconds < 2 * 86_400) return count(Math.floor(seconds / 3600), 'hour');
  return count(Math.floor(seconds / 86_400), 'day');
}
