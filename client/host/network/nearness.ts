/**
 * How near those are who have something: the time that a TCP connection to each takes, all of them at once.
 *
 * Invariant: a tracker's word leads nowhere that a peer of ours may not be: only addresses, never names; this machine
 * only when the tracker itself runs on it; nowhere link-local; and nothing is sent.
 */
import { connect, isIP } from 'node:net';
import { addressKind } from './address-kind.ts';

export interface PeerPlace {
  readonly host: string;
  readonly port: number;
}

/** A page of fifty results names some of the same people again and again. */
const addressesMax = 64;
/** Whoever is farther away than this is far. */
const deadlineMsDefault = 700;

/** Address (`placeKey`) → milliseconds; absent for who did not answer in time. */
export type Nearness = ReadonlyMap<string, number>;

export const placeKey = ({ host, port }: PeerPlace): string => `${host} ${port}`;

/** Answers after the deadline at the latest. `trackerUrl`: whose word it is. */
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

/** Seeds first, the nearest of them first; who was not reached comes last. */
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
