/**
 * RSS of a search, a room and a person, for readers that know nothing of us, the newest first; and the torrents that feeds
 * of releases name. Whoever wants more than a stranger sees puts the key of their account into the address (`?key=`): a
 * reader of feeds cannot sign in. The key opens feeds and these torrents and nothing else; renewing the account's passkeys
 * ends it together with the announce URLs that were fetched with it.
 */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { makeMagnet } from '../../../../torrents/magnet.ts';
import type { Viewer } from '../../../access.ts';
import type { ReleaseSummary } from '../../../catalogue/contract.ts';
import { queryCharsMax } from '../../../catalogue/search/search-query.ts';
import { keptTorrent } from '../../../catalogue/words/kept-parts.ts';
import { noSuchAccount } from '../../../community/community-error.ts';
import { attachment } from '../../attachment.ts';
import { baseUrl } from '../../base-url.ts';
import { type ApiContext, ApiError, type openGates, visitorKey } from '../context.ts';
import { sealedIds } from '../sealed-ids.ts';
import { type Feed, type FeedItem, feedXml, rssType } from './feed-xml.ts';
import { noSuchRelease } from './release-answers.ts';

type Query = Readonly<Record<string, string | string[] | undefined>>;
type ReleasePage = { readonly rows: readonly ReleaseSummary[]; readonly next: string | undefined };

interface Reader {
  readonly viewer: Viewer;
  readonly base: string;
  readonly query: Query;
  readonly key: string | undefined;
}

/** Readers look once or twice an hour: what is older has been seen. */
const itemsMax = 50;
/** Searches and lists have an order of their own, so some pages are read to find what is newest: 500 releases. */
const pagesMax = 10;
const fileName = /^([a-z2-7]{26})-(\d{1,7})\.torrent$/;

export function addFeeds(
  app: FastifyInstance,
  context: ApiContext,
  gates: ReturnType<typeof openGates>,
): void {
  const { library } = context;
  const { catalogue, community, admission } = library;
  const ids = sealedIds(library.key);

  function reader(request: FastifyRequest): Reader {
    gates.take('searchPerAddress', visitorKey(context, request));
    const query = request.query as Query;
    const key = one(query.key);
    const viewer = admission.feedReader(key, context.wallMs());
    if (viewer === undefined)
      throw new ApiError(
        401,
        'not-signed-in',
        'this feed needs the key of your account: ?key=…, as /api/v1/accounts/me tells it',
      );
    return { viewer, base: baseUrl(request.raw, context.publicUrl), query, key };
  }

  function announceOf({ viewer, base }: Reader, releaseId: string): string {
    const { accountId } = viewer;
    const passkey = accountId === undefined ? undefined : admission.passkeyFor(accountId, releaseId);
    return passkey === undefined ? `${base}/announce` : `${base}/${passkey}/announce`;
  }

  function releaseItem(release: ReleaseSummary, from: Reader): FeedItem {
    const { releaseId, version, album, year, trackCount, updatedAtMs, bytes, infoHash, infoHashV2 } = release;
    const { base, key } = from;
    const creator = release.albumArtist ?? release.artist;
    const link = { infoHash, infoHashV2, name: release.torrentName ?? album };
    return {
      title: [creator, album].filter(Boolean).join(' – '),
      link: `${base}/releases/${releaseId}`,
      id: `${releaseId}-${version}`,
      atMs: updatedAtMs,
      text: [year, `${trackCount} tracks`].filter(Boolean).join(', '),
      creator,
      torrent: {
        url: `${base}/rss/releases/${releaseId}-${version}.torrent${key === undefined ? '' : `?key=${key}`}`,
        bytes,
        magnet: makeMagnet({ ...link, trackers: [announceOf(from, releaseId)] }),
      },
    };
  }

  /** A new version is new, like a release. */
  async function newest(
    page: (after: string | undefined) => Promise<ReleasePage>,
  ): Promise<ReleaseSummary[]> {
    const found: ReleaseSummary[] = [];
    for (let pages = 0, after: string | undefined; pages < pagesMax; pages++) {
      const { rows, next } = await page(after);
      found.push(...rows);
      if (next === undefined) break;
      after = next;
    }
    return found.sort((a, b) => b.updatedAtMs - a.updatedAtMs).slice(0, itemsMax);
  }

  app.get('/rss/search', async (request, reply) => {
    const from = reader(request);
    const { viewer, base } = from;
    const text = (one(from.query.q) ?? '').slice(0, queryCharsMax).toWellFormed();
    const rows = await newest((after) =>
      text.trim() === ''
        ? catalogue.releases({ viewer, after })
        : catalogue.searchReleases({ viewer, text, after }),
    );
    const q = `q=${encodeURIComponent(text)}`;
    const items = rows.map((release) => releaseItem(release, from));
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
    const rows = await newest((after) => catalogue.releases({ viewer: from.viewer, publisherId, after }));
    const items = rows.map((release) => releaseItem(release, from));
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

/** What a reader has already is not sent again.  RFC 9110 13.1.2 */
function send(request: FastifyRequest, reply: FastifyReply, feed: Feed): FastifyReply {
  const text = feedXml(feed);
  const tag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`;
  reply.header('ETag', tag);
  // It may be kept by the reader alone, and is asked about each time.
  reply.header('Cache-Control', 'private, no-cache');
  const known = (request.headers['if-none-match'] ?? '')
    .split(',')
    .map((one) => one.trim().replace(/^W\//, ''));
  if (known.includes(tag) || known.includes('*')) return reply.code(304).send();
  return reply.type(rssType).send(text);
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
