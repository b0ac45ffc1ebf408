/**
 * The host that a client signs when it signs in by key. A signature for one tracker must be invalid at every
 * other. The Host header alone is not trusted: another tracker could relay a challenge of this tracker to its
 * own users, and send their signatures here under its own name.
 *
 * Accepted hosts: the public URL if it is set; else the address at which the connection arrived, and this
 * machine's host name (base-url.ts).
 */
import type { FastifyRequest } from 'fastify';
import { calledUrl } from '../addresses/base-url.ts';
import { type ApiContext, ApiError } from './context.ts';

/** Throws ApiError `host-unknown`. */
export function calledHost({ publicUrl }: ApiContext, request: FastifyRequest): string {
  const url = publicUrl === undefined ? calledUrl(request.raw) : new URL(publicUrl);
  if (url !== undefined) return url.host;
  throw new ApiError(
    421,
    'host-unknown',
    'this tracker does not know this name as its own: its operator must set --public-url',
  );
}
