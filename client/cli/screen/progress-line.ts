/** A progress line: as many parts as fit, the most useful first. */
import type { HashProgress } from '../../../torrents/hashing/engine.ts';
import { duration, percent, rate, size, sizeOf } from '../../../torrents/wording.ts';
import { type LiveText, paint } from './output.ts';
import { textWidth } from './text-width.ts';

const barColumnsMax = 32;
const barColumnsMin = 8;

/** A part of the line; on a narrow terminal the parts with the greatest number are dropped first. */
interface Part {
  readonly text: string;
  readonly dispensable: number;
}

/** `34%  ━╸──  part  part`, in fewer than `columns`; the bar is dropped last. */
export function barLine(part: number, whole: number, parts: readonly Part[], columns: number): string {
  const head = percent(part, whole).padStart(4);
  let kept = parts.filter(({ text }) => text !== '');
  const width = () => head.length + kept.reduce((sum, { text }) => sum + 2 + textWidth(text), 0);
  while (kept.length > 1 && width() + 2 + barColumnsMin >= columns) {
    const worst = Math.max(...kept.map(({ dispensable }) => dispensable));
    kept = kept.filter(({ dispensable }) => dispensable !== worst);
  }
  const barColumns = Math.min(barColumnsMax, columns - width() - 3);
  const bar = barColumns >= barColumnsMin ? [barOf(part, whole, barColumns)] : [];
  return [paint('bold', head), ...bar, ...kept.map(({ text }) => text)].join('  ');
}

function barOf(part: number, whole: number, columns: number): string {
  const halves = Math.floor((whole === 0 ? 1 : part / whole) * columns * 2);
  const full = Math.floor(halves / 2);
  const half = halves % 2;
  const rest = columns - full - half;
  return paint('green', '━'.repeat(full) + (half === 1 ? '╸' : '')) + paint('dim', '─'.repeat(rest));
}

/** Progress of hashing: `verb` is "Hashing" or "Checking". */
export function hashingLine(verb: string, progress: HashProgress): LiveText {
  const { bytes, totalBytes, bytesPerSecond, etaSeconds } = progress;
  const left = etaSeconds === undefined ? '' : `${duration(Math.ceil(etaSeconds))} left`;
  return {
    lines: (columns) => [
      barLine(
        bytes,
        totalBytes,
        [
          { text: verb.toLowerCase(), dispensable: 1 },
          { text: rate(bytesPerSecond), dispensable: 2 },
          { text: left, dispensable: 0 },
        ],
        columns,
      ),
    ],
    plain: () =>
      [`${verb}: ${percent(bytes, totalBytes)} of ${size(totalBytes)}`, rate(bytesPerSecond), left]
        .filter(Boolean)
        .join(', '),
  };
}

export interface TransferFigures {
  readonly bytes: number;
  readonly totalBytes: number;
  readonly downBps: number;
  readonly upBps: number;
  readonly peers: number;
  readonly etaSeconds: number | undefined;
  /** Why no data arrives; undefined while some does. */
  readonly waitingFor: string | undefined;
}

/** Progress of a download. */
export function transferLine(figures: TransferFigures): LiveText {
  const { bytes, totalBytes, downBps, upBps, peers, etaSeconds, waitingFor } = figures;
  const peerCount = `${peers} ${peers === 1 ? 'peer' : 'peers'}`;
  const left = etaSeconds === undefined ? '' : `${duration(etaSeconds)} left`;
  if (waitingFor !== undefined) {
    return {
      lines: () => [`${paint('bold', percent(bytes, totalBytes).padStart(4))}  ${waitingFor}`],
      plain: () => `${percent(bytes, totalBytes)}, ${waitingFor}`,
    };
  }
  return {
    lines: (columns) => [
      barLine(
        bytes,
        totalBytes,
        [
          { text: sizeOf(bytes, totalBytes), dispensable: 3 },
          { text: `↓ ${rate(downBps)}`, dispensable: 0 },
          { text: upBps > 0 ? `↑ ${rate(upBps)}` : '', dispensable: 4 },
          { text: peerCount, dispensable: 2 },
          { text: left, dispensable: 1 },
        ],
        columns,
      ),
    ],
    plain: () =>
      [
        percent(bytes, totalBytes),
        sizeOf(bytes, totalBytes),
        `${rate(downBps)} down`,
        `${rate(upBps)} up`,
        peerCount,
        left,
      ]
        .filter(Boolean)
        .join(', '),
  };
}
