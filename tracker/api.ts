/**
 * `cicada-swarm/tracker`: a BitTorrent tracker to run inside another program.
 *
 *     import { startTracker } from 'cicada-swarm/tracker';
 *
 *     const album = await readFile('album.torrent');
 *     const tracker = await startTracker({ host: '0.0.0.0', port: 6969, torrents: [album] });
 *     console.log(tracker.announceUrl);
 *     …
 *     await tracker.close();
 *
 * It serves any torrent that is announced to it (`registry: { isAllowed }` restricts that) over HTTP:
 * announce and scrape, a web page at `/`, its torrents at `/<info-hash>.torrent`, `/health` and `/metrics`.
 * Errors have a stable `code`: `port-in-use`, `port-not-permitted`, `port-invalid`, `address-not-available`,
 * `host-not-found`, `listen-failed`, `certificate-invalid`, `proxy-invalid`, `public-url-invalid`,
 * `external-address-invalid`, those of torrents (`metainfo-…`, `bencode-…`, `path-…`), and with a data folder
 * those of its key and database (`tracker-key-…`, `database-…`).
 */
export type { HttpLimits } from './http/limits.ts';
export type { TrackerStats } from './http/metrics.ts';
export type { RegistryOptions } from './registry.ts';
export {
  defaultPort,
  type RunningTracker,
  startTracker,
  type TrackerOptions,
  type TrackerTorrent,
} from './server.ts';
