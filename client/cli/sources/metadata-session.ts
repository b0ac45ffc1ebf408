/** A client for the time of one search: what a magnet link stands for, and nothing of it fetched. */
import process from 'node:process';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import type { HostPort } from '../options/endpoints.ts';
import { commandLine } from '../screen/command-line.ts';
import { aborted, Interrupted, interruption } from '../screen/interruption.ts';
import { type Output, paintEveryMs } from '../screen/output.ts';
import { watch } from '../screen/watch.ts';
import { withClient } from '../transfer/client-session.ts';
import { MetadataSearch } from './metadata-search.ts';
import { infoHashOf, type WantedTorrent } from './wanted-torrent.ts';

export async function findTorrent(
  wanted: Extract<WantedTorrent, { link: unknown }>,
  peers: readonly HostPort[],
  port: number | undefined,
  output: Output,
): Promise<Metainfo> {
  return await withClient({ port, remembers: false }, output, async (client) => {
    const search = new MetadataSearch(wanted.link, infoHashOf(wanted), output, 'one document');
    const stopped = aborted(interruption()).then(() => {
      throw new Interrupted(
        `stopped before it was found. To try again:\n  ${commandLine(process.argv.slice(2))}`,
      );
    });
    const found = Promise.race([search.run(client, wanted.link, { peers, trust: wanted.trust }), stopped]);
    const { metainfo } = await watch(found, paintEveryMs, () => output.live(search.view()));
    output.clearLive();
    return metainfo;
  });
}
