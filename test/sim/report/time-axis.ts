/**
 * The horizontal axis that all drawings of one run share: seconds to x, with the names of rows to its left.
 */
import { axisTicks } from './line-plot.ts';

export const width = 640;
const left = 120;
const right = 62;

export interface TimeAxis {
  readonly endSeconds: number;
  readonly leftX: number;
  readonly rightX: number;
  x(seconds: number): number;
}

export function timeAxis(endSeconds: number): TimeAxis {
  const length = Math.max(endSeconds, 0.001);
  const x = (seconds: number) => {
    const at = Math.min(Math.max(seconds, 0), length) / length;
    return Math.round((left + at * (width - left - right)) * 10) / 10;
  };
  return { endSeconds: length, leftX: left, rightX: width - right, x };
}

/** Vertical lines at round numbers, and the numbers below them. */
export function axisTicksSvg({ endSeconds, x }: TimeAxis, top: number, bottom: number): string {
  return axisTicks(endSeconds)
    .map(
      (tick) =>
        `<path class="grid" d="M${x(tick)} ${top}V${bottom}"/>` +
        `<text x="${x(tick)}" y="${bottom + 12}" text-anchor="middle">${tick} s</text>`,
    )
    .join('');
}
