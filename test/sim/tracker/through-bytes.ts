/**
 * Encodes and decodes an announce and its reply: the tracker parses the query that the client wrote, and the
 * client parses the tracker's reply. Both must arrive unchanged. BEP 3, 7, 23, 24, 31
 */
import type { AnnounceRequest } from '../../../client/engine/contract.ts';
import {
  announceUrl,
  parseAnnounceQuery,
  type AnnounceRequest as Query,
} from '../../../tracker/protocol/announce-query.ts';
import {
  type AnnounceReply,
  encodeAnnounceReply,
  parseAnnounceReply,
} from '../../../tracker/protocol/announce-reply.ts';
import type { TrackerFailure } from '../../../tracker/protocol/reply.ts';
import { hexOf } from './addresses.ts';

export interface Exchange {
  readonly reply: AnnounceReply | TrackerFailure;
  /** Describes what did not arrive unchanged. */
  readonly disbelief: string | undefined;
}

/** The client's minimum for intervals from a tracker. */
const intervalSecondsMin = 10;

export function throughBytes(
  request: AnnounceRequest,
  answer: (asked: Query) => AnnounceReply | TrackerFailure,
): Exchange {
  const { tracker, peersWanted, infoHash, peerId, port, uploaded, downloaded, left, event } = request;
  const query = { infoHash, peerId, port, uploaded, downloaded, left, event };
  const url = announceUrl(tracker, { ...query, numWant: peersWanted, compact: true });
  const asked = parseAnnounceQuery(url.slice(url.indexOf('?') + 1));
  if ('code' in asked)
    return {
      reply: { failureReason: asked.message },
      disbelief: `the tracker cannot read ${url}: ${asked.message}`,
    };
  const isMeant =
    hexOf(asked.infoHash) === hexOf(infoHash) &&
    hexOf(asked.peerId) === hexOf(peerId) &&
    asked.port === port &&
    asked.uploaded === uploaded &&
    asked.downloaded === downloaded &&
    asked.left === left &&
    asked.event === event &&
    asked.numWant === Math.min(200, peersWanted);
  const given = answer(asked);
  const read = parseAnnounceReply(encodeAnnounceReply(given, asked.compact));
  if ('code' in read)
    return {
      reply: { failureReason: read.message },
      disbelief: `the client cannot read a reply: ${read.message}`,
    };
  return {
    reply: read,
    disbelief: isMeant ? differenceOf(given, read) : `the tracker reads another announce than ${url}`,
  };
}

function differenceOf(
  given: AnnounceReply | TrackerFailure,
  read: AnnounceReply | TrackerFailure,
): string | undefined {
  const [meant, understood] = [textOf(given), textOf(read)];
  return meant === understood ? undefined : `a reply says ${meant}, and is read as ${understood}`;
}

function textOf(reply: AnnounceReply | TrackerFailure): string {
  if ('failureReason' in reply) return `no: ${reply.failureReason}`;
  const { intervalSeconds, minIntervalSeconds = 0, complete, incomplete, warning } = reply;
  const { peers, peers6, externalAddress } = reply;
  return JSON.stringify([
    Math.max(intervalSecondsMin, intervalSeconds),
    Math.max(intervalSecondsMin, minIntervalSeconds),
    ...[complete, incomplete, warning, hexOf(peers), hexOf(peers6), hexOf(externalAddress ?? [])],
  ]);
}
