/**
 * What one visitor may cost: how long a request may take to arrive, how big it may be, how many may be open at once.
 * Slow senders (slowloris) run into the first group, floods into the last.
 */
export interface HttpLimits {
  /** From the first byte of a connection, or of the next request on it, to the end of the headers. */
  readonly headersTimeoutMs: number;
  /** To the end of the request. No request here carries a body worth waiting for. */
  readonly requestTimeoutMs: number;
  /** The same where there is a catalogue: 20 MiB of a publication over a line of 1.5 Mbit/s. */
  readonly publishTimeoutMs: number;
  /** Between two requests of one connection. Peers call again in minutes: they are to come back with a new one. */
  readonly keepAliveTimeoutMs: number;
  /** Without a byte in either direction: readers that do not read. */
  readonly idleTimeoutMs: number;
  /** How often node looks for connections that are over the first two. */
  readonly checkIntervalMs: number;
  /** Request line and headers. 50 hashes to scrape, fully escaped, take 3.6 kB; browsers send some 2 kB of headers. */
  readonly headerBytesMax: number;
  readonly headersMax: number;
  readonly bodyBytesMax: number;
  /** Open at once. With keep-alive at 5 s that holds 2,000 announces a second from as many new peers. */
  readonly connectionsMax: number;
}

export const httpLimits: HttpLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 15_000,
  publishTimeoutMs: 120_000,
  keepAliveTimeoutMs: 5_000,
  idleTimeoutMs: 30_000,
  checkIntervalMs: 2_000,
  headerBytesMax: 8 * 1024,
  headersMax: 64,
  bodyBytesMax: 1024,
  connectionsMax: 10_000,
};
