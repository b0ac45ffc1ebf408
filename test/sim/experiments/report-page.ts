/**
 * Measurements as one HTML page that needs nothing else: plots are SVG in the page, and there is no script. What it shows:
 * who is complete, how fast everybody fetches, how rare the rarest piece is, what the first seed had to give, and how
 * evenly times and gifts are spread.
 */
import { type Curve, escapeText, linePlot } from './line-plot.ts';
import type { FetcherOutcome, Measured } from './run-experiment.ts';

/** The page for one experiment or several. `command`: what one types to see the same again. */
export function reportPage(measured: readonly Measured[], command: string): string {
  const body = measured.map(section).join('\n');
  const title = measured.length === 1 ? measured[0]!.outcome.experiment : 'Experiments';
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeText(title)} · Cicada</title>
<style>${style}</style>
<h1>${escapeText(title)}</h1>
<p>Simulated with the production engine in virtual time; the same seed gives the same page:
<code>${escapeText(command)}</code></p>
${body}
</html>
`;
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

/** From the least to the most, over the share of peers. */
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

function figure(caption: string, svg: string): string {
  return `<figure><figcaption>${escapeText(caption)}</figcaption>${svg}</figure>`;
}

const style = `
:root { color-scheme: light dark; --ink: #1c2320; --paper: #fbfaf7; --line: #c9c6bd; --one: #0b6e4f; --two: #b3541e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e6df; --paper: #171a18; --line: #4a4f4b; --one: #5fd3a5; --two: #f0a06a; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1, h2 { font-weight: 600; } small { font-weight: 400; opacity: .7; } code { font-size: .9em; overflow-wrap: anywhere; }
table { border-collapse: collapse; } th { text-align: left; font-weight: 400; opacity: .8; padding-right: 2rem; }
td { font-variant-numeric: tabular-nums; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1rem 2rem; margin: 1rem 0 3rem; }
figure { margin: 0; } figcaption { font-weight: 600; } svg { width: 100%; height: auto; display: block; }
svg text { font: 11px system-ui, sans-serif; fill: var(--ink); }
.grid { stroke: var(--line); stroke-width: .5; } .marker { stroke: var(--ink); stroke-dasharray: 3 3; opacity: .6; }
.curve { fill: none; stroke-width: 2; stroke-linejoin: round; } .c0 { stroke: var(--one); } .c1 { stroke: var(--two); }
.k0 { fill: var(--one) !important; } .k1 { fill: var(--two) !important; }
`;
