/**
 * Gives hostile bytes to the parsers of queries, replies, addresses, snapshots and torrent files. It takes no
 * part in the swarm and none of its virtual time.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import { oneOf } from './odd-bytes.ts';
import { judgeAddress, judgeAlive, judgeAnnounce, judgeScrape } from './queries.ts';
import { judgeFailure, judgeNoReply, judgeOwnReply, judgeScrapeReply, judgeStrangeReply } from './replies.ts';
import { judgeSnapshot } from './snapshots.ts';
import { judgeOtherFile, judgeTorrent } from './torrents.ts';

export interface HostileBytesPlan {
  /** How many samples are read. */
  readonly steps: number;
}

const readers: readonly ((random: Prng) => string | undefined)[] = [
  ...[judgeAnnounce, judgeAnnounce, judgeScrape, judgeAlive, judgeAddress, judgeAddress],
  ...[
    judgeOwnReply,
    judgeStrangeReply,
    judgeStrangeReply,
    judgeStrangeReply,
    judgeFailure,
    judgeNoReply,
    judgeScrapeReply,
  ],
  ...[judgeTorrent, judgeTorrent, judgeTorrent, judgeTorrent, judgeOtherFile, judgeSnapshot],
];

/** Returns the first problem, or undefined. */
export function playHostileBytes({ steps }: HostileBytesPlan, random: Prng): string | undefined {
  for (let step = 0; step < steps; step++) {
    const disbelief = oneOf(random, readers)(random);
    if (disbelief !== undefined) return disbelief;
  }
  return undefined;
}
