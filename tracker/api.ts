/**
 * `cicada-swarm/tracker`: a BitTorrent tracker to run inside another program.
 *
 *     import { startTracker } from 'cicada-swarm/tracker';
 *
 *     const tracker = await startTracker({ host: '0.0.0.0', port: 6969, torrents: [await readFile('album.torrent')] });
 *     console.log(tracker.announceUrl);
 *     …
 *     await tracker.close();
 *
 * It serves any torrent that is announced to it (`registry: { isAllowed }` narrows that) over HTTP: announce and
 * scrape, a page for people at `/`, its torrents at `/<info-hash>.torrent`, `/health` and `/metrics`. Errors carry a
 * stable `code`: `port-in-use`, `port-not-permitted`, `port-invalid`, `address-not-available`, `host-not-found`,
 * `listen-failed`, `proxy-invalid`, `public-url-invalid`, `external-address-invalid`, and those of torrents (`metainfo-…`, `bencode-…`, `path-…`).
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
