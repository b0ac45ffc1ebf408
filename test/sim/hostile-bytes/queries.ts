/**
 * Query strings of announces, scrapes and alive streams, valid and spoiled. A valid query is read as written.
 * A spoiled query is refused with a code, or read with every number in its range.                  BEP 3 7 48
 */
import type { Prng } from '../../../client/engine/prng.ts';
import { addressText, packAddress } from '../../../tracker/protocol/address.ts';
import { aliveEvent, aliveUrl, memoryIdOf } from '../../../tracker/protocol/alive.ts';
import {
  type AnnounceRequest,
  announceUrl,
  numWantMax,
  parseAnnounceQuery,
} from '../../../tracker/protocol/announce-query.ts';
import { parseScrapeQuery, scrapeHashesMax, scrapeUrl } from '../../../tracker/protocol/scrape-query.ts';
import { drawBytes, isClear, isWithin, oneOf, spoil, textOf, toText } from './odd-bytes.ts';

type Disbelief = string | undefined;

const trackers = [
  ...[
    'http://t.sim/announce',
    'http://t.sim/announce?',
    'http://t.sim/announce?key=1',
    'http://t.sim/a?b=2&',
  ],
  ...['https://t.sim:99/x/announce#part', 'http://t.sim/announce.php?a=1', 'http://t.sim'],
];
const counts = ['', '-1', '0', '7', '65535', '65536', '1.5', 'x', '18446744073709551615', '9'.repeat(21)];
const names = [
  'info_hash',
  'peer_id',
  'port',
  'uploaded',
  'downloaded',
  'left',
  'event',
  'numwant',
  'compact',
];

export function judgeAnnounce(random: Prng): Disbelief {
  const request: AnnounceRequest = {
    infoHash: drawBytes(random, 20),
    peerId: drawBytes(random, 20),
    port: 1 + random.below(65_535),
    uploaded: random.below(2 ** 31) * random.below(1_000),
    downloaded: random.below(1_000),
    left: oneOf(random, [0, 1, Number.MAX_SAFE_INTEGER]),
    event: oneOf(random, ['started', 'completed', 'stopped', 'paused', undefined]),
    numWant: random.below(numWantMax + 1),
    compact: random.below(2) === 0,
    ...(random.below(2) === 0 && { key: oneOf(random, ['0badf00d', 'a&b', 'ü']) }),
  };
  const right = queryOf(announceUrl(oneOf(random, trackers), request));
  const read = parseAnnounceQuery(right);
  if ('code' in read) return `cannot read the announce ${right}: ${read.message}`;
  const { key: _, ...meant } = request;
  if (textOf(meant) !== textOf(read)) return `reads ${right} as ${textOf(read)}`;
  const spoiled = spoilQuery(right, random);
  const other = parseAnnounceQuery(spoiled);
  if ('code' in other) return isClear(other) ? undefined : `says nothing of the announce ${spoiled}`;
  const { infoHash, peerId, port, uploaded, downloaded, left, numWant } = other;
  const isInRange =
    infoHash.length === 20 &&
    peerId.length === 20 &&
    isWithin(port, 1, 65_535) &&
    [uploaded, downloaded, left].every((count) => isWithin(count, 0, Number.MAX_SAFE_INTEGER)) &&
    isWithin(numWant, 0, numWantMax);
  return isInRange ? undefined : `reads the announce ${spoiled} as ${textOf(other)}`;
}

export function judgeScrape(random: Prng): Disbelief {
  const hashes = Array.from({ length: oneOf(random, [0, 1, 2, 3, 50, 51]) }, () => drawBytes(random, 20));
  const tracker = oneOf(random, trackers);
  const url = scrapeUrl(tracker, hashes);
  if (url === undefined)
    return tracker.includes('/announce') ? `finds no scrape beside ${tracker}` : undefined;
  const right = queryOf(url);
  const read = parseScrapeQuery(right);
  const isAllowed = hashes.length > 0 && hashes.length <= scrapeHashesMax;
  if ('code' in read) {
    if (isAllowed || !isClear(read)) return `cannot read the scrape ${right}: ${read.message}`;
  } else if (!isAllowed || textOf(read) !== textOf(hashes))
    return `reads the scrape ${right} as ${textOf(read)}`;
  const spoiled = spoilQuery(right, random);
  const other = parseScrapeQuery(spoiled);
  if ('code' in other) return isClear(other) ? undefined : `says nothing of the scrape ${spoiled}`;
  return other.length > 0 && other.length <= scrapeHashesMax && other.every(({ length }) => length === 20)
    ? undefined
    : `reads the scrape ${spoiled} as ${textOf(other)}`;
}

export function judgeAlive(random: Prng): Disbelief {
  const memoryId = Buffer.from(drawBytes(random, 8)).toString('hex');
  const line = aliveEvent(memoryId).split('\n')[0]!;
  if (memoryIdOf(line) !== memoryId) return `reads the alive event ${line} as ${memoryIdOf(line)}`;
  const other = memoryIdOf(spoil(line, random));
  if (other !== undefined && !/^[0-9a-f]{16}$/.test(other)) return `takes ${other} for a memory of a tracker`;
  const passkey = oneOf(random, ['', `/${'a'.repeat(32)}`, `/${'b7'.repeat(24)}`]);
  const url = `https://t.sim/folder${passkey}/announce`;
  if (aliveUrl(url) !== 'https://t.sim/folder/alive') return `finds ${aliveUrl(url)} beside ${url}`;
  const spoiled = aliveUrl(spoil(url, random));
  return spoiled === undefined || spoiled.endsWith('/alive')
    ? undefined
    : `finds the alive stream ${spoiled}`;
}

const addresses = [
  ...['127.0.0.1', '0.0.0.0', '255.255.255.255', '1.2.3', '1.2.3.256', '01.2.3.4', '::', '::1', '1::', ':::'],
  ...['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7', '1::2::3', '1:2:3:4:5:6:7:8:9', '::ffff:1.2.3.4', '::fffe:1.2.3.4'],
  ...[
    'fe80::1%eth0',
    '1:2:3:4:5:6:1.2.3.4',
    '1.2.3.4::',
    '1:0:0:2:0:0:0:3',
    'g::',
    '12345::',
    `${'0'.repeat(80)}::`,
  ],
  ...['::1.2.3.999', '1:2:3:4:5:6:7::', '2001:db8::0:1', 'tracker.sim', ''],
];

export function judgeAddress(random: Prng): Disbelief {
  const drawn = oneOf(random, addresses);
  const text = random.below(3) === 0 ? spoil(drawn, random) : drawn;
  const packed = packAddress(text);
  if (packed === undefined) return undefined;
  const again = packAddress(addressText(packed));
  return (packed.length === 4 || packed.length === 16) &&
    again !== undefined &&
    toText(again) === toText(packed)
    ? undefined
    : `takes ${text} for ${addressText(packed)}`;
}

function queryOf(url: string): string {
  return url.slice(url.indexOf('?') + 1);
}

/** Removes, repeats or changes a parameter, or spoils some characters. */
function spoilQuery(query: string, random: Prng): string {
  const parameters = query.split('&');
  const at = random.below(parameters.length);
  const parameter = parameters[at]!;
  switch (random.below(6)) {
    case 0:
      return parameters.toSpliced(at, 1).join('&');
    case 1:
      return parameters.toSpliced(at, 0, parameter).join('&');
    case 2:
      return parameters.with(at, `${parameter.split('=')[0]}=${oneOf(random, counts)}`).join('&');
    case 3:
      return `${query}&${oneOf(random, names)}=${oneOf(random, counts)}`;
    case 4:
      return `${query}&x=${'y'.repeat(random.below(2) === 0 ? 10 : 9_000)}`;
    default:
      return spoil(query, random);
  }
}
