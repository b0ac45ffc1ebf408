/**
 * The cost of a slow source: one gigabyte from Cicada's own seeders, with and without one that is limited to
 * 1 MiB/s. The two runs of a pair follow each other, so other work of the machine affects both. The result is
 * the median ratio.
 */
import { albumBytes, SeederCrowd } from '../large/seeder-crowd.ts';

/** Odd, so that there is a middle value. */
const pairs = 5;

export async function benchSources(report: (line: string) => void): Promise<void> {
  using crowd = await SeederCrowd.open();
  report(
    `1 GiB from six seeders (3 good, 1 killed, 1 lying, 1 at 1 MiB/s), and without the slow one, ${pairs} pairs`,
  );
  const ratios: number[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const rateOf = async (hasSlow: boolean) => {
      const { seconds } = await crowd.fetch({ hasSlow, compares: false });
      return albumBytes / 2 ** 20 / seconds;
    };
    // The two kinds of runs take turns at going first.
    const slowFirst = pair % 2 === 0;
    const first = await rateOf(slowFirst);
    const second = await rateOf(!slowFirst);
    const [slow, without] = slowFirst ? [first, second] : [second, first];
    ratios.push(slow / without);
    report(
      `  with ${slow.toFixed(0)} MiB/s, without ${without.toFixed(0)} MiB/s: ${(slow / without).toFixed(2)}`,
    );
  }
  const middle = ratios.toSorted((a, b) => a - b)[Math.floor(pairs / 2)]!;
  report(`  in the middle ${middle.toFixed(2)} (at least 0.9 is what we ask of ourselves)`);
}
