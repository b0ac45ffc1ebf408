/** `cicada info`: what is in a torrent file. */
import { magnetOf } from '../../torrents/magnet.ts';
import { defineCommand } from './command.ts';
import { exitCode } from './exit-codes.ts';
import { interruption } from './interruption.ts';
import { paint } from './output.ts';
import { loadTorrent, torrentPositional } from './torrent-source.ts';
import { fileLines, plain, torrentDetailDocument, torrentLines } from './torrent-summary.ts';

export default defineCommand({
  usage: 'info <torrent>',
  aliases: ['show'],
  describe: 'Tell what is in a torrent file',
  positionals: { torrent: { ...torrentPositional, demandOption: true } },
  options: { magnet: { type: 'boolean', describe: 'Print its magnet link and nothing else' } },
  examples: [
    ['info Album.torrent', 'names its tracks, trackers and info-hash'],
    ['info Album.torrent --magnet', 'prints the link alone'],
    ['info Album.torrent --json | jq .files', 'lists its files for a program'],
  ],

  async run({ torrent, magnet }, output) {
    const { metainfo } = await loadTorrent(torrent, interruption());
    if (magnet) {
      output.document({ magnet: magnetOf(metainfo) });
      output.data(magnetOf(metainfo));
      return exitCode.done;
    }
    output.document(torrentDetailDocument(metainfo, torrent));
    output.data(
      `${paint('bold', plain(metainfo.name))}\n${torrentLines(metainfo)}\n\n${fileLines(metainfo)}`,
    );
    for (const { message } of metainfo.warnings) output.remark(`Note: ${plain(message)}`);
    return exitCode.done;
  },
});
