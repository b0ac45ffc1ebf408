/**
 * What one reader of live news is sent, from what they have missed to the end of the stream.
 *
 * Invariant: an event is sent once, in the order of the commits; whoever does not read fast enough is cut off and comes
 * back; a stream ends when what its account may see has changed. What a reader is sent, `reload` included, follows from
 * what this reader may see alone.
 */
import type { ServerResponse } from 'node:http';
import { hears, type Viewer } from '../../../access.ts';
import type { CommunityEvent } from '../../../community/contract.ts';
import type { Library } from '../../../library.ts';
import type { ApiContext } from '../context.ts';
import { sealedIds } from '../sealed-ids.ts';
import { isSeen } from './seen-notices.ts';

/** Below the tracker's own idle timeout, and that of most proxies. */
const beatMs = 15_000;
/** Somebody's screen does not need more than this at once. */
const unreadBytesMax = 256 * 1024;
/** Missed events that are sent; after that it is better to load everything anew. */
const missedMax = 4_000;
/** Events that come while the missed ones are read. */
const heldMax = 1_000;
/** Of no event: none has a number as high. */
const noNumber = Number.MAX_SAFE_INTEGER;

/** What all streams share. */
interface News {
  readonly library: Library;
  readonly onError: (error: unknown) => void;
  /** How an event is called outside. */
  seal(id: number): string;
  /** An id that is none of ours, from another time or another tracker, is one to load everything anew for. */
  numberOf(text: string | undefined): number | undefined;
  /** Written once for all streams that it goes to. */
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
  /** Accounts that this viewer has muted; when that changes, the stream ends. */
  #muted: ReadonlySet<number> = new Set();
  /** What happens while the missed events are read; undefined once they have been sent. */
  #held: CommunityEvent[] | undefined = [];
  #lastId = 0;
  #sent = 0;

  constructor(news: News, raw: ServerResponse, viewer: Viewer) {
    this.#news = news;
    this.#raw = raw;
    this.#viewer = viewer;
  }

  /** Until what was missed has been sent; what comes goes on by itself. `token`: of the viewer's session. */
  async run(after: number | undefined, token: string | undefined): Promise<void> {
    const { community } = this.#news.library;
    this.#lastId = after ?? 0;
    this.#listen();
    try {
      // What has changed between asking who this is and listening has been heard of by nobody.
      const known = token === undefined ? this.#viewer : await community.authenticate(token);
      if (known === undefined) return void this.#raw.end();
      this.#viewer = known;
      this.#muted = new Set(await community.mutedIds(known));
      if (after !== undefined) await this.#catchUp(after);
      else {
        // From here on nothing is missed, also by whoever is cut off before anything happens.
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

  /** False: whoever reads has not read it all yet. */
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

  /** Goes on with what comes after that event. */
  #reload(lastId: number): void {
    this.#lastId = lastId;
    this.#raw.write(`id: ${this.#news.seal(lastId)}\nevent: reload\ndata: {}\n\n`);
  }
}

/** Until what was written has been read, or nobody reads any more. */
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
