/**
 * The home page of a tracker without a catalogue (what a tracker is, which torrents it lists, statistics),
 * and the not-found page of every tracker. They need no script and load nothing from other hosts.
 */
import { count, duration, grouped, size } from '../../../torrents/wording.ts';
import type { SwarmCounts } from '../../protocol/scrape-reply.ts';
import { type ListedTorrent, magnetFor } from '../listed-torrents.ts';
import type { TrackerStats } from '../metrics.ts';
import { contactLine } from './contact.ts';
import { type Html, html } from './html.ts';
import { figure, mark, page } from './page-parts.ts';

export interface HomePage {
  /** This tracker's announce URL, as reachable by the reader. */
  readonly announceUrl: string;
  readonly torrents: readonly { readonly torrent: ListedTorrent; readonly counts: SwarmCounts }[];
  readonly stats: TrackerStats;
  readonly contact?: string | undefined;
}

/** Limits that keep a page readable and cheap to send to any client. */
const torrentsShownMax = 200;
const filesShownMax = 100;

export function homePage({ announceUrl, torrents, stats, contact }: HomePage): string {
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
Cicada, a tracker for shared music folders, up for ${duration(stats.uptimeSeconds)}.${contactLine(contact)}</footer>`,
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
