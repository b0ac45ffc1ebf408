/**
 * The requests to one peer. The model has one word for the state of each block, the cancels sent, and the
 * resulting counts. Blocks arrive, are rejected, given up and cancelled in any order, twice or never.
 */
import { defaultLimits, type Limits } from '../../../../client/engine/limits.ts';
import type { Prng } from '../../../../client/engine/prng.ts';
import { RequestPipeline } from '../../../../client/engine/requests/request-pipeline.ts';
import { agree, agreeOnAll, Clock, type SteppedPart } from '../step.ts';

const blockBytes = 16 * 1024;

export const requestPipeline: SteppedPart = {
  name: 'request-pipeline',
  begin(random) {
    const limits = drawLimits(random);
    const pipeline = new RequestPipeline(limits);
    const clock = new Clock(random);
    const keys = 3 + random.below(10);
    const timeoutMs = 50 + random.below(2_000);
    let asked: number[] = [];
    let late: number[] = [];
    const left = new Set<number>();
    const cancels = new Map<number, number>();
    let askedMax = limits.requestsOutstandingMax;
    let [depth, stalled, rejects] = [limits.requestsOutstandingFirst, false, 0];
    let [progressMs, progressBytes, deliveredMs] = [0, 0, -Number.MAX_SAFE_INTEGER];
    /** In sixteenths: each requested block makes up for one. */
    let unasked = 0;
    let [isSlowStart, lastRate, knownRate] = [true, 0, undefined as number | undefined];
    /** The block that is arriving, and whether it was requested again while it arrived. */
    let arriving: { readonly key: number; isAskedAgain: boolean } | undefined;
    const without = (list: readonly number[], key: number) => list.filter((one) => one !== key);
    const queueRoom = () => askedMax - asked.length - left.size;
    const settleCancel = (key: number) => {
      const count = cancels.get(key) ?? 0;
      if (count > 1) cancels.set(key, count - 1);
      else cancels.delete(key);
      return count > 0;
    };
    const ask = (key: number) => {
      if (asked.length === 0) progressMs = clock.nowMs;
      agree('whether a request is sent', pipeline.ask(key, clock.nowMs), !left.has(key));
      if (!left.delete(key) && arriving?.key === key) arriving.isAskedAgain = true;
      asked = [...asked, key];
      late = without(late, key);
    };
    const giveUp = (key: number) => {
      const isAsked = asked.includes(key);
      agree('whether it was on its way', pipeline.giveUp(key), isAsked);
      if (!isAsked) return;
      asked = without(asked, key);
      late = [...without(late, key), key];
      // One for each block that arrives, because the limit may have shrunk.
      if (late.length > 2 * askedMax) late.shift();
    };
    const arrive = (key: number) => {
      const isMeant = asked.includes(key) || late.includes(key);
      agree('whether a block was asked for', pipeline.expects(key), isMeant);
      arriving = { key, isAskedAgain: false };
      if (isMeant) return;
      unasked += 16;
      agree('whether it is borne', pipeline.tolerate(), unasked <= 16 * limits.unaskedBlocksMax);
    };
    const settle = () => {
      const { key, isAskedAgain } = arriving!;
      const isUseful = random.below(3) > 0;
      late = without(late, key);
      const wasLeft = left.delete(key);
      const counts = asked.includes(key) && (isUseful || !isAskedAgain);
      agree('whether it still counts', pipeline.settle(key, isUseful), counts);
      if (counts) asked = without(asked, key);
      else if (!wasLeft) settleCancel(key);
      arriving = undefined;
      const isUsed = random.below(2) === 0;
      pipeline.onBlock(counts, isUsed);
      if (counts || isUsed) deliveredMs = progressMs;
      if (!counts) return;
      [rejects, unasked] = [0, Math.max(0, unasked - 1)];
      if (isSlowStart) depth = Math.min(askedMax, depth + 1);
    };
    const receive = () => {
      const bytes = [1, limits.progressBytesMin - 1, limits.progressBytesMin, blockBytes][random.below(4)]!;
      pipeline.onProgress(bytes, clock.nowMs);
      progressBytes += bytes;
      if (progressBytes < limits.progressBytesMin) return;
      [progressBytes, progressMs, stalled] = [0, clock.nowMs, false];
    };
    const tick = () => {
      const edge = lastRate + Math.floor(lastRate / 8);
      const rate = [
        random.below(2),
        random.below(500_000),
        edge,
        edge - 1,
        blockBytes * random.below(9),
        edge * 2,
      ][random.below(6)]!;
      if (rate < 0) return;
      pipeline.tick(rate);
      if (rate > 0) knownRate = rate;
      const isOver = rate > 0 && rate < edge;
      lastRate = isSlowStart ? rate : lastRate;
      if (isSlowStart && !isOver) return;
      isSlowStart = false;
      const wanted = Math.ceil((rate * limits.requestQueueSeconds) / blockBytes);
      depth = Math.min(askedMax, Math.max(limits.requestsOutstandingMin, wanted));
    };
    return () => {
      clock.goOn([timeoutMs, 1_000], [progressMs + timeoutMs, progressMs + 1_000]);
      // Mostly one with which something is the matter.
      const known = [asked, late, [...cancels.keys()]][random.below(3)]!;
      const key =
        random.below(3) === 0
          ? random.below(keys)
          : (known[random.below(known.length)] ?? random.below(keys));
      const way = random.below(18);
      if (way < 5) {
        if (!asked.includes(key) && queueRoom() > 0) ask(key);
      } else if (way < 9) {
        // It may also break off, and another begins.
        if (arriving !== undefined && random.below(8) > 0) settle();
        else arrive(random.below(4) > 0 ? (asked[random.below(Math.max(1, asked.length))] ?? key) : key);
      } else if (way < 11) receive();
      else if (way === 11) giveUp(key);
      else if (way === 12) {
        // As the scheduler does: it sends the cancel, and gives up the request.
        if (!asked.includes(key)) return;
        pipeline.onCancelled(key);
        left.delete(key);
        if (cancels.size >= 2 * askedMax) cancels.clear();
        cancels.set(key, (cancels.get(key) ?? 0) + 1);
        giveUp(key);
      } else if (way === 13) {
        const isAnswerToCancel = settleCancel(key);
        if (!isAnswerToCancel) left.delete(key);
        const isRefusal = !isAnswerToCancel && asked.includes(key);
        agree('whether it refuses a request', pipeline.isRefusal(key), isRefusal);
        if (isRefusal) pipeline.rejects = rejects += 1;
      } else if (way === 14) {
        const first = asked[0];
        for (const one of asked) giveUp(one);
        pipeline.stall(first);
        stalled = true;
        if (first !== undefined) left.add(first);
      } else if (way === 15) {
        if (random.below(2) === 0) return;
        pipeline.onChoked();
        stalled = false;
        left.clear();
      } else if (way === 16) {
        if (random.below(3) > 0) return;
        const reqq = [0, 1, 7, 8, 9, 16, 1_000][random.below(7)]!;
        pipeline.setReqq(reqq);
        askedMax = Math.max(1, Math.min(limits.requestsReqqMax, reqq - Math.floor(reqq / 8)));
        depth = Math.min(depth, askedMax);
      } else tick();

      agreeOnAll('what is on its way', pipeline.asked, asked);
      agreeOnAll('what is late', pipeline.late, late);
      agree('how many should be on their way', pipeline.depth, depth);
      agree('whether it has stalled', pipeline.stalled, stalled);
      agree('its rejects', pipeline.rejects, rejects);
      agree('its unasked blocks', pipeline.unaskedCount, unasked / 16);
      agree('what it lets wait', pipeline.queueRoom, queueRoom());
      const room = stalled ? 0 : Math.min(depth - asked.length, queueRoom());
      agree('what it may be asked for', pipeline.room, room);
      agree('the rate that is known', pipeline.knownRate, knownRate);
      agree('when something had come', pipeline.progressMs, progressMs);
      agree('when a block had come', pipeline.deliveredMs, deliveredMs);
      const silentMs = clock.nowMs - progressMs;
      const isWaitedFor = asked.length > 0 || stalled || queueRoom() <= 0;
      const isSilent = isWaitedFor && silentMs >= timeoutMs;
      agree('whether it is silent', pipeline.isSilent(clock.nowMs, timeoutMs), isSilent);
      const rate = 1 + random.below(100_000);
      const blocks = random.below(2) === 0 ? asked.length : random.below(5);
      const drainMs =
        Math.floor((blocks * blockBytes * 1_000) / rate) + (silentMs > 1_000 ? 2 * silentMs : 0);
      agree('how long they take', pipeline.drainMs(rate, clock.nowMs, blocks), drainMs);
      const unknownMs = silentMs < 1_000 ? 1_000 : Number.MAX_SAFE_INTEGER;
      agree('how long they take at no rate', pipeline.drainMs(0, clock.nowMs), unknownMs);
    };
  },
};

function drawLimits(random: Prng): Limits {
  const [first, min] = [1 + random.below(4), 1 + random.below(3)];
  return {
    ...defaultLimits,
    requestsOutstandingFirst: first,
    requestsOutstandingMin: min,
    requestsOutstandingMax: Math.max(first, min) + random.below(6),
    requestsReqqMax: 1 + random.below(12),
    requestQueueSeconds: 1 + random.below(3),
    progressBytesMin: 2 + random.below(2_000),
    unaskedBlocksMax: 1 + random.below(4),
  };
}
