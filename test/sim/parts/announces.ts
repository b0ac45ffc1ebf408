/**
 * The schedule of announces beside a model that examines all trackers at every step.              BEP 3 12 31
 */
import type { Limits } from '../../../client/engine/limits.ts';
import { AnnounceSchedule } from '../../../client/engine/peers/announce-schedule.ts';
import type { TrackerState } from '../../../client/engine/peers/tracker-state.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import { trackerStatuses } from '../../../client/engine/status.ts';
import { AnnounceModel, type Answer, never, port, self, textOf } from './announce-model.ts';
import { differ, limitsWith, OverheardChance, oneOf, type Part, rarely } from './part.ts';

class Play {
  readonly #random: Prng;
  readonly #chance: OverheardChance;
  readonly #schedule: AnnounceSchedule;
  readonly #model: AnnounceModel;
  readonly #limits: Limits;
  #nowMs = 1_000_000;

  constructor(random: Prng) {
    this.#random = random;
    this.#chance = new OverheardChance(random);
    const announceIntervalMinSeconds = 1 + random.below(5);
    this.#limits = limitsWith({
      ...{
        announceIntervalMinSeconds,
        announceIntervalMaxSeconds: announceIntervalMinSeconds + 1 + random.below(30),
      },
      ...{ announceRetryFirstMs: 100 + random.below(2_000), announceRetryMaxMs: 3_000 + random.below(9_000) },
      ...{ announceSpreadMs: 1 + random.below(6_000), lossRoundMs: 1 + random.below(9_000) },
    });
    const tiers = [['a', 'b'], ['c'], ['d', 'e', 'f']].slice(0, 1 + random.below(3));
    const { asPrng } = this.#chance;
    this.#schedule = new AnnounceSchedule(structuredClone(tiers), this.#nowMs, this.#limits, asPrng);
    // Each tier is shuffled.
    const { drawn } = this.#chance;
    for (const tier of tiers)
      for (let i = tier.length - 1; i > 0; i--) {
        const j = drawn.shift() ?? 0;
        [tier[i], tier[j]] = [tier[j]!, tier[i]!];
      }
    this.#model = new AnnounceModel(tiers, this.#nowMs, this.#limits);
  }

  run(): string | undefined {
    for (let step = 0; step < 70; step++) {
      this.#nowMs += this.#random.below(oneOf(this.#random, [100, 2_000, 2_000, 20_000]));
      const wrong = this.#step(step) ?? this.#tick() ?? this.#judge();
      if (wrong !== undefined) return `at ${this.#nowMs}: ${wrong}`;
    }
    return undefined;
  }

  readonly #jitter = () => this.#chance.drawn.shift()!;

  #step(step: number): string | undefined {
    const [random, schedule, model, nowMs] = [this.#random, this.#schedule, this.#model, this.#nowMs];
    this.#chance.drawn.length = 0;
    const any = oneOf(random, model.trackers);
    switch (random.below(9)) {
      case 0:
      case 1:
      case 2:
        return this.#answer();
      case 3: {
        const memoryId = oneOf(random, ['m', 'n']);
        schedule.onReturned(any.url, memoryId, nowMs);
        return void model.returned(any, memoryId, this.#jitter, nowMs);
      }
      case 4:
        if (!rarely(random, 2)) return undefined;
        schedule.onWished(nowMs);
        return void model.wished(nowMs);
      case 5: {
        if (!rarely(random, 2)) return undefined;
        const isDownload = !rarely(random, 3);
        schedule.onCompleted(isDownload, nowMs);
        return void model.completed(isDownload, nowMs);
      }
      case 6:
        if (!rarely(random, 2)) return undefined;
        schedule.onIncomplete(nowMs);
        return void model.incomplete(nowMs);
      case 7:
        if (model.isAway) {
          schedule.resume(nowMs);
          return void model.resume(nowMs);
        }
        if (!rarely(random, 3)) return undefined;
        return differ('farewells', textOf(schedule.suspend()), model.suspend());
      default: {
        if (step > 60) {
          const { leaving } = model;
          model.isStopped = true;
          return differ('hear that it stops', textOf(schedule.stop()), textOf(leaving));
        }
        schedule.notCounted(self);
        for (const tracker of model.trackers) {
          if (!tracker.namesUs || tracker.peers === undefined) continue;
          tracker.namesUs = false;
          tracker.peers -= 1;
        }
        return undefined;
      }
    }
  }

  /** The tracker with a pending announce, or else one that has been sent a `stopped` or `paused`. */
  #answer(): string | undefined {
    const [random, schedule, model, nowMs] = [this.#random, this.#schedule, this.#model, this.#nowMs];
    const tracker = model.asked ?? model.trackers.find(({ isLeaving }) => isLeaving);
    if (tracker === undefined) return undefined;
    const returned = tracker === model.asked ? tracker.returned : undefined;
    if (rarely(random, 2)) {
      const answer: Answer = {
        peers: [self, { host: '10.0.0.2', port }, { host: '10.0.0.3', port: 1 }].slice(random.below(3)),
        intervalSeconds: random.below(60),
        ...(rarely(random, 2) && { minIntervalSeconds: random.below(60) }),
        ...(!rarely(random, 3) && { memoryId: oneOf(random, ['m', 'n']) }),
      };
      schedule.onAnswer(tracker.url, answer, nowMs, port);
      if (model.answered(tracker, answer, nowMs)) tracker.returned = undefined;
    } else {
      const retry = rarely(random, 8) ? 'never' : rarely(random, 2) ? random.below(20) : undefined;
      const inSeconds = schedule.onFailure(tracker.url, 'down', retry, nowMs);
      const isHeard = model.failed(tracker, retry, this.#jitter, nowMs);
      if (isHeard) tracker.returned = undefined;
      if (isHeard && returned !== undefined) model.returned(tracker, returned, this.#jitter, nowMs);
      const atMs = model.readyMs(tracker);
      const expected = isHeard && atMs !== never ? Math.max(0, Math.ceil((atMs - nowMs) / 1_000)) : undefined;
      return differ(`${tracker.url} is asked again in`, inSeconds, expected);
    }
    if (returned !== undefined) model.returned(tracker, returned, this.#jitter, nowMs);
    return undefined;
  }

  #tick(): string | undefined {
    const isAlone = !rarely(this.#random, 3);
    this.#schedule.setAlone(isAlone, this.#nowMs);
    this.#model.setAlone(isAlone, this.#nowMs);
    const due = this.#schedule.next(this.#nowMs);
    return differ('tells', due && `${due.event} ${due.tracker.url}`, this.#model.next(this.#nowMs));
  }

  #judge(): string | undefined {
    const { nextAsk, trackers } = this.#schedule;
    const wrong =
      differ('asks next', nextAsk && `${nextAsk.tracker.url} at ${nextAsk.atMs}`, this.#model.nextAsk) ??
      differ('tries in this order', textOf(trackers), textOf(this.#model.trackers));
    return wrong ?? this.#judgeStatus(trackers);
  }

  /** The status that users see. */
  #judgeStatus(trackers: readonly TrackerState[]): string | undefined {
    const nowMs = this.#nowMs;
    const { nextAsk } = this.#model;
    for (const shown of trackerStatuses({ trackers, nextAsk: this.#schedule.nextAsk }, nowMs)) {
      const { url, listsUs, failures, lastFailure, peers } = this.#model.of(shown.url);
      const readyMs = this.#model.readyMs(this.#model.of(url));
      const secondsTo = (atMs: number) => Math.max(0, Math.ceil((atMs - nowMs) / 1_000));
      const isNext = nextAsk?.startsWith(`${url} at `) === true;
      const wrong =
        differ('works', shown.working, listsUs && failures === 0) ??
        differ('its last failure', shown.lastFailure, lastFailure) ??
        differ('its peers', shown.peers, peers) ??
        differ(
          'asked in',
          shown.askedInSeconds,
          isNext ? secondsTo(Number(nextAsk!.split(' ')[2])) : undefined,
        ) ??
        differ(
          'asked again in',
          shown.retryInSeconds,
          failures > 0 && readyMs !== never ? secondsTo(readyMs) : undefined,
        );
      if (wrong !== undefined) return `of ${url} is shown: ${wrong}`;
    }
    return undefined;
  }
}

export const announces: readonly Part[] = [{ name: 'announces', play: (random) => new Play(random).run() }];
