/** The reader of a feed, and releases as feed items. */
import type { FastifyRequest } from 'fastify';
import { makeMagnet } from '../../../../torrents/magnet.ts';
import type { Viewer } from '../../../access.ts';
import type { ReleaseSummary } from '../../../catalogue/contract.ts';
import { baseUrl } from '../../addresses/base-url.ts';
import { type ApiContext, ApiError, type openGates, visitorKey } from '../context.ts';
import type { FeedItem } from './feed-xml.ts';

type Query = Readonly<Record<string, string | string[] | undefined>>;
type ReleasePage = { readonly rows: readonly ReleaseSummary[]; readonly next: string | undefined };

export interface Reader {
  readonly viewer: Viewer;
  readonly base: string;
  readonly query: Query;
  readonly key: string | undefined;
}

/** Feed readers poll once or twice an hour, so they have seen older items. */
const itemsMax = 50;
/**
 * Searches and lists are not ordered by time. So up to 10 pages, 500 releases, are read to find the newest.
 */
const pagesMax = 10;

export function openFeedItems(context: ApiContext, gates: ReturnType<typeof openGates>) {
  const { admission } = context.library;

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

  /** The newest releases of all pages, as items. A new version counts as new. */
  async function newestOf(
    from: Reader,
    page: (after: string | undefined) => Promise<ReleasePage>,
  ): Promise<FeedItem[]> {
    const found: ReleaseSummary[] = [];
    for (let pages = 0, after: string | undefined; pages < pagesMax; pages++) {
      const { rows, next } = await page(after);
      found.push(...rows);
      if (next === undefined) break;
      after = next;
    }
    const newest = found.sort((a, b) => b.updatedAtMs - a.updatedAtMs).slice(0, itemsMax);
    return newest.map((release) => releaseItem(release, from));
  }

  return { reader, announceOf, newestOf };
}

export function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
