/**
 * Access to the metrics. They count every swarm and announce, hidden ones included. With a catalogue, they
 * are therefore limited to requests from the tracker's own machine without a proxy, and to sessions of
 * moderators and owners. Without a catalogue they are public.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { may } from '../access.ts';
import type { Library } from '../library.ts';
import { isLoopback } from '../protocol/address.ts';
import type { ClientAddresses } from './addresses/client-address.ts';
import { ApiError, sessionToken } from './api/context.ts';
import { metricsText, type TrackerStats } from './metrics.ts';

export interface MetricsSources {
  readonly library?: Library | undefined;
  readonly addresses: ClientAddresses;
  readonly stats: () => TrackerStats;
}

export function addMetrics(app: FastifyInstance, { library, addresses, stats }: MetricsSources): void {
  app.get('/metrics', async (request, reply) => {
    if (library !== undefined && !isOwnMachine(request, addresses)) await admit(library, request);
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(metricsText(stats()));
  });
}

/** Throws ApiError. */
async function admit({ community }: Library, request: FastifyRequest): Promise<void> {
  const token = sessionToken(request);
  const reader = token === undefined ? undefined : await community.authenticate(token);
  if (reader === undefined) {
    const message =
      'the metrics are for those who run this tracker: ask from its own machine, or sign in as a moderator';
    throw new ApiError(401, 'not-signed-in', message);
  }
  if (may(reader.role, 'see-metrics', false)) return;
  throw new ApiError(403, 'not-allowed', 'the metrics are for moderators and owners of this tracker');
}

/** Headers by which a proxy names its client. A client that adds one itself only loses access. */
const forwardingHeaders = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];
/**
 * Protects against DNS rebinding: a foreign page whose name resolves to this machine sends that name as Host.
 */
const ownNames = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

function isOwnMachine({ raw }: FastifyRequest, addresses: ClientAddresses): boolean {
  if (forwardingHeaders.some((name) => raw.headers[name] !== undefined)) return false;
  // Undefined for a trusted proxy that did not name its client.
  const remote = addresses.of(raw)?.remote;
  return remote !== undefined && isLoopback(remote) && ownNames.test(raw.headers.host ?? '');
}
