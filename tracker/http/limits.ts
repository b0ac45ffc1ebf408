/**
 * What one client may cost: how long a request may take to arrive, how large it may be, and how many
 * connections may be open. The timeouts stop slow senders (slowloris), the limit of connections stops floods.
 */
export interface HttpLimits {
  /** From the first byte of a connection, or of the next request on it, to the end of the headers. */
  readonly headersTimeoutMs: number;
  /** To the end of the request. Without a catalogue, no request needs a body. */
  readonly requestTimeoutMs: number;
  /** The same with a catalogue: enough for a publication of 20 MiB over a line of 1.5 Mbit/s. */
  readonly publishTimeoutMs: number;
  /**
   * Between two requests on one connection. Peers announce again after minutes, so they open a new
   * connection.
   */
  readonly keepAliveTimeoutMs: number;
  /** Without a byte in either direction. Catches clients that do not read the response. */
  readonly idleTimeoutMs: number;
  /** How often node checks connections against the first two timeouts. */
  readonly checkIntervalMs: number;
  /**
   * Request line and headers. A scrape of 50 fully escaped hashes takes 3.6 kB; browsers send about 2 kB of
   * headers.
   */
  readonly headerBytesMax: number;
  readonly headersMax: number;
  readonly bodyBytesMax: number;
  /** Open at once. With keep-alive at 5 s, this allows 2,000 announces a second from as many new peers. */
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
