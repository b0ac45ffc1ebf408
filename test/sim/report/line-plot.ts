/** Plots curves as SVG text: axes with round numbers, a legend and an optional marker. */

export interface Curve {
  readonly name: string;
  /** Ascending. */
  readonly xs: readonly number[];
  readonly ys: readonly number[];
}

export interface PlotOptions {
  readonly xUnit: string;
  /** The least ends of the axes, for plots that share a scale. Longer curves extend them. */
  readonly xMax?: number;
  readonly yMax?: number;
  /** A vertical line. */
  readonly marker?: { readonly at: number; readonly name: string } | undefined;
}

const width = 420;
const height = 220;
const left = 44;
const right = 18;
const top = 18;
const bottom = 26;

/** Only the first two curves have a colour of their own. */
export function linePlot(curves: readonly Curve[], { xUnit, marker, ...least }: PlotOptions): string {
  const xMax = largest([...curves.flatMap(({ xs }) => xs), marker?.at ?? 0, least.xMax ?? 0]);
  const yMax = largest([...curves.flatMap(({ ys }) => ys), least.yMax ?? 0]);
  const xTicks = axisTicks(xMax);
  const yTicks = axisTicks(yMax);
  const x = (value: number) => left + (value / Math.max(xMax, xTicks.at(-1)!)) * (width - left - right);
  const y = (value: number) =>
    height - bottom - (value / Math.max(yMax, yTicks.at(-1)!)) * (height - top - bottom);
  const parts: string[] = [];
  for (const tick of yTicks) {
    parts.push(`<path class="grid" d="M${left} ${place(y(tick))}H${width - right}"/>`);
    parts.push(`<text x="${left - 6}" y="${place(y(tick) + 4)}" text-anchor="end">${tick}</text>`);
  }
  for (const tick of xTicks)
    parts.push(`<text x="${place(x(tick))}" y="${height - 8}" text-anchor="middle">${tick} ${xUnit}</text>`);
  if (marker !== undefined) {
    const at = place(x(marker.at));
    parts.push(`<path class="marker" d="M${at} ${top}V${height - bottom}"/>`);
    parts.push(
      `<text x="${at - 4}" y="${height - bottom - 6}" text-anchor="end">${escapeText(marker.name)}</text>`,
    );
  }
  for (const [i, { xs, ys }] of curves.entries()) {
    const points = xs.map((value, n) => `${place(x(value))} ${place(y(ys[n]!))}`);
    if (points.length > 0) parts.push(`<path class="curve c${i}" d="M${points.join('L')}"/>`);
  }
  const legend = curves.map(({ name }, i) => `<tspan class="k${i}">${escapeText(name)}</tspan>`).join('  ');
  parts.push(`<text x="${left}" y="11">${legend}</text>`);
  return `<svg viewBox="0 0 ${width} ${height}" role="img">${parts.join('')}</svg>`;
}

/** Ticks from 0 to about `max` in round steps: 1, 2 or 5 times a power of ten, four to six of them. */
export function axisTicks(max: number): number[] {
  if (!(max > 0) || !Number.isFinite(max)) return [0, 1];
  let step = 10 ** Math.floor(Math.log10(max / 4));
  for (const factor of [5, 2]) {
    if (max / (step * factor) >= 4) {
      step *= factor;
      break;
    }
  }
  // Rounds away floating-point noise: 0.3, not 0.30000000000000004.
  const decimals = Math.max(0, -Math.floor(Math.log10(step)));
  return Array.from({ length: Math.floor(max / step + 1e-9) + 1 }, (_, i) =>
    Number((i * step).toFixed(decimals)),
  );
}

export function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

function place(value: number): number {
  return Math.round(value * 10) / 10;
}
