/**
 * Announce and scrape over HTTP, from the request line to the bytes of the reply. Every peer takes this path
 * every few minutes, so it writes no log line, builds no query object, and writes once.
 *
 * A refusal is HTTP 200 with a `failure reason`, the only kind of refusal that clients show to users. BEP 3,
 * 48
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

/** Counters since the start, shown at /metrics and on the page. */
export interface CallCounts {
  announces: number;
  scrapes: number;
  /** Announces and scrapes answered with a failure reason. */
  refused: number;
}

export interface TrackerCalls {
  readonly counts: Readonly<CallCounts>;
  /** Answers an announce or a scrape that has a query; returns false for any other request. */
  answer(request: IncomingMessage, response: ServerResponse): boolean;
}

export interface TrackerCallsOptions extends Clock {
  readonly registry: Registry;
  readonly addresses: ClientAddresses;
  readonly random: RandomBelow;
  /** With a catalogue, only its torrents are served, and only to users who may see them. */
  readonly library: Library | undefined;
  /** The id of the peer memory; announce replies contain it. */
  readonly memoryId?: string | undefined;
}

/**
 * `/PASSKEY/announce?…`. A passkey of 48 characters names an account and a release. One of 32 characters,
 * as older versions handed out, names an account only. Passkeys are never logged.
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

  /** Bans end by wall time. Timeouts of peers use the monotonic clock, which no user can set. */
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

/**
 * They depend on the passkey, or on releases that its account may see, so they reveal nothing about other
 * releases.
 */
const refusals: Readonly<Record<Refusal, string>> = {
  'not-served': notServed.failureReason,
  'fetch-again': 'this announce URL is out of date: fetch the torrent again from the catalogue',
};

/** Declared as text, so that a browser shows the failure reason to a person who opens an announce URL. */
const replyHeaders = ['Content-Type', 'text/plain', 'X-Content-Type-Options', 'nosniff'];
