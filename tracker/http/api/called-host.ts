/**
 * The host that a client signs for when it signs in by key. A signature for one tracker must be good for no other, so
 * the name has to be ours: the Host header alone is the asker's word, and whoever runs another tracker could pass on a
 * challenge of ours to its people and then name itself here.
 *
 * Ours are: the public URL when there is one; else the address the connection has arrived at, and this machine's own name
 * (base-url.ts).
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
