/**
 * How a host is connected to everybody else, and the trouble its line has. Two hosts are half the latency of each apart;
 * what one sends leaves at its rate up and arrives at the other's rate down.
 */

/** How dials to a host end: taken, refused, or never answered, as behind most home routers. */
export type Reachability = 'open' | 'refuses' | 'silent';

export interface Link {
  /** One way to a host with the same link. */
  readonly latencyMs: number;
  /** Bytes per ms. */
  readonly up: number;
  readonly down: number;
  /** Up to so much more, drawn for every run of bytes; a stream stays in order. */
  readonly jitterMs?: number;
  /** Sent and not yet arrived, per connection: the window of TCP, which bounds what waits in front of a slow line. */
  readonly windowBytes?: number;
  /** What the kernel takes of a connection before it has left. */
  readonly socketBytes?: number;
  /** Runs of bytes in a million that are lost: what follows waits until they are sent again. */
  readonly lossPpm?: number;
  /** Until it is sent again, at most; a lost run of bytes waits for half of it at least. */
  readonly lossMs?: number;
  /** Runs of bytes in a million that end their connection. */
  readonly resetPpm?: number;
  /** Cuts the stream anew at random bytes, as networks do; otherwise it comes message by message, which is faster. */
  readonly recut?: boolean;
}

/** Linux grows its windows to some megabytes; at 20 ms this is 12 MB/s and connection, and little in front of a modem. */
export const windowBytesDefault = 256 * 1024;
/** Linux's first send buffer (tcp_wmem) and a half. */
export const socketBytesDefault = 32 * 1024;
/** Linux waits 200 ms before it sends again (RFC 6298 has 1 s), and twice as long when that is lost, too. */
export const lossMsDefault = 400;

/** 20 Mbit/s both ways at 20 ms: a good home link. */
export const homeLink: Link = { latencyMs: 20, up: 2_500, down: 2_500 };

/** Bytes per ms of lines as they are sold, in Mbit/s down and up. */
export const links = {
  /** 16/1 Mbit/s. */
  adsl: { latencyMs: 30, jitterMs: 5, up: 125, down: 2_000 },
  /** 100/10 Mbit/s. */
  cable: { latencyMs: 15, jitterMs: 5, up: 1_250, down: 12_500 },
  /** 500/500 Mbit/s. */
  fibre: { latencyMs: 4, up: 62_500, down: 62_500 },
  /** 20/5 Mbit/s, and it falters. */
  mobile: { latencyMs: 45, jitterMs: 40, up: 625, down: 2_500, lossPpm: 5_000 },
  /** 50/5 Mbit/s by way of an orbit 36,000 km up. */
  satellite: { latencyMs: 300, jitterMs: 20, up: 625, down: 6_250, lossPpm: 1_000 },
  /** 1 Gbit/s in one house. */
  lan: { latencyMs: 1, up: 125_000, down: 125_000 },
} as const satisfies Readonly<Record<string, Link>>;
