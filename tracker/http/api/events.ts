/**
 * Live news by server-sent events: messages of rooms one may read, direct messages, notices. Whoever comes back names the
 * last event seen and gets what was missed first.
 *
 * Invariant: ids ascend on a stream; whoever does not read fast enough is cut off and comes back; a stream ends when
 * what its account may see has changed.
 */
import type { ServerResponse } from 'node:http';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { CommunityEvent } from '../../community/contract.ts';
import { hears, type Viewer } from '../../community/permissions.ts';
import { openBudget } from './budget.ts';
import { type Api, type ApiContext, ApiError, enter, sessionToken, visitorKey } from './context.ts';
import { isSeen } from './seen-notices.ts';

/** Each costs a connection and some kilobytes. */
const streamsMax = { perKeyMax: 10, allMax: 2_000 };
/** Below the tracker's own idle timeout, and that of most proxies. */
const beatMs = 15_000;
/** Somebody's screen does not need more than this at once. */
const unreadBytesMax = 256 * 1024;
/** Pages of missed events; after that it is better to load everything anew. */
const catchUpPagesMax = 20;
/** Events that come while the missed ones are read. */
const heldMax = 1_000;

export function addEventRoutes(api: Api, context: ApiContext): void {
  const { community } = context.library;
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
        querystring: Type.Object({ after: Type.Optional(Type.Integer({ minimum: 0 })) }),
      },
    },
    async (request, reply) => {
      const viewer = enter(context, request, 'read-room');
      const { raw } = reply;
      if (!takeBudget(visitorKey(context, request), 1, raw)) {
        throw new ApiError(429, 'too-many-streams', 'too many live streams are open: close one', 30);
      }
      const after = lastSeen(request) ?? request.query.after;
      reply.hijack();
      // Whoever has left meanwhile will not leave again.
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
      await stream(raw, viewer, after, sessionToken(request));
    },
  );

  async function stream(
    raw: ServerResponse,
    asked: Viewer,
    after: number | undefined,
    token: string | undefined,
  ): Promise<void> {
    let viewer = asked;
    /** Undefined once what was missed has been sent. */
    let held: CommunityEvent[] | undefined = [];
    let lastId = after ?? 0;
    /** Accounts that this viewer has muted; when that changes, the stream ends. */
    let muted: ReadonlySet<number> = new Set();
    /** False: whoever reads has not read it all yet. */
    const send = (id: number, body: CommunityEvent['body']): boolean => {
      if (id <= lastId) return true;
      lastId = id;
      if (body.type === 'notice' && !isSeen(context.library, viewer, body.notice)) return true;
      return raw.write(`id: ${id}\nevent: ${body.type}\ndata: ${textOf(body)}\n\n`);
    };
    const isHeard = ({ audience, authorId }: CommunityEvent) =>
      hears(viewer, audience) && (authorId === undefined || !muted.has(authorId));
    const stopEvents = community.onEvent((event) => {
      if (!isHeard(event)) return;
      if (held === undefined) {
        if (raw.writableLength > unreadBytesMax) raw.destroy();
        else send(event.id, event.body);
      } else if (held.push(event) > heldMax) raw.destroy();
    });
    const stopAccess = community.onAccess(({ accountId }) => {
      if (accountId === viewer.accountId) raw.end();
    });
    const beat = setInterval(() => raw.write(': here\n\n'), beatMs);
    raw.once('close', () => {
      stopEvents();
      stopAccess();
      clearInterval(beat);
    });
    try {
      // What has changed between asking who this is and listening has been heard of by nobody.
      const known = token === undefined ? viewer : await community.authenticate(token);
      if (known === undefined) return void raw.end();
      viewer = known;
      muted = new Set(await community.mutedIds(viewer));
      if (after !== undefined) await catchUp(raw, viewer, after, send);
      else {
        // From here on nothing is missed, also by whoever is cut off before anything happens.
        const { lastId: now } = await community.eventsAfter(viewer, Number.MAX_SAFE_INTEGER);
        raw.write(`id: ${held[0] === undefined ? now : held[0].id - 1}\n\n`);
      }
    } catch (error) {
      context.onError(error);
      raw.end();
      return;
    }
    const missed = held;
    held = undefined;
    for (const event of missed) if (isHeard(event)) send(event.id, event.body);
  }

  async function catchUp(
    raw: ServerResponse,
    viewer: Viewer,
    after: number,
    send: (id: number, body: CommunityEvent['body']) => boolean,
  ): Promise<void> {
    let from = after;
    for (let pages = 0; ; pages++) {
      const { events, lastId, hasMore, isTooFar } = await community.eventsAfter(viewer, from);
      for (const { id, body } of events) if (!send(id, body)) await read(raw);
      from = lastId;
      if (isTooFar || (hasMore && pages >= catchUpPagesMax)) {
        raw.write(`id: ${lastId}\nevent: reload\ndata: {}\n\n`);
        return;
      }
      if (!hasMore || raw.destroyed) return;
    }
  }
}

/** Written once for all streams that it goes to. */
const texts = new WeakMap<CommunityEvent['body'], string>();

function textOf(body: CommunityEvent['body']): string {
  const known = texts.get(body);
  if (known !== undefined) return known;
  const text = JSON.stringify(body);
  texts.set(body, text);
  return text;
}

/** Until what was written has been read, or nobody reads any more. */
function read(raw: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (raw.destroyed || !raw.writableNeedDrain) return resolve();
    const done = () => {
      raw.off('drain', done).off('close', done);
      resolve();
    };
    raw.on('drain', done).on('close', done);
  });
}

function lastSeen(request: FastifyRequest): number | undefined {
  const text = request.headers['last-event-id'];
  if (typeof text !== 'string' || !/^\d{1,15}$/.test(text)) return undefined;
  return Number(text);
}
