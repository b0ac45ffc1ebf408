/**
 * Details of a stall: what each tracker last said, and what happened to the peers. A terminal shows them
 * below the live line; a log gets them once, after a time without progress.
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

/** 10 seconds: in a shorter stall peers are still being dialed, or an unchoke is awaited. */
export const standstillAfterMs = 10_000;

/** `fatal`: nothing known will end the stall without the user. `temporary`: it may end by itself. */
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
