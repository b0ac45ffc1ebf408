/**
 * A process that runs seeds with V8's coverage counters and returns the stretches of production code that
 * they never reached. The counters start first: code compiled before them is not counted.
 */
import { Session } from 'node:inspector';
import process from 'node:process';

export interface CoverageWish {
  readonly from: number;
  readonly count: number;
}

/** Offsets in the text of one file. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

export interface CoverageDone {
  /** By file URL. Within a function, an outer stretch precedes its inner ones. */
  readonly files: readonly { readonly url: string; readonly functions: readonly (readonly Stretch[])[] }[];
  readonly failed: readonly number[];
}

process.on('message', async ({ from, count }: CoverageWish) => {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const { runSeed } = await import('../runner/run-seed.ts');
  const failed: number[] = [];
  for (let seed = from; seed < from + count; seed++)
    if (runSeed(seed).failure !== undefined) failed.push(seed);
  session.post('Profiler.takePreciseCoverage', (error, covered) => {
    if (error !== null) throw error;
    const files = covered.result
      .filter(({ url }) => /\/(client|tracker|torrents)\//.test(url) && !url.includes('/node_modules/'))
      .map(({ url, functions }) => ({
        url,
        functions: functions.map(({ ranges }) =>
          ranges.map(({ startOffset, endOffset, count: times }) => ({
            start: startOffset,
            end: endOffset,
            count: times,
          })),
        ),
      }));
    process.send!({ files, failed } satisfies CoverageDone);
  });
});
