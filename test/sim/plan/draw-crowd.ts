/**
 * Draws a crowd: useless peers from several networks that take up connections of engines with few seats. One
 * swarm in six has a crowd, because it doubles the cost of a run. Timeouts are short, so that peers are
 * judged within the run.
 */
import type { Limits } from '../../../client/engine/limits.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import type { PeerPlan, Role } from './schema.ts';

/** Roles that only this file draws. */
export const crowdRoles: readonly Role[] = ['silent', 'half-open'];

export interface Crowd {
  readonly peers: readonly PeerPlan[];
  readonly limits: Partial<Limits>;
}

export function drawCrowd(random: Prng): Crowd {
  if (random.below(6) > 0) return { peers: [], limits: {} };
  const groups = 1 + random.below(2);
  const peers = Array.from({ length: groups }, (_, i) => ({
    name: `crowd-${i}`,
    role: crowdRoles[random.below(crowdRoles.length)]!,
    count: 1 + random.below(4),
    link: 'lan' as const,
  }));
  const connectionsMax = 3 + random.below(6);
  const seatGraceMs = 1_000 + random.below(4_000);
  const limits = {
    connectionsMax,
    connectionsPerTorrentMax: 2 + random.below(connectionsMax - 1),
    connectionsPerHostMax: 1 + random.below(3),
    halfOpenPerHostMax: 1 + random.below(2),
    halfOpenMax: 2 + random.below(8),
    seatGraceMs,
    seatWaitMs: seatGraceMs + random.below(20_000),
    tradeFreshMs: 5_000 + random.below(20_000),
    putOffMs: random.below(30_000),
    seatTurnMs: 25_000 + random.below(60_000),
  };
  return { peers, limits: random.below(4) === 0 ? {} : limits };
}
