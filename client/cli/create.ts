/** `cicada create`: makes a torrent file of a folder or a file. */
import process from 'node:process';
import { createTorrent, writeTorrentFile } from '../../torrents/create.ts';
import { badOption } from './cli-error.ts';
import { defineCommand } from './command.ts';
import { commandLine } from './command-line.ts';
import { contentOptions, createOptions, remarkSkipped } from './create-options.ts';
import { exitCode } from './exit-codes.ts';
import { interruption } from './interruption.ts';
import { paint } from './output.ts';
import { hashingLine } from './progress-line.ts';
import { torrentOutput } from './torrent-output.ts';
import { plain, torrentDocument, torrentLines } from './torrent-summary.ts';

export default defineCommand({
  usage: 'create <path..>',
  describe: 'Make a torrent file of a folder',
  positionals: {
    path: {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'Folders or files; each becomes a torrent',
    },
  },
  options: {
    ...contentOptions,
    output: {
      type: 'string',
      alias: 'o',
      requiresArg: true,
      describe: 'The torrent file, its folder, or - for stdout',
    },
    'dry-run': { type: 'boolean', describe: 'Hash and tell, but write nothing' },
    force: { type: 'boolean', alias: 'f', describe: 'Replace a torrent file that is there' },
  },
  examples: [
    ['create Album -a http://192.168.1.5:6969/announce', 'writes Album.torrent into this folder'],
    ['create Album --exclude "*.log" -o ~/torrents', 'writes ~/torrents/Album.torrent'],
    ['create Album -o - | ssh host "cat > Album.torrent"', 'writes to a pipe'],
  ],

  async run(args, output) {
    const { path: paths, 'dry-run': dryRun = false, force } = args;
    const toStdout = args.output === '-';
    if (toStdout && output.json)
      throw badOption('--output -: stdout cannot carry both the torrent and --json');
    if (paths.length > 1 && (toStdout || args.name !== undefined)) {
      throw badOption(
        `${toStdout ? '--output -' : '--name'}: that is for one torrent, and ${paths.length} paths are given`,
      );
    }
    const signal = interruption();
    const options = createOptions(args, args.announce ?? []);
    for (const path of paths) {
      const target = toStdout || dryRun ? undefined : await torrentOutput(path, { ...args, force });
      const { bytes, metainfo, skipped } = await createTorrent(path, options, {
        signal,
        threads: args.threads,
        onProgress: (progress) => output.live(hashingLine('Hashing', progress)),
      });
      output.clearLive();
      remarkSkipped(skipped, output);
      if (toStdout) {
        process.stdout.write(bytes);
        continue;
      }
      if (target !== undefined) await writeTorrentFile(target, bytes, { force: force ?? false });
      output.document(torrentDocument(metainfo, target ?? null, skipped));
      const title = target !== undefined ? plain(target) : `${plain(metainfo.name)} (not written)`;
      output.result(`${paint('bold', title)}\n${torrentLines(metainfo)}`);
      if (target !== undefined) output.remark(`Share it with: ${plain(commandLine(['seed', target, path]))}`);
    }
    return exitCode.done;
  },
});
