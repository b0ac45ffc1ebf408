/**
 * RSS 2.0 of a search, a room and a person, for readers that know nothing of us. Whoever wants more than a stranger sees
 * puts the key of their account into the address (`?key=`): a reader of feeds cannot sign in.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { queryCharsMax } from '../../catalogue/search-query.ts';
import type { Viewer } from '../../community/permissions.ts';
import { baseUrl } from '../base-url.ts';
import { type Html, html } from '../html.ts';
import { type ApiContext, ApiError, type openGates, visitorKey } from './context.ts';
import { noSuchRelease } from './release-answers.ts';
import { sealedIds } from './sealed-ids.ts';

interface Item {
  readonly title: string;
  readonly link: string;
  readonly id: string;
  readonly atMs: number;
  readonly text: string;
}

type Query = Readonly<Record<string, string | string[] | undefined>>;

export function addFeeds(
  app: FastifyInstance,
  context: ApiContext,
  gates: ReturnType<typeof openGates>,
): void {
  const { library } = context;
  const { catalogue, community } = library;
  const ids = sealedIds(library.key);

  function reader(request: FastifyRequest): { viewer: Viewer; base: string; query: Query } {
    gates.take('searchPerAddress', visitorKey(context, request));
    const query = request.query as Query;
    const viewer = library.admission.feedReader(one(query.key), Date.now());
    if (viewer === undefined)
      throw new ApiError(
        401,
        'not-signed-in',
        'this feed needs the key of your account: ?key=…, as /api/v1/accounts/me tells it',
      );
    return { viewer, base: baseUrl(request.raw, context.publicUrl), query };
  }

  app.get('/rss/search', async (request, reply) => {
    const { viewer, base, query } = reader(request);
    const q = (one(query.q) ?? '').slice(0, queryCharsMax).toWellFormed();
    const { rows } = await catalogue.searchReleases({ viewer, text: q });
    const items = [...rows]
      .sort((a, b) => b.createdAtMs - a.createdAtMs)
      .map((release) => releaseItem(release, base));
    reply.type(rssType);
    return feed(`Cicada: ${q}`, `${base}/?q=${encodeURIComponent(q)}`, items);
  });

  app.get<{ Params: { name: string } }>('/rss/users/:name', async (request, reply) => {
    const { viewer, base } = reader(request);
    const { name } = request.params;
    const publisherId = await community.accountId(name);
    if (publisherId === undefined) throw noSuchRelease();
    const { rows } = await catalogue.releases({ viewer, publisherId });
    reply.type(rssType);
    return feed(
      `Cicada: ${name}`,
      base,
      rows.map((release) => releaseItem(release, base)),
    );
  });

  app.get<{ Params: { room: string } }>('/rss/rooms/:room', async (request, reply) => {
    const { viewer, base } = reader(request);
    const { room } = request.params;
    const { rows } = await community.messages(viewer, room);
    const items = rows
      .filter(({ isDeleted }) => !isDeleted)
      .map(({ id, author, text, sentAtMs }) => ({
        title: `${author}: ${text.slice(0, 80)}`,
        link: base,
        id: `message-${ids.seal(id)}`,
        atMs: sentAtMs,
        text,
      }));
    reply.type(rssType);
    return feed(`Cicada: ${room}`, base, items);
  });
}

const rssType = 'application/rss+xml; charset=utf-8';

function releaseItem(
  release: {
    readonly releaseId: string;
    readonly version: number;
    readonly artist: string | undefined;
    readonly album: string;
    readonly year: number | undefined;
    readonly trackCount: number;
    readonly updatedAtMs: number;
  },
  base: string,
): Item {
  const { releaseId, version, artist, album, year, trackCount, updatedAtMs } = release;
  return {
    title: [artist, album].filter(Boolean).join(' – '),
    link: `${base}/releases/${releaseId}`,
    id: `${releaseId}-${version}`,
    atMs: updatedAtMs,
    text: [year, `${trackCount} tracks`].filter(Boolean).join(', '),
  };
}

function feed(title: string, link: string, items: readonly Item[]): string {
  const entry = ({
    title,
    link,
    id,
    atMs,
    text,
  }: Item): Html => html`<item><title>${title}</title><link>${link}</link>
<guid isPermaLink="false">${id}</guid><pubDate>${new Date(atMs).toUTCString()}</pubDate>
<description>${text}</description></item>
`;
  const text = html`<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>${title}</title><link>${link}</link><description>${title}</description>
${items.map(entry)}</channel></rss>
`.text;
  return text.toWellFormed().replace(notXml, '\ufffd');
}

/** XML 1.0, 2.2: what may stand in a document in no way at all. */
const notXml = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
