/** `cicada info`: shows what is in a torrent. */
import { magnetOf } from '../../../../torrents/magnet.ts';
import type { Metainfo } from '../../../../torrents/metainfo/metainfo.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { type HostPort, resolvePeer } from '../../options/endpoints.ts';
import { peerOption, portOption } from '../../options/network-options.ts';
import { calledAs } from '../../screen/command-line.ts';
import { interruption } from '../../screen/interruption.ts';
import { type Output, paint } from '../../screen/output.ts';
import { listedTorrent } from '../../sources/given-torrent.ts';
import {
  readWanted,
  trackerOption,
  type WantedTorrent,
  wantedPositional,
} from '../../sources/wanted-torrent.ts';
import { missingSources, obstacleWords, unsupportedSources } from '../../swarm-view/obstacles.ts';
import { fileLines, listedFiles, plain, torrentDetailDocument, torrentLines } from './torrent-summary.ts';

export default defineCommand({
  usage: 'info <torrent>',
  aliases: ['show'],
  describe: 'Show what is in a torrent, without downloading it',
  positionals: { torrent: { ...wantedPositional, demandOption: true } },
  options: {
    magnet: { type: 'boolean', describe: 'Print its magnet link and nothing else' },
    ...trackerOption,
    ...peerOption,
    ...portOption,
  },
  examples: [
    ['info Album.torrent', 'names its tracks, trackers and info-hash'],
    ['info Album.torrent --magnet', 'prints the link alone'],
    ["info 'magnet:?xt=urn:btih:…'", 'asks peers what the link stands for'],
    ['info 3', `the third of the last list: of ${calledAs} search, browse or inbox`],
    ['info Album.torrent --json | jq .files', 'lists its files for a program'],
  ],

  async run(args, output) {
    const peers = await Promise.all((args.peer ?? []).map((peer) => resolvePeer(peer ?? '')));
    const helpers = { trackers: args.tracker ?? [], peers };
    const listed = await listedTorrent(args.torrent, output, {
      tracker: helpers.trackers[0],
      wantsRights: true,
    });
    const wanted = listed ?? (await readWanted(args.torrent, helpers, interruption(), output));
    const metainfo = 'metainfo' in wanted ? wanted.metainfo : await ask(wanted, peers, args.port, output);
    if (args.magnet) {
      output.document({ magnet: magnetOf(metainfo) });
      output.data(magnetOf(metainfo));
      return exitCode.done;
    }
    const { licence, copyright } = listed?.rights ?? {};
    const rights = listed === undefined ? {} : { licence: licence ?? null, copyright: copyright ?? null };
    output.document({ ...torrentDetailDocument(metainfo, args.torrent), ...rights });
    output.data(
      `${paint('bold', plain(metainfo.name))}\n${torrentLines(metainfo)}\n\n${fileLines(metainfo)}`,
    );
    if (licence !== undefined) output.data(`\nLicence, as its tags say: ${plain(licence)}`);
    if (copyright !== undefined) output.data(`Copyright: ${plain(copyright)}`);
    const song = listed?.fileIndex;
    const at = listedFiles(metainfo).findIndex(({ index }) => index === song);
    if (at >= 0) output.remark(`Number ${args.torrent} of the list is the song ${at + 1} of it.`);
    for (const { message } of metainfo.warnings) output.remark(`Note: ${plain(message)}`);
    const sources = { trackers: metainfo.trackers.flat(), webSeeds: metainfo.webSeeds };
    const missing = missingSources(sources);
    if (missing.length > 0 && (metainfo.trackers.length > 0 || metainfo.webSeeds.length > 0)) {
      output.remark(`Note: ${obstacleWords(missing)}`);
    } else if (missing.length === 0) {
      for (const { message } of unsupportedSources(sources)) output.detail(`Note: ${message}`);
    }
    return exitCode.done;
  },
});

/** Most torrents come from a file: the code that talks to peers is loaded only for links. */
async function ask(
  wanted: Extract<WantedTorrent, { link: unknown }>,
  peers: readonly HostPort[],
  port: number | undefined,
  output: Output,
): Promise<Metainfo> {
  const { findTorrent } = await import('../../sources/metadata-session.ts');
  return await findTorrent(wanted, peers, port, output);
}
