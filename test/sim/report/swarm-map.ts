/**
 * Draws one row for each peer, time from left to right: the more a peer has, the darker its row. Down and
 * frozen peers are marked. A second drawing shows the plan's faults, a lane for each kind.
 */
import type { Fault, SwarmPlan } from '../plan/schema.ts';
import type { PeerResult } from '../runner/peer-results.ts';
import type { Film, Frame, PeerMoment } from './film.ts';
import { escapeText } from './line-plot.ts';
import { axisTicksSvg, type TimeAxis, width } from './time-axis.ts';

const rowHeight = 12;
/** More rows than this would be thinner than a line of text. */
const rowsMax = 60;
/** The number of shades for shares. */
const shades = 16;

export interface MapParts {
  readonly film: Film;
  readonly results: readonly PeerResult[];
  /** Hostile participants, by name and role. */
  readonly foes: readonly string[];
  /** The end of the run; the axis may extend beyond it for a second run. */
  readonly endSeconds: number;
}

/** With more peers than rows, only every second, third … peer is shown. */
export function swarmMap({ film, results, foes, endSeconds }: MapParts, axis: TimeAxis): string {
  const step = Math.max(1, Math.ceil(film.names.length / rowsMax));
  const shown = film.names.map((name, index) => ({ name, index })).filter(({ index }) => index % step === 0);
  const rows = shown.map(({ name, index }, row) => {
    const result = results.find((each) => each.name === name);
    return peerRow({ name, index, y: row * rowHeight, result, endSeconds }, film.frames, axis);
  });
  const foeRows = foes
    .slice(0, rowsMax)
    .map((foe, i) => foeRow(foe, (shown.length + i) * rowHeight, axis, endSeconds));
  const height = (rows.length + foeRows.length) * rowHeight;
  return svgOf([axisTicksSvg(axis, 0, height), ...rows, ...foeRows], height + 16);
}

export function shownNote(film: Film): string {
  const step = Math.max(1, Math.ceil(film.names.length / rowsMax));
  return step === 1 ? '' : ` (1 of ${step} is shown)`;
}

interface Row {
  readonly name: string;
  readonly index: number;
  readonly y: number;
  readonly result: PeerResult | undefined;
  readonly endSeconds: number;
}

function peerRow(
  { name, index, y, result, endSeconds: runEnds }: Row,
  frames: readonly Frame[],
  axis: TimeAxis,
): string {
  const parts = [label(name, y, axis)];
  let from = 0;
  for (let i = 1; i <= frames.length; i++) {
    const moment = frames[from]!.peers[index]!;
    if (i < frames.length && lookOf(frames[i]!.peers[index]!) === lookOf(moment)) continue;
    const endSeconds = i < frames.length ? frames[i]!.seconds : runEnds;
    parts.push(stretch(moment, axis.x(frames[from]!.seconds), axis.x(endSeconds), y));
    from = i;
  }
  if (result?.doneSeconds !== undefined && result.doneSeconds > result.joinedSeconds) {
    const after = result.doneSeconds - result.joinedSeconds;
    parts.push(`<text class="small" x="${axis.rightX + 5}" y="${y + 9}">${after.toFixed(1)} s</text>`);
  } else if (result !== undefined && result.outcome !== 'complete') {
    parts.push(`<text class="small k1" x="${axis.rightX + 5}" y="${y + 9}">${result.outcome}</text>`);
  }
  return parts.join('');
}

function stretch({ state, share }: PeerMoment, from: number, to: number, y: number): string {
  if (state === 'absent' || to <= from) return '';
  const box = `x="${from}" y="${y + 1}" width="${round(to - from)}"`;
  if (state === 'down') return `<rect class="down" ${box} height="2"/>`;
  // A running peer without a piece is visible, too.
  const opacity = round(0.08 + 0.92 * share);
  const band = `<rect class="here" fill-opacity="${opacity}" ${box} height="${rowHeight - 2}"/>`;
  return state === 'frozen' ? `${band}<rect class="still" ${box} height="3"/>` : band;
}

function lookOf({ state, share }: PeerMoment): string {
  return `${state} ${share === 1 ? shades : Math.floor(share * shades)}`;
}

function foeRow(foe: string, y: number, axis: TimeAxis, endSeconds: number): string {
  const line = `<path class="foe" d="M${axis.leftX} ${y + 6}H${axis.x(endSeconds)}"/>`;
  return label(foe, y, axis) + line;
}

// Faults ------------------------------------------------------------------------------------------------

/** Undefined when the plan has no faults. */
export function faultLanes({ faults = [] }: SwarmPlan, axis: TimeAxis): string | undefined {
  const kinds = [...new Set(faults.map(kindOf))];
  if (kinds.length === 0) return undefined;
  const height = kinds.length * rowHeight;
  const lanes = kinds.map((kind, i) => {
    const marks = faults
      .filter((fault) => kindOf(fault) === kind)
      .map((fault) => mark(fault, i * rowHeight, axis));
    return label(kind, i * rowHeight, axis) + marks.join('');
  });
  return svgOf([axisTicksSvg(axis, 0, height), ...lanes], height + 16);
}

/** Such as `disk: full` or `crash`. */
function kindOf(fault: Fault): string {
  return 'kind' in fault ? `${fault.type}: ${fault.kind}` : fault.type;
}

function mark(fault: Fault, y: number, { x, endSeconds }: TimeAxis): string {
  const from = fault.atMs / 1000;
  const isMoment = !('forMs' in fault) || fault.forMs === undefined;
  const title = `<title>${escapeText(tellFault(fault))}</title>`;
  if (isMoment) return `<path class="moment" d="M${x(from)} ${y + 1}V${y + rowHeight - 1}">${title}</path>`;
  const to = Math.min(endSeconds, from + fault.forMs! / 1000);
  const length = round(Math.max(1, x(to) - x(from)));
  return `<rect class="fault" x="${x(from)}" y="${y + 1}" width="${length}" height="${rowHeight - 2}">${title}</rect>`;
}

/** The tooltip of a fault. */
function tellFault(fault: Fault): string {
  const { type, atMs, ...rest } = fault;
  const details = Object.entries(rest).map(
    ([key, value]) => `${key} ${Array.isArray(value) ? value.join(' ') : value}`,
  );
  return [`${type} at ${(atMs / 1000).toFixed(3)} s`, ...details].join(', ');
}

function label(name: string, y: number, { leftX }: TimeAxis): string {
  return `<text class="small" x="${leftX - 6}" y="${y + 9}" text-anchor="end">${escapeText(name)}</text>`;
}

function svgOf(parts: readonly string[], height: number): string {
  return `<svg viewBox="0 0 ${width} ${height}" role="img">${parts.join('')}</svg>`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
