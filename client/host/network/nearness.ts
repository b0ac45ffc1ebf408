/**
 * Measures the latency to the peers that have a torrent: the time of a TCP connect to each, all at once.
 *
 * Invariant: a tracker cannot direct us to a place where no peer may be. Only addresses are used, never
 * names; this machine only when the tracker runs on it; never link-local addresses; and nothing is sent.
 */
import { connect, isIP } from 'node:net';
import { addressKind } from './address-kind.ts';

export interface PeerPlace {
  readonly host: string;
  readonly port: number;
}

/** A page of fifty results often names the same peers. */
const addressesMax = 64;
/** A peer that takes longer counts as far. */
const deadlineMsDefault = 700;

/** Address (`placeKey`) → milliseconds; missing for peers that did not answer in time. */
export type Nearness = ReadonlyMap<string, number>;

export const placeKey = ({ host, port }: PeerPlace): string => `${host} ${port}`;

/** Resolves at the deadline at the latest. `trackerUrl`: the tracker that named the peers. */
export async function measureNearness(
  places: readonly PeerPlace[],
  trackerUrl: string,
  { deadlineMs = deadlineMsDefault }: { readonly deadlineMs?: number } = {},
): Promise<Nearness> {
  const isOwnTracker = isThisMachine(new URL(trackerUrl).hostname.replace(/^\[|\]$/g, ''));
  const distinct = new Map(places.map((place) => [placeKey(place), place]));
  const asked = [...distinct]
    .filter(([, { host, port }]) => isIP(host) !== 0 && port > 0 && port <= 65_535)
    .filter(([, { host }]) => addressKind(host) !== 'forbidden')
    .filter(([, { host }]) => isOwnTracker || !isThisMachine(host))
    .slice(0, addressesMax);
  const found = new Map<string, number>();
  await Promise.all(
    asked.map(async ([key, place]) => {
      const ms = await connectMs(place, deadlineMs);
      if (ms !== undefined) found.set(key, ms);
    }),
  );
  return found;
}

/** Seeds first, the nearest of them first; unreachable peers last. */
export function nearestFirst<Holder extends PeerPlace & { readonly isSeed: boolean }>(
  holders: readonly Holder[],
  nearness: Nearness,
): Holder[] {
  const ms = (holder: Holder) => nearness.get(placeKey(holder)) ?? Number.POSITIVE_INFINITY;
  return holders.toSorted(
    (a, b) => Number(b.isSeed) - Number(a.isSeed) || (ms(a) === ms(b) ? 0 : ms(a) - ms(b)),
  );
}

function connectMs({ host, port }: PeerPlace, deadlineMs: number): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const startedMs = performance.now();
  const socket = connect({ host, port });
  const timer = setTimeout(() => settle(undefined), deadlineMs);
  const settle = (ms: number | undefined) => {
    clearTimeout(timer);
    socket.destroy();
    resolve(ms);
  };
  socket.once('connect', () => settle(performance.now() - startedMs));
  socket.on('error', () => settle(undefined));
  return promise;
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || /^(127\.|0\.|::$|::1$|::ffff:127\.|::ffff:7f)/i.test(host);
}
