/**
 * Measurements as one HTML page without scripts or other files: plots are inline SVG. It shows who is
 * complete, download rates, copies of the rarest piece, the data sent by the first seed, and the distribution
 * of times and uploads.
 */
import { type Curve, escapeText, linePlot } from '../report/line-plot.ts';
import { figure, htmlPage } from '../report/page.ts';
import type { FetcherOutcome, Measured } from './run-experiment.ts';

/** The page for one or several experiments. `command`: the command that repeats them. */
export function reportPage(measured: readonly Measured[], command: string): string {
  const body = measured.map(section).join('\n');
  const title = measured.length === 1 ? measured[0]!.outcome.experiment : 'Experiments';
  const intro = `<p>Simulated with the production engine in virtual time; the same seed gives the same page:
<code>${escapeText(command)}</code></p>`;
  return htmlPage(title, `${intro}\n${body}`);
}

function section({ outcome, samples, fetchers }: Measured): string {
  const { boundSeconds, experiment, seed } = outcome;
  const seconds = samples.map((sample) => sample.seconds);
  const curve = (name: string, values: readonly number[]): Curve => ({ name, xs: seconds, ys: values });
  const bound = { at: boundSeconds, name: 'no sooner than this' };
  const complete = [
    curve(
      'of all peers',
      samples.map((sample) => 100 * sample.complete),
    ),
    curve(
      'of all bytes',
      samples.map((sample) => 100 * sample.fetched),
    ),
  ];
  const rates = [
    curve(
      'of the average peer',
      samples.map(({ bps }) => (8 * bps) / 1_000_000),
    ),
  ];
  const copies = [
    curve(
      'rarest piece',
      samples.map(({ rarest }) => rarest),
    ),
    curve(
      'average piece',
      samples.map((sample) => sample.copies),
    ),
  ];
  const given = [
    curve(
      'copies',
      samples.map(({ givenBySeed }) => givenBySeed),
    ),
  ];
  const plots = [
    figure('Complete, percent', linePlot(complete, { xUnit: 's', marker: bound })),
    figure('Rate per peer, Mbit/s', linePlot(rates, { xUnit: 's' })),
    figure('Copies among those who fetch', linePlot(copies, { xUnit: 's' })),
    figure('Given by the first seed, copies', linePlot(given, { xUnit: 's', marker: firstCopyOf(outcome) })),
    figure('Seconds until complete, by peer', linePlot([ranked(fetchers, timeOf)], { xUnit: '%' })),
    figure('Given as a share of the line up, percent', linePlot([ranked(fetchers, gift)], { xUnit: '%' })),
  ];
  return `<section>
<h2>${escapeText(experiment)} <small>seed ${seed}</small></h2>
${table(outcome)}
<div class="plots">${plots.join('\n')}</div>
</section>`;
}

function firstCopyOf({ firstCopySeconds }: Measured['outcome']) {
  return firstCopySeconds === undefined ? undefined : { at: firstCopySeconds, name: 'one copy is out' };
}

function timeOf({ seconds }: FetcherOutcome): number | undefined {
  return seconds;
}

function gift({ uploaded, upBps, seconds }: FetcherOutcome): number | undefined {
  return seconds === undefined ? undefined : (100 * uploaded) / upBps / seconds;
}

/** The values from least to most, over the share of peers. */
function ranked(
  fetchers: readonly FetcherOutcome[],
  figureOf: (fetcher: FetcherOutcome) => number | undefined,
): Curve {
  const ys = fetchers.flatMap((fetcher) => figureOf(fetcher) ?? []).sort((a, b) => a - b);
  return { name: 'peers, from the least to the most', xs: ys.map((_, i) => (100 * (i + 1)) / ys.length), ys };
}

function table(outcome: Measured['outcome']): string {
  const rows: [string, string][] = [
    ['complete', `${outcome.completed} of ${outcome.fetchers}`],
    [
      'efficiency',
      `${outcome.efficiency.toFixed(3)} (${seconds(outcome.boundSeconds)} of ${seconds(outcome.lastSeconds)})`,
    ],
    ['from joining to complete', `${seconds(outcome.meanSeconds)} on average`],
    ['first seed, until one copy was out', copiesText(outcome.givenAtFirstCopy)],
    ['first seed, in all', copiesText(outcome.givenBySeed)],
    [
      "fairness (Jain's index): rates, gifts",
      `${outcome.fairnessOfRates.toFixed(3)}, ${outcome.fairnessOfGiving.toFixed(3)}`,
    ],
    ['waste', `${(100 * outcome.waste).toFixed(2)}%`],
    ['trace', outcome.traceHash],
  ];
  const cells = rows.map(([name, value]) => `<tr><th>${escapeText(name)}<td>${escapeText(value)}`);
  return `<table>${cells.join('\n')}</table>`;
}

function seconds(value: number): string {
  return Number.isFinite(value) ? `${value.toFixed(1)} s` : '–';
}

function copiesText(copies: number | undefined): string {
  return copies === undefined ? '–' : `${copies.toFixed(2)} copies`;
}
