/**
 * `cicada share --per-album` without a catalogue: a torrent for every album, all of them seeded by one client, and those
 * that come later, too. An album that changes is another torrent from then on. One that cannot be shared is said and stops
 * no other.
 */
import type { Album } from '../../../../torrents/create/albums.ts';
import type { CreateOptions } from '../../../../torrents/create/create.ts';
import { HashPool } from '../../../../torrents/hashing/pool.ts';
import { count, size } from '../../../../torrents/wording.ts';
import type { RunningTracker } from '../../../../tracker/server.ts';
import type { Session } from '../../../session/session.ts';
import { scoutAlbums } from '../../../session/shares/album-scout.ts';
import { noSeedLimits } from '../../../session/transfers/seed-limits.ts';
import { startTransfer } from '../../../session/transfers/start-transfer.ts';
import type { Transfer } from '../../../session/transfers/transfer.ts';
import type { FolderChanges } from '../../../sharing/folder-listing.ts';
import type { FolderVersion } from '../../../sharing/folder-version.ts';
import { type SharedFolder, shareFolder } from '../../../sharing/shared-folder.ts';
import { CliError, codeOf } from '../../cli-error.ts';
import { errorWords } from '../../error-words.ts';
import { exitCode } from '../../exit-codes.ts';
import { stateFolder } from '../../options/user-folders.ts';
import { commandElsewhere } from '../../screen/command-line.ts';
import { type Output, paint } from '../../screen/output.ts';
import { hashingLine } from '../../screen/progress-line.ts';
import { AlbumTorrent } from '../../sharing/album-torrent.ts';
import { seedUntil } from '../../transfer/seeding.ts';
import { TransferVoice } from '../../transfer/transfer-voice.ts';
import { type CreateJob, createJobs } from '../making/create-jobs.ts';
import { plain, torrentDocument } from '../making/torrent-summary.ts';

export interface AlbumSharing {
  /** Folders of albums. */
  readonly collections: readonly string[];
  readonly create: CreateOptions;
  /** Where torrent files go; undefined when none are written. Those that are there are left. */
  readonly place: string | undefined;
  readonly force: boolean;
  readonly threads: number | undefined;
  readonly includeSecrets: boolean | undefined;
  /** Those that the user typed. */
  readonly trackers: readonly string[];
  readonly tracker: RunningTracker | undefined;
  /** Another pace for tests. */
  readonly lookEveryMs?: number;
  readonly settleMs?: number;
}

/** Earlier versions that lack nothing but what is new are seeded on, for those who were given their line. More are hardly asked for. */
const earlierMax = 4;

/** One of the albums, while it is shared. */
interface Shared {
  readonly folder: SharedFolder;
  /** The last one is its present version. */
  readonly versions: Transfer[];
}

/** Resolves when it is time to stop. */
export async function shareAlbums(
  session: Session,
  sharing: AlbumSharing,
  signal: AbortSignal,
  output: Output,
): Promise<number> {
  const { collections, create, place, force, tracker, includeSecrets } = sharing;
  const pool = new HashPool(sharing.threads);
  new TransferVoice(session, output, { areWatched: true, areMany: true });
  const shared = new Map<string, Shared>();
  const transfers: Transfer[] = [];
  const said = new Map<string, string>();
  const jobsOf = (paths: readonly string[], perAlbum: boolean) => {
    const settings = { 'per-album': perAlbum, 'skip-existing': !force, force, place, output, signal };
    return createJobs(paths, create, settings);
  };

  async function stop(transfer: Transfer): Promise<void> {
    transfers.splice(transfers.indexOf(transfer), 1);
    await session.remove(transfer);
  }

  async function seed(path: string, { metainfo, torrent, skipped }: FolderVersion, file: AlbumTorrent) {
    output.clearLive();
    await file.write(metainfo, torrent, output);
    const trust = { trackers: sharing.trackers };
    const request = { wanted: { metainfo }, kind: 'share', place: path, verify: false, trust } as const;
    const transfer = await startTransfer(session, request, signal);
    transfers.push(transfer);
    const url = tracker?.addTorrent(torrent).torrentUrl;
    const isFirst = !shared.has(path);
    const document = { ...torrentDocument(metainfo, file.path ?? null, skipped), url: url ?? null };
    output.document({ event: isFirst ? 'sharing' : 'new-version', ...document, port: session.port });
    const files = metainfo.files.filter((entry) => !entry.isPad).length;
    const now = isFirst ? '' : '; it has changed, this is another torrent';
    output.result(
      `${paint('bold', plain(metainfo.name))}: ${size(metainfo.bytes)} in ${count(files, 'file')}${now}`,
    );
    output.result(`  ${plain(commandElsewhere(['get', url ?? file.path!]))}`);
    return transfer;
  }

  /** The versions before keep their peers as long as they are whole. */
  async function reseed(path: string, version: FolderVersion, changes: FolderChanges, file: AlbumTorrent) {
    const { versions } = shared.get(path)!;
    const kept = changes.changed.length + changes.removed.length === 0 ? earlierMax : 0;
    while (versions.length > kept) await stop(versions.shift()!);
    versions.push(await seed(path, version, file));
  }

  async function shareOne(job: CreateJob, album: Album | undefined): Promise<void> {
    const { path, options, target, fault } = job;
    const trouble = (error: unknown, next: string) => {
      output.clearLive();
      if (said.get(path) === String(error)) return;
      said.set(path, String(error));
      const message = errorWords(error);
      output.document({ event: 'trouble', path, code: codeOf(error), message });
      output.remark(`${plain(path)}: ${plain(message)}; ${next}`);
    };
    try {
      if (fault !== undefined) throw fault;
      const file = new AlbumTorrent(target, force);
      const { settleMs } = sharing;
      const folder = await shareFolder(path, {
        ...{ stateFolder: stateFolder(), includeSecrets, isTold: true, wantedNow: album?.wantedNow },
        ...(settleMs === undefined ? {} : { settleMs }),
        create: { ...options, target },
        control: { signal, pool, onProgress: (hashed) => output.live(hashingLine('Hashing', hashed)) },
        onVersion: async (version, changes) => {
          if (shared.has(path)) await reseed(path, version, changes, file);
        },
        onTrouble: (error) => trouble(error, 'it is looked at again'),
      });
      try {
        shared.set(path, { folder, versions: [await seed(path, folder.current, file)] });
        said.delete(path);
      } catch (error) {
        await folder.close();
        throw error;
      }
    } catch (error) {
      if (signal.aborted) throw error;
      trouble(error, 'it is tried again');
    }
  }

  try {
    const jobs = await jobsOf(collections, true);
    for (const job of jobs) {
      signal.throwIfAborted();
      await shareOne(job, job.album);
    }
    if (transfers.length === 0) throw new CliError('create-nothing', 'none of the albums could be shared');
    output.remark(
      paint(
        'dim',
        'Sharing until Ctrl-C. New albums are shared as they come, and so is what changes in them.',
      ),
    );
    const known = jobs.flatMap(({ album }) => (album === undefined ? [] : [album]));
    const looks = { folders: collections, known, scan: create, signal, everyMs: sharing.lookEveryMs };
    const scouting = scoutAlbums(looks, {
      isKnown: (path) => shared.has(path),
      onAlbum: async (album) => {
        const { path, wanted } = album;
        try {
          for (const job of await jobsOf([path], false)) {
            await shareOne({ ...job, options: { ...job.options, wanted } }, album);
          }
        } catch (error) {
          if (!signal.aborted) output.remark(`${plain(path)}: ${plain(errorWords(error))}`);
        }
      },
      onChanged: async ({ path }) => shared.get(path)?.folder.touch(),
      shared: () => [...shared.keys()],
      onGone: async (path) => {
        const { folder, versions } = shared.get(path)!;
        shared.delete(path);
        output.document({ event: 'gone', path });
        output.remark(`${plain(path)} is not there any more: it is not shared`);
        await folder.close();
        for (const transfer of versions) await stop(transfer);
      },
      onTrouble: (error, folder) => {
        const message = errorWords(error);
        output.document({ event: 'trouble', path: folder, code: codeOf(error), message });
        output.remark(`${plain(folder)}: ${plain(message)}; it is looked at again`);
      },
    });
    await seedUntil(signal, transfers, output, noSeedLimits, true);
    await scouting;
    return exitCode.done;
  } finally {
    await Promise.all([pool.close(), ...[...shared.values()].map(({ folder }) => folder.close())]);
  }
}
