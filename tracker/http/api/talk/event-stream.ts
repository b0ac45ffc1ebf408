/**
 * One client's stream of live events, from the events it missed to the end of the stream.
 *
 * Invariant: an event is sent once, in commit order. A client that reads too slowly is disconnected and
 * reconnects. The stream ends when the access of its account changes. What a client receives, `reload`
 * included, depends only on what its account may see.
 */
import type { ServerResponse } from 'node:http';
import { hears, type Viewer } from '../../../access.ts';
import type { CommunityEvent } from '../../../community/contract.ts';
import type { Library } from '../../../library.ts';
import type { ApiContext } from '../context.ts';
import { sealedIds } from '../sealed-ids.ts';
import { isSeen } from './seen-notices.ts';

/** Shorter than the idle timeout of this tracker and of most proxies. */
const beatMs = 15_000;
/** A client with more unread bytes than this is disconnected. */
const unreadBytesMax = 256 * 1024;
/** Missed events that are sent. Beyond that, a reload of everything is cheaper. */
const missedMax = 4_000;
/** Events held back while the missed ones are sent. */
const heldMax = 1_000;
/** Greater than the number of any event. */
const noNumber = Number.MAX_SAFE_INTEGER;

/** What all streams share. */
interface News {
  readonly library: Library;
  readonly onError: (error: unknown) => void;
  /** The id of an event as clients see it. */
  seal(id: number): string;
  /** An id that this tracker did not seal gives `noNumber`, which makes the client reload. */
  numberOf(text: string | undefined): number | undefined;
  /** The JSON text of an event, made once for all streams. */
  textOf(body: CommunityEvent['body']): string;
}

export function openNews({ library, onError }: ApiContext): News {
  const ids = sealedIds(library.key);
  const texts = new WeakMap<CommunityEvent['body'], string>();
  return {
    library,
    onError,
    seal: ids.seal,
    numberOf: (text) => (text === undefined ? undefined : (ids.open(text) ?? noNumber)),
    textOf(body) {
      const known = texts.get(body);
      if (known !== undefined) return known;
      const text = JSON.stringify(
        body.type === 'message'
          ? { ...body, message: ids.sealed(body.message) }
          : { ...body, notice: ids.sealed(body.notice) },
      );
      texts.set(body, text);
      return text;
    },
  };
}

export class EventStream {
  readonly #news: News;
  readonly #raw: ServerResponse;
  #viewer: Viewer;
  /** Accounts that this viewer has muted. The stream ends when they change. */
  #muted: ReadonlySet<number> = new Set();
  /** Events that arrive while the missed ones are sent; undefined afterwards. */
  #held: CommunityEvent[] | undefined = [];
  #lastId = 0;
  #sent = 0;

  constructor(news: News, raw: ServerResponse, viewer: Viewer) {
    this.#news = news;
    this.#raw = raw;
    this.#viewer = viewer;
  }

  /**
   * Resolves once the missed events have been sent; the listeners send all later ones. `token`: of the
   * viewer's session.
   */
  async run(after: number | undefined, token: string | undefined): Promise<void> {
    const { community } = this.#news.library;
    this.#lastId = after ?? 0;
    this.#listen();
    try {
      // Authenticates again: a change of access before `#listen` was not observed.
      const known = token === undefined ? this.#viewer : await community.authenticate(token);
      if (known === undefined) return void this.#raw.end();
      this.#viewer = known;
      this.#muted = new Set(await community.mutedIds(known));
      if (after !== undefined) await this.#catchUp(after);
      else {
        // Sends an id at once, so that a client disconnected before the first event can resume without a gap.
        const now = await this.#now();
        const first = this.#held?.[0];
        this.#raw.write(`id: ${this.#news.seal(first === undefined ? now : first.id - 1)}\n\n`);
      }
    } catch (error) {
      this.#news.onError(error);
      this.#raw.end();
      return;
    }
    const missed = this.#held ?? [];
    this.#held = undefined;
    for (const event of missed) if (this.#isHeard(event)) this.#send(event.id, event.body);
  }

  #listen(): void {
    const { community } = this.#news.library;
    const raw = this.#raw;
    const stopEvents = community.onEvent((event) => {
      if (!this.#isHeard(event)) return;
      if (this.#held === undefined) {
        if (raw.writableLength > unreadBytesMax) raw.destroy();
        else this.#send(event.id, event.body);
      } else if (this.#held.push(event) > heldMax) raw.destroy();
    });
    const stopAccess = community.onAccess(({ accountId }) => {
      if (accountId === this.#viewer.accountId) raw.end();
    });
    const beat = setInterval(() => raw.write(': here\n\n'), beatMs);
    raw.once('close', () => {
      stopEvents();
      stopAccess();
      clearInterval(beat);
    });
  }

  #isHeard({ audience, authorId }: CommunityEvent): boolean {
    return hears(this.#viewer, audience) && (authorId === undefined || !this.#muted.has(authorId));
  }

  /** False if the client has not yet read everything that was written. */
  #send(id: number, body: CommunityEvent['body']): boolean {
    if (id <= this.#lastId) return true;
    this.#lastId = id;
    const { library, seal, textOf } = this.#news;
    if (body.type === 'notice' && !isSeen(library, this.#viewer, body.notice)) return true;
    this.#sent += 1;
    return this.#raw.write(`id: ${seal(id)}\nevent: ${body.type}\ndata: ${textOf(body)}\n\n`);
  }

  async #catchUp(after: number): Promise<void> {
    const { community } = this.#news.library;
    for (let from = after; ; ) {
      const { events, lastId, hasMore, isTooFar } = await community.eventsAfter(this.#viewer, from);
      if (isTooFar) return this.#reload(lastId);
      for (const { id, body } of events) {
        if (this.#sent === missedMax) return this.#reload(await this.#now());
        if (!this.#send(id, body)) await isRead(this.#raw);
      }
      from = lastId;
      if (!hasMore || this.#raw.destroyed) return;
    }
  }

  /** The number of the last event. */
  async #now(): Promise<number> {
    return (await this.#news.library.community.eventsAfter(this.#viewer, noNumber)).lastId;
  }

  /** Continues with the events after `lastId`. */
  #reload(lastId: number): void {
    this.#lastId = lastId;
    this.#raw.write(`id: ${this.#news.seal(lastId)}\nevent: reload\ndata: {}\n\n`);
  }
}

/** Resolves when the written bytes have been read, or the connection is closed. */
function isRead(raw: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (raw.destroyed || !raw.writableNeedDrain) return resolve();
    const done = () => {
      raw.off('drain', done).off('close', done);
      resolve();
    };
    raw.on('drain', done).on('close', done);
  });
}
