/**
 * Gets what lies at a web address: bounded in bytes (packed and unpacked) and redirects, and in time by the caller's signal.
 *
 * Invariant: no request is sent to an address that its reach (web-door.ts) does not hold. It is the address we connect to
 * that counts, each time we connect: a name may stand for another one whenever it is looked up. A connection is kept for
 * requests of the same reach only. A name and password in a URL go to its own origin, and never again once a redirect has led
 * elsewhere.
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

/** libtorrent follows five; who needs more than three is lost. */
export const redirectsMax = 3;
const connectMsMax = 10_000;
/** Address families that are remembered, by origin: more than there are trackers in use. The oldest are forgotten. */
const familiesMax = 1_000;
/** Origins of the open net that are remembered as such. Beyond that all count as such, which allows less. */
const openOriginsMax = 10_000;

export interface WebAnswer {
  readonly statusCode: number;
  readonly body: Uint8Array;
  /** `http://HOST:PORT` of the server that gave it, behind all redirects. */
  readonly origin: string;
}

/** An answer whose body is to be read by the caller, or ended with the signal. */
export interface WebStream {
  readonly statusCode: number;
  readonly body: AsyncIterable<Uint8Array>;
  /** How the body is packed, as the server says; empty when it is not. */
  readonly encoding: string;
  readonly origin: string;
}

export interface WebRequestOptions extends WebStreamOptions {
  readonly bytesMax: number;
}

export interface WebStreamOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Between two parts of the body; undici's five minutes unless given. */
  readonly silentMsMax?: number;
  /** The user typed this address, or it is of the server that they typed. Every other one was chosen by a stranger. */
  readonly isTyped: boolean;
  /** Over this address family alone; over any unless given. */
  readonly family?: 4 | 6;
  /** The part of the URL's query that is ours: all behind its `?`, or nothing. */
  readonly ownQuery?: string;
}

/** Who says what an address is, and which addresses a name has: the system, but for tests. */
export interface WebWorld {
  readonly kindOf: (address: string) => AddressKind;
  readonly lookup: typeof systemLookup;
}

export class WebClient {
  readonly #world: WebWorld;
  /** By reach and family; made when one is needed first. */
  readonly #agents = new Map<string, Agent>();
  /** By origin: over what the last connection to it was made, where the family was ours to choose. */
  readonly #families = new Map<string, 4 | 6>();
  /** Origins that have been connected to at an address of the open net. */
  readonly #openOrigins = new Set<string>();

  constructor(world: WebWorld = { kindOf: addressKind, lookup: systemLookup }) {
    this.#world = world;
  }

  /**
   * The address family of the last connection to a server of the open net, as the system chose it; undefined where there is
   * no other one to choose, because the URL says an address instead of a name.
   */
  familyOf(origin: string): 4 | 6 | undefined {
    return this.#families.get(origin);
  }

  /** Rejects with a WebError, with the system's or undici's error, or with the reason of the signal. */
  async get(url: string, options: WebRequestOptions): Promise<WebAnswer> {
    const { bytesMax } = options;
    const headers = { 'accept-encoding': encodingsRead, ...options.headers };
    const { statusCode, body, encoding, origin } = await this.open(url, { ...options, headers });
    const packed = await readBounded(body, bytesMax);
    return { statusCode, body: await unpacked(packed, encoding, bytesMax), origin };
  }

  /** As get(), without its body. */
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
          // A stranger's announce is made there without its password, like any other.
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
      // What a redirect writes there is its own affair, and no password of the user's.
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
   * An address is looked at before it is dialed, and once more when the socket stands: what is not looked up (a URL may
   * hold an address) and what a system makes of it in the end.
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
        // Not within this turn: undici has not noted that it connects.
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

  /** The addresses of a name without those out of reach, and without those of the other family. */
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
          // Of several the mildest is said: it is what the user can do something about.
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
    // Leaving the loop ends the body, and with it the connection.
    if (bytes > bytesMax) throw new WebError('web-too-large', 'its answer is too large');
    parts.push(part);
  }
  return Buffer.concat(parts);
}
