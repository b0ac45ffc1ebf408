/** What a peer is worth, how long its silence is tolerated, and when an unproven seed is tried. */

import { PeerOutbox } from '../../../client/engine/connection/peer-outbox.ts';
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import { watchSession } from '../../../client/engine/connection/session-watch.ts';
import type { Context } from '../../../client/engine/context.ts';
import { standingOf } from '../../../client/engine/peers/seat-standing.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import type { RequestScheduler } from '../../../client/engine/requests/request-scheduler.ts';
import { UnprovenSeedLimiter } from '../../../client/engine/requests/unproven-seed-limiter.ts';
import { differ, limitsWith, type Part, rarely, sessionOf } from './part.ts';

const never = -Number.MAX_SAFE_INTEGER;

/**
 * By the terms of connection-table.ts: a useful peer exchanges data or is being sent blocks; a waiting peer
 * has a turn to come.
 */
function playStanding(random: Prng): string | undefined {
  const limits = limitsWith({
    tradeFreshMs: 1_000 + random.below(5_000),
    stallTimeoutMs: 1_000 + random.below(5_000),
  });
  const nowMs = 100_000;
  const ago = () => nowMs - random.below(12_000);
  const is = () => rarely(random, 2);
  for (let step = 0; step < 20; step++) {
    const [openedMs, unchokedMs] = [ago(), ago()];
    const takenMs = is() ? never : ago();
    const deliveredMs = is() ? never : ago();
    const [isStuck, isServing, stalled, knowsPieces, amChoking, amInterested] = [
      is(),
      is(),
      is(),
      !rarely(random, 4),
      is(),
      is(),
    ];
    const [peerInterested, wastedItsTurn, hasMetadata] = [is(), is(), is()];
    const [down, up] = [1 + random.below(99), 101 + random.below(99)];
    const uploads = {
      takenMs,
      isServing,
      isStuck: (_: number, forMs: number) => isStuck && forMs === limits.stallTimeoutMs,
    };
    const session = sessionOf({
      ...{
        openedMs,
        unchokedMs,
        uploads,
        knowsPieces,
        amChoking,
        amInterested,
        peerInterested,
        wastedItsTurn,
      },
      pipeline: { deliveredMs, stalled },
      extensions: is() ? undefined : { metadataBytes: hasMetadata ? 1 : undefined },
      ...{ down: { rate: down }, up: { rate: up } },
    });
    const { extensions } = session;
    const isFresh = (sinceMs: number) => sinceMs !== never && nowMs < sinceMs + limits.tradeFreshMs;
    const isDead = stalled || isStuck;
    const wants = () => {
      if (amInterested) return true;
      const mayYetAsk = !amChoking && nowMs - unchokedMs < limits.stallTimeoutMs;
      return mayYetAsk || (peerInterested && amChoking && !wastedItsTurn);
    };
    const isSent = knowsPieces && !isDead && !amChoking && isServing;
    const expected = isFresh(deliveredMs)
      ? 'giving'
      : isFresh(takenMs) || isSent
        ? 'taking'
        : (knowsPieces ? !isDead && wants() : extensions?.metadataBytes !== undefined)
          ? 'waiting'
          : 'useless';
    const isUseful = expected === 'giving' || expected === 'taking';
    const endedMs =
      Math.max(takenMs, deliveredMs) === never ? 0 : Math.max(takenMs, deliveredMs) + limits.tradeFreshMs;
    const found = standingOf(session, limits, nowMs);
    const wrong =
      differ('standing', found.standing, expected) ??
      differ(`${expected} since`, found.sinceMs, isUseful ? openedMs : Math.max(openedMs, endedMs)) ??
      differ(`${expected}, at a rate of`, found.rate, expected === 'giving' ? down : isUseful ? up : 0);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function playWatch(random: Prng): string | undefined {
  const stallTimeoutMs = 1_000 + random.below(2_000);
  const limits = limitsWith({
    ...{ stallTimeoutMs, stallCloseMs: stallTimeoutMs + 1 + random.below(3_000) },
    idleTimeoutMs: 3_000 + random.below(3_000),
    ...{ refusedFirstMs: 100 + random.below(500), refusedMaxMs: 500 + random.below(2_000) },
  });
  const nowMs = 50_000;
  for (let step = 0; step < 20; step++) {
    const silentMs = random.below(7_000);
    const unreadMs = random.below(7_000);
    const heardMs = nowMs - random.below(8_000);
    const refusedMs = nowMs - random.below(3_000);
    const rejects = random.below(6);
    const asked = Array.from({ length: random.below(4) }, (_, i) => i + 1);
    const stalled = rarely(random, 3);
    const done: string[] = [];
    const meter = (name: string) => ({ rate: 7, tick: (ms: number) => done.push(`${name} ${ms}`) });
    const session = sessionOf({
      ...{ heardMs, down: meter('down'), up: meter('up') },
      pipeline: {
        ...{ asked, stalled, rejects },
        measure: (rate: number) => done.push(`pace ${rate}`),
        isSilent: (_: number, ms: number) => asked.length > 0 && silentMs >= ms,
        stall: (key: number | undefined) => done.push(`stall ${key}`),
      },
      pieces: { refusedMs, forgetRefusals: () => done.push('forget') },
      uploads: { isStuck: (_: number, ms: number) => unreadMs >= ms },
      keepAlive: () => done.push('alive'),
    });
    const scheduler = {
      cancel: (_: unknown, key: number) => done.push(`cancel ${key}`),
      release: () => done.push('release'),
    } as unknown as RequestScheduler;
    const elapsedMs = random.below(3) * 100;
    const fault = watchSession(session, scheduler, limits, nowMs, elapsedMs);
    const expected: string[] = elapsedMs === 0 ? [] : [`down ${elapsedMs}`, `up ${elapsedMs}`];
    if (elapsedMs > 0) expected.push('pace 7');
    const waitMs = Math.min(limits.refusedMaxMs, limits.refusedFirstMs * Math.max(1, rejects));
    if (nowMs - refusedMs >= waitMs) expected.push('forget');
    const isSilent = (ms: number) => asked.length > 0 && silentMs >= ms;
    const isOver =
      nowMs - heardMs >= limits.idleTimeoutMs
        ? 'silent'
        : isSilent(limits.stallCloseMs)
          ? 'stalled'
          : unreadMs >= limits.stallCloseMs
            ? 'not-reading'
            : undefined;
    if (isOver === undefined) {
      if (!stalled && isSilent(stallTimeoutMs))
        expected.push(...asked.slice(1).map((key) => `cancel ${key}`), 'release', `stall ${asked[0]}`);
      expected.push('alive');
    }
    const wrong = differ('fault', fault, isOver) ?? differ('done', done.join(), expected.join());
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function playTrials(random: Prng): string | undefined {
  const banMs = 5_000 + random.below(20_000);
  const limits = limitsWith({
    ...{ banMs, trialLiarsFree: 1 + random.below(3) },
    ...{ trialGapMs: 100 + random.below(2_000), trialGapMsMax: 500 + random.below(6_000) },
  });
  const draw = () =>
    sessionOf({
      kept: { trial: rarely(random, 3) ? 1 : undefined },
      record: { goodPieces: rarely(random, 2) ? 1 : 0, isSeed: !rarely(random, 3) },
      pipeline: { asked: rarely(random, 2) ? [1] : [], stalled: rarely(random, 3) },
    });
  const sessions = new Map(Array.from({ length: 3 }, (_, i) => [i, draw()]));
  const trials = new UnprovenSeedLimiter(sessions, { limits } as unknown as Context);
  let [nowMs, liars, lastLieMs, nextMs] = [100_000, 0, 0, 0];
  const gapMs = () => Math.min(limits.trialGapMsMax, limits.trialGapMs * (liars - limits.trialLiarsFree));
  for (let step = 0; step < 40; step++) {
    nowMs += random.below(rarely(random, 10) ? 2 * banMs : 1_500);
    sessions.set(random.below(3), draw());
    const session = draw();
    const act = random.below(9);
    if (act < 3) {
      trials.onLiar(nowMs);
      liars = nowMs - lastLieMs > banMs ? 1 : liars + 1;
      lastLieMs = nowMs;
      if (liars > limits.trialLiarsFree) nextMs = Math.max(nextMs, nowMs + gapMs());
    } else if (act < 5) {
      trials.onBegun(session, nowMs);
      if (session.record.isSeed && liars > limits.trialLiarsFree) nextMs = nowMs + gapMs();
    }
    trials.tick();
    const gives = ({ record, pipeline }: PeerSession) =>
      record.goodPieces > 0 && pipeline.asked.length > 0 && !pipeline.stalled;
    const isServed = [...sessions.values()].some(gives);
    const isStranger =
      session.record.isSeed && session.record.goodPieces === 0 && session.kept.trial === undefined;
    const expected = !isStranger || !isServed || nowMs >= nextMs;
    const wrong = differ(`may be asked after ${liars} liars`, trials.mayAsk(session, nowMs), expected);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** Whether a peer sent requests while it was last unchoked. */
function playTurns(random: Prng): string | undefined {
  const context = { limits: limitsWith({}), toFlush: [], nowMs: 1_000, emit: () => {} };
  const voice = new PeerOutbox(1, context as unknown as Context, context.nowMs);
  let [isChoked, unchokedMs, hasAsked, wasWasted] = [true, 0, false, false];
  for (let step = 0; step < 20; step++) {
    context.nowMs += 1 + random.below(9_000);
    if (rarely(random, 3)) voice.hasAsked = hasAsked = true;
    const choking = rarely(random, 2);
    voice.setChoking(choking);
    if (choking && !isChoked) wasWasted = !hasAsked;
    if (!choking && isChoked) [unchokedMs, hasAsked] = [context.nowMs, false];
    isChoked = choking;
    const wrong =
      differ('is choked', voice.amChoking, isChoked) ??
      differ('is served since', voice.unchokedMs, unchokedMs) ??
      differ('has asked', voice.hasAsked, hasAsked) ??
      differ('has wasted its turn', voice.wastedItsTurn, wasWasted);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

export const worth: readonly Part[] = [
  { name: 'turns', play: playTurns },
  { name: 'standing', play: playStanding },
  { name: 'patience', play: playWatch },
  { name: 'trials', play: playTrials },
];
