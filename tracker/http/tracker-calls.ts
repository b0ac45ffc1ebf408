/**
 * Announce and scrape over HTTP, from the characters of the request line to the bytes of the reply. This is the path
 * every peer takes every few minutes: no log line, no query object, one write.
 *
 * A refusal is HTTP 200 with a `failure reason`, because that is the only kind that clients show to people.   BEP 3 48
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Refusal } from '../admission.ts';
import type { Clock } from '../clock.ts';
import type { Library } from '../library.ts';
import { parseAnnounceQuery } from '../protocol/announce-query.ts';
import { encodeAnnounceReply } from '../protocol/announce-reply.ts';
import { encodeFailure } from '../protocol/reply.ts';
import { parseScrapeQuery } from '../protocol/scrape-query.ts';
import { encodeScrapeReply } from '../protocol/scrape-reply.ts';
import { notServed, type RandomBelow, type Registry } from '../registry.ts';
import type { Moment } from '../swarms/listed-swarms.ts';
import type { ClientAddresses } from './addresses/client-address.ts';

/** What has been answered so far; shown at /metrics and on the page. */
export interface CallCounts {
  announces: number;
  scrapes: number;
  /** Announces and scrapes that were answered with a failure. */
  refused: number;
}

export interface TrackerCalls {
  readonly counts: Readonly<CallCounts>;
  /** Answers the request when it is an announce or a scrape with a query; false when it is something else. */
  answer(request: IncomingMessage, response: ServerResponse): boolean;
}

export interface TrackerCallsOptions extends Clock {
  readonly registry: Registry;
  readonly addresses: ClientAddresses;
  readonly random: RandomBelow;
  /** With a catalogue only what it has is served, and only to those who may see it. */
  readonly library: Library | undefined;
  /** Of its peers; replies carry it. */
  readonly memoryId?: string | undefined;
}

/**
 * `/PASSKEY/announce?…`: whose client it is, and of which release. It is never logged. 32 characters: of an account alone,
 * as they were handed out before.
 */
const ownCall = /^\/([a-z2-7]{48}|[a-z2-7]{32})\/(announce|scrape)\?/;

export function trackerCalls({
  registry,
  addresses,
  nowMs,
  wallMs,
  random,
  library,
  memoryId,
}: TrackerCallsOptions): TrackerCalls {
  const counts: CallCounts = { announces: 0, scrapes: 0, refused: 0 };

  /** Bans end by the calendar, and silence is counted by a clock that nobody sets. */
  const moment = (): Moment => ({ nowMs: nowMs(), wallMs: wallMs() });

  const refuse = (failureReason: string): Uint8Array => {
    counts.refused += 1;
    return encodeFailure({ failureReason });
  };

  const announce = (rawQuery: string, request: IncomingMessage, passkey?: string): Uint8Array => {
    counts.announces += 1;
    const parsed = parseAnnounceQuery(rawQuery);
    if ('code' in parsed) return refuse(parsed.message);
    const address = addresses.of(request);
    if (address === undefined) return refuse('the tracker cannot tell your address (its proxy does not say)');
    const reply =
      library === undefined
        ? registry.announce(parsed, address, nowMs(), random)
        : library.swarmAccess.announce(parsed, address, passkey, moment(), random);
    if (typeof reply === 'string') return refuse(refusals[reply]);
    if ('failureReason' in reply) counts.refused += 1;
    return encodeAnnounceReply(reply, parsed.compact, memoryId);
  };

  const scrape = (rawQuery: string, passkey?: string): Uint8Array => {
    counts.scrapes += 1;
    const parsed = parseScrapeQuery(rawQuery);
    if ('code' in parsed) return refuse(parsed.message);
    return encodeScrapeReply(
      library === undefined ? registry.scrape(parsed) : library.swarmAccess.scrape(parsed, passkey, moment()),
    );
  };

  const ownReply = (url: string, request: IncomingMessage): Uint8Array | undefined => {
    const [path, passkey, call] = ownCall.exec(url) ?? [];
    if (path === undefined || passkey === undefined || call === undefined) return undefined;
    const rawQuery = url.slice(path.length);
    return call === 'announce' ? announce(rawQuery, request, passkey) : scrape(rawQuery, passkey);
  };

  return {
    counts,
    answer(request, response) {
      const url = request.url ?? '';
      let reply: Uint8Array | undefined;
      if (request.method !== 'GET') return false;
      if (url.startsWith('/announce?')) reply = announce(url.slice('/announce?'.length), request);
      else if (url.startsWith('/scrape?')) reply = scrape(url.slice('/scrape?'.length));
      else reply = ownReply(url, request);
      if (reply === undefined) return false;
      response.sendDate = false;
      response.writeHead(200, [...replyHeaders, 'Content-Length', String(reply.length)]);
      response.end(reply);
      return true;
    },
  };
}

/** Said of the passkey alone, or of releases that its account sees: nothing of others can be read from it. */
const refusals: Readonly<Record<Refusal, string>> = {
  'not-served': notServed.failureReason,
  'fetch-again': 'this announce URL is out of date: fetch the torrent again from the catalogue',
};

/** Text, although it is not: a person who opens an announce URL in a browser can then read the reason. */
const replyHeaders = ['Content-Type', 'text/plain', 'X-Content-Type-Options', 'nosniff'];
