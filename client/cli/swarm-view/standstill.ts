/**
 * The whole picture when nothing comes: what each tracker last said, and what became of the peers. People get it as lines
 * below the live one; a log gets it once, after a while in which nothing moved.
 */
import { count, duration } from '../../../torrents/wording.ts';
import type { TorrentStatus, TrackerStatus } from '../../engine/status.ts';
import type { Departures } from '../../session/following/following.ts';
import { paint } from '../screen/output.ts';
import { padToWidth } from '../screen/text-width.ts';
import { dropReason } from './drop-reasons.ts';
import { isHopeless, type Obstacle } from './obstacles.ts';
import { askedAgain } from './tracker-complaints.ts';
import { trackerHost } from './tracker-host.ts';
import { trackerNews } from './waiting-reason.ts';

/** A stall of a few seconds explains itself: peers are being dialed, a turn is waited for. */
export const standstillAfterMs = 10_000;

/**
 * `fatal`: nothing that we know of can end it, somebody has to do something. `temporary`: it may go on by itself, and is
 * tried again.
 */
export function outlook({ peers, peersKnown, trackers, trouble }: TorrentStatus): 'temporary' | 'fatal' {
  if (trouble !== undefined || peers.length > 0 || peersKnown > 0) return 'temporary';
  return trackers.every(({ url }) => isHopeless(url)) ? 'fatal' : 'temporary';
}

export function standstillLines(
  status: TorrentStatus,
  departures: Departures,
  obstacles: readonly Obstacle[],
): string[] {
  const rows = status.trackers.map((tracker) => [trackerHost(tracker.url), lastWords(tracker)] as const);
  const width = Math.min(32, Math.max('peers'.length, ...rows.map(([host]) => host.length)));
  const line = (name: string, words: string) => `      ${paint('dim', padToWidth(name, width))}  ${words}`;
  const ways = new Set(obstacles.map(({ advice }) => advice));
  return [
    ...rows.map(([host, words]) => line(host, words)),
    line('peers', peerWords(status, departures)),
    ...obstacles.map(({ message }) => line('why', message)),
    ...[...ways].map((way) => line('hint', way)),
  ];
}

function lastWords(tracker: TrackerStatus): string {
  const { lastFailure, askedInSeconds, retryInSeconds } = tracker;
  const news = trackerNews(tracker);
  if (askedInSeconds !== undefined) return `${news}; asked again in ${duration(askedInSeconds)}`;
  if (lastFailure === undefined) return news;
  return `${news}; ${askedAgain(retryInSeconds)}`;
}

function peerWords({ peers, peersKnown }: TorrentStatus, { ended, unreached }: Departures): string {
  return [
    `${peersKnown} known, ${peers.length} connected`,
    ...tally(unreached, 'dial', 'failed'),
    ...tally(ended, 'connection', 'ended'),
  ].join('; ');
}

function tally(reasons: Departures['ended'], what: string, became: string): string[] {
  if (reasons.size === 0) return [];
  const total = [...reasons.values()].reduce((sum, times) => sum + times, 0);
  const each = [...reasons]
    .sort(([, a], [, b]) => b - a)
    .map(([reason, times]) => `${times} × ${dropReason(reason)}`);
  return [`${count(total, what)} ${became}: ${each.join(', ')}`];
}
