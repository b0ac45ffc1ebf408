/**
 * RSS feeds of a search, a room and a user, newest first, and the torrents that the feeds link to. A feed
 * reader cannot sign in, so the URL carries the account's feed key (`?key=`) where the feed needs an account.
 * The key opens these feeds and torrents only. Renewing the account's passkeys revokes it, together with the
 * announce URLs in torrents fetched with it.
 */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { queryCharsMax } from '../../../catalogue/search/search-query.ts';
import { keptTorrent } from '../../../catalogue/words/kept-parts.ts';
import { noSuchAccount } from '../../../community/community-error.ts';
import { attachment } from '../../attachment.ts';
import type { ApiContext, openGates } from '../context.ts';
import { sealedIds } from '../sealed-ids.ts';
import { one, openFeedItems, type Reader } from './feed-items.ts';
import { type Feed, feedXml, rssType } from './feed-xml.ts';
import { noSuchRelease } from './release-answers.ts';

const fileName = /^([a-z2-7]{26})-(\d{1,7})\.torrent$/;

export function addFeeds(
  app: FastifyInstance,
  context: ApiContext,
  gates: ReturnType<typeof openGates>,
): void {
  const { catalogue, community, key } = context.library;
  const ids = sealedIds(key);
  const { reader, announceOf, newestOf } = openFeedItems(context, gates);

  app.get('/rss/search', async (request, reply) => {
    const from = reader(request);
    const { viewer, base } = from;
    const text = (one(from.query.q) ?? '').slice(0, queryCharsMax).toWellFormed();
    const items = await newestOf(from, (after) =>
      text.trim() === ''
        ? catalogue.releases({ viewer, after })
        : catalogue.searchReleases({ viewer, text, after }),
    );
    const q = `q=${encodeURIComponent(text)}`;
    return send(request, reply, {
      ...{ title: `Cicada: ${text}`, link: `${base}/?${q}`, items },
      self: selfOf(from, `/rss/search?${q}`),
    });
  });

  app.get<{ Params: { name: string } }>('/rss/users/:name', async (request, reply) => {
    const from = reader(request);
    const { name } = request.params;
    const publisherId = await community.accountId(name);
    if (publisherId === undefined) throw noSuchAccount(name);
    const items = await newestOf(from, (after) =>
      catalogue.releases({ viewer: from.viewer, publisherId, after }),
    );
    return send(request, reply, {
      ...{ title: `Cicada: ${name}`, link: from.base, items },
      self: selfOf(from, `/rss/users/${encodeURIComponent(name)}`),
    });
  });

  app.get<{ Params: { room: string } }>('/rss/rooms/:room', async (request, reply) => {
    const from = reader(request);
    const { viewer, base } = from;
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
        creator: author,
      }));
    return send(request, reply, {
      ...{ title: `Cicada: ${room}`, link: base, items },
      self: selfOf(from, `/rss/rooms/${encodeURIComponent(room)}`),
    });
  });

  app.get<{ Params: { file: string } }>('/rss/releases/:file', async (request, reply) => {
    const from = reader(request);
    const [, releaseId, version] = fileName.exec(request.params.file) ?? [];
    if (releaseId === undefined) throw noSuchRelease();
    const { viewer } = from;
    const torrent = await catalogue.torrent({ viewer, releaseId, version: Number(version) });
    if (torrent === undefined) throw noSuchRelease();
    const { name, bytes } = keptTorrent(torrent, announceOf(from, releaseId));
    reply.type('application/x-bittorrent');
    reply.header('Content-Disposition', attachment(`${name}.torrent`));
    return reply.send(Buffer.from(bytes));
  });
}

function selfOf({ base, key }: Reader, path: string): string {
  if (key === undefined) return `${base}${path}`;
  return `${base}${path}${path.includes('?') ? '&' : '?'}key=${encodeURIComponent(key)}`;
}

/** Answers 304 if the reader already has this version. RFC 9110 13.1.2 */
function send(request: FastifyRequest, reply: FastifyReply, feed: Feed): FastifyReply {
  const text = feedXml(feed);
  const tag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`;
  reply.header('ETag', tag);
  // Only the reader itself may cache it, and must revalidate each time.
  reply.header('Cache-Control', 'private, no-cache');
  const known = (request.headers['if-none-match'] ?? '')
    .split(',')
    .map((one) => one.trim().replace(/^W\//, ''));
  if (known.includes(tag) || known.includes('*')) return reply.code(304).send();
  return reply.type(rssType).send(text);
}
