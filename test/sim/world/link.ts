/**
 * A host's connection to the internet and its faults. Two hosts are half the latency of each apart. Bytes
 * leave at the sender's `up` rate and arrive at the receiver's `down` rate.
 */

/** The outcome of dials to a host: accepted, refused, or unanswered as behind most home routers. */
export type Reachability = 'open' | 'refuses' | 'silent';

export interface Link {
  /** One way to a host with the same link. */
  readonly latencyMs: number;
  /** Bytes per ms. */
  readonly up: number;
  readonly down: number;
  /** The largest extra delay, drawn for every run of bytes. A stream stays in order. */
  readonly jitterMs?: number;
  /**
   * The most bytes in flight per connection: TCP's window, which limits the queue in front of a slow line.
   */
  readonly windowBytes?: number;
  /** What the kernel takes of a connection before it has left. */
  readonly socketBytes?: number;
  /** Runs of bytes in a million that are lost. Later bytes wait for the retransmission. */
  readonly lossPpm?: number;
  /** The longest wait for a retransmission; the shortest is half of it. */
  readonly lossMs?: number;
  /** Runs of bytes in a million that reset their connection. */
  readonly resetPpm?: number;
  /**
   * Cuts the stream at random bytes, as networks do. Otherwise it arrives message by message, which is
   * faster.
   */
  readonly recut?: boolean;
}

/**
 * Linux grows its windows to some megabytes. At 20 ms this allows 12 MB/s per connection, and a short queue
 * in front of a modem.
 */
export const windowBytesDefault = 256 * 1024;
/** Linux's initial send buffer (tcp_wmem) and a half. */
export const socketBytesDefault = 32 * 1024;
/** Linux retransmits after 200 ms (RFC 6298 has 1 s), and after twice as long when that is lost, too. */
export const lossMsDefault = 400;

/** 20 Mbit/s both ways at 20 ms: a good home link. */
export const homeLink: Link = { latencyMs: 20, up: 2_500, down: 2_500 };

/** Lines as they are sold, in Mbit/s down and up. The values are bytes per ms. */
export const links = {
  /** 16/1 Mbit/s. */
  adsl: { latencyMs: 30, jitterMs: 5, up: 125, down: 2_000 },
  /** 100/10 Mbit/s. */
  cable: { latencyMs: 15, jitterMs: 5, up: 1_250, down: 12_500 },
  /** 500/500 Mbit/s. */
  fibre: { latencyMs: 4, up: 62_500, down: 62_500 },
  /** 20/5 Mbit/s, with loss and jitter. */
  mobile: { latencyMs: 45, jitterMs: 40, up: 625, down: 2_500, lossPpm: 5_000 },
  /** 50/5 Mbit/s over a geostationary orbit, 36,000 km up. */
  satellite: { latencyMs: 300, jitterMs: 20, up: 625, down: 6_250, lossPpm: 1_000 },
  /** 1 Gbit/s in one house. */
  lan: { latencyMs: 1, up: 125_000, down: 125_000 },
} as const satisfies Readonly<Record<string, Link>>;
