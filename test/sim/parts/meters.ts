/** Parts that measure time: transfer rates, rate limits, and backoff after failures. */
import { TransferMeter } from '../../../client/engine/connection/transfer-meter.ts';
import { backoffMs } from '../../../client/engine/peers/backoff.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import { TokenBucket } from '../../../client/engine/serving/token-bucket.ts';
import { differ, OverheardChance, oneOf, type Part, rarely } from './part.ts';

/** Bytes that may be sent at once: a quarter second's worth, and at least one byte. */
const burstOf = (bpsMax: number) => Math.max(1, Math.floor(bpsMax / 4));

/**
 * Counts thousandths of a byte, between two bounds: in one a full bucket drops fractions of a byte, in the
 * other it keeps them. A wait of more than a minute earns a minute's worth.
 */
function playRateLimit(random: Prng): string | undefined {
  const drawn = () => oneOf(random, [1, 3, 7, 333, 999, 1_001, 16_385, 250_000, 1 + random.below(2_000_000)]);
  let bpsMax = drawn();
  const bucket = new TokenBucket(bpsMax);
  let nowMs = 1_000_000;
  let burst = 1_000 * burstOf(bpsMax);
  let [least, most, askedMs] = [0, 0, 0];
  for (let step = 0; step < 60; step++) {
    nowMs += rarely(random, 12) ? 1_000 + random.below(70_000) : random.below(400);
    const earned = Math.min(60_000, nowMs - askedMs) * bpsMax;
    askedMs = nowMs;
    least = Math.min(burst, least + earned);
    most = Math.min(burst + 999, most + earned);
    if (rarely(random, 8)) {
      bpsMax = drawn();
      bucket.setLimit(bpsMax, nowMs);
      burst = 1_000 * burstOf(bpsMax);
      [least, most] = [Math.min(burst, least), Math.min(burst + 999, most)];
    }
    const bytes = rarely(random, 3) ? 16_384 : 1 + random.below(2 * burstOf(bpsMax));
    const isGiven = bucket.take(bytes, nowMs);
    const what = `of ${bpsMax} bytes a second ${bytes} are ${isGiven ? 'given' : 'refused'}`;
    if (isGiven && most < 1_000) return `${what}, and there are ${most} thousandths`;
    if (!isGiven && least >= 1_000) return `${what}, and there are ${least} thousandths`;
    if (isGiven) [least, most] = [least - 1_000 * bytes, most - 1_000 * bytes];
  }
  return undefined;
}

function playNoLimit(random: Prng): string | undefined {
  return new TokenBucket(0).take(1 + random.below(1_000_000), random.below(1_000_000))
    ? undefined
    : 'no limit refuses';
}

/** The newest sample weighs a quarter. A change of less than 4 bytes a second counts in full. */
function playMeter(random: Prng): string | undefined {
  const meter = new TransferMeter();
  let [total, rate] = [0, 0];
  for (let step = 0; step < 40; step++) {
    let came = 0;
    for (let i = random.below(3); i > 0; i--) {
      const bytes = random.below(rarely(random, 2) ? 20 : 100_000);
      meter.add(bytes);
      came += bytes;
    }
    const elapsedMs = 1 + random.below(1_500);
    meter.tick(elapsedMs);
    total += came;
    const measured = Math.floor((came * 1_000) / elapsedMs);
    const change = measured - rate;
    rate = change > -4 && change < 4 ? measured : rate + Math.sign(change) * Math.floor(Math.abs(change) / 4);
    const wrong = differ('bytes', meter.total, total) ?? differ('bytes a second', meter.rate, rate);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function playBackoff(random: Prng): string | undefined {
  const firstMs = 1 + random.below(2_000);
  const maxMs = 1 + random.below(30_000);
  for (let failures = 1; failures < 20; failures++) {
    const chance = new OverheardChance(random);
    const waitMs = backoffMs(failures, firstMs, maxMs, chance.asPrng);
    const plainMs = Math.min(maxMs, firstMs * 2 ** (failures - 1));
    const wrong =
      differ(`ms after ${failures} failures`, waitMs, plainMs + chance.drawn[0]!) ??
      differ('ms by chance', chance.bounds[0], 1 + Math.floor(plainMs / 2));
    if (wrong !== undefined) return `from ${firstMs} to ${maxMs}: ${wrong}`;
  }
  return undefined;
}

export const meters: readonly Part[] = [
  { name: 'rate limit', play: (random) => playRateLimit(random) ?? playNoLimit(random) },
  { name: 'meter', play: playMeter },
  { name: 'backoff', play: playBackoff },
];
