/**
 * `GET /alive`: a stream that stands as long as the tracker does, and begins with the id of its memory of peers. A client
 * that sees it end knows that the tracker is gone, and when it stands again, whether the tracker has forgotten its peers.
 * Nothing else is said, so nobody signs in for it.
 *
 * Left to others: what a client does then (client/engine/peers/announce-schedule.ts); trackers without it are asked in their
 * interval.
 */
import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { addressKey } from '../community/sign-in/rate-limits.ts';
import { aliveEvent } from '../protocol/alive.ts';
import type { ClientAddresses } from './addresses/client-address.ts';
import { openBudget } from './api/budget.ts';

/** Each costs a connection and some kilobytes; announces need the larger half of the connections (limits.ts). */
const streamsMax = { perKeyMax: 32, allMax: 4_000 };
/** Below the tracker's own idle timeout, and that of most proxies. */
const beatMs = 15_000;

export interface AliveSources {
  readonly addresses: ClientAddresses;
  readonly memoryId: string;
}

export function addAliveStream(app: FastifyInstance, { addresses, memoryId }: AliveSources): void {
  const take = openBudget(streamsMax);
  const streams = new Set<ServerResponse>();
  const beat = setInterval(() => {
    for (const stream of streams) stream.write(':\n\n');
  }, beatMs).unref();

  app.addHook('onClose', async () => {
    clearInterval(beat);
    for (const stream of streams) stream.destroy();
  });

  app.get('/alive', { exposeHeadRoute: false }, (request, reply) => {
    const { raw } = reply;
    const address = addresses.of(request.raw);
    if (!take(address === undefined ? 'unknown' : addressKey(address.remote), 1, raw)) {
      // Who is refused announces in the usual interval.
      reply.code(503).header('Retry-After', '600').send();
      return;
    }
    reply.hijack();
    if (raw.destroyed) return;
    streams.add(raw);
    raw.once('close', () => streams.delete(raw));
    raw.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
      'X-Content-Type-Options': 'nosniff',
    });
    raw.write(aliveEvent(memoryId));
  });
}
