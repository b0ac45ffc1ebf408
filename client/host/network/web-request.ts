/**
 * HTTP requests with limits on bytes (compressed and decompressed) and redirects; the caller's signal limits
 * the time.
 *
 * Invariant: no request goes to an address outside its reach (web-door.ts). The address of each connection is
 * checked, because a name may resolve differently at every lookup. A connection is reused only for requests
 * of the same reach. A name and password in a URL go to its own origin, and never again once a redirect has
 * led to another origin.
 */
import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { Agent, buildConnector } from 'undici';
import { type AddressKind, addressKind } from './address-kind.ts';
import { undici } from './undici.ts';
import { takeAuthorization } from './web-credentials.ts';
import { isInReach, type Reach, reachOf } from './web-door.ts';
import { encodingsRead, unpacked } from './web-encoding.ts';
import { privateAddressWords, WebError } from './web-error.ts';

/** libtorrent follows five. A server that needs more than three is misconfigured. */
export const redirectsMax = 3;
const connectMsMax = 10_000;
/**
 * Address families that are remembered, by origin: more than there are trackers in use. The oldest are
 * dropped.
 */
const familiesMax = 1_000;
/**
 * Public origins that are remembered. When the set is full, every origin counts as public, which allows less.
 */
const openOriginsMax = 10_000;

export interface WebAnswer {
  readonly statusCode: number;
  readonly body: Uint8Array;
  /** `http://HOST:PORT` of the server that answered, after all redirects. */
  readonly origin: string;
}

/** An answer whose body the caller reads, or ends with the signal. */
export interface WebStream {
  readonly statusCode: number;
  readonly body: AsyncIterable<Uint8Array>;
  /** The `Content-Encoding` of the body; empty without one. */
  readonly encoding: string;
  readonly origin: string;
}

export interface WebRequestOptions extends WebStreamOptions {
  readonly bytesMax: number;
}

export interface WebStreamOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Timeout between two parts of the body; undici's default is five minutes. */
  readonly silentMsMax?: number;
  /** The user typed this URL, or it belongs to a server that the user typed. All other URLs are untrusted. */
  readonly isTyped: boolean;
  /** Use only this address family. */
  readonly family?: 4 | 6;
  /** The part of the URL's query that we add: everything after its `?`, or nothing. */
  readonly ownQuery?: string;
}

/** Classifies and resolves addresses: the system, except in tests. */
export interface WebWorld {
  readonly kindOf: (address: string) => AddressKind;
  readonly lookup: typeof systemLookup;
}

export class WebClient {
  readonly #world: WebWorld;
  /** By reach and family; made when first needed. */
  readonly #agents = new Map<string, Agent>();
  /** By origin: the address family of the last connection, if it was public and the URL had a name. */
  readonly #families = new Map<string, 4 | 6>();
  /** Origins that were reached at a public address. */
  readonly #openOrigins = new Set<string>();

  constructor(world: WebWorld = { kindOf: addressKind, lookup: systemLookup }) {
    this.#world = world;
  }

  /**
   * The address family of the last connection to a public server, as the system chose it. Undefined where
   * there is no choice, because the URL has an address instead of a name.
   */
  familyOf(origin: string): 4 | 6 | undefined {
    return this.#families.get(origin);
  }

  /** Rejects with a WebError, with an error of the system or undici, or with the reason of the signal. */
  async get(url: string, options: WebRequestOptions): Promise<WebAnswer> {
    const { bytesMax } = options;
    const headers = { 'accept-encoding': encodingsRead, ...options.headers };
    const { statusCode, body, encoding, origin } = await this.open(url, { ...options, headers });
    const packed = await readBounded(body, bytesMax);
    return { statusCode, body: await unpacked(packed, encoding, bytesMax), origin };
  }

  /** Like get(), without reading the body. */
  async open(url: string, options: WebStreamOptions): Promise<WebStream> {
    const { headers: given, signal, silentMsMax, isTyped, family, ownQuery = '' } = options;
    const timeout =
      silentMsMax === undefined ? {} : { bodyTimeout: silentMsMax, headersTimeout: silentMsMax };
    let target = new URL(url);
    let authorization = takeAuthorization(target);
    const typedOrigin = isTyped ? target.origin : undefined;
    const ownSearch = new URL(`http://host/?${ownQuery}`).search;
    let isAfterOpenNet = false;
    for (let redirects = 0; ; redirects++) {
      const hasCredentials = authorization !== undefined;
      const reach = reachOf({ target, typedOrigin, ownSearch, isAfterOpenNet, hasCredentials });
      const headers = hasCredentials ? { ...given, authorization } : given;
      const dispatcher = this.#agent(reach, family);
      const sent = { dispatcher, headers, signal, ...timeout };
      const response = await undici()
        .request(target, sent)
        .catch((error: { code?: string }) => {
          const isInside = error.code === 'web-address-private';
          // In a private network, an untrusted announce is made without its password.
          if (isInside && redirects === 0 && hasCredentials) return undefined;
          throw isInside && redirects > 0 ? redirectsInside() : error;
        });
      if (response === undefined) {
        authorization = undefined;
        redirects--;
        continue;
      }
      isAfterOpenNet ||= this.#isOfOpenNet(target.origin);
      const { location } = response.headers;
      const isRedirect = response.statusCode >= 300 && response.statusCode < 400;
      if (!isRedirect || typeof location !== 'string') {
        const body = response.body as AsyncIterable<Uint8Array>;
        const encoding = [response.headers['content-encoding'] ?? ''].flat().join(', ');
        return { statusCode: response.statusCode, body, encoding, origin: target.origin };
      }
      await response.body.dump();
      if (redirects >= redirectsMax) throw new WebError('web-redirects', 'it redirects in circles');
      if (!URL.canParse(location, target.href))
        throw new WebError('web-redirect-protocol', 'it redirects to what is no address');
      const { origin } = target;
      target = new URL(location, target);
      // A name and password in a redirect's URL are not the user's, and are not sent.
      takeAuthorization(target);
      if (target.origin !== origin) authorization = undefined;
      if (target.protocol !== 'http:' && target.protocol !== 'https:')
        throw new WebError('web-redirect-protocol', 'it redirects to another protocol');
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.destroy()));
  }

  #agent(reach: Reach, family: 4 | 6 | undefined): Agent {
    const key = `${reach} ${family}`;
    const known = this.#agents.get(key);
    if (known !== undefined) return known;
    const limits = { connections: 4, keepAliveTimeout: 10_000 };
    const agent = new (undici().Agent)({ ...limits, connect: this.#connector(reach, family) });
    this.#agents.set(key, agent);
    return agent;
  }

  #isOfOpenNet(origin: string): boolean {
    return this.#openOrigins.has(origin) || this.#openOrigins.size >= openOriginsMax;
  }

  /**
   * An address is checked before it is dialed, and again when the socket is connected: a URL may contain an
   * address, which is not looked up, and the system may connect to another one in the end.
   */
  #connector(reach: Reach, family: 4 | 6 | undefined): buildConnector.connector {
    const connect = undici().buildConnector({
      timeout: connectMsMax,
      lookup: this.#lookupWithin(reach, family),
    });
    return (options, callback) => {
      const host = options.hostname.replace(/^\[|\]$/g, '');
      const isOther = family !== undefined && isIP(host) !== family;
      const refused = isIP(host) === 0 ? undefined : isOther ? isOtherFamily() : this.#refusal(host, reach);
      if (refused !== undefined) {
        // Not synchronously: undici has not yet recorded that it is connecting.
        queueMicrotask(() => callback(refused, null));
        return;
      }
      connect(options, (...[error, socket]) => {
        if (error !== null) return callback(error, null);
        const address = socket.remoteAddress ?? '';
        const late = this.#refusal(address, reach);
        if (late !== undefined) {
          socket.destroy();
          return callback(late, null);
        }
        const isOpenNet = this.#world.kindOf(address) === 'public';
        const { origin } = new URL(`${options.protocol}//${options.host}`);
        if (isOpenNet && this.#openOrigins.size < openOriginsMax) this.#openOrigins.add(origin);
        if (isOpenNet && family === undefined && isIP(host) === 0) this.#noteFamily(origin, address);
        callback(null, socket);
      });
    };
  }

  #noteFamily(origin: string, address: string): void {
    this.#families.delete(origin);
    if (this.#families.size >= familiesMax) this.#families.delete(this.#families.keys().next().value!);
    this.#families.set(origin, isIP(address) === 6 ? 6 : 4);
  }

  /** The addresses of a name that are within reach and of the right family. */
  #lookupWithin(reach: Reach, only: 4 | 6 | undefined): LookupFunction {
    return (hostname, options, callback) => {
      const all = { ...options, all: true } as const;
      this.#world.lookup(hostname, all, (error, found: LookupAddress[]) => {
        if (error !== null) return callback(error, []);
        const addresses = found.filter(({ family }) => only === undefined || family === only);
        if (addresses.length === 0) return callback(isOtherFamily(), []);
        const [first, ...others] = addresses.filter(
          ({ address }) => this.#refusal(address, reach) === undefined,
        );
        if (first === undefined) {
          // If there are several reasons, the mildest is reported: the user can do something about it.
          const kinds = addresses.map(({ address }) => this.#world.kindOf(address));
          return callback(kinds.includes('private') ? isPrivate() : isForbidden(), []);
        }
        if (options.all) callback(null, [first, ...others]);
        else callback(null, first.address, first.family);
      });
    };
  }

  #refusal(address: string, reach: Reach): WebError | undefined {
    const kind = this.#world.kindOf(address);
    if (isInReach(kind, reach)) return undefined;
    return kind === 'private' ? isPrivate() : isForbidden();
  }
}

function isPrivate(): WebError {
  return new WebError('web-address-private', privateAddressWords);
}

function isForbidden(): WebError {
  const message = 'its address is not one at which a tracker can be (link-local, a group, or none at all)';
  return new WebError('web-address-forbidden', message);
}

function isOtherFamily(): WebError {
  return new WebError('web-family', 'it has no address of this family (IPv4 or IPv6)');
}

function redirectsInside(): WebError {
  return new WebError('web-redirect-private', 'it redirects into a private network, which is refused');
}

async function readBounded(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    // Leaving the loop ends the body and closes its connection.
    if (bytes > bytesMax) throw new WebError('web-too-large', 'its answer is too large');
    parts.push(part);
  }
  return Buffer.concat(parts);
}
