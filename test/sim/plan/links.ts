/**
 * Lines people have at home and elsewhere, by name, so that a plan can say "cable". Rates are payload bytes a second:
 * megabits of the contract times 125,000. Latency is one way, from the host to the middle of the internet.
 */

export interface LinkNumbers {
  readonly latencyMs: number;
  /** Added to the latency of each delivery, drawn from 0 to this. */
  readonly jitterMs: number;
  readonly upBps: number;
  readonly downBps: number;
  /** What waits for the line at most; a sender is held up beyond it. */
  readonly queueBytes: number;
}

const kbps = 125;
const mbps = 125_000;
const KiB = 1024;

/** 200 kB: the queue libtorrent's simulator gives its links. */
const queueBytes = 200_000;

export const links = {
  /** A cable or two between the hosts. */
  lan: { latencyMs: 1, jitterMs: 0, upBps: 1_000 * mbps, downBps: 1_000 * mbps, queueBytes: 1024 * KiB },
  fibre: { latencyMs: 5, jitterMs: 1, upBps: 100 * mbps, downBps: 500 * mbps, queueBytes: 1024 * KiB },
  cable: { latencyMs: 12, jitterMs: 4, upBps: 20 * mbps, downBps: 200 * mbps, queueBytes },
  /** 20 Mbit/s each way: what a scenario gets that says nothing. */
  home: { latencyMs: 10, jitterMs: 0, upBps: 20 * mbps, downBps: 20 * mbps, queueBytes },
  /** G.992.5 (ADSL2+) at a usual distance from the exchange. */
  adsl: { latencyMs: 20, jitterMs: 5, upBps: 1 * mbps, downBps: 16 * mbps, queueBytes: 64 * KiB },
  mobile: { latencyMs: 35, jitterMs: 40, upBps: 5 * mbps, downBps: 20 * mbps, queueBytes },
  /** A geostationary satellite is a quarter of a second away. */
  satellite: { latencyMs: 280, jitterMs: 10, upBps: 3 * mbps, downBps: 25 * mbps, queueBytes },
  /** A modem: what still has to work. */
  modem: { latencyMs: 90, jitterMs: 20, upBps: 48 * kbps, downBps: 56 * kbps, queueBytes: 16 * KiB },
} as const satisfies Record<string, LinkNumbers>;

export type LinkName = keyof typeof links;
export const linkNames = Object.keys(links) as LinkName[];
