/**
 * Measures of a distribution. The fluid bound is the shortest time that any protocol can reach if data flows
 * like a fluid: a first copy has to be sent, the slowest receiver has to receive one, and all uplinks
 * together have to send every copy (Kumar and Ross, "Peer-assisted file distribution: the minimum
 * distribution time", 2006).
 */

export interface Line {
  /** Bytes per second. */
  readonly upBps: number;
  readonly downBps: number;
}

export interface Receiver extends Line {
  /** Seconds after the start; the receiver takes no data before. */
  readonly joinSeconds: number;
  readonly missingBytes: number;
}

/**
 * The earliest time, in seconds from the start, at which every receiver can be complete. `sources` have
 * everything. `sourceBytes`: the bytes that no receiver has at the start.
 */
export function fluidBoundSeconds(
  sources: readonly Line[],
  sourceBytes: number,
  receivers: readonly Receiver[],
): number {
  const fromSources = sumOf(sources, ({ upBps }) => upBps);
  const fromAll = fromSources + sumOf(receivers, ({ upBps }) => upBps);
  const firstCopy = sourceBytes === 0 ? 0 : sourceBytes / fromSources;
  const slowest = receivers.reduce(
    (latest, { joinSeconds, missingBytes, downBps }) =>
      Math.max(latest, joinSeconds + missingBytes / downBps),
    0,
  );
  const missing = sumOf(receivers, ({ missingBytes }) => missingBytes);
  return Math.max(firstCopy, slowest, missing === 0 ? 0 : missing / fromAll);
}

/** Jain's index: 1 when all shares are equal, 1/n when one peer has everything, 1 for an empty list. */
export function jainIndex(shares: readonly number[]): number {
  const sum = sumOf(shares, (share) => share);
  const squares = sumOf(shares, (share) => share * share);
  return squares === 0 ? 1 : (sum * sum) / (shares.length * squares);
}

/** The value that the share `q` (0 to 1) of the values does not exceed; NaN for an empty list. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

export function mean(values: readonly number[]): number {
  return sumOf(values, (value) => value) / values.length;
}

/** The standard deviation of a sample; 0 for one value. */
export function standardDeviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const middle = mean(values);
  return Math.sqrt(sumOf(values, (value) => (value - middle) ** 2) / (values.length - 1));
}

function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  let sum = 0;
  for (const item of items) sum += value(item);
  return sum;
}
