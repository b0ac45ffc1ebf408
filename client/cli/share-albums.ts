/**
 * `cicada share --per-album` without a catalogue: a torrent for every album, all of them seeded by one client, and those
 * that come later, too. One that cannot be shared is said and stops no other.
 */
import { type CreateOptions, createTorrent, writeTorrentFile } from '../../torrents/create.ts';
import type { HashProgress } from '../../torrents/hashing/engine.ts';
import { HashPool } from '../../torrents/hashing/pool.ts';
import type { RunningTracker } from '../../tracker/server.ts';
import type { Client } from '../host/client.ts';
import { scoutAlbums } from './album-scout.ts';
import { CliError, codeOf } from './cli-error.ts';
import { commandElsewhere } from './command-line.ts';
import { type CreateJob, createJobs } from './create-jobs.ts';
import { exitCode } from './exit-codes.ts';
import { type Output, paint } from './output.ts';
import { hashingLine } from './progress-line.ts';
import { noSeedLimits } from './seed-limits.ts';
import { seedUntil } from './seeding.ts';
import { plain, torrentDocument } from './torrent-summary.ts';
import { TrackerComplaints } from './tracker-complaints.ts';
import { Transfer } from './transfer.ts';
import { count, size } from './wording.ts';

export interface AlbumSharing {
  /** Folders of albums. */
  readonly collections: readonly string[];
  readonly create: CreateOptions;
  /** Where torrent files go; undefined when none are written. Those that are there are left. */
  readonly place: string | undefined;
  readonly force: boolean;
  readonly threads: number | undefined;
  /** Those that the user typed. */
  readonly trackers: readonly string[];
  readonly tracker: RunningTracker | undefined;
  /** Another pace for tests. */
  readonly lookEveryMs?: number;
}

/** Resolves when it is time to stop. */
export async function shareAlbums(
  client: Client,
  sharing: AlbumSharing,
  signal: AbortSignal,
  output: Output,
): Promise<number> {
  const { collections, create, place, force, tracker } = sharing;
  const pool = new HashPool(sharing.threads);
  const complaints = new TrackerComplaints(output, [], true);
  const shared = new Map<string, Transfer>();
  const transfers: Transfer[] = [];
  const said = new Map<string, string>();
  const jobsOf = (paths: readonly string[], perAlbum: boolean) => {
    const settings = { 'per-album': perAlbum, 'skip-existing': !force, force, place, output, signal };
    return createJobs(paths, create, settings);
  };

  async function shareOne({ path, options, target, isThere, fault }: CreateJob): Promise<void> {
    try {
      if (fault !== undefined) throw fault;
      const onProgress = (hashed: HashProgress) => output.live(hashingLine('Hashing', hashed));
      const control = { signal, pool, onProgress };
      const { bytes, metainfo, skipped } = await createTorrent(path, { ...options, target }, control);
      output.clearLive();
      if (target !== undefined && !isThere) await writeTorrentFile(target, bytes, { force });
      const transfer = new Transfer(metainfo, output, false, complaints);
      const { onReport } = transfer;
      const trust = { trackers: sharing.trackers };
      transfer.attach(await client.seed(metainfo, { path, verify: false, signal, onReport, trust }));
      shared.set(path, transfer);
      transfers.push(transfer);
      said.delete(path);
      const url = tracker?.addTorrent(bytes).torrentUrl;
      const document = torrentDocument(metainfo, target ?? null, skipped);
      output.document({ event: 'sharing', ...document, url: url ?? null, port: client.port });
      const files = metainfo.files.filter((file) => !file.isPad).length;
      const from = url ?? target!;
      output.result(
        `${paint('bold', plain(metainfo.name))}: ${size(metainfo.bytes)} in ${count(files, 'file')}`,
      );
      output.result(`  ${plain(commandElsewhere(['get', from]))}`);
    } catch (error) {
      if (signal.aborted) throw error;
      output.clearLive();
      if (said.get(path) === String(error)) return;
      said.set(path, String(error));
      const { message } = error as Error;
      output.document({ event: 'trouble', path, code: codeOf(error), message });
      output.remark(`${plain(path)}: ${plain(message)}; it is tried again`);
    }
  }

  try {
    for (const job of await jobsOf(collections, true)) {
      signal.throwIfAborted();
      await shareOne(job);
    }
    if (transfers.length === 0) throw new CliError('create-nothing', 'none of the albums could be shared');
    output.remark(paint('dim', 'Sharing until Ctrl-C. New albums are shared as they come.'));
    const scouting = scoutAlbums(
      collections,
      create,
      signal,
      {
        isKnown: (path) => shared.has(path),
        onAlbum: async ({ path, wanted }) => {
          try {
            for (const job of await jobsOf([path], false)) {
              await shareOne({ ...job, options: { ...job.options, wanted } });
            }
          } catch (error) {
            if (!signal.aborted) output.remark(`${plain(path)}: ${plain((error as Error).message)}`);
          }
        },
        shared: () => [...shared.keys()],
        onGone: async (path) => {
          const transfer = shared.get(path)!;
          shared.delete(path);
          transfers.splice(transfers.indexOf(transfer), 1);
          output.document({ event: 'gone', path });
          output.remark(`${plain(path)} is not there any more: it is not shared`);
          await transfer.active.stop();
        },
        onTrouble: (error, folder) => {
          const { message } = error as Error;
          output.document({ event: 'trouble', path: folder, code: codeOf(error), message });
          output.remark(`${plain(folder)}: ${plain(message)}; it is looked at again`);
        },
      },
      sharing.lookEveryMs,
    );
    await seedUntil(signal, transfers, output, noSeedLimits, true);
    await scouting;
    return exitCode.done;
  } finally {
    await pool.close();
  }
}
