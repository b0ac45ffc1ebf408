/** `cicada download`, or `get`: downloads torrents from all peers that have them. */
import { badOption } from '../../cli-error.ts';
import { defineCommand } from '../../command.ts';
import { resolvePeer } from '../../options/endpoints.ts';
import { choiceOptions } from '../../options/file-choice.ts';
import {
  downloadLimitOption,
  peerOption,
  portOption,
  recordOption,
  uploadLimitOption,
} from '../../options/network-options.ts';
import { seedLimitOptions, seedLimits } from '../../options/seed-limits.ts';
import type { CatalogueAsked } from '../../results/catalogue-source.ts';
import { isNumbers, isReleaseId } from '../../results/release-names.ts';
import { calledAs } from '../../screen/command-line.ts';
import { interruption } from '../../screen/interruption.ts';
import { type Output, paint } from '../../screen/output.ts';
import {
  type Helpers,
  infoHashOf,
  type KnownTorrent,
  readWanted,
  trackerOption,
  type WantedTorrent,
  wantedPositional,
  withTypedTrackers,
} from '../../sources/wanted-torrent.ts';
import { withSession } from '../../transfer/client-session.ts';
import { fetchAll } from '../../transfer/fetching.ts';
import { seedUntil } from '../../transfer/seeding.ts';
import { TransferVoice } from '../../transfer/transfer-voice.ts';

export default defineCommand({
  usage: 'download <torrent..>',
  aliases: ['get'],
  describe: 'Download a torrent from all peers that have it',
  positionals: { torrent: { ...wantedPositional, array: true, demandOption: true } },
  options: {
    out: {
      type: 'string',
      alias: ['o', 'd', 'dir'],
      requiresArg: true,
      default: '.',
      describe: 'Folder to download into; created if missing',
    },
    ...choiceOptions,
    ...peerOption,
    ...trackerOption,
    seed: { type: 'boolean', describe: 'Keep seeding after the download, until Ctrl-C' },
    ...seedLimitOptions,
    'on-done': {
      type: 'string',
      requiresArg: true,
      describe:
        'Command to run for each complete download, with $CICADA_PATH, $CICADA_NAME, $CICADA_INFO_HASH',
    },
    'space-check': {
      type: 'boolean',
      describe: 'Start only if the disk has room for the whole download; --no-space-check: always start',
    },
    ...downloadLimitOption,
    ...uploadLimitOption,
    ...portOption,
    ...recordOption,
  },
  examples: [
    ['get 3', `the third of the results of ${calledAs} search: a song, or an album`],
    ['get Album.torrent', 'fetches into this folder and ends when it is done'],
    ['get http://192.168.1.5:6969/INFO-HASH.torrent -o ~/Music', 'fetches into ~/Music'],
    ['get Album.torrent --select-file 1-3,7', `some of its files, by their numbers in "${calledAs} info"`],
    ["get 'magnet:?xt=urn:btih:…'", 'asks peers for the torrent first; quotes keep the shell away from it'],
    ['get INFO-HASH --tracker http://host:6969/announce', 'the same, when all you have is the hash'],
    ['get Album.torrent --seed-ratio 2 --upload-limit 1MiB/s', 'gives it on twice before it ends'],
    ['get Album.torrent --on-done \'beet import "$CICADA_PATH"\'', 'hands the folder to another program'],
  ],

  async run(args, output) {
    const signal = interruption();
    const peers = await Promise.all((args.peer ?? []).map((peer) => resolvePeer(peer ?? '')));
    const asked = { folder: args.out, tracker: args.tracker?.[0], signal };
    const { wanted: releases, others } = await releasesAmong(args.torrent, asked, output);
    const wanted = await readAll(releases, others, { trackers: args.tracker ?? [], peers }, signal, output);
    if (args['select-file'] !== undefined && wanted.length > 1) {
      throw badOption(`--select-file: that is for one torrent, and ${wanted.length} are given`);
    }
    const limits = seedLimits(args);
    const isLimited = limits.ratioMax !== undefined || limits.secondsMax !== undefined;
    return await withSession({ ...args, remembers: true }, output, async (session) => {
      new TransferVoice(session, output);
      const { out: folder, sequential = false, 'on-done': onDone } = args;
      const spaceCheck = args['space-check'] !== false;
      const options = { folder, peers, signal, files: args, sequential, spaceCheck, onDone };
      const { transfers, code } = await fetchAll(session, wanted, options, output);
      if (transfers.length === 0) return code;
      if (args.seed ?? isLimited) await seedUntil(signal, transfers, output, limits);
      else {
        output.remark(paint('dim', 'Not shared on from here: --seed goes on sharing.'));
        // This client seeds no further, so part files are not needed any more.
        await Promise.all(transfers.map((transfer) => session.remove(transfer)));
      }
      return code;
    });
  },
});

/** The code that talks to catalogues is loaded only for results and release ids. */
async function releasesAmong(sources: readonly string[], asked: CatalogueAsked, output: Output) {
  if (!sources.some((source) => isNumbers(source) || isReleaseId(source)))
    return { wanted: [], others: sources };
  const { readCatalogueSources } = await import('../../results/catalogue-source.ts');
  return await readCatalogueSources(sources, asked, output);
}

/**
 * Reads all torrents before the first one starts, so that a bad one is reported at once. Duplicates count
 * once.
 */
async function readAll(
  releases: readonly KnownTorrent[],
  sources: readonly string[],
  helpers: Helpers,
  signal: AbortSignal,
  output: Output,
): Promise<WantedTorrent[]> {
  const byHash = new Map<string, WantedTorrent>(releases.map((release) => [infoHashOf(release), release]));
  for (const source of sources) {
    const wanted = withTypedTrackers(await readWanted(source, helpers, signal, output), helpers.trackers);
    const hash = infoHashOf(wanted);
    // A torrent file has the metadata that its magnet link would have to request.
    if ('metainfo' in wanted || !byHash.has(hash)) byHash.set(hash, wanted);
  }
  return [...byHash.values()];
}
