/**
 * A session for one metadata search: it fetches the info dictionary of a magnet link, and none of its files.
 */
import process from 'node:process';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import type { HostPort } from '../options/endpoints.ts';
import { commandLine } from '../screen/command-line.ts';
import { aborted, Interrupted, interruption } from '../screen/interruption.ts';
import { type Output, paintEveryMs } from '../screen/output.ts';
import { watch } from '../screen/watch.ts';
import { withSession } from '../transfer/client-session.ts';
import { TransferVoice } from '../transfer/transfer-voice.ts';
import { searchView } from './metadata-search.ts';
import type { WantedTorrent } from './wanted-torrent.ts';

export async function findTorrent(
  { link, trust }: Extract<WantedTorrent, { link: unknown }>,
  peers: readonly HostPort[],
  port: number | undefined,
  output: Output,
): Promise<Metainfo> {
  return await withSession({ port, remembers: false }, output, async (session) => {
    new TransferVoice(session, output, { json: 'one document' });
    const request = { wanted: { link }, kind: 'download', place: '.', peers, trust } as const;
    const transfer = session.add({ ...request, pausesWhenFound: true });
    const stopped = aborted(interruption()).then(() => {
      throw new Interrupted(
        `stopped before it was found. To try again:\n  ${commandLine(process.argv.slice(2))}`,
      );
    });
    const found = Promise.race([transfer.found, stopped]);
    await watch(found, paintEveryMs, () => output.live(searchView(link, transfer)));
    output.clearLive();
    return transfer.metainfo;
  });
}
