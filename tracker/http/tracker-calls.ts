/**
 * Announce and scrape over HTTP, from the characters of the request line to the bytes of the reply. This is the path
 * every peer takes every few minutes: no log line, no query object, one write.
 *
 * A refusal is HTTP 200 with a `failure reason`, because that is the only kind that clients show to people.   BEP 3 48
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseAnnounceQuery } from '../protocol/announce-query.ts';
import { encodeAnnounceReply } from '../protocol/announce-reply.ts';
import { encodeFailure } from '../protocol/reply.ts';
import { parseScrapeQuery } from '../protocol/scrape-query.ts';
import { encodeScrapeReply } from '../protocol/scrape-reply.ts';
import type { RandomBelow, Registry } from '../registry.ts';
import type { ClientAddresses } from './client-address.ts';

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

export interface TrackerCallsOptions {
  readonly registry: Registry;
  readonly addresses: ClientAddresses;
  readonly nowMs: () => number;
  readonly random: RandomBelow;
}

export function trackerCalls({ registry, addresses, nowMs, random }: TrackerCallsOptions): TrackerCalls {
  const counts: CallCounts = { announces: 0, scrapes: 0, refused: 0 };

  const refuse = (failureReason: string): Uint8Array => {
    counts.refused += 1;
    return encodeFailure({ failureReason });
  };

  const announce = (rawQuery: string, request: IncomingMessage): Uint8Array => {
    counts.announces += 1;
    const parsed = parseAnnounceQuery(rawQuery);
    if ('code' in parsed) return refuse(parsed.message);
    const address = addresses.of(request);
    if (address === undefined) return refuse('the tracker cannot tell your address (its proxy does not say)');
    const reply = registry.announce(parsed, address, nowMs(), random);
    if ('failureReason' in reply) counts.refused += 1;
    return encodeAnnounceReply(reply, parsed.compact);
  };

  const scrape = (rawQuery: string): Uint8Array => {
    counts.scrapes += 1;
    const parsed = parseScrapeQuery(rawQuery);
    return 'code' in parsed ? refuse(parsed.message) : encodeScrapeReply(registry.scrape(parsed));
  };

  return {
    counts,
    answer(request, response) {
      const url = request.url ?? '';
      let reply: Uint8Array;
      if (request.method !== 'GET') return false;
      if (url.startsWith('/announce?')) reply = announce(url.slice('/announce?'.length), request);
      else if (url.startsWith('/scrape?')) reply = scrape(url.slice('/scrape?'.length));
      else return false;
      response.sendDate = false;
      response.writeHead(200, [...replyHeaders, 'Content-Length', String(reply.length)]);
      response.end(reply);
      return true;
    },
  };
}

/** Text, although it is not: a person who opens an announce URL in a browser can then read the reason. */
const replyHeaders = ['Content-Type', 'text/plain', 'X-Content-Type-Options', 'nosniff'];
