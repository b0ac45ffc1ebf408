/**
 * What announce and scrape replies have in common when they are read: opening hostile bytes, and the refusal a tracker
 * sends in place of an answer.                                                                      BEP 3 31 48
 */
import { BencodeError, type BencodeLimits, type BValue, scanPrefix } from '../../torrents/bencode/bencode.ts';
import { encode } from '../../torrents/bencode/bencode-encode.ts';
import { type ProtocolError, protocolError } from './protocol-error.ts';

/** The tracker understood, and says no. */
export interface TrackerFailure {
  readonly failureReason: string;
  /** BEP 31: when to ask again; 'never' means that this tracker will not serve this torrent. */
  readonly retryInMinutes?: number | 'never';
}

/** A reply is a few kilobytes: 2000 peers in the dictionary model, with ids, take 170 kB and 16,000 tokens. */
const replyLimits: BencodeLimits = { bytesMax: 2 ** 20, tokensMax: 100_000, depthMax: 8 };

export function encodeFailure(failure: TrackerFailure): Uint8Array {
  return encode({ 'failure reason': failure.failureReason, 'retry in': failure.retryInMinutes });
}

/** Hostile bytes → the dictionary they are, or what they are instead. */
export function openReply(bytes: Uint8Array): BValue | TrackerFailure | ProtocolError {
  if (bytes.length === 0) return protocolError('reply-empty', 'the tracker answered with nothing');
  const page = webPageTitle(bytes);
  if (page !== undefined) {
    const title = page === '' ? '' : ` (“${page}”)`;
    const message = `the address answered with a web page${title}: there is no tracker at this URL`;
    return protocolError('reply-web-page', message);
  }
  let reply: BValue;
  try {
    reply = scanPrefix(bytes, replyLimits);
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    return protocolError('reply-not-bencoded', `the tracker's answer cannot be read: ${error.message}`);
  }
  // Bytes after its end say nothing: some trackers add a line break, others keys that should be in the dictionary.
  if (reply.kind !== 'dict') {
    return protocolError('reply-malformed', "the tracker's answer is not a dictionary");
  }
  return failureIn(reply) ?? reply;
}

/** BEP 48 spells the key of a failed scrape with an underscore, everybody else with a blank. */
function failureIn(reply: BValue): TrackerFailure | undefined {
  const reason = reply.get('failure reason')?.bytes ?? reply.get('failure_reason')?.bytes;
  if (reason === undefined) return undefined;
  const failureReason = readableText(reason) || 'the tracker gives no reason';
  const retryInMinutes = retryIn(reply.get('retry in'));
  return retryInMinutes === undefined ? { failureReason } : { failureReason, retryInMinutes };
}

/** A week. A longer wait is not believed: `never` is the word for that. */
const retryInMinutesMax = 7 * 24 * 60;

/** BEP 31 writes a number in its text and a string of digits in its example. */
function retryIn(value: BValue | undefined): number | 'never' | undefined {
  if (value?.text === 'never') return 'never';
  const text = value?.text;
  const minutes = value?.integer ?? (text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined);
  if (minutes === undefined || minutes <= 0) return undefined;
  return Math.min(minutes, retryInMinutesMax);
}

/** A number that is only shown: undefined when it makes no sense. */
export function readCount(value: BValue | undefined): number | undefined {
  const count = value?.integer;
  return count !== undefined && count >= 0 && Number.isSafeInteger(count) ? count : undefined;
}

/** A sentence is enough; this ends up on a terminal, in a log and in a table. */
const textLengthMax = 300;

/** What a stranger wants people to read: one line without control and direction characters. */
export function readableText(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, 4 * textLengthMax));
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return [...line].slice(0, textLengthMax).join('');
}

/** The title of what looks like a web page, '' for one without, undefined when it does not look like one. */
function webPageTitle(bytes: Uint8Array): string | undefined {
  const start = new TextDecoder().decode(bytes.subarray(0, 4096));
  if (!/^\s*</.test(start)) return undefined;
  const title = /<title[^>]*>([^<]{0,200})/i.exec(start)?.[1] ?? '';
  return title.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
}
