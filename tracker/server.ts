/**
 * A running tracker: the registry, its HTTP side, the clock that expires peers, and a port.
 *
 * With a data folder the swarms are restored after a restart. Without one, clients that hold an alive stream
 * announce again at once (http/alive.ts), and all others with their next regular announce.
 */
import { randomInt } from 'node:crypto';
import { type Clock, machineClock } from './clock.ts';
import type { WantedPolicy } from './community/sign-in/kept-policy.ts';
import { clientAddresses } from './http/addresses/client-address.ts';
import { checkExternalAddresses } from './http/addresses/external-address.ts';
import { checkPublicUrl } from './http/addresses/public-url.ts';
import { type TlsFiles, trackerApp } from './http/app.ts';
import { type HttpLimits, httpLimits } from './http/limits.ts';
import { type ListedTorrent, ListedTorrents, magnetFor } from './http/listed-torrents.ts';
import type { TrackerStats } from './http/metrics.ts';
import { checkContact } from './http/pages/contact.ts';
import { type Library, openLibrary } from './library.ts';
import { checkCertificate, checkPort, isGlobalHost, listenError, urlOf } from './listening.ts';
import { gatheringFor, resolveOptions } from './registry/limits.ts';
import { Registry, type RegistryOptions } from './registry.ts';
import { newMemoryId, type SnapshotTrouble } from './swarms/snapshot-file.ts';
import { openSwarmKeeper, type SwarmKeeper } from './swarms/swarm-keeper.ts';

export interface TrackerOptions {
  /** Default `127.0.0.1`; `0.0.0.0` or `::` to let others connect. */
  readonly host?: string;
  /** 0 picks a free port. */
  readonly port?: number;
  /** .torrent files to list and serve. */
  readonly torrents?: readonly (Uint8Array | { readonly bytes: Uint8Array })[];
  /** Addresses and networks of proxies whose X-Forwarded-For is trusted. */
  readonly trustedProxies?: readonly string[];
  /**
   * Where outside hosts reach this tracker's network, at most one address per family. Outsiders get it for
   * peers on the tracker's machine and in its network. Without it, they do not get such peers.
   */
  readonly externalAddresses?: readonly string[];
  /**
   * Where users reach this tracker if it differs from where it listens: `https://tracker.example.org`,
   * without a path.
   */
  readonly publicUrl?: string;
  /** How to reach a moderator: a mail address or the URL of a page. Shown to everyone. */
  readonly contact?: string | undefined;
  readonly registry?: Partial<RegistryOptions>;
  /**
   * Stores a catalogue and a community in this folder. Then only published torrents are served; without it,
   * any hash is.
   */
  readonly dataFolder?: string | undefined;
  /** False: a tracker with a data folder does not store its swarms, which contain addresses of peers. */
  readonly swarmSnapshot?: boolean | undefined;
  /** Called when the swarm snapshot cannot be read or written. Default: writes the message to stderr. */
  readonly onTrouble?: (trouble: SnapshotTrouble) => void;
  /** HTTPS with a certificate of the operator. */
  readonly tls?: TlsFiles | undefined;
  /**
   * Who may enter. Without `newcomerRole`, registration stays as it was in this community. A new community
   * that the whole internet can reach (by a public URL or a global address) takes newcomers by invitation.
   */
  readonly policy?: WantedPolicy;
  readonly limits?: Partial<HttpLimits>;
  /** Whole milliseconds that never go back. Default: the machine's clock, as for `wallMs`. */
  readonly nowMs?: () => number;
  /** Milliseconds since 1970. */
  readonly wallMs?: () => number;
  /** Called for an internal error in a request. The tracker continues. Default: writes it to stderr. */
  readonly onError?: (error: unknown) => void;
  /**
   * Called once, when a visitor uses a host name or address that the tracker does not know as its own. If it
   * is one, links do not point there until it is the `publicUrl`.
   */
  readonly onUnknownHost?: () => void;
}

export interface TrackerTorrent {
  /** 40 hex digits. */
  readonly infoHash: string;
  /** 64 hex digits, for v2 and hybrid torrents. */
  readonly infoHashV2: string | undefined;
  readonly name: string;
  readonly bytes: number;
  readonly fileCount: number;
  readonly torrentUrl: string;
  readonly magnet: string;
}

export interface RunningTracker {
  readonly host: string;
  readonly port: number;
  /** `http://ADDRESS:PORT`, or the public URL. */
  readonly url: string;
  readonly announceUrl: string;
  /** While the catalogue has no owner: who registers with this token becomes the owner. */
  readonly setupToken: string | undefined;
  /** Whether registration is open or needs an invitation; undefined without a catalogue. */
  readonly registration: 'open' | 'invited' | undefined;
  /**
   * The tracker has a public URL, but its machine has no global address and none was named for it. Replies to
   * outsiders leave out peers on its machine and in its network.
   */
  readonly hidesItsNetwork: boolean;
  /** The key beside the database has changed: announce URLs given out before are void. */
  readonly isKeyReplaced: boolean;
  /** Peers restored from the last run. */
  readonly restoredPeers: number;
  /** Lists and serves one more torrent. Throws MetainfoError. */
  addTorrent(bytes: Uint8Array): TrackerTorrent;
  stats(): TrackerStats;
  close(): Promise<void>;
}

/** The usual port of BitTorrent trackers, though not standardized. */
export const defaultPort = 6969;

const expireEveryMs = 1000;

/**
 * Rejects with ListenError, MetainfoError, DatabaseError, KeyFileError, PublicUrlError, ExternalAddressError
 * or ProxyListError, each with a stable `code`.
 */
export async function startTracker(options: TrackerOptions = {}): Promise<RunningTracker> {
  const { host = '127.0.0.1', port: wantedPort = defaultPort } = options;
  const publicUrl = options.publicUrl === undefined ? undefined : checkPublicUrl(options.publicUrl);
  const { nowMs = machineClock.nowMs, wallMs = machineClock.wallMs } = options;
  const clock = { nowMs, wallMs };
  checkPort(wantedPort);
  if (options.tls !== undefined) checkCertificate(options.tls);
  const registry = openRegistry(options);
  const torrents = new ListedTorrents();
  const list = (bytes: Uint8Array): ListedTorrent => {
    const torrent = torrents.add(bytes);
    for (const infoHash of torrent.swarms) registry.keep(infoHash);
    return torrent;
  };
  for (const torrent of options.torrents ?? []) list(torrent instanceof Uint8Array ? torrent : torrent.bytes);

  const onError = options.onError ?? ((error) => console.error(error));
  const addresses = clientAddresses(options.trustedProxies);
  /** Only announces and expiries change swarms. */
  let answered = () => 0;
  const changes = () => answered() + registry.counts.expired;
  const kept = await openKept(options, { registry, publicUrl, host, clock, changes, onError });
  const library = kept?.library;
  const app = trackerApp({
    registry,
    library,
    tls: options.tls,
    torrents,
    addresses,
    memoryId: kept?.keeper.memoryId ?? newMemoryId(),
    limits: { ...httpLimits, ...options.limits },
    publicUrl,
    onUnknownHost: options.onUnknownHost,
    contact: options.contact === undefined ? undefined : checkContact(options.contact),
    ...clock,
    random: (bound) => Math.floor(Math.random() * bound),
    onError,
  });
  answered = () => app.stats().announces;
  try {
    await app.fastify.listen({ host, port: wantedPort });
  } catch (error) {
    await app.fastify.close();
    await library?.close();
    throw listenError(error, host, wantedPort);
  }
  const setupToken = await library?.community.newSetupToken();
  const address = app.fastify.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : wantedPort;
  const expiry = setInterval(() => {
    registry.expire(nowMs());
    library?.tick();
    kept?.keeper.tick();
  }, expireEveryMs);

  const url = publicUrl ?? urlOf(host, port, options.tls !== undefined);
  const announceUrl = `${url}/announce`;
  return {
    ...{ host, port, url, announceUrl, setupToken },
    registration: library && (library.policy.newcomerRole === undefined ? 'invited' : 'open'),
    restoredPeers: kept?.keeper.restored ?? 0,
    hidesItsNetwork:
      publicUrl !== undefined && !options.externalAddresses?.length && !(await isGlobalHost(host)),
    isKeyReplaced: library?.isKeyReplaced ?? false,
    addTorrent: (bytes) => shownTorrent(list(bytes), url),
    stats: app.stats,
    async close() {
      clearInterval(expiry);
      await app.fastify.close();
      await kept?.keeper.close();
      await library?.close();
    },
  };
}

function openRegistry(options: TrackerOptions): Registry {
  const { intervalSeconds } = resolveOptions(options.registry ?? {});
  return new Registry({
    hashSeed: randomInt(2 ** 32),
    gatheringSeconds: gatheringFor(intervalSeconds),
    externalAddresses: checkExternalAddresses(options.externalAddresses ?? []),
    ...options.registry,
  });
}

interface Around {
  readonly registry: Registry;
  readonly publicUrl: string | undefined;
  readonly host: string;
  readonly clock: Clock;
  readonly changes: () => number;
  readonly onError: (error: unknown) => void;
}

/** Opens what a tracker with a data folder has in it. */
async function openKept(
  options: TrackerOptions,
  { registry, publicUrl, host, clock, changes, onError }: Around,
): Promise<{ readonly library: Library; readonly keeper: SwarmKeeper } | undefined> {
  const { dataFolder, policy } = options;
  if (dataFolder === undefined) return undefined;
  const { peerTimeoutSeconds } = resolveOptions(options.registry ?? {});
  const library = await openLibrary({
    dataFolder,
    ...(policy !== undefined && { policy }),
    isExposed: publicUrl !== undefined || (await isGlobalHost(host)),
    registry,
    peerTimeoutMs: peerTimeoutSeconds * 1000,
    ...clock,
    onError,
  });
  try {
    const keeper = await openSwarmKeeper({
      dataFolder,
      key: library.key,
      swarmAccess: library.swarmAccess,
      ...clock,
      changes,
      isWanted: options.swarmSnapshot !== false,
      onTrouble: options.onTrouble ?? (({ message }) => console.error(message)),
    });
    return { library, keeper };
  } catch (error) {
    await library.close();
    throw error;
  }
}

/** `url`: the tracker's. */
function shownTorrent(torrent: ListedTorrent, url: string): TrackerTorrent {
  const { infoHash, infoHashV2, name, bytes, files } = torrent;
  const torrentUrl = `${url}/${infoHash}.torrent`;
  const magnet = magnetFor(torrent, `${url}/announce`);
  return { infoHash, infoHashV2, name, bytes, fileCount: files.length, torrentUrl, magnet };
}
