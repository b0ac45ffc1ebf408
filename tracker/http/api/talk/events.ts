/**
 * Live news by server-sent events: messages of rooms one may read, direct messages, notices. Whoever comes back names the
 * last event seen and gets what was missed first.
 *
 * Invariant: an event is sent once, in the order of the commits; whoever does not read fast enough is cut off and comes
 * back; a stream ends when what its account may see has changed. What a reader is sent, `reload` included, follows from
 * what this reader may see alone.
 */
import type { ServerResponse } from 'node:http';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { hears, type Viewer } from '../../../access.ts';
import type { CommunityEvent } from '../../../community/contract.ts';
import { sealedId } from '../../../protocol/api/talk-shapes.ts';
import { openBudget } from '../budget.ts';
import { type Api, type ApiContext, ApiError, enter, sessionToken, visitorKey } from '../context.ts';
import { sealedIds } from '../sealed-ids.ts';
import { isSeen } from './seen-notices.ts';

/** Each costs a connection and some kilobytes. */
const streamsMax = { perKeyMax: 10, allMax: 2_000 };
/** Below the tracker's own idle timeout, and that of most proxies. */
const beatMs = 15_000;
/** Somebody's screen does not need more than this at once. */
const unreadBytesMax = 256 * 1024;
/** Missed events that are sent; after that it is better to load everything anew. */
const missedMax = 4_000;
/** Events that come while the missed ones are read. */
const heldMax = 1_000;

export function addEventRoutes(api: Api, context: ApiContext): void {
  const { community } = context.library;
  const ids = sealedIds(context.library.key);
  const takeBudget = openBudget(streamsMax);
  const texts = new WeakMap<CommunityEvent['body'], string>();
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
      const after = numberOf(lastSeen(request) ?? request.query.after);
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
    const sender: Sender = {
      lastId: after ?? 0,
      sent: 0,
      send(id, body) {
        if (id <= sender.lastId) return true;
        sender.lastId = id;
        if (body.type === 'notice' && !isSeen(context.library, viewer, body.notice)) return true;
        sender.sent += 1;
        return raw.write(`id: ${ids.seal(id)}\nevent: ${body.type}\ndata: ${textOf(body)}\n\n`);
      },
    };
    const { send } = sender;
    /** Accounts that this viewer has muted; when that changes, the stream ends. */
    let muted: ReadonlySet<number> = new Set();
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
      if (after !== undefined) await catchUp(raw, viewer, after, sender);
      else {
        // From here on nothing is missed, also by whoever is cut off before anything happens.
        const { lastId: now } = await community.eventsAfter(viewer, noNumber);
        raw.write(`id: ${ids.seal(held[0] === undefined ? now : held[0].id - 1)}\n\n`);
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

  async function catchUp(raw: ServerResponse, viewer: Viewer, after: number, sender: Sender): Promise<void> {
    for (let from = after; ; ) {
      const { events, lastId, hasMore, isTooFar } = await community.eventsAfter(viewer, from);
      if (isTooFar) return reload(raw, lastId, sender);
      for (const { id, body } of events) {
        if (sender.sent === missedMax) {
          const { lastId: now } = await community.eventsAfter(viewer, noNumber);
          return reload(raw, now, sender);
        }
        if (!sender.send(id, body)) await read(raw);
      }
      from = lastId;
      if (!hasMore || raw.destroyed) return;
    }
  }

  /** Goes on with what comes after that event. */
  function reload(raw: ServerResponse, lastId: number, sender: Sender): void {
    sender.lastId = lastId;
    raw.write(`id: ${ids.seal(lastId)}\nevent: reload\ndata: {}\n\n`);
  }

  /** An id that is none of ours, from another time or another tracker, is one to load everything anew for. */
  function numberOf(text: string | undefined): number | undefined {
    return text === undefined ? undefined : (ids.open(text) ?? noNumber);
  }

  /** Written once for all streams that it goes to. */
  function textOf(body: CommunityEvent['body']): string {
    const known = texts.get(body);
    if (known !== undefined) return known;
    const text = JSON.stringify(
      body.type === 'message'
        ? { ...body, message: ids.sealed(body.message) }
        : { ...body, notice: ids.sealed(body.notice) },
    );
    texts.set(body, text);
    return text;
  }
}

/** What one stream was sent. */
interface Sender {
  lastId: number;
  sent: number;
  /** False: whoever reads has not read it all yet. */
  readonly send: (id: number, body: CommunityEvent['body']) => boolean;
}

/** Of no event: none has a number as high. */
const noNumber = Number.MAX_SAFE_INTEGER;

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

function lastSeen({ headers }: FastifyRequest): string | undefined {
  const text = headers['last-event-id'];
  return typeof text === 'string' && text !== '' ? text : undefined;
}
