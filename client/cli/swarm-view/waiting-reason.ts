/**
 * Why nothing comes, in one sentence: "0 peers" alone is the oldest complaint there is. What trackers say is shown with
 * the tracker's host only: the rest of its address may be somebody's passkey.
 */
import { displayPath } from '../../../torrents/paths/path-rules.ts';
import { count } from '../../../torrents/wording.ts';
import type { TorrentStatus, TrackerStatus } from '../../engine/status.ts';
import { isAboutFiles } from '../../host/disk/disk-errors.ts';
import type { Closers } from '../../session/following/failed-dials.ts';
import { trackerReason } from '../error-words.ts';
import { diskWords } from './disk-words.ts';
import { dropReason } from './drop-reasons.ts';
import { obstaclesOf, obstacleWords } from './obstacles.ts';
import { trackerHost } from './tracker-host.ts';

/** What a status does not tell. */
export interface Background {
  readonly webSeeds: readonly string[];
  readonly closers: Closers;
  /** Reason → peers whose last dial ended with it. */
  readonly reasons: ReadonlyMap<string, number>;
}

const noBackground: Background = { webSeeds: [], closers: { closed: 0, dialed: 0 }, reasons: new Map() };
/** The most frequent say enough. */
const reasonsNamedMax = 2;

/** Of a torrent that is not complete. */
export function waitingReason(status: TorrentStatus, background = noBackground): string {
  const { peers, peersKnown, trackers, trouble } = status;
  // What was lost is fetched again like anything else: it is peers that are waited for.
  if (trouble !== undefined && !isAboutFiles(trouble)) return diskWords(trouble);
  if (peers.length > 0) return reasonWithPeers(status);
  const obstacles = obstaclesOf(status, background.webSeeds, background.closers);
  // Trackers that know no other peers yet may soon: their own words say so.
  const lasting = obstacles.filter(({ code }) => code !== 'no-other-peers');
  if (lasting.length > 0) return obstacleWords(lasting);
  if (peersKnown > 0)
    return `${count(peersKnown, 'peer')} known, none has answered yet${unansweredWords(background.reasons)}`;
  return `waiting for peers: ${trackers.map(trackerWords).join('; ')}`;
}

/** Why dials failed, in brackets behind a space; nothing when none has. */
export function unansweredWords(reasons: Background['reasons']): string {
  const named = [...reasons].sort(([, a], [, b]) => b - a).slice(0, reasonsNamedMax);
  if (named.length === 0) return '';
  const isOne = named.length === 1 && named[0]![1] === 1;
  const each = named.map(([reason, peers]) => `${isOne ? '' : `${peers} × `}${dropReason(reason)}`);
  return ` (${each.join(', ')})`;
}

function reasonWithPeers({ peers }: TorrentStatus): string {
  const connected = `connected to ${count(peers.length, 'peer')}`;
  const useful = peers.filter((peer) => peer.amInterested);
  if (useful.length === 0) return `${connected}, but none has the missing pieces`;
  if (useful.every((peer) => peer.peerChoking)) return `${connected}, waiting for a turn`;
  if (useful.every((peer) => peer.stalled))
    return `${connected}, but ${peers.length === 1 ? 'it is' : 'they are'} silent`;
  return `${connected}, waiting for data`;
}

/** A tracker's last words, after its name. */
export function trackerWords(tracker: TrackerStatus): string {
  const host = trackerHost(tracker.url);
  if (tracker.lastFailure !== undefined) return `${host}: ${trackerNews(tracker)}`;
  if (tracker.lastWarning === undefined && tracker.peers === undefined) return `asking ${host}`;
  return `${host} ${trackerNews(tracker)}`;
}

/** The same without its name. */
export function trackerNews({ lastFailure, lastWarning, peers }: TrackerStatus): string {
  if (lastFailure !== undefined) return displayPath([trackerReason(lastFailure)]);
  if (lastWarning !== undefined) return `warns: ${displayPath([lastWarning])}`;
  if (peers === undefined) return 'is being asked';
  return peers === 0 ? 'knows no other peers yet' : `knows ${count(peers, 'peer')}`;
}
