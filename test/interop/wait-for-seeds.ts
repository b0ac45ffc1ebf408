/**
 * A program that polls a tracker until a torrent has a number of seeds (or, with `listed`, peers of any
 * kind), then ends. It runs on a host that can reach the tracker. A client counts as a seed once it has
 * announced `left` 0.
 *
 *   wait-for-seeds.ts ANNOUNCE-URL INFO-HASH COUNT [listed]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { scrapeUrl } from '../../tracker/protocol/scrape-query.ts';
import { parseScrapeReply } from '../../tracker/protocol/scrape-reply.ts';

const [announce = '', infoHash = '', count = '1', kind = 'seeds'] = process.argv.slice(2);
const url = scrapeUrl(announce, [Buffer.from(infoHash, 'hex')])!;
const pollMs = 100;

for (let last = ''; ; await sleep(pollMs)) {
  const reply = parseScrapeReply(new Uint8Array(await (await fetch(url)).arrayBuffer()));
  if (!Array.isArray(reply)) throw new Error(JSON.stringify(reply));
  const { complete = 0, incomplete = 0 } = reply[0] ?? {};
  const now = `${complete} of ${count} seeds, ${incomplete} downloading`;
  if (now !== last) console.log((last = now));
  if (complete + (kind === 'listed' ? incomplete : 0) >= Number(count)) break;
}
