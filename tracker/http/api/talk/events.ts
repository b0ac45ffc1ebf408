/**
 * Live events as server-sent events: messages of rooms that the account may read, direct messages and
 * notices. A reconnecting client names the last event it saw, and receives the missed ones first. Left to
 * others: one stream (event-stream.ts).
 */
import type { ServerResponse } from 'node:http';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { sealedId } from '../../../protocol/api/talk-shapes.ts';
import { openBudget } from '../budget.ts';
import { type Api, type ApiContext, ApiError, enter, sessionToken, visitorKey } from '../context.ts';
import { EventStream, openNews } from './event-stream.ts';

/** Each stream costs a connection and a few kilobytes. */
const streamsMax = { perKeyMax: 10, allMax: 2_000 };

export function addEventRoutes(api: Api, context: ApiContext): void {
  const news = openNews(context);
  const takeBudget = openBudget(streamsMax);
  const streams = new Set<ServerResponse>();

  api.addHook('onClose', async () => {
    for (const stream of streams) stream.destroy();
  });

  api.get(
    '/events',
    {
      exposeHeadRoute: false,
      schema: {
        summary: 'Live news (server-sent events); Last-Event-ID catches up',
        tags: ['events'],
        querystring: Type.Object({ after: Type.Optional(sealedId) }),
      },
    },
    async (request, reply) => {
      const viewer = enter(context, request, 'read-room');
      const { raw } = reply;
      if (!takeBudget(visitorKey(context, request), 1, raw)) {
        throw new ApiError(429, 'too-many-streams', 'too many live streams are open: close one', 30);
      }
      const after = news.numberOf(lastSeen(request) ?? request.query.after);
      reply.hijack();
      // A closed connection emits no further `close`, so the stream would never be removed.
      if (raw.destroyed) return;
      streams.add(raw);
      raw.once('close', () => streams.delete(raw));
      raw.writeHead(200, {
        'Content-Type': 'text/event-stream; charset=utf-8',
        'Cache-Control': 'no-store',
        'X-Accel-Buffering': 'no',
        'X-Content-Type-Options': 'nosniff',
      });
      raw.write('retry: 2000\n\n');
      await new EventStream(news, raw, viewer).run(after, sessionToken(request));
    },
  );
}

function lastSeen({ headers }: FastifyRequest): string | undefined {
  const text = headers['last-event-id'];
  return typeof text === 'string' && text !== '' ? text : undefined;
}
