/**
 * Gets what lies at a web address: bounded in bytes and redirects, and in time by the caller's signal.
 *
 * Invariant: once a server on the open net has answered, no redirect leads to an address that is private. It is the
 * address we connect to that counts, when we connect: a name may stand for another one each time it is looked up.
 */
import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, buildConnector, request } from 'undici';
import { isPrivateAddress } from './private-address.ts';

/** libtorrent follows five; who needs more than three is lost. */
export const redirectsMax = 3;
const connectMsMax = 10_000;

export type WebErrorCode =
  | 'web-too-large'
  | 'web-redirects'
  | 'web-redirect-protocol'
  | 'web-redirect-private'
  | 'web-address-private';

export class WebError extends Error {
  readonly code: WebErrorCode;

  constructor(code: WebErrorCode, message: string) {
    super(message);
    this.name = 'WebError';
    this.code = code;
  }
}

export interface WebAnswer {
  readonly statusCode: number;
  readonly body: Uint8Array;
}

export interface WebRequestOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly bytesMax: number;
}

/** Who says what an address is, and which addresses a name has: the system, but for tests. */
export interface WebWorld {
  readonly isPrivate: (address: string) => boolean;
  readonly lookup: typeof systemLookup;
}

export class WebClient {
  readonly #world: WebWorld;
  readonly #anywhere: Agent;
  readonly #openNetOnly: Agent;
  /** Origins that have been connected to at an address of the open net. */
  readonly #openOrigins = new Set<string>();

  constructor(world: WebWorld = { isPrivate: isPrivateAddress, lookup: systemLookup }) {
    this.#world = world;
    const limits = { connections: 4, keepAliveTimeout: 10_000 };
    this.#anywhere = new Agent({ ...limits, connect: this.#connector() });
    this.#openNetOnly = new Agent({ ...limits, connect: this.#connector(this.#openNetLookup) });
  }

  /** Rejects with a WebError, with the system's or undici's error, or with the reason of the signal. */
  async get(url: string, { headers, signal, bytesMax }: WebRequestOptions): Promise<WebAnswer> {
    let target = new URL(url);
    let isOpenNet = false;
    for (let redirects = 0; ; redirects++) {
      const dispatcher = isOpenNet ? this.#openNetOnly : this.#anywhere;
      const response = await request(target, { dispatcher, headers, signal }).catch((error) => {
        throw (error as { code?: string }).code === 'web-address-private' ? redirectsInside() : error;
      });
      isOpenNet ||= this.#openOrigins.has(target.origin);
      const { location } = response.headers;
      const isRedirect = response.statusCode >= 300 && response.statusCode < 400;
      if (!isRedirect || typeof location !== 'string') {
        const body = await readBounded(response.body as AsyncIterable<Uint8Array>, bytesMax);
        return { statusCode: response.statusCode, body };
      }
      await response.body.dump();
      if (redirects >= redirectsMax) throw new WebError('web-redirects', 'it redirects in circles');
      if (!URL.canParse(location, target.href))
        throw new WebError('web-redirect-protocol', 'it redirects to what is no address');
      target = new URL(location, target);
      if (target.protocol !== 'http:' && target.protocol !== 'https:')
        throw new WebError('web-redirect-protocol', 'it redirects to another protocol');
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#anywhere.destroy(), this.#openNetOnly.destroy()]);
  }

  /** Looks at the address that the socket has in the end, too: a host may be an address already, and is not looked up. */
  #connector(lookup?: LookupFunction): buildConnector.connector {
    const connect = buildConnector({ timeout: connectMsMax, ...(lookup && { lookup }) });
    return (options, callback) =>
      connect(options, (...[error, socket]) => {
        if (error !== null) return callback(error, null);
        const isPrivate = this.#world.isPrivate(socket.remoteAddress ?? '');
        if (isPrivate && lookup !== undefined) {
          socket.destroy();
          return callback(refusedAddress(), null);
        }
        if (!isPrivate) this.#openOrigins.add(`${options.protocol}//${options.host}`);
        callback(null, socket);
      });
  }

  readonly #openNetLookup: LookupFunction = (hostname, options, callback) => {
    const all = { ...options, all: true } as const;
    this.#world.lookup(hostname, all, (error, addresses: LookupAddress[]) => {
      if (error !== null) return callback(error, []);
      const [first, ...others] = addresses.filter(({ address }) => !this.#world.isPrivate(address));
      if (first === undefined) return callback(refusedAddress(), []);
      if (options.all) callback(null, [first, ...others]);
      else callback(null, first.address, first.family);
    });
  };
}

function refusedAddress(): WebError {
  return new WebError('web-address-private', 'its address is in a private network');
}

function redirectsInside(): WebError {
  return new WebError('web-redirect-private', 'it redirects into a private network, which is refused');
}

async function readBounded(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    // Leaving the loop ends the body, and with it the connection.
    if (bytes > bytesMax) throw new WebError('web-too-large', 'its answer is too large');
    parts.push(part);
  }
  return Buffer.concat(parts);
}
