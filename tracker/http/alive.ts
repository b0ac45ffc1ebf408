/**
 * `GET /alive`: a stream that stays open while the tracker runs, and begins with the id of its peer memory.
 * When the stream ends, a client knows that the tracker has stopped. On reconnecting, the id shows whether
 * the tracker still remembers its peers. The stream carries nothing else, so it needs no sign-in.
 *
 * Left to others: the client's reaction (client/engine/peers/announce-schedule.ts). Clients announce to
 * trackers without this stream at their usual interval.
 */
import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { addressKey } from '../community/sign-in/rate-limits.ts';
import { aliveEvent } from '../protocol/alive.ts';
import type { ClientAddresses } from './addresses/client-address.ts';
import { openBudget } from './api/budget.ts';

/**
 * Each stream costs a connection and a few kilobytes. Over half of the connections are left for announces
 * (limits.ts).
 */
const streamsMax = { perKeyMax: 32, allMax: 4_000 };
/** Shorter than the idle timeout of this tracker and of most proxies. */
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
      // A refused client announces at its usual interval.
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
