/**
 * What keeps a torrent from being downloaded or found, as far as this client knows: sources that it does not
 * support, and peers that close at the handshake. Each has a stable code, words, and advice.
 */
import { count, list } from '../../../torrents/wording.ts';
import { checkTrackerUrl } from '../../../tracker/protocol/tracker-url.ts';
import type { TorrentStatus } from '../../engine/status.ts';
import type { Closers } from '../../session/following/failed-dials.ts';
import { trackerHost } from './tracker-host.ts';

export type ObstacleCode =
  | 'udp-trackers'
  | 'websocket-trackers'
  | 'trackers-invalid'
  | 'web-seeds'
  | 'no-trackers'
  | 'no-other-peers'
  | 'closed-at-handshake';

export interface Obstacle {
  readonly code: ObstacleCode;
  readonly message: string;
  readonly advice: string;
}

/** The sources in a torrent or a magnet link. */
export interface Sources {
  readonly trackers: readonly string[];
  readonly webSeeds: readonly string[];
}

const addSource =
  'add an HTTP tracker with --tracker http://HOST:PORT/announce, or a peer with --peer HOST:PORT';
const allowPlain =
  'in the other client, set encryption to "allow" or "prefer" instead of "require", and check that it shares this torrent';
/** Three hosts are enough: a list may have a hundred. */
const hostsNamedMax = 3;

/** This client cannot use a tracker of this kind at all. */
export function isHopeless(tracker: string): boolean {
  return checkTrackerUrl(tracker) !== undefined;
}

/** At least one tracker that this client can announce to. */
export function hasUsableTracker({ trackers }: Pick<Sources, 'trackers'>): boolean {
  return trackers.some((url) => !isHopeless(url));
}

/** Sources that this client ignores. */
export function unsupportedSources({ trackers, webSeeds }: Sources): Obstacle[] {
  const hopeless = trackers.filter(isHopeless);
  const ofScheme = (pattern: RegExp) => hopeless.filter((url) => pattern.test(url));
  const udp = ofScheme(/^udp:/i);
  const webSocket = ofScheme(/^wss?:/i);
  const others = hopeless.filter((url) => !udp.includes(url) && !webSocket.includes(url));
  const obstacles: Obstacle[] = [];
  const add = (code: ObstacleCode, message: string) => obstacles.push({ code, message, advice: addSource });
  if (udp.length > 0) add('udp-trackers', `UDP trackers (udp://) are not supported yet: ${hosts(udp)}`);
  if (webSocket.length > 0)
    add('websocket-trackers', `WebSocket trackers (wss://) are not supported yet: ${hosts(webSocket)}`);
  if (others.length > 0) add('trackers-invalid', `${checkTrackerUrl(others[0]!)!.message}: ${hosts(others)}`);
  if (webSeeds.length > 0) add('web-seeds', `web seeds are not supported yet: ${hosts(webSeeds)}`);
  return obstacles;
}

/**
 * Why there is no source of peers; empty when there is one. Peers that the user named (`peers`) count as
 * sources.
 */
export function missingSources(sources: Sources): Obstacle[] {
  if (hasUsableTracker(sources)) return [];
  const unsupported = unsupportedSources(sources);
  if (unsupported.length > 0) return unsupported;
  return [{ code: 'no-trackers', message: 'this torrent names no tracker', advice: addSource }];
}

/** Why an incomplete torrent makes no progress; empty when that is not known. */
export function obstaclesOf(
  { peers, peersKnown, trackers }: Pick<TorrentStatus, 'peers' | 'peersKnown' | 'trackers'>,
  webSeeds: readonly string[],
  { closed, dialed }: Closers,
): Obstacle[] {
  if (peers.length > 0) return [];
  const obstacles: Obstacle[] = [];
  if (closed > 0) {
    const who = dialed === 1 ? 'the only peer' : `${closed} of ${count(dialed, 'peer')}`;
    const they = closed === 1 ? 'it' : 'they';
    const message = `${who} closed at the handshake: ${they} may require encryption, or not have this torrent`;
    obstacles.push({ code: 'closed-at-handshake', message, advice: allowPlain });
  }
  if (peersKnown > 0) return obstacles;
  obstacles.push(...missingSources({ trackers: trackers.map(({ url }) => url), webSeeds }));
  const usable = trackers.filter(({ url }) => !isHopeless(url));
  const knowNoOthers = usable.length > 0 && usable.every(({ peers: named }) => named === 0);
  if (knowNoOthers && obstacles.length === 0) {
    const who = list(usable.slice(0, hostsNamedMax).map(({ url }) => trackerHost(url)));
    const message = `no other peers: ${who} ${usable.length === 1 ? 'knows' : 'know'} none yet`;
    obstacles.push({
      code: 'no-other-peers',
      message,
      advice: 'wait for a seed, or add a peer with --peer HOST:PORT',
    });
  }
  return obstacles;
}

/** All of them in one sentence, with each advice once. */
export function obstacleWords(obstacles: readonly Obstacle[]): string {
  const messages = obstacles.map(({ message }) => message).join('; ');
  const ways = new Set(obstacles.map(({ advice }) => advice));
  return `${messages}. To go on, ${[...ways].join('; or ')}`;
}

function hosts(urls: readonly string[]): string {
  const named = [...new Set(urls.map(trackerHost))];
  const more = named.length - hostsNamedMax;
  return [...named.slice(0, hostsNamedMax), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}
