/** `cicada seed`: seeds existing files until it is stopped. */
import { stat } from 'node:fs/promises';
import { capital } from '../../../../torrents/wording.ts';
import type { Session } from '../../../session/session.ts';
import { startTransfer } from '../../../session/transfers/start-transfer.ts';
import type { Transfer } from '../../../session/transfers/transfer.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { secretsOption } from '../../options/create-options.ts';
import { portOption, recordOption, uploadLimitOption } from '../../options/network-options.ts';
import { seedLimitOptions, seedLimits } from '../../options/seed-limits.ts';
import { interruption } from '../../screen/interruption.ts';
import type { Output } from '../../screen/output.ts';
import { hashingLine } from '../../screen/progress-line.ts';
import { checkSeeded } from '../../sharing/shareable.ts';
import { type GivenTorrent, givenPositional, givenTorrent } from '../../sources/given-torrent.ts';
import type { LoadedTorrent } from '../../sources/torrent-source.ts';
import { trackerOption } from '../../sources/wanted-torrent.ts';
import { missingSources, type Sources, unsupportedSources } from '../../swarm-view/obstacles.ts';
import { type NetworkArgs, withSession } from '../../transfer/client-session.ts';
import { seedUntil } from '../../transfer/seeding.ts';
import { TransferVoice } from '../../transfer/transfer-voice.ts';
import { tellWarnings } from '../making/torrent-notes.ts';
import { plain } from '../making/torrent-summary.ts';

export default defineCommand({
  usage: 'seed <torrent> <path>',
  describe: 'Seed a folder that has a torrent file',
  positionals: {
    torrent: {
      ...givenPositional,
      demandOption: true,
      describe: `${givenPositional.describe}; or a folder of .torrent files, watched for new ones`,
    },
    path: {
      type: 'string',
      demandOption: true,
      describe:
        'The shared folder or file, or the folder that contains it; for a folder of torrents: the folder with all content',
    },
  },
  options: {
    ...seedLimitOptions,
    ...portOption,
    ...recordOption,
    ...uploadLimitOption,
    tracker: {
      ...trackerOption.tracker,
      describe: 'Another tracker to announce to, also one in your network; repeatable',
    },
    ...secretsOption,
    verify: {
      type: 'boolean',
      describe: 'Check every piece, also of unchanged files; --no-verify: check none',
    },
  },
  examples: [
    ['seed Album.torrent ~/Music/Album', 'shares until Ctrl-C; what was checked once is not checked again'],
    ['seed ~/torrents ~/Music', 'all torrents of a folder, and those that are put there later'],
    ['seed Album.torrent ~/Music --upload-limit 2MiB/s', 'leaves room for others on the line'],
    [
      'seed Album.torrent ~/Music --seed-ratio 3 --seed-time 600',
      'until three copies are given, or ten hours',
    ],
  ],

  async run(args, output) {
    const signal = interruption();
    const isFolder = await stat(args.torrent).then(
      (stats) => stats.isDirectory(),
      () => false,
    );
    if (isFolder) return await seedAll(args, signal, output);
    const loaded = withTrackers(
      await givenTorrent(args.torrent, signal, output, args.tracker?.[0]),
      args.tracker ?? [],
    );
    await checkSeeded(loaded.metainfo, args.path, args, output);
    const share = async (session: Session) => {
      const transfer = await start(session, loaded, args, signal, output);
      await seedUntil(signal, [transfer], output, seedLimits(args));
      return exitCode.done;
    };
    // Files that are trusted without hashing are not recorded as verified.
    return await withSession({ ...args, remembers: args.verify !== false }, output, share);
  },
});

interface SeedArgs extends NetworkArgs {
  readonly torrent: string;
  readonly path: string;
  readonly tracker?: string[] | undefined;
  readonly verify?: boolean | undefined;
  readonly 'include-secrets'?: boolean | undefined;
  readonly 'seed-ratio'?: number | undefined;
  readonly 'seed-time'?: number | undefined;
}

/** Seeds a folder of torrents. */
async function seedAll(args: SeedArgs, signal: AbortSignal, output: Output): Promise<number> {
  const { seedFolder } = await import('./seed-folder.ts');
  const verify = args.verify === true ? 'anew' : (args.verify ?? true);
  const complete = (loaded: LoadedTorrent) => withTrackers(loaded, args.tracker ?? []);
  const options = { ...args, torrents: args.torrent, verify, signal, complete } as const;
  return await withSession({ ...args, remembers: args.verify !== false }, output, async (session) => {
    const folder = await seedFolder(session, options, output);
    const { transfers } = folder;
    const trackers = transfers.flatMap(({ metainfo }) => metainfo.trackers.flat());
    if (transfers.every(({ metainfo }) => metainfo.trackers.length === 0)) {
      tellSources({ trackers, webSeeds: [] }, output);
    }
    const ended = new AbortController();
    const following = folder.follow(AbortSignal.any([signal, ended.signal]));
    await seedUntil(signal, transfers, output, seedLimits(args), true).finally(() => ended.abort());
    await following;
    return folder.code;
  });
}

/** Without a usable tracker no peer finds this seed. Other missing sources are mentioned only with `-v`. */
function tellSources(sources: Sources, output: Output): void {
  const missing = missingSources({ ...sources, webSeeds: [] });
  for (const { code, message } of missing) {
    output.document({ event: 'unsupported', code, message });
    output.remark(
      `${capital(message)}. Peers find it only with --tracker http://HOST:PORT/announce, or by your address.`,
    );
  }
  if (missing.length > 0) return;
  for (const { code, message } of unsupportedSources(sources)) {
    output.document({ event: 'unsupported', code, message });
    output.detail(capital(message));
  }
}

/** Adds the trackers that the user typed, each in a tier of its own unless the torrent has it already. */
function withTrackers<Given extends Pick<GivenTorrent, 'metainfo' | 'trust'>>(
  loaded: Given,
  typed: readonly string[],
): Given {
  const { metainfo, trust } = loaded;
  const known = metainfo.trackers.flat();
  const more = typed.filter((url) => !known.includes(url)).map((url) => [url]);
  const trackers = [...metainfo.trackers, ...more];
  return { ...loaded, metainfo: { ...metainfo, trackers }, trust: { ...trust, trackers: typed } };
}

async function start(
  session: Session,
  { metainfo, trust }: GivenTorrent,
  args: { readonly path: string; readonly verify?: boolean | undefined },
  signal: AbortSignal,
  output: Output,
): Promise<Transfer> {
  new TransferVoice(session, output);
  tellWarnings(metainfo, output);
  session.onEvent((event) => {
    if (event.type === 'checking') output.live(hashingLine('Checking', event.progress));
  });
  const { path } = args;
  const verify = args.verify === true ? 'anew' : (args.verify ?? true);
  const request = { wanted: { metainfo }, kind: 'share', place: path, verify, trust } as const;
  const transfer = await startTransfer(session, request, signal);
  output.clearLive();
  const { isChecked } = transfer.run.last;
  if (verify !== false && !isChecked)
    output.detail('Nothing has changed: its pieces are remembered from last time.');
  output.document({
    event: 'seeding',
    infoHash: transfer.infoHash,
    port: session.port,
    checked: isChecked,
    warnings: metainfo.warnings,
  });
  output.remark(`Sharing ${plain(transfer.path)} on port ${session.port}; Ctrl-C stops.`);
  tellSources({ trackers: metainfo.trackers.flat(), webSeeds: metainfo.webSeeds }, output);
  return transfer;
}
