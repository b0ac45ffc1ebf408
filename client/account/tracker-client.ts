/**
 * Calls a tracker's HTTP API and checks every answer against its schema. Texts in answers are untrusted: they
 * are escaped where they are displayed.
 *
 * Invariant: the session's token is sent only to the tracker that issued it. Redirects are not followed.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Ajv, ValidateFunction } from 'ajv';
import type { Static, TSchema } from 'typebox';
import { programName } from '../../torrents/program.ts';
import { undici } from '../host/network/undici.ts';
import { trackerBase } from './tracker-address.ts';
import { TrackerError } from './tracker-error.ts';

export interface ApiCall<Schema extends TSchema> {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below /api/v1, with its parts escaped: see `apiPath`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** The expected answer. Undefined: the body is ignored. */
  readonly answer?: Schema;
}

/** A page of fifty releases with all their tracks has some hundred KiB. */
const answerBytesMax = 16 * 1024 * 1024;
/** The limit for a .torrent file or a cover. */
const torrentBytesMax = 64 * 1024 * 1024;
/** An account's export: enough for twenty years of use. */
const streamBytesMax = 1024 * 1024 * 1024;
const answerMsMax = 30_000;
/**
 * A large body gets more time. Trackers give up below 32 KiB/s (tracker/http/uploads/limits.ts). Half of that
 * speed is assumed here, to leave time for the tracker's queue and for reading the body.
 */
const bodyBytesPerMs = (16 * 1024) / 1_000;
/** Trackers wait two minutes for a body (tracker/http/limits.ts), then need time to read it. */
const largeBodyMsMax = 180_000;
/** Retries when the tracker's upload queue is full. The queue empties within half a minute. */
const busyRetriesMax = 5;
/** Upper limit for Retry-After (trackers send 5): a tracker cannot make this client wait for an hour. */
const busySecondsMax = 10;
/** Longest error message that is taken from a tracker. */
const messageCharactersMax = 500;

/** Builds a path. Names in it are escaped. */
export function apiPath(parts: TemplateStringsArray, ...names: (string | number)[]): string {
  return parts.reduce((path, part, i) => path + encodeURIComponent(String(names[i - 1])) + part);
}

export class TrackerClient {
  /** Without a trailing slash. */
  readonly url: string;
  readonly #token: string | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #agent = new (undici().Agent)({ connect: { timeout: 10_000 } });
  readonly #checks = new Map<TSchema, ValidateFunction>();
  #ajv: Ajv | undefined;

  constructor(
    url: string,
    options: { readonly token?: string | undefined; readonly signal?: AbortSignal | undefined } = {},
  ) {
    this.url = trackerBase(url);
    this.#token = options.token;
    this.#signal = options.signal;
  }

  /** Throws TrackerError, or the signal's reason. */
  async call<Schema extends TSchema>(call: ApiCall<Schema>): Promise<Static<Schema>> {
    const { body: bytes } = await this.#requestInLine(call);
    const { answer: schema } = call;
    if (schema === undefined) return undefined as Static<Schema>;
    const value = parsed(bytes);
    let check = this.#checks.get(schema);
    if (check === undefined) {
      // Ajv is loaded with the first answer. Fields that a newer tracker adds are dropped, not refused.
      this.#ajv ??= new (await import('ajv')).Ajv({ strict: false, removeAdditional: true });
      check = this.#ajv.compile(schema);
      this.#checks.set(schema, check);
    }
    if (value === undefined || !check(value)) {
      const [fault] = check.errors ?? [];
      const where = fault === undefined ? 'it is no JSON' : `${fault.instancePath} ${fault.message}`;
      throw new TrackerError(
        'tracker-unclear',
        `${this.url} answers something that this client does not understand: ${where}`,
      );
    }
    return value as Static<Schema>;
  }

  /** Fetches a file: a torrent or a cover. */
  async bytes(path: string, query: ApiCall<TSchema>['query'] = {}): Promise<Uint8Array> {
    return (await this.#request({ path, query }, '*/*', torrentBytesMax)).body;
  }

  /** The server-sent events as text. Ends when the tracker or the signal ends it. */
  async *events(lastEventId: string | undefined): AsyncGenerator<string> {
    const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    const response = await this.#send(
      { path: '/events' },
      { accept: 'text/event-stream', ...headers },
      false,
    );
    if (response.statusCode !== 200)
      throw refusal(response.statusCode, await read(response.body, answerBytesMax), response.headers);
    const decoder = new TextDecoder();
    for await (const part of response.body as AsyncIterable<Uint8Array>)
      yield decoder.decode(part, { stream: true });
  }

  /** A large answer, yielded while it arrives. */
  async *stream(path: string): AsyncGenerator<Uint8Array> {
    const response = await this.#send({ path }, { accept: '*/*' }, false);
    if (response.statusCode !== 200)
      throw refusal(response.statusCode, await read(response.body, answerBytesMax), response.headers);
    let bytes = 0;
    for await (const part of response.body as AsyncIterable<Uint8Array>) {
      bytes += part.length;
      if (bytes > streamBytesMax)
        throw new TrackerError('tracker-unclear', 'the tracker answers without an end');
      yield part;
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  /**
   * A refusal with `uploads-busy` means that the tracker has done nothing, so the request is repeated after a
   * delay.
   */
  async #requestInLine<Schema extends TSchema>(call: ApiCall<Schema>) {
    for (let retries = 0; ; retries++) {
      try {
        return await this.#request(call, 'application/json', answerBytesMax);
      } catch (error) {
        const isBusy = error instanceof TrackerError && error.code === 'uploads-busy';
        const seconds = isBusy ? error.retryAfterSeconds : undefined;
        if (seconds === undefined || retries >= busyRetriesMax) throw error;
        // Up to 50% of random delay: clients that were refused together do not retry together.
        const waitMs = Math.min(busySecondsMax, seconds) * 1_000 * (1 + Math.random() / 2);
        const signal = this.#signal;
        await wait(waitMs, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
      }
    }
  }

  async #request<Schema extends TSchema>(call: ApiCall<Schema>, accept: string, bytesMax: number) {
    const response = await this.#send(call, { accept }, true);
    const body = await this.#orRefusal(read(response.body, bytesMax));
    if (response.statusCode >= 200 && response.statusCode < 300) return { body };
    throw refusal(response.statusCode, body, response.headers);
  }

  #send(
    { method = 'GET', path, query = {}, body }: ApiCall<TSchema>,
    headers: Record<string, string>,
    isBounded: boolean,
  ) {
    const url = new URL(`${this.url}/api/v1${path}`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const timeout = isBounded ? [AbortSignal.timeout(answerMs(bytes?.length ?? 0))] : [];
    const signal = AbortSignal.any([...timeout, ...(this.#signal === undefined ? [] : [this.#signal])]);
    return this.#orRefusal(
      undici().request(url, {
        method,
        dispatcher: this.#agent,
        signal,
        ...(isBounded ? {} : { bodyTimeout: 60_000 }),
        headers: {
          ...headers,
          'user-agent': programName,
          ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
          ...(bytes === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(bytes === undefined ? {} : { body: bytes }),
      }),
    );
  }

  async #orRefusal<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (error instanceof TrackerError) throw error;
      const { code = '', name, message } = error as NodeJS.ErrnoException;
      const why =
        words[code] ??
        (name === 'TimeoutError' ? 'no answer in time; is it overloaded, or the line slow?' : message);
      const about = { system: code, cause: error };
      throw new TrackerError('tracker-unreachable', `${this.url}: ${why}`, 0, about);
    }
  }
}

/** Time limit for the answer to a request with a body of this size. */
export function answerMs(bodyBytes: number): number {
  return Math.min(largeBodyMsMax, Math.ceil(answerMsMax + bodyBytes / bodyBytesPerMs));
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'no program listens there (connection refused); is the tracker running?',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name could not be looked up; is there a network?',
  ECONNRESET: 'the connection was closed without an answer',
  UND_ERR_SOCKET: 'the connection was closed without an answer',
  UND_ERR_CONNECT_TIMEOUT: 'no connection within 10 s',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
};

async function read(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > bytesMax) throw new TrackerError('tracker-unclear', 'the tracker answers without an end');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function refusal(
  status: number,
  body: Uint8Array,
  headers: Record<string, string | string[] | undefined>,
): TrackerError {
  const { error } = (parsed(body) ?? {}) as { error?: { code?: unknown; message?: unknown } };
  const retryAfter = Number(headers['retry-after']);
  const more = Number.isFinite(retryAfter) ? { retryAfterSeconds: retryAfter } : {};
  if (
    typeof error?.code === 'string' &&
    typeof error.message === 'string' &&
    /^[a-z-]{1,40}$/.test(error.code)
  ) {
    return new TrackerError(error.code, error.message.slice(0, messageCharactersMax), status, more);
  }
  const what = status === 404 ? 'it has no catalogue' : `it answered HTTP ${status}`;
  return new TrackerError(
    status === 404 ? 'tracker-bare' : 'tracker-unclear',
    `this is no tracker with a catalogue, or ${what}`,
    status,
    more,
  );
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
