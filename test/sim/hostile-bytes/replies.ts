/**
 * Replies of trackers: valid in every form, spoiled, and bytes that are no reply. A valid reply is read as
 * written. From any other a client accepts only values within bounds.                     BEP 3 7 23 24 31 48
 */
import type { Prng } from '../../../client/engine/prng.ts';
import {
  type AnnounceReply,
  encodeAnnounceReply,
  parseAnnounceReply,
  peersMax,
} from '../../../tracker/protocol/announce-reply.ts';
import { isDialable } from '../../../tracker/protocol/endpoint.ts';
import type { ProtocolError } from '../../../tracker/protocol/protocol-error.ts';
import type { TrackerFailure } from '../../../tracker/protocol/reply.ts';
import { encodeScrapeReply, parseScrapeReply } from '../../../tracker/protocol/scrape-reply.ts';
import {
  bytes,
  dict,
  drawBytes,
  type Entry,
  int,
  isClear,
  isWithin,
  list,
  oddValue,
  oneOf,
  spoil,
  tamper,
  textOf,
  toBytes,
  toText,
  utf8,
} from './odd-bytes.ts';

type Disbelief = string | undefined;

const day = 86_400;
const weekMinutes = 7 * 24 * 60;

/** Our client reads every reply of our tracker, including the dictionary form. */
export function judgeOwnReply(random: Prng): Disbelief {
  const reply: AnnounceReply = {
    intervalSeconds: 10 + random.below(day - 10),
    peers: dialable(random, 4),
    peers6: dialable(random, 16),
    ...(random.below(2) === 0 && { minIntervalSeconds: 10 + random.below(1_000) }),
    ...(random.below(2) === 0 && { complete: random.below(100), incomplete: random.below(100) }),
    ...(random.below(2) === 0 && { externalAddress: drawBytes(random, oneOf(random, [4, 16])) }),
    ...(random.below(2) === 0 && { warning: oneOf(random, ['not listed', 'ü …']) }),
  };
  const memoryId = random.below(2) === 0 ? Buffer.from(drawBytes(random, 8)).toString('hex') : undefined;
  const written = encodeAnnounceReply(reply, random.below(2) === 0, memoryId);
  const read = parseAnnounceReply(written);
  const meant = { ...reply, ...(memoryId !== undefined && { memoryId }) };
  if ('code' in read || 'failureReason' in read || textOf(meant) !== textOf(read))
    return `writes a reply of ${textOf(meant)}, and reads ${textOf(read)}`;
  return judgeBounds(parseAnnounceReply(toBytes(spoil(toText(written), random))));
}

export function judgeFailure(random: Prng): Disbelief {
  const failure: TrackerFailure = {
    failureReason: oneOf(random, ['this tracker does not serve that torrent', 'ü']),
    ...(random.below(2) === 0 && { retryInMinutes: oneOf(random, [1, weekMinutes, 'never'] as const) }),
  };
  const written = encodeAnnounceReply(failure, true);
  for (const read of [parseAnnounceReply(written), parseScrapeReply(encodeScrapeReply(failure))])
    if (textOf(read) !== textOf(failure))
      return `writes a refusal ${textOf(failure)}, and reads ${textOf(read)}`;
  return judgeBounds(parseAnnounceReply(toBytes(spoil(toText(written), random))));
}

/** A reply of another program, with any content. */
export function judgeStrangeReply(random: Prng): Disbelief {
  const listed = Array.from({ length: random.below(4) }, () =>
    random.below(6) === 0
      ? oddValue(random)
      : dict(
          tampered(
            [
              ['ip', bytes(oneOf(random, ['10.0.0.1', '2001:db8::1', 'tracker.sim', '0.0.0.0', '1:2']))],
              ['port', int(oneOf(random, [0, 1, 6_881, 65_535, 65_536, -1]))],
            ],
            random,
            3,
          ),
        ),
  );
  const all: readonly Entry[] = [
    ['complete', int(random.below(9))],
    ['external ip', bytes(toText(drawBytes(random, oneOf(random, [0, 4, 5, 16]))))],
    ['incomplete', int(random.below(9))],
    ['interval', int(oneOf(random, [0, -5, 1, 1_800, 10_000_000]))],
    ['memory id', bytes(oneOf(random, ['0123456789abcdef', '0123', 'X'.repeat(16)]))],
    ['min interval', int(random.below(4_000))],
    ['peers', random.below(2) === 0 ? list(listed) : bytes(toText(drawBytes(random, random.below(20))))],
    ['peers6', bytes(toText(new Uint8Array(random.below(40)).fill(random.below(2) * 255)))],
    ['warning message', bytes(oneOf(random, ['', '\x07\x1b', utf8('ü\u202e'), 'w'.repeat(2_000)]))],
    ...(random.below(3) === 0
      ? ([
          [oneOf(random, ['failure reason', 'failure_reason']), bytes(oneOf(random, ['', 'no', '\xff']))],
          [
            'retry in',
            oneOf(random, [bytes('never'), bytes('5'), bytes('soon'), int(5), int(0), int(99_999)]),
          ],
        ] as const)
      : []),
  ];
  const some = all.filter(() => random.below(4) > 0);
  const written = dict(tampered(some, random, 2));
  const after = oneOf(random, ['', '', '\r\n', 'x', '\0']);
  return judgeBounds(
    parseAnnounceReply(toBytes((random.below(4) === 0 ? spoil(written, random) : written) + after)),
  );
}

const others = [
  ...[
    '',
    '<html><head><title> Login \n page </title>',
    '  <!DOCTYPE html>',
    '<title>',
    'not found',
    '404',
    'i1e',
    'le',
  ],
  ...[
    '4:text',
    'd',
    'de',
    'dei1e',
    'd1:ai1e',
    'd1:a',
    'd1:ae',
    'di1ei2ee',
    'i-e',
    'i--1e',
    '1',
    '1:',
    '-1:x',
    'd1:a1:b1:ci1ee',
  ],
];

/** Replies of servers that are not trackers. */
export function judgeNoReply(random: Prng): Disbelief {
  const sent = toBytes(oneOf(random, others));
  return judgeBounds(parseAnnounceReply(sent)) ?? judgeScraped(parseScrapeReply(sent));
}

export function judgeScrapeReply(random: Prng): Disbelief {
  const scraped = Array.from({ length: random.below(4) }, () => ({
    infoHash: drawBytes(random, 20),
    complete: random.below(9),
    downloaded: random.below(9),
    incomplete: random.below(9),
  }));
  const sorted = scraped.toSorted((a, b) => (toText(a.infoHash) < toText(b.infoHash) ? -1 : 1));
  const read = parseScrapeReply(encodeScrapeReply(scraped));
  if (!Array.isArray(read) || read.map(textOf).join() !== sorted.map(textOf).join())
    return `writes a scrape of ${scraped.map(textOf)}, and reads another`;
  const isLong = random.below(3) === 0;
  const files = Array.from({ length: isLong ? 60 : random.below(4) }, (): Entry => {
    const counts: readonly Entry[] = [
      ['complete', int(1)],
      ['downloaded', int(-2)],
      ['incomplete', int(3)],
    ];
    const key = drawBytes(random, random.below(16) === 0 ? 19 : 20);
    return [toText(key), dict(isLong ? counts : tampered(counts, random, 2))];
  });
  const strange = dict(
    tampered(
      [
        ['files', dict(files)],
        ['flags', dict([])],
      ],
      random,
      3,
    ),
  );
  return judgeScraped(parseScrapeReply(toBytes(random.below(3) === 0 ? spoil(strange, random) : strange)));
}

function tampered(entries: readonly Entry[], random: Prng, every: number): readonly Entry[] {
  return random.below(every) === 0 ? tamper(entries, random) : entries;
}

function judgeBounds(read: AnnounceReply | TrackerFailure | ProtocolError): Disbelief {
  if ('code' in read) return isClear(read) ? undefined : `refuses a reply with ${textOf(read)}`;
  if ('failureReason' in read) {
    const { failureReason, retryInMinutes = 1 } = read;
    const isSound =
      isLine(failureReason) && (retryInMinutes === 'never' || isWithin(retryInMinutes, 1, weekMinutes));
    return isSound ? undefined : `believes the refusal ${textOf(read)}`;
  }
  const {
    intervalSeconds,
    minIntervalSeconds = 10,
    complete = 0,
    incomplete = 0,
    peers,
    peers6,
    warning,
  } = read;
  const isSound =
    isWithin(intervalSeconds, 10, day) &&
    isWithin(minIntervalSeconds, 10, day) &&
    isWithin(complete, 0, Number.MAX_SAFE_INTEGER) &&
    isWithin(incomplete, 0, Number.MAX_SAFE_INTEGER) &&
    peers.length / 6 + peers6.length / 18 <= peersMax &&
    areDialable(peers, 4) &&
    areDialable(peers6, 16) &&
    (read.externalAddress === undefined || [4, 16].includes(read.externalAddress.length)) &&
    (read.memoryId === undefined || /^[0-9a-f]{16}$/.test(read.memoryId)) &&
    (warning === undefined || isLine(warning));
  return isSound ? undefined : `believes the reply ${textOf(read)}`;
}

function judgeScraped(read: ReturnType<typeof parseScrapeReply>): Disbelief {
  if (!Array.isArray(read)) return judgeBounds(read as TrackerFailure | ProtocolError);
  const isSound = read.every(
    ({ infoHash, complete, incomplete, downloaded }) =>
      infoHash.length === 20 &&
      [complete, incomplete, downloaded].every((count) => isWithin(count, 0, Number.MAX_SAFE_INTEGER)),
  );
  return isSound && read.length <= 50 ? undefined : `believes a scrape of ${read.length} torrents`;
}

/** One line of limited length, without control characters for a terminal. */
function isLine(text: string): boolean {
  return text !== '' && [...text].length <= 300 && !/[\p{Cc}\p{Zl}\p{Zp}\u202e]/u.test(text);
}

function areDialable(packed: Uint8Array, addressBytes: 4 | 16): boolean {
  const record = addressBytes + 2;
  for (let at = 0; at < packed.length; at += record) if (!isDialable(packed, at, addressBytes)) return false;
  return packed.length % record === 0;
}

function dialable(random: Prng, addressBytes: 4 | 16): Uint8Array {
  const records = Array.from({ length: random.below(4) }, () => {
    const record = drawBytes(random, addressBytes + 2);
    record[0] = 10 + random.below(100);
    record[addressBytes] = 1;
    return [...record];
  });
  return Uint8Array.from(records.flat());
}
