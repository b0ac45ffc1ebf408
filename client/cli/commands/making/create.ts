/** `cicada create`: makes torrent files of folders and files. */
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import type { CreatedTorrent, CreateOptions } from '../../../../torrents/create/create.ts';
import { count, size } from '../../../../torrents/wording.ts';
import type { ShareError } from '../../../account/share-error.ts';
import { badOption } from '../../cli-error.ts';
import { defineCommand } from '../../command.ts';
import { errorWords } from '../../error-words.ts';
import {
  contentOptions,
  createOptions,
  forceOption,
  remarkEmpty,
  remarkSkipped,
  sharedPaths,
} from '../../options/create-options.ts';
import { commandLine } from '../../screen/command-line.ts';
import { interruption } from '../../screen/interruption.ts';
import { type Output, paint } from '../../screen/output.ts';
import { shareFault } from '../../sharing/shareable.ts';
import { type CreateJob, createJobs } from './create-jobs.ts';
import { makeTorrents } from './create-run.ts';
import { plain, type TorrentSummary, torrentDocument, torrentLines } from './torrent-summary.ts';

export default defineCommand({
  usage: 'create <path..>',
  describe: 'Make a torrent file of a folder',
  positionals: sharedPaths,
  options: {
    ...contentOptions,
    output: {
      type: 'string',
      alias: 'o',
      requiresArg: true,
      describe: 'The torrent file, its folder, or - for stdout',
    },
    'per-album': { type: 'boolean', describe: 'A torrent for every album inside; CD1 belongs to its album' },
    'skip-existing': { type: 'boolean', describe: 'Leave torrent files that are there, and make the others' },
    'dry-run': { type: 'boolean', describe: 'Say what would be made; hash and write nothing' },
    ...forceOption,
  },
  examples: [
    ['create Album -a http://192.168.1.5:6969/announce', 'writes Album.torrent into this folder'],
    ['create ~/Music --per-album -o ~/torrents', 'writes a torrent for every album into ~/torrents'],
    ['create ~/Music --per-album -o ~/torrents --skip-existing', 'the same later: for new albums only'],
    ['create Album --format v1', 'for old clients too (aria2 1.36, Transmission 3.00)'],
    ['create Album -o - | ssh host "cat > Album.torrent"', 'writes to a pipe'],
  ],

  async run(args, output) {
    // Without this the heap grows to twice what 100,000 files need. More frequent collections cost a second
    // there, and no time for an album.
    setFlagsFromString('--optimize-for-size');
    const toStdout = args.output === '-';
    if (toStdout && output.json)
      throw badOption('--output -: stdout cannot carry both the torrent and --json');
    if (args.force === true && args['skip-existing'] === true)
      throw badOption('--skip-existing leaves torrent files that are there, --force replaces them: give one');
    const signal = interruption();
    const options = createOptions(args, args.announce ?? []);
    const dryRun = args['dry-run'] === true;
    const place = dryRun ? undefined : (args.output ?? '.');
    // A torrent file alone reveals only names and hashes, but sharing it later would fail: warn now.
    const faults = args.path.map((path) => shareFault(path, args));
    for (const fault of faults) if (fault !== undefined) warn(fault, output);
    const jobs = await createJobs(args.path, options, { ...args, place, output, signal });
    const perAlbum = args['per-album'] === true;
    const isOneOfMany = perAlbum || jobs.length > 1;
    const { threads } = args;
    const settings = { signal, threads, force: args.force === true, dryRun, perAlbum };
    const code = await makeTorrents(
      jobs,
      settings,
      output,
      (job, { plan, skipped, infoHash, infoHashV2, bytes }) => {
        if (toStdout) {
          remarkSkipped(job.skippedHere(skipped), output);
          process.stdout.write(bytes!);
        } else
          tell(job, { ...summaryOf(plan, job.options), infoHash, infoHashV2 }, skipped, isOneOfMany, output);
      },
    );
    const [path] = args.path;
    if (perAlbum && !dryRun && !toStdout && args.path.length === 1 && args.output !== undefined) {
      output.remark(`Share them all with: ${plain(commandLine(['seed', args.output, path!]))}`);
    }
    return code;
  },
});

function warn(error: ShareError, output: Output): void {
  output.remark(
    `Note: ${plain(errorWords(error))}. A torrent is made of it; the commands share and seed refuse it.`,
  );
}

type Skips = CreatedTorrent['skipped'];

function tell(
  { target, path, options, skippedHere }: CreateJob,
  summary: TorrentSummary,
  skipped: Skips,
  isOneOfMany: boolean,
  output: Output,
): void {
  const here = skippedHere(skipped);
  const notShared = shareFault(path, { 'include-secrets': true });
  remarkSkipped(here, output);
  remarkEmpty(summary.bytes, output);
  const document = torrentDocument(summary, target ?? null, here);
  output.document({
    ...document,
    ...(notShared && { notShared: { code: notShared.code, message: errorWords(notShared) } }),
  });
  const title = target === undefined ? `${plain(summary.name)} (not written)` : plain(target);
  if (isOneOfMany && !output.verbose) {
    const files = summary.files.filter(({ isPad }) => !isPad).length;
    return output.result(`${paint('bold', title)}: ${size(summary.bytes)} in ${count(files, 'file')}`);
  }
  output.result(`${paint('bold', title)}\n${torrentLines(summary)}`);
  if (target === undefined || notShared !== undefined) return;
  const flags = options.secretOf === undefined ? ['--include-secrets'] : [];
  output.remark(`Share it with: ${plain(commandLine(['seed', target, path, ...flags]))}`);
}

/**
 * The summary without hashes. Reading the torrent file back would take more time and memory than making it.
 */
function summaryOf(plan: CreatedTorrent['plan'], options: CreateOptions) {
  const { trackers = [], webSeeds = [], comment, source, createdBy, creationDate } = options;
  return {
    ...plan,
    geometry: { pieceCount: plan.pieceCount },
    private: options.private === true,
    ...{ trackers, webSeeds, comment, source, createdBy, creationDate },
  };
}
