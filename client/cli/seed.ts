/** `cicada seed`: gives on what is already there, until it is told to stop. */
import { withClient } from './client-session.ts';
import { defineCommand } from './command.ts';
import { exitCode } from './exit-codes.ts';
import { interruption } from './interruption.ts';
import { portOption, uploadLimitOption } from './network-options.ts';
import { hashingLine } from './progress-line.ts';
import { seedUntil } from './seeding.ts';
import { loadTorrent, torrentPositional } from './torrent-source.ts';
import { plain } from './torrent-summary.ts';
import { Transfer } from './transfer.ts';

export default defineCommand({
  usage: 'seed <torrent> <path>',
  describe: 'Share a folder that has a torrent file already',
  positionals: {
    torrent: { ...torrentPositional, demandOption: true },
    path: {
      type: 'string',
      demandOption: true,
      describe: 'The shared folder or file, or the folder that holds it',
    },
  },
  options: {
    ...portOption,
    ...uploadLimitOption,
    verify: { type: 'boolean', describe: 'Check every piece first, unless --no-verify' },
  },
  examples: [
    ['seed Album.torrent ~/Music/Album', 'shares until Ctrl-C'],
    ['seed Album.torrent ~/Music --upload-limit 2MiB/s', 'leaves room for others on the line'],
  ],

  async run(args, output) {
    const signal = interruption();
    const { metainfo } = await loadTorrent(args.torrent, signal);
    return await withClient(args, output, async (client) => {
      const transfer = new Transfer(metainfo, output);
      const active = await client.seed(metainfo, {
        path: args.path,
        verify: args.verify ?? true,
        signal,
        onCheck: (progress) => output.live(hashingLine('Checking', progress)),
        onReport: transfer.onReport,
      });
      transfer.attach(active);
      output.clearLive();
      output.document({ event: 'seeding', infoHash: transfer.infoHash, port: client.port });
      output.remark(`Sharing ${plain(active.path)} on port ${client.port}; Ctrl-C stops.`);
      if (metainfo.trackers.length === 0) {
        output.remark('This torrent names no tracker: nobody finds it by itself.');
      }
      await seedUntil(signal, [transfer], output);
      return exitCode.done;
    });
  },
});
