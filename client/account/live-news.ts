/**
 * Live news from a tracker: turns server-sent events into checked values. Reconnects after a break and
 * resumes after the last event id, so that nothing is missed.
 *
 * Invariant: events of unknown shape are skipped. Event ids are opaque.                      WHATWG HTML, 9.2
 */
import { setTimeout as wait } from 'node:timers/promises';
import { Ajv } from 'ajv';
import Type, { type Static } from 'typebox';
import * as talk from '../../tracker/protocol/api/talk-shapes.ts';
import type { TrackerAccount } from './account.ts';
import { TrackerError } from './tracker-error.ts';

export type Notice = Static<typeof talk.notice>;

const messageNews = Type.Object({ type: Type.Literal('message'), message: talk.message });
const noticeNews = Type.Object({ type: Type.Literal('notice'), notice: talk.notice });
export type News =
  | Static<typeof messageNews>
  | Static<typeof noticeNews>
  /** Too many events were missed: the caller should load everything again. */
  | { readonly type: 'reload' }
  /** The stream is open: later events will be received. */
  | { readonly type: 'listening' };

export interface LiveNewsOptions {
  /** The id of the last event received. The tracker first sends the events after it. */
  readonly after?: string;
  readonly signal: AbortSignal;
}

export interface SentEvent {
  readonly id: string | undefined;
  readonly type: string;
  readonly data: string;
}

/** A message of 8,000 characters, escaped, with room to spare. */
const eventCharactersMax = 256 * 1024;
/** The delay that the tracker asks for (`retry: 2000`). */
const retryMs = 2_000;

// Fields that a newer tracker adds are dropped, not refused.
const ajv = new Ajv({ strict: false, removeAdditional: true });
const isMessage = ajv.compile(messageNews);
const isNotice = ajv.compile(noticeNews);

/**
 * Yields news until the signal is aborted. Throws TrackerError when the tracker refuses with a 4xx status.
 * After any other failure it connects again.
 */
export async function* liveNews(
  account: TrackerAccount,
  { after, signal }: LiveNewsOptions,
): AsyncGenerator<News> {
  let lastId = after;
  while (!signal.aborted) {
    try {
      let isFirst = true;
      for await (const event of sentEvents(account.events(lastId))) {
        if (isFirst) yield { type: 'listening' };
        isFirst = false;
        lastId = event.id ?? lastId;
        const news = newsOf(event);
        if (news !== undefined) yield news;
      }
    } catch (error) {
      if (signal.aborted) return;
      // A 4xx refusal is final. A broken connection or a 5xx status is retried.
      if (error instanceof TrackerError && error.status >= 400 && error.status < 500) throw error;
    }
    await wait(retryMs, undefined, { signal }).catch(() => {});
  }
}

function newsOf({ type, data }: SentEvent): News | undefined {
  if (type === 'reload') return { type };
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return undefined;
  }
  if (isMessage(value) || isNotice(value)) return value as News;
  return undefined;
}

/**
 * Yields one event per block that ends with an empty line. A block without `data` lines gives an event with
 * empty data.
 */
export async function* sentEvents(parts: AsyncIterable<string>): AsyncGenerator<SentEvent> {
  let rest = '';
  for await (const part of parts) {
    rest += part.replaceAll('\r', '');
    if (rest.length > eventCharactersMax) {
      throw new TrackerError('tracker-unclear', 'the tracker sends an event without an end');
    }
    const blocks = rest.split('\n\n');
    rest = blocks.pop()!;
    for (const block of blocks) yield eventOf(block);
  }
}

function eventOf(block: string): SentEvent {
  let id: string | undefined;
  let type = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, field, value = ''] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (field === 'id' && /^[\w-]{1,64}$/.test(value)) id = value;
    else if (field === 'event') type = value;
    else if (field === 'data') data.push(value);
  }
  return { id, type, data: data.join('\n') };
}
