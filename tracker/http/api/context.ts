/** What every API route uses: the library, the viewer, and rate limits. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import { type Action, mayEnter, type Viewer } from '../../access.ts';
import type { Asker } from '../../catalogue/search/fair-queue.ts';
import type { Clock } from '../../clock.ts';
import type { Authenticated } from '../../community/accounts.ts';
import { addressKey, openRateGate, type RateGate, rateLimits } from '../../community/sign-in/rate-limits.ts';
import type { Library } from '../../library.ts';
import type { RefusalCode } from '../../protocol/api/refusal-codes.ts';
import { baseUrl } from '../addresses/base-url.ts';
import type { ClientAddresses } from '../addresses/client-address.ts';

/** fastify, typed so that schemas are TypeBox schemas. */
export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

export interface ApiContext extends Pick<Clock, 'wallMs'> {
  readonly library: Library;
  readonly addresses: ClientAddresses;
  readonly publicUrl: string | undefined;
  readonly contact: string | undefined;
  readonly uploadWorker?: URL | undefined;
  readonly onError: (error: unknown) => void;
}

/** Thrown by routes. The response has this code and status. */
export class ApiError extends Error {
  readonly code: RefusalCode;
  readonly statusCode: number;
  readonly retryAfterSeconds: number | undefined;

  constructor(statusCode: number, code: RefusalCode, message: string, retryAfterSeconds?: number) {
    super(message);
    this.statusCode = statusCode;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The account that sends the request; anonymous without a session. */
    viewer: Viewer;
    signedIn: Authenticated | undefined;
  }
}

export type Gate = keyof typeof rateLimits;
/** `cost`: how many uses it counts as; 1 by default. */
export type Gates = (gate: Gate, key: string, cost?: number) => void;

/** `take` throws ApiError `too-often` when the limit is exceeded. */
export function openGates(nowMs: () => number): {
  readonly take: Gates;
  readonly giveBack: (gate: Gate, key: string) => void;
  /** The number of recent uses: see RateGate. */
  readonly debt: (gate: Gate, key: string) => number;
  readonly nowMs: () => number;
} {
  const gates = Object.fromEntries(
    Object.entries(rateLimits).map(([gate, limit]) => [gate, openRateGate(limit)]),
  ) as Record<Gate, RateGate>;
  return {
    take(gate, key, cost) {
      const waitMs = gates[gate].take(key, nowMs(), cost);
      if (waitMs === 0) return;
      const seconds = Math.ceil(waitMs / 1000);
      throw new ApiError(429, 'too-often', `too often: try again in ${seconds} s`, seconds);
    },
    giveBack: (gate, key) => gates[gate].giveBack(key),
    debt: (gate, key) => gates[gate].debt(key, nowMs()),
    nowMs,
  };
}

/** The session token in the Authorization header; undefined if it is missing or malformed. */
export function sessionToken({ headers }: FastifyRequest): string | undefined {
  return /^Bearer ([A-Za-z0-9_-]{1,128})$/i.exec(headers.authorization ?? '')?.[1];
}

/** The key for rate limits: an IPv4 address, or an IPv6 network. */
export function visitorKey({ addresses }: ApiContext, request: FastifyRequest): string {
  const address = addresses.of(request.raw);
  return address === undefined ? 'unknown' : addressKey(address.remote);
}

/** For queues in which accounts and addresses take turns. Throws ApiError `not-signed-in`. */
export function askerOf(context: ApiContext, request: FastifyRequest): Asker {
  return { address: visitorKey(context, request), account: String(signedIn(request).accountId) };
}

/** Throws ApiError `not-signed-in`. */
export function signedIn(request: FastifyRequest): Authenticated {
  if (request.signedIn !== undefined) return request.signedIn;
  throw new ApiError(401, 'not-signed-in', 'sign in first');
}

/**
 * Throws ApiError `not-signed-in` if this tracker requires sign-in for the action and the viewer has no
 * session.
 */
export function enter({ library }: ApiContext, { viewer }: FastifyRequest, action: Action): Viewer {
  if (!mayEnter(viewer.role, action, library.policy.signInRequired)) {
    throw new ApiError(401, 'not-signed-in', 'this tracker is for people it knows: sign in first');
  }
  return viewer;
}

/**
 * The announce URL for this viewer: with the viewer's passkey for this release if there is one, else without.
 */
export function announceUrl(context: ApiContext, request: FastifyRequest, releaseId?: string): string {
  const base = baseUrl(request.raw, context.publicUrl);
  const accountId = request.signedIn?.accountId;
  const isNamed = accountId !== undefined && releaseId !== undefined;
  const passkey = isNamed ? context.library.admission.passkeyFor(accountId, releaseId) : undefined;
  return passkey === undefined ? `${base}/announce` : `${base}/${passkey}/announce`;
}

export function noContent(reply: FastifyReply): null {
  reply.code(204);
  return null;
}
