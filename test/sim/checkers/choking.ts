/**
 * Upload slots rotate. While peers wait, one of them is unchoked every few rounds, and each of them
 * eventually. While the host downloads, a round chokes no peer that uploads faster than a peer that it serves
 * for its upload rate.                                                                                  BEP 3
 */
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import type { Inspection } from '../../../client/engine/inspection.ts';
import { type Checker, type Disbelief, firstOf, inspectionOf, type Turn } from './checker.ts';

/**
 * A host fails only if chance would do the same once in 2^30 cases, since the optimistic slot is drawn at
 * random.
 */
const bitsOfDoubt = 30;

interface Wait {
  /** Rounds in which it could have been chosen. */
  rounds: number;
  /** The largest number of peers that waited at once. */
  rivals: number;
}

interface Slots {
  /** Time of the last counted round. The host has had at least as many rounds. */
  roundMs: number;
  readonly waits: Map<PeerSession, Wait>;
  /** Rounds since a waiting peer was unchoked, and the smallest number that waited in all that time. */
  still: { rounds: number; waiting: number };
  /**
   * Peers served at the last tick, without those that lost their slot since: a peer that is no longer
   * interested gives its slot up.
   */
  served: Set<PeerSession>;
}

export function slotsTurnOver(): Checker {
  const all = new WeakMap<Engine, Slots>();
  return {
    name: 'slots-turn-over',
    onTurn(turn) {
      const { peer, fact, nowMs } = turn;
      if (fact.type !== 'woke') return forget(all.get(peer.engine));
      const inspection = inspectionOf(peer);
      if (inspection === undefined || inspection.peers.stopping) return void all.delete(peer.engine);
      let slots = all.get(peer.engine);
      if (slots === undefined) {
        slots = { roundMs: nowMs, waits: new Map(), still: noneYet(), served: new Set() };
        all.set(peer.engine, slots);
      }
      return judge(slots, inspection, turn);
    },
  };
}

/**
 * Between two ticks a peer can lose its slot through its own message, or at a tick that ran with another
 * fact.
 */
function forget(slots: Slots | undefined): undefined {
  for (const session of slots?.served ?? []) if (session.amChoking) slots?.served.delete(session);
}

function noneYet(): Slots['still'] {
  return { rounds: 0, waiting: Number.MAX_SAFE_INTEGER };
}

function judge(slots: Slots, inspection: Inspection, turn: Turn): Disbelief {
  const { nowMs } = turn;
  const { limits } = turn.peer.engine.usage;
  const before = slots.served;
  const served = new Set<PeerSession>();
  const waiting: PeerSession[] = [];
  for (const session of inspection.sessions.values()) {
    if (!session.isOpen || !session.peerInterested) continue;
    if (session.amChoking) waiting.push(session);
    else served.add(session);
  }
  slots.served = served;
  const unfair = judgeTrade(before, served, waiting, inspection, turn);
  for (const session of slots.waits.keys()) if (!waiting.includes(session)) slots.waits.delete(session);
  const isNew = [...served].some((session) => !before.has(session));
  if (isNew || waiting.length === 0) slots.still = noneYet();
  for (const session of waiting) {
    const wait = slots.waits.get(session) ?? { rounds: 0, rivals: 0 };
    wait.rivals = Math.max(wait.rivals, waiting.length);
    slots.waits.set(session, wait);
  }
  slots.still.waiting = Math.min(slots.still.waiting, waiting.length);
  if (nowMs - slots.roundMs < limits.rechokeMs + limits.tickMs) return unfair;
  slots.roundMs = nowMs;
  if (waiting.length > 0) slots.still.rounds += 1;
  for (const wait of slots.waits.values()) wait.rounds += 1;
  return firstOf(
    unfair,
    judgeStill(slots, limits.optimisticRechokes),
    judgeWaits(slots, limits.optimisticRechokes),
  );
}

/** Every `optimisticRechokes` rounds one peer is drawn among those that wait and one that is served. */
function judgeStill({ still: { rounds, waiting } }: Slots, optimisticRechokes: number): Disbelief {
  const roundsMax = (1 + Math.ceil(bitsOfDoubt / Math.log2(waiting + 1))) * optimisticRechokes;
  if (rounds <= roundsMax) return undefined;
  return `has served no other peer for ${rounds} rounds, while ${waiting} or more wait`;
}

/** All waiting peers are equally likely to be drawn. */
function judgeWaits({ waits }: Slots, optimisticRechokes: number): Disbelief {
  for (const [session, { rounds, rivals }] of waits) {
    const drawsMax = Math.ceil(bitsOfDoubt / Math.log2((rivals + 1) / rivals));
    if (rounds > (1 + drawsMax) * optimisticRechokes)
      return `lets connection ${session.connection} wait for ${rounds} rounds among ${rivals}`;
  }
  return undefined;
}

/**
 * Left out: the optimistic slot; slots taken back because they are unused; and ticks in which a connection is
 * closed, since its slot goes to the peer that has waited longest, regardless of its rate.
 */
function judgeTrade(
  before: ReadonlySet<PeerSession>,
  served: ReadonlySet<PeerSession>,
  waiting: readonly PeerSession[],
  { selection }: Inspection,
  { actions, nowMs, peer }: Turn,
): Disbelief {
  const losers = waiting.filter((session) => before.has(session) && session.hasAsked);
  if (losers.length === 0 || selection.missingCount === 0) return undefined;
  if (actions.some(({ type }) => type === 'close')) return undefined;
  const { stallTimeoutMs } = peer.engine.usage.limits;
  for (const loser of losers) {
    if (loser.uploads.isStuck(nowMs, stallTimeoutMs)) continue;
    for (const winner of served) {
      if (winner.optimistic || winner.down.rate >= loser.down.rate) continue;
      return `takes its slot from connection ${loser.connection}, which gives ${loser.down.rate} bytes a second, and serves ${winner.connection}, which gives ${winner.down.rate}`;
    }
  }
  return undefined;
}
