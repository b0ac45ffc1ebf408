/**
 * Why no data arrives, in one sentence: "0 peers" alone explains nothing. Trackers are named by host only:
 * the rest of a URL may contain a passkey.
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

/** Facts that a status does not contain. */
export interface Background {
  readonly webSeeds: readonly string[];
  readonly closers: Closers;
  /** Reason → number of peers whose last dial failed with it. */
  readonly reasons: ReadonlyMap<string, number>;
}

const noBackground: Background = { webSeeds: [], closers: { closed: 0, dialed: 0 }, reasons: new Map() };
/** The two most frequent are enough. */
const reasonsNamedMax = 2;

/** For a torrent that is not complete. */
export function waitingReason(status: TorrentStatus, background = noBackground): string {
  const { peers, peersKnown, trackers, trouble } = status;
  // Lost data is downloaded again, so the wait is for peers, not for the disk.
  if (trouble !== undefined && !isAboutFiles(trouble)) return diskWords(trouble);
  if (peers.length > 0) return reasonWithPeers(status);
  const obstacles = obstaclesOf(status, background.webSeeds, background.closers);
  // A tracker that knows no other peers yet may know some soon: its own words say so.
  const lasting = obstacles.filter(({ code }) => code !== 'no-other-peers');
  if (lasting.length > 0) return obstacleWords(lasting);
  if (peersKnown > 0)
    return `${count(peersKnown, 'peer')} known, none has answered yet${unansweredWords(background.reasons)}`;
  return `waiting for peers: ${trackers.map(trackerWords).join('; ')}`;
}

/** Why dials failed, in brackets after a space; empty when none failed. */
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

/** The tracker's host and its last message. */
export function trackerWords(tracker: TrackerStatus): string {
  const host = trackerHost(tracker.url);
  if (tracker.lastFailure !== undefined) return `${host}: ${trackerNews(tracker)}`;
  if (tracker.lastWarning === undefined && tracker.peers === undefined) return `asking ${host}`;
  return `${host} ${trackerNews(tracker)}`;
}

/** The tracker's last message without its host. */
export function trackerNews({ lastFailure, lastWarning, peers }: TrackerStatus): string {
  if (lastFailure !== undefined) return displayPath([trackerReason(lastFailure)]);
  if (lastWarning !== undefined) return `warns: ${displayPath([lastWarning])}`;
  if (peers === undefined) return 'is being asked';
  return peers === 0 ? 'knows no other peers yet' : `knows ${count(peers, 'peer')}`;
}
