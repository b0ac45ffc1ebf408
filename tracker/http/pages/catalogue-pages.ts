/**
 * The catalogue for browsers without a session: search, releases and their holders. It shows what is visible
 * without signing in; everything else goes through the API.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { makeMagnet } from '../../../torrents/magnet.ts';
import { count, duration, grouped, size } from '../../../torrents/wording.ts';
import { anonymous, mayEnter } from '../../access.ts';
import type { ReleaseDetail, ReleaseSummary, TrackHit } from '../../catalogue/contract.ts';
import { queryCharsMax } from '../../catalogue/search/search-query.ts';
import type { Figures } from '../../public-figures.ts';
import { type ApiContext, announceUrl, type openGates, visitorKey } from '../api/context.ts';
import { holdersOf, type Names, nameIn, swarmHashes } from '../api/shapes.ts';
import type { TrackerStats } from '../metrics.ts';
import { contactLine } from './contact.ts';
import { type Html, html } from './html.ts';
import { figure, mark, page } from './page-parts.ts';

/** Holders of a release listed by name. */
const holdersNamedMax = 30;
const onlineNamedMax = 50;
/** Longest torrent name or licence in a list. */
const nameCharsShown = 60;

export function addCataloguePages(
  app: FastifyInstance,
  context: ApiContext,
  gates: ReturnType<typeof openGates>,
  stats: () => TrackerStats,
): void {
  const { library } = context;
  const { catalogue, community, policy } = library;
  const isOpen = mayEnter('anonymous', 'browse', policy.signInRequired);

  app.get('/', async (request, reply) => {
    gates.take('searchPerAddress', visitorKey(context, request));
    reply.type('text/html; charset=utf-8');
    if (!isOpen) return closedPage(announceUrl(context, request), context.contact);
    const text = queryOf(request).trim();
    const isSearch = text !== '';
    const tracks = isSearch
      ? (await catalogue.searchTracks({ viewer: anonymous, text, limit: 30 })).rows
      : [];
    const { rows } = isSearch
      ? await catalogue.searchReleases({ viewer: anonymous, text, limit: 20 })
      : await catalogue.releases({ viewer: anonymous, limit: 20 });
    const online = library.online.seenBy(anonymous);
    const shown = [...online].slice(0, onlineNamedMax);
    const names = await community.names([
      ...new Set([...rows, ...tracks].map((row) => row.publisherId)),
      ...shown,
    ]);
    const onlineNames = shown.map((id) => nameIn(names, id));
    return cataloguePage({
      text,
      tracks,
      releases: rows,
      names,
      online: onlineNames,
      onlineCount: online.size,
      figures: library.figures(),
      uptimeSeconds: stats().uptimeSeconds,
      contact: context.contact,
    });
  });

  app.get<{ Params: { id: string } }>('/releases/:id', async (request, reply) => {
    gates.take('searchPerAddress', visitorKey(context, request));
    const { id: releaseId } = request.params;
    const isId = /^[a-z2-7]{26}$/.test(releaseId) && isOpen;
    const release = isId ? await catalogue.release({ viewer: anonymous, releaseId }) : undefined;
    if (release === undefined) return reply.callNotFound();
    const holders = holdersOf(
      library,
      anonymous,
      releaseId,
      [{ hashes: swarmHashes(release) }],
      holdersNamedMax,
    );
    const names = await community.names([release.publisherId, ...holders.map(({ accountId }) => accountId)]);
    reply.type('text/html; charset=utf-8');
    return releasePage(release, names, holders, announceUrl(context, request), context.contact);
  });
}

function queryOf(request: FastifyRequest): string {
  const { q } = request.query as { q?: unknown };
  // slice() may cut a surrogate pair in half.
  return typeof q === 'string' ? q.slice(0, queryCharsMax).toWellFormed() : '';
}

interface CataloguePage {
  readonly text: string;
  readonly tracks: readonly TrackHit[];
  readonly releases: readonly ReleaseSummary[];
  readonly names: Names;
  readonly online: readonly string[];
  readonly onlineCount: number;
  readonly figures: Figures;
  readonly uptimeSeconds: number;
  readonly contact: string | undefined;
}

function cataloguePage(shown: CataloguePage): string {
  const { text, tracks, releases, names, online, onlineCount, figures, uptimeSeconds, contact } = shown;
  const more = onlineCount - online.length;
  const found = tracks.length + releases.length > 0;
  const heading = text === '' ? 'What people here share.' : found ? 'Found here.' : 'Nobody here has that.';
  return page(
    text === '' ? 'Cicada' : `${text} · Cicada`,
    html`
<header>${mark}
<h1>${heading}</h1>
<p class="lead">The music goes straight from listener to listener; this page knows who has it.</p>
</header>
<main>
<form action="/" method="get" role="search"><input type="search" name="q" value="${text}" maxlength="200"
 placeholder="Artist, album, song" aria-label="Artist, album or song"><button>Search</button></form>
${
  tracks.length === 0
    ? undefined
    : html`<section aria-labelledby="songs"><h2 id="songs">Songs</h2><ol class="torrents">${tracks.map(trackItem)}</ol></section>`
}
<section aria-labelledby="releases"><h2 id="releases">${text === '' ? 'Newest' : 'Albums'}</h2>
${
  releases.length === 0
    ? html`<p class="soft">${text === '' ? 'Nothing yet.' : 'No album has these words.'}</p>`
    : html`<ol class="torrents">${releases.map((release) => releaseItem(release, names))}</ol>`
}</section>
<section aria-labelledby="online"><h2 id="online">Here at the moment</h2>
<p>${onlineCount === 0 ? 'Nobody is sharing just now.' : online.join(', ')}${more > 0 ? ` and ${grouped(more)} more` : ''}</p>
<dl class="figures">
${figure('Releases', grouped(figures.releases))}
${figure('Seeds', grouped(figures.seeds))}
${figure('Downloading', grouped(figures.leechers))}
</dl></section>
</main>
<footer><nav><a href="/api">API</a><a href="/rss/search?q=${encodeURIComponent(text)}">Feed</a></nav>
Cicada, a catalogue of shared music, up for ${duration(uptimeSeconds)}.${contactLine(contact)}</footer>`,
  );
}

function closedPage(url: string, contact: string | undefined): string {
  return page(
    'Cicada',
    html`
<header>${mark}<h1>This catalogue is for people it knows.</h1>
<p class="lead">Sign in with your client. Members invite new ones.</p></header>
<main><span class="label">To sign in</span><code class="copy">cicada login YOUR-NAME --tracker ${url.replace(/\/announce$/, '')}</code></main>
<footer>${contactLine(contact)}</footer>`,
  );
}

function releasePage(
  release: ReleaseDetail,
  names: Names,
  holders: ReturnType<typeof holdersOf>,
  announce: string,
  contact: string | undefined,
): string {
  const { releaseId, album, infoHash, infoHashV2, hasCover, tracks } = release;
  const magnet = makeMagnet({ infoHash, infoHashV2, name: album, trackers: [announce] });
  const people = [...new Set(holders.map(({ accountId }) => nameIn(names, accountId)))];
  return page(
    `${titleOf(release)} · Cicada`,
    html`
<header>${hasCover ? html`<img class="cover" src="/api/v1/releases/${releaseId}/cover" alt="Cover">` : mark}
<h1>${album}</h1><p class="lead">${release.artist ?? release.albumArtist ?? 'Unknown artist'}</p>
${facts(release, names)}
${release.copyright === undefined ? '' : html`<p class="meta"><span>${release.copyright}</span></p>`}
<div class="get"><a href="${magnet}">Magnet link</a><a href="/api/v1/releases/${releaseId}/torrent">Torrent file</a></div></header>
<main>
<span class="label">To fetch it</span><code class="copy">cicada get ${releaseId}</code>
<section aria-labelledby="tracks"><h2 id="tracks">Tracks</h2><ol class="files">${tracks.map(
      ({ title, artist, durationMs }) =>
        html`<li><span>${artist === undefined || artist === release.artist ? title : `${title} (${artist})`}</span><span>${clock(durationMs)}</span></li>`,
    )}</ol></section>
<section aria-labelledby="holders"><h2 id="holders">Who has it</h2><p>${
      people.length === 0 ? 'Nobody who is here just now.' : people.join(', ')
    }</p></section>
</main>
<footer><nav><a href="/">Everything</a></nav>${contactLine(contact)}</footer>`,
  );
}

function releaseItem(release: ReleaseSummary, names: Names): Html {
  return html`<li><p class="name"><a href="/releases/${release.releaseId}">${titleOf(release)}</a></p>${facts(release, names, nameCharsShown)}</li>`;
}

function facts(release: ReleaseSummary, names: Names, nameCharsMax = Number.MAX_SAFE_INTEGER): Html {
  const { album, torrentName, year, trackCount, codec, licence, bytes, seeds, leechers, publisherId } =
    release;
  const words = [
    year,
    count(trackCount, 'track'),
    codec?.toUpperCase(),
    licence === undefined ? undefined : cut(licence, nameCharsMax),
    size(bytes),
    torrentName === undefined || torrentName === album
      ? undefined
      : `torrent ${cut(torrentName, nameCharsMax)}`,
    `from ${nameIn(names, publisherId)}`,
  ];
  return html`<p class="meta">${words.filter((word) => word !== undefined).map((word) => html`<span>${word}</span>`)}<span class="${
    seeds > 0 ? 'live' : 'none'
  }">${count(seeds, 'seed')}</span><span>${grouped(leechers)} downloading</span></p>`;
}

function trackItem({ releaseId, title, artist, album, durationMs, codec, seeds }: TrackHit): Html {
  const words = [artist, album, clock(durationMs), codec?.toUpperCase()].filter(
    (word) => word !== undefined && word !== '',
  );
  return html`<li><p class="name"><a href="/releases/${releaseId}">${title}</a></p><p class="meta">${words.map(
    (word) => html`<span>${word}</span>`,
  )}<span class="${seeds > 0 ? 'live' : 'none'}">${count(seeds, 'seed')}</span></p></li>`;
}

function titleOf({
  artist,
  albumArtist,
  album,
}: Pick<ReleaseSummary, 'artist' | 'albumArtist' | 'album'>): string {
  return [albumArtist ?? artist, album].filter((word) => word !== undefined).join(' – ');
}

/** Shortens a text for lists. The page of the release has the whole text. */
function cut(name: string, charsMax: number): string {
  const characters = [...name];
  return characters.length <= charsMax ? name : `${characters.slice(0, charsMax - 1).join('')}…`;
}

/** `3:07`, `1:02:45`. */
function clock(durationMs: number | undefined): string {
  if (durationMs === undefined) return '';
  const seconds = Math.round(durationMs / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
