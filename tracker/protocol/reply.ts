/**
 * What announce and scrape replies share: opening hostile bytes, and a tracker's refusal.         BEP 3 31 48
 */
import { BencodeError, type BencodeLimits, type BValue, scanPrefix } from '../../torrents/bencode/bencode.ts';
import { encode } from '../../torrents/bencode/bencode-encode.ts';
import { type ProtocolError, protocolError } from './protocol-error.ts';

/** The tracker's refusal of a well-formed request. */
export interface TrackerFailure {
  readonly failureReason: string;
  /** BEP 31: when to ask again; 'never' means that this tracker will never serve this torrent. */
  readonly retryInMinutes?: number | 'never';
}

/**
 * A reply is a few kilobytes. 2000 peers in the dictionary model, with ids, take 170 kB and 16,000 tokens.
 */
const replyLimits: BencodeLimits = { bytesMax: 2 ** 20, tokensMax: 100_000, depthMax: 8 };

export function encodeFailure(failure: TrackerFailure): Uint8Array {
  return encode({ 'failure reason': failure.failureReason, 'retry in': failure.retryInMinutes });
}

/** Hostile bytes → their dictionary, a tracker's refusal, or what is wrong with them. */
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
  // Bytes after the end are ignored: some trackers append a line break, others keys that belong in the
  // dictionary.
  if (reply.kind !== 'dict') {
    return protocolError('reply-malformed', "the tracker's answer is not a dictionary");
  }
  return failureIn(reply) ?? reply;
}

/** BEP 48 spells the key of a failed scrape with an underscore, all others with a space. */
function failureIn(reply: BValue): TrackerFailure | undefined {
  const reason = reply.get('failure reason')?.bytes ?? reply.get('failure_reason')?.bytes;
  if (reason === undefined) return undefined;
  const failureReason = readableText(reason) || 'the tracker gives no reason';
  const retryInMinutes = retryIn(reply.get('retry in'));
  return retryInMinutes === undefined ? { failureReason } : { failureReason, retryInMinutes };
}

/** A week. Longer waits are capped, since BEP 31 has `never` for them. */
const retryInMinutesMax = 7 * 24 * 60;

/** BEP 31's text has a number, its example a string of digits. */
function retryIn(value: BValue | undefined): number | 'never' | undefined {
  if (value?.text === 'never') return 'never';
  const text = value?.text;
  const minutes = value?.integer ?? (text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined);
  if (minutes === undefined || minutes <= 0) return undefined;
  return Math.min(minutes, retryInMinutesMax);
}

/** A number for display; undefined if it makes no sense. */
export function readCount(value: BValue | undefined): number | undefined {
  const count = value?.integer;
  return count !== undefined && count >= 0 && Number.isSafeInteger(count) ? count : undefined;
}

/** Enough for a sentence. The text is shown on terminals, in logs and in tables. */
const textLengthMax = 300;

/** Text from a hostile tracker, for display: one line without control and direction characters. */
export function readableText(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, 4 * textLengthMax));
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return [...line].slice(0, textLengthMax).join('');
}

/** The title of a web page, '' if it has none. Undefined if the bytes do not look like a web page. */
function webPageTitle(bytes: Uint8Array): string | undefined {
  const start = new TextDecoder().decode(bytes.subarray(0, 4096));
  if (!/^\s*</.test(start)) return undefined;
  const title = /<title[^>]*>([^<]{0,200})/i.exec(start)?.[1] ?? '';
  return title.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
}
