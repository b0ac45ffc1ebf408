/**
 * A tracker that runs: the registry, its HTTP side, the clock that expires peers, and a port.
 *
 * With a data folder the swarms come back after a restart. Without one, clients that hold an alive stream announce again
 * (http/alive.ts), and all others with their next regular announce.
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
  /** `127.0.0.1` unless given; `0.0.0.0` or `::` for everybody. */
  readonly host?: string;
  /** 0 takes any free one. */
  readonly port?: number;
  /** .torrent files to show and hand out. */
  readonly torrents?: readonly (Uint8Array | { readonly bytes: Uint8Array })[];
  /** Addresses and networks of proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies?: readonly string[];
  /**
   * Where hosts outside reach the network of this tracker, one address of each family: they are told it for peers on its
   * machine and in its network, which are told to no outsider otherwise.
   */
  readonly externalAddresses?: readonly string[];
  /** Where everybody reaches this tracker when that is not where it listens: `https://tracker.example.org`, without a path. */
  readonly publicUrl?: string;
  /** Whom people ask when a moderator is needed: an address of mail or of a page. Shown to everybody. */
  readonly contact?: string | undefined;
  readonly registry?: Partial<RegistryOptions>;
  /** Keeps a catalogue and a community there. Then only what is published is served. Without it any hash is. */
  readonly dataFolder?: string | undefined;
  /** False: the swarms of a tracker with a data folder, which are addresses of peers, are not written there. */
  readonly swarmSnapshot?: boolean | undefined;
  /** Told of a snapshot of the swarms that cannot be read or written. By default that goes to stderr. */
  readonly onTrouble?: (trouble: SnapshotTrouble) => void;
  /** HTTPS with one's own certificate. */
  readonly tls?: TlsFiles | undefined;
  /**
   * Who gets in. Without `newcomerRole`, whether everybody may register is as this community had it before; a new one that
   * the whole internet can reach (by a public URL or a global address) takes newcomers by invitation.
   */
  readonly policy?: WantedPolicy;
  readonly limits?: Partial<HttpLimits>;
  /** Milliseconds, whole, never going back. The machine's own unless given, as `wallMs`. */
  readonly nowMs?: () => number;
  /** Milliseconds since 1970. */
  readonly wallMs?: () => number;
  /** Told of faults of ours that a request has met; the tracker goes on. By default they go to stderr. */
  readonly onError?: (error: unknown) => void;
  /**
   * Told, once, that a visitor calls this tracker by a name or an address that it does not know to be its own. If that is
   * one, links that it hands out do not lead there before it is the `publicUrl`.
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
  /** While nobody owns the catalogue: whoever registers with this token does. */
  readonly setupToken: string | undefined;
  /** Whether everybody may register, or only who was invited; undefined without a catalogue. */
  readonly registration: 'open' | 'invited' | undefined;
  /**
   * It is meant for peers outside (it has a public URL), its machine has no global address, and none was named that stands
   * for it: peers on this machine and in its network are told to no outsider.
   */
  readonly hidesItsNetwork: boolean;
  /** The key beside the database is another one than before: announce URLs that were handed out are void. */
  readonly isKeyReplaced: boolean;
  /** Peers of the last run that are listed again. */
  readonly restoredPeers: number;
  /** Shows and hands out one more torrent. Throws MetainfoError. */
  addTorrent(bytes: Uint8Array): TrackerTorrent;
  stats(): TrackerStats;
  close(): Promise<void>;
}

/** BitTorrent trackers are looked for here, though no standard says so. */
export const defaultPort = 6969;

const expireEveryMs = 1000;

/** Rejects with ListenError, MetainfoError, DatabaseError, KeyFileError, PublicUrlError, ExternalAddressError or ProxyListError, each with a stable `code`. */
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
  /** Announces and expiries, which are all that changes swarms. */
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

/** What a tracker with a data folder has in it. */
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

/** `url`: of the tracker. */
function shownTorrent(torrent: ListedTorrent, url: string): TrackerTorrent {
  const { infoHash, infoHashV2, name, bytes, files } = torrent;
  const torrentUrl = `${url}/${infoHash}.torrent`;
  const magnet = magnetFor(torrent, `${url}/announce`);
  return { infoHash, infoHashV2, name, bytes, fileCount: files.length, torrentUrl, magnet };
}
