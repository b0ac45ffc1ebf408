/**
 * Runs as one HTML page: the swarm over time, the faults on the same axis, and the result of each peer. Two
 * runs stand side by side on one scale for comparison.
 */
import { peerRows } from '../cli/peer-table.ts';
import type { SwarmPlan } from '../plan/schema.ts';
import type { RunResult } from '../runner/result.ts';
import { runPlan } from '../runner/run-plan.ts';
import { Film, type Frame } from './film.ts';
import { type Curve, escapeText, linePlot } from './line-plot.ts';
import { figure, htmlPage } from './page.ts';
import { faultLanes, shownNote, swarmMap } from './swarm-map.ts';
import { type TimeAxis, timeAxis } from './time-axis.ts';

export interface FilmedRun {
  /** The seed or the file of the run. */
  readonly title: string;
  /** The command that repeats the run. */
  readonly command: string;
  readonly plan: SwarmPlan;
  readonly result: RunResult;
  readonly film: Film;
}

export function filmRun(title: string, command: string, plan: SwarmPlan): FilmedRun {
  let film: Film | undefined;
  const result = runPlan(plan, {
    watch: (swarm) => {
      film = new Film(swarm);
    },
  });
  return { title, command, plan, result, film: film! };
}

/** The page for one run or two. */
export function runPage(runs: readonly FilmedRun[]): string {
  // One scale for all runs, or a comparison would mislead.
  const axis = timeAxis(Math.max(...runs.map(endOf)));
  const largestOf = (value: (frame: Frame) => number) =>
    Math.max(
      0,
      ...runs.map(({ film }) => film.frames.reduce((most, frame) => Math.max(most, value(frame)), 0)),
    );
  const scale = { axis, copiesMax: largestOf(rarestOf), mebibytesMax: largestOf(mebibytesOf) };
  const title = runs.map((run) => run.title).join(' beside ');
  return htmlPage(title, `<div class="runs">\n${runs.map((run) => section(run, scale)).join('\n')}\n</div>`);
}

/** What the plots of all runs on a page share. */
interface Scale {
  readonly axis: TimeAxis;
  readonly copiesMax: number;
  readonly mebibytesMax: number;
}

function section({ title, command, plan, result, film }: FilmedRun, scale: Scale): string {
  const { axis, copiesMax, mebibytesMax } = scale;
  const { failure, events, virtualSeconds, traceHash } = result;
  const endSeconds = Math.min(axis.endSeconds, result.virtualSeconds);
  const foes = plan.peers.filter(({ role = 'honest' }) => role !== 'honest');
  const map = swarmMap({ film, results: result.peers, foes: foes.map(foeName), endSeconds }, axis);
  const lanes = faultLanes(plan, axis);
  const draw = (name: string, value: (frame: Frame) => number) => steps(name, film.frames, value, endSeconds);
  const options = { xUnit: 's', xMax: axis.endSeconds };
  const stored = [draw('of all bytes', storedOf), draw('peers with everything', completeOf)];
  const plots = [
    figure('Stored, percent', linePlot(stored, { ...options, yMax: 100, marker: healing(plan, axis) })),
    figure(
      'Copies of the rarest piece',
      linePlot([draw('copies', rarestOf)], { ...options, yMax: copiesMax }),
    ),
    figure('Received by all, MiB', linePlot([draw('MiB', mebibytesOf)], { ...options, yMax: mebibytesMax })),
  ];
  const verdict =
    failure === undefined
      ? `<p>Every rule held.`
      : `<p class="failed">${escapeText(`${failure.checker} at ${(failure.atMs / 1000).toFixed(3)} s: ${failure.message}`)}`;
  return `<section>
<h2>${escapeText(plan.name ?? title)}</h2>
${plan.story === undefined ? '' : `<p>${escapeText(plan.story)}</p>`}
${verdict}</p>
<p>${events} events in ${virtualSeconds} s of virtual time, trace ${traceHash}; again: <code>${escapeText(command)}</code></p>
${figure(`What each peer has${shownNote(film)}`, map)}
${lanes === undefined ? '' : figure('Faults', lanes)}
${plots.join('\n')}
<table>${peerRows(result.peers).map(tableRow).join('\n')}</table>
</section>`;
}

/** The time of the last visible event: a piece, a completed peer or the end of a fault. */
function endOf({ plan, film, result }: FilmedRun): number {
  const faultEnds = (plan.faults ?? []).map(
    (fault) => fault.atMs + ('forMs' in fault ? (fault.forMs ?? 0) : 0),
  );
  const doneSeconds = result.peers.map((peer) => peer.doneSeconds ?? 0);
  const last = film.frames.at(-1)?.seconds ?? 0;
  return Math.min(
    result.virtualSeconds,
    Math.max(last, ...doneSeconds, ...faultEnds.map((ms) => ms / 1000)) * 1.02,
  );
}

function healing({ healMs = 0 }: SwarmPlan, { endSeconds }: TimeAxis) {
  const at = healMs / 1000;
  return at > 0 && at < endSeconds ? { at, name: 'everything heals' } : undefined;
}

function foeName({ name, role, count = 1 }: SwarmPlan['peers'][number]): string {
  return `${name} (${count > 1 ? `${count} × ` : ''}${role})`;
}

/** Draws each frame's value as constant until the next frame. */
function steps(
  name: string,
  frames: readonly Frame[],
  value: (frame: Frame) => number,
  endSeconds: number,
): Curve {
  const curve = { name, xs: [] as number[], ys: [] as number[] };
  for (const [i, frame] of frames.entries()) {
    const untilSeconds = frames[i + 1]?.seconds ?? Math.max(endSeconds, frame.seconds);
    curve.xs.push(frame.seconds, untilSeconds);
    curve.ys.push(value(frame), value(frame));
  }
  return curve;
}

function storedOf({ peers }: Frame): number {
  const present = peers.filter(({ state }) => state !== 'absent');
  return (100 * present.reduce((sum, { share }) => sum + share, 0)) / Math.max(1, present.length);
}

function completeOf({ peers }: Frame): number {
  const present = peers.filter(({ state }) => state !== 'absent');
  return (100 * present.filter(({ share }) => share === 1).length) / Math.max(1, present.length);
}

function rarestOf({ rarest }: Frame): number {
  return rarest;
}

function mebibytesOf({ received }: Frame): number {
  return received / 1024 / 1024;
}

function tableRow(cells: readonly string[], row: number): string {
  const tag = row === 0 ? 'th' : 'td';
  return `<tr>${cells.map((cell, i) => `<${tag}${i >= 2 && row > 0 ? ' class="n"' : ''}>${escapeText(cell)}`).join('')}`;
}
