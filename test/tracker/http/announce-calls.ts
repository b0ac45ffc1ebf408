/** Announces and scrapes at the URLs that a tracker hands out, and what the replies contain. */
import { parseMetainfo } from '../../../torrents/metainfo/metainfo.ts';
import { parseAnnounceReply, replyEndpoints } from '../../../tracker/protocol/announce-reply.ts';
import { encodeBytes } from '../../../tracker/protocol/query.ts';
import { parseScrapeReply } from '../../../tracker/protocol/scrape-reply.ts';
import type { ApiScene, Person } from './api/api-scene.ts';

export interface Told {
  readonly infoHash: Uint8Array;
  readonly from: string;
  readonly port: number;
  readonly left: number;
  readonly event: string;
}

/** The only tracker in a release's torrent, as this person fetches it. */
export async function fetchedUrl(scene: ApiScene, releaseId: string, by?: Person): Promise<string> {
  const { status, bytes } = await scene.ask(`GET /releases/${releaseId}/torrent`, { by });
  if (status !== 200) throw new Error(`${status} for the torrent of ${releaseId}`);
  return parseMetainfo(bytes).trackers[0]![0]!;
}

/** The peers of the reply as `address:port`, sorted; or the failure reason. */
export async function peersIn(
  scene: ApiScene,
  url: string,
  { infoHash, from, port = 6881, left = 0, event }: Partial<Told> & Pick<Told, 'infoHash' | 'from'>,
): Promise<string | string[]> {
  const query =
    `info_hash=${encodeBytes(infoHash)}&peer_id=-XX0001-aaaaaaaaaaaa&port=${port}&left=${left}&compact=1` +
    (event === undefined ? '' : `&event=${event}`);
  const { bytes } = await scene.ask(`GET /${pathOf(url)}?${query}`, { from });
  const reply = parseAnnounceReply(bytes);
  if ('code' in reply) throw new Error(reply.message);
  if ('failureReason' in reply) return reply.failureReason;
  return replyEndpoints(reply)
    .map(({ host, port }) => `${host}:${port}`)
    .sort();
}

/** The path of a URL; a path is returned unchanged. */
function pathOf(url: string): string {
  return url.startsWith('/') ? url : new URL(url).pathname;
}

/** Seeds and leechers per info-hash, in the order requested; or the failure reason. */
export async function saidIn(
  scene: ApiScene,
  url: string,
  infoHashes: readonly Uint8Array[],
): Promise<string | number[][]> {
  const query = infoHashes.map((infoHash) => `info_hash=${encodeBytes(infoHash)}`).join('&');
  const path = pathOf(url).replace(/announce$/, 'scrape');
  const reply = parseScrapeReply((await scene.ask(`GET /${path}?${query}`)).bytes);
  if ('code' in reply) throw new Error(reply.message);
  if ('failureReason' in reply) return reply.failureReason;
  const byHash = new Map(reply.map((torrent) => [Buffer.from(torrent.infoHash).toString('hex'), torrent]));
  return infoHashes.map((infoHash) => {
    const { complete, incomplete } = byHash.get(Buffer.from(infoHash).toString('hex'))!;
    return [complete, incomplete];
  });
}
