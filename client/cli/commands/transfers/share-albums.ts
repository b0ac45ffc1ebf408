/**
 * `cicada share --per-album` without a catalogue: messages about shared albums, and their torrent files. The
 * session does the sharing (album-shares.ts).
 */

import type { Album } from '../../../../torrents/create/albums.ts';
import type { CreateOptions } from '../../../../torrents/create/create.ts';
import { count, size } from '../../../../torrents/wording.ts';
import type { RunningTracker } from '../../../../tracker/server.ts';
import type { Session } from '../../../session/session.ts';
import { AlbumShares, type FoundAlbum, type SharedAlbum } from '../../../session/shares/album-shares.ts';
import { noSeedLimits } from '../../../session/transfers/seed-limits.ts';
import { CliError } from '../../cli-error.ts';
import { errorWords } from '../../error-words.ts';
import { exitCode } from '../../exit-codes.ts';
import { stateFolder } from '../../options/user-folders.ts';
import { commandElsewhere } from '../../screen/command-line.ts';
import { type Output, paint } from '../../screen/output.ts';
import { hashingLine } from '../../screen/progress-line.ts';
import { AlbumTorrent } from '../../sharing/album-torrent.ts';
import { tellTrouble } from '../../sharing/trouble-words.ts';
import { seedUntil } from '../../transfer/seeding.ts';
import { TransferVoice } from '../../transfer/transfer-voice.ts';
import { createJobs } from '../making/create-jobs.ts';
import { plain, torrentDocument } from '../making/torrent-summary.ts';

export interface AlbumSharing {
  /** Folders of albums. */
  readonly collections: readonly string[];
  readonly create: CreateOptions;
  /** The folder for torrent files; undefined when none are written. Existing files are kept. */
  readonly place: string | undefined;
  readonly force: boolean;
  readonly threads: number | undefined;
  readonly includeSecrets: boolean | undefined;
  /** The trackers that the user typed. */
  readonly trackers: readonly string[];
  readonly tracker: RunningTracker | undefined;
  /** Tests set shorter intervals. */
  readonly lookEveryMs?: number;
  readonly settleMs?: number;
}

/** Resolves when the command is to stop. */
export async function shareAlbums(
  session: Session,
  sharing: AlbumSharing,
  signal: AbortSignal,
  output: Output,
): Promise<number> {
  new TransferVoice(session, output, { areWatched: true, areMany: true });
  const files = new AlbumFiles(sharing, signal, output);
  const { collections, create: scan, trackers, threads, includeSecrets, lookEveryMs, settleMs } = sharing;
  const options = {
    ...{ collections, scan, threads, includeSecrets, signal, lookEveryMs, settleMs },
    ...{ stateFolder: stateFolder(), trust: { trackers } },
  };
  const shares = new AlbumShares(session, options, {
    createFor: (album) => files.createFor(album),
    onHash: (progress) => output.live(hashingLine('Hashing', progress)),
    onMade: (path, { metainfo, torrent }) => {
      output.clearLive();
      return files.at(path).write(metainfo, torrent, output);
    },
    onShared: (shared) => tellShared(shared, files.at(shared.path), sharing, session.port, output),
    onTrouble: (error, path, next) => {
      output.clearLive();
      tellTrouble(error, path, next, output);
    },
    onGone: (path) => {
      output.document({ event: 'gone', path });
      output.remark(`${plain(path)} is not there any more: it is not shared`);
    },
  });
  try {
    await shares.start(await files.find());
    if (shares.transfers.length === 0)
      throw new CliError('create-nothing', 'none of the albums could be shared');
    const words = 'Sharing until Ctrl-C. New albums are shared as they come, and so is what changes in them.';
    output.remark(paint('dim', words));
    const following = shares.follow();
    await seedUntil(signal, shares.transfers, output, noSeedLimits, true);
    await following;
    return exitCode.done;
  } finally {
    await shares.close();
  }
}

/** Where the torrent files of albums go. */
class AlbumFiles {
  readonly #sharing: AlbumSharing;
  readonly #signal: AbortSignal;
  readonly #output: Output;
  /** Keyed by the path of the album. */
  readonly #files = new Map<string, AlbumTorrent>();

  constructor(sharing: AlbumSharing, signal: AbortSignal, output: Output) {
    this.#sharing = sharing;
    this.#signal = signal;
    this.#output = output;
  }

  /** The albums that exist now. Throws CliError and CreateError if there is no album. */
  async find(): Promise<readonly FoundAlbum[]> {
    const jobs = await this.#jobsOf(this.#sharing.collections, true);
    return jobs.map(({ path, album, options, target, fault }) => {
      return { path, album, create: this.#place(path, options, target), fault };
    });
  }

  /** For an album that was added later. Undefined when its torrent cannot be written; that is reported. */
  async createFor({ path, wanted }: Album): Promise<CreateOptions | undefined> {
    try {
      const [job] = await this.#jobsOf([path], false);
      return job && { ...this.#place(path, job.options, job.target), wanted };
    } catch (error) {
      if (!this.#signal.aborted) this.#output.remark(`${plain(path)}: ${plain(errorWords(error))}`);
      return undefined;
    }
  }

  at(path: string): AlbumTorrent {
    return this.#files.get(path)!;
  }

  #place(path: string, options: CreateOptions, target: string | undefined): CreateOptions {
    this.#files.set(path, new AlbumTorrent(target, this.#sharing.force));
    return { ...options, target };
  }

  #jobsOf(paths: readonly string[], perAlbum: boolean) {
    const { create, force, place } = this.#sharing;
    const [output, signal] = [this.#output, this.#signal];
    const settings = { 'per-album': perAlbum, 'skip-existing': !force, force, place, output, signal };
    return createJobs(paths, create, settings);
  }
}

function tellShared(
  { version, isFirst }: SharedAlbum,
  { path: file }: AlbumTorrent,
  { tracker }: AlbumSharing,
  port: number,
  output: Output,
): void {
  const { metainfo, torrent, skipped } = version;
  const url = tracker?.addTorrent(torrent).torrentUrl;
  const document = { ...torrentDocument(metainfo, file ?? null, skipped), url: url ?? null };
  output.document({ event: isFirst ? 'sharing' : 'new-version', ...document, port });
  const files = metainfo.files.filter((entry) => !entry.isPad).length;
  const now = isFirst ? '' : '; it has changed, this is another torrent';
  output.result(
    `${paint('bold', plain(metainfo.name))}: ${size(metainfo.bytes)} in ${count(files, 'file')}${now}`,
  );
  output.result(`  ${plain(commandElsewhere(['get', url ?? file!]))}`);
}
