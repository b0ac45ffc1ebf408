/**
 * The basic routes of the tracker: pages and files for people, a health check for programs, and announce and
 * scrape for requests that arrive through fastify (tests, and requests without a query).
 */
import type { FastifyInstance } from 'fastify';
import { encodeFailure } from '../protocol/reply.ts';
import type { SwarmCounts } from '../protocol/scrape-reply.ts';
import type { Registry } from '../registry.ts';
import { baseUrl } from './addresses/base-url.ts';
import type { ClientAddresses } from './addresses/client-address.ts';
import { attachment } from './attachment.ts';
import { wantsPage } from './errors.ts';
import type { ListedTorrent, ListedTorrents } from './listed-torrents.ts';
import type { TrackerStats } from './metrics.ts';
import { homePage } from './pages/page.ts';
import { iconSvg } from './pages/page-parts.ts';
import type { TrackerCalls } from './tracker-calls.ts';

export interface RouteSources {
  readonly registry: Registry;
  readonly torrents: ListedTorrents;
  readonly addresses: ClientAddresses;
  readonly publicUrl: string | undefined;
  readonly contact?: string | undefined;
  readonly calls: TrackerCalls;
  readonly stats: () => TrackerStats;
}

export function addRoutes(app: FastifyInstance, sources: RouteSources): void {
  addCalls(app, sources.calls);
  app.get('/icon.svg', (_request, reply) => {
    reply.type('image/svg+xml').header('Cache-Control', 'max-age=86400').send(iconSvg);
  });
  app.get('/health', (_request, reply) => {
    reply.send({ status: 'ok', uptimeSeconds: sources.stats().uptimeSeconds });
  });
}

function addCalls(app: FastifyInstance, calls: TrackerCalls): void {
  for (const path of ['/announce', '/scrape', '/:passkey/announce', '/:passkey/scrape']) {
    const call = path.split('/').at(-1);
    app.get(path, { exposeHeadRoute: false }, (request, reply) => {
      if (request.raw.url?.includes('?')) {
        if (calls.answer(request.raw, reply.raw)) reply.hijack();
        else reply.callNotFound();
      } else if (wantsPage(request)) {
        // A person opened the announce URL in a browser.
        reply.redirect('/', 303);
      } else {
        const failureReason = `this is the ${call} URL of a tracker, for BitTorrent clients to call`;
        reply.type('text/plain').send(Buffer.from(encodeFailure({ failureReason })));
      }
    });
  }
}

/** The home page of a tracker without a catalogue. */
export function addPages(
  app: FastifyInstance,
  { registry, torrents, publicUrl, contact, stats }: Omit<RouteSources, 'calls'>,
): void {
  app.get('/', (request, reply) => {
    const listed = torrents.all.map((torrent) => ({ torrent, counts: swarmCounts(registry, torrent) }));
    const base = baseUrl(request.raw, publicUrl);
    const page = homePage({ announceUrl: `${base}/announce`, torrents: listed, stats: stats(), contact });
    reply.type('text/html; charset=utf-8').send(page);
  });
}

/** The .torrent files of the listed torrents. */
export function addTorrentFiles(app: FastifyInstance, torrents: ListedTorrents): void {
  app.get<{ Params: { file: string } }>('/:file', (request, reply) => {
    const [, hash] = /^([0-9a-f]{40}|[0-9a-f]{64})\.torrent$/i.exec(request.params.file) ?? [];
    const torrent = hash === undefined ? undefined : torrents.find(hash);
    if (torrent === undefined) {
      reply.callNotFound();
      return;
    }
    reply
      .type('application/x-bittorrent')
      .header('Content-Disposition', attachment(`${torrent.name}.torrent`))
      .send(Buffer.from(torrent.torrent));
  });
}

/**
 * A peer of a hybrid torrent is in one of its two swarms or in both, so the larger counts are closest to the
 * truth.
 */
function swarmCounts(registry: Registry, torrent: ListedTorrent): SwarmCounts {
  const swarms = registry.scrape(torrent.swarms);
  const most = (of: keyof SwarmCounts) => Math.max(...swarms.map((swarm) => swarm[of]));
  return { complete: most('complete'), incomplete: most('incomplete'), downloaded: most('downloaded') };
}
