/**
 * `cicada share --per-album` without a catalogue: a torrent for every album, all of them seeded by one client, and those
 * that come later, too. An album that changes is another torrent from then on. One that cannot be shared is said and stops
 * no other.
 */
import type { Album } from '../../../../torrents/create/albums.ts';
import type { CreateOptions } from '../../../../torrents/create/create.ts';
import type { HashProgress } from '../../../../torrents/hashing/engine.ts';
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
  /** Of the album, as it was found. */
  readonly path: string;
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
  new TransferVoice(session, output, { areWatched: true, areMany: true });
  const shares = new AlbumShares(session, sharing, signal, output);
  try {
    const known = await shares.start();
    const words = 'Sharing until Ctrl-C. New albums are shared as they come, and so is what changes in them.';
    output.remark(paint('dim', words));
    const scouting = shares.follow(known);
    await seedUntil(signal, shares.transfers, output, noSeedLimits, true);
    await scouting;
    return exitCode.done;
  } finally {
    await shares.close();
  }
}

class AlbumShares {
  /** Those that are seeded now: they come and go. */
  readonly transfers: Transfer[] = [];
  readonly #session: Session;
  readonly #sharing: AlbumSharing;
  readonly #signal: AbortSignal;
  readonly #output: Output;
  readonly #pool: HashPool;
  /** By the path of the album. */
  readonly #shared = new Map<string, Shared>();
  readonly #said = new Map<string, string>();

  constructor(session: Session, sharing: AlbumSharing, signal: AbortSignal, output: Output) {
    this.#session = session;
    this.#sharing = sharing;
    this.#signal = signal;
    this.#output = output;
    this.#pool = new HashPool(sharing.threads);
  }

  /** Answers the albums that are there. Throws CliError when none can be shared. */
  async start(): Promise<readonly Album[]> {
    const jobs = await this.#jobsOf(this.#sharing.collections, true);
    for (const job of jobs) {
      this.#signal.throwIfAborted();
      await this.#shareOne(job, job.album);
    }
    if (this.transfers.length === 0)
      throw new CliError('create-nothing', 'none of the albums could be shared');
    return jobs.flatMap(({ album }) => (album === undefined ? [] : [album]));
  }

  /** Until the signal is aborted; never rejects. */
  async follow(known: readonly Album[]): Promise<void> {
    const { collections: folders, create: scan, lookEveryMs: everyMs } = this.#sharing;
    await scoutAlbums(
      { folders, known, scan, signal: this.#signal, everyMs },
      {
        isKnown: (path) => this.#shared.has(path),
        onAlbum: (album) => this.#onAlbum(album),
        onChanged: async ({ path }) => this.#shared.get(path)?.folder.touch(),
        shared: () => [...this.#shared.keys()],
        onGone: (path) => this.#onGone(path),
        onTrouble: (error, folder) => this.#tellTrouble(error, folder, 'it is looked at again'),
      },
    );
  }

  async close(): Promise<void> {
    await Promise.all([
      this.#pool.close(),
      ...[...this.#shared.values()].map(({ folder }) => folder.close()),
    ]);
  }

  #jobsOf(paths: readonly string[], perAlbum: boolean): Promise<readonly CreateJob[]> {
    const { create, force, place } = this.#sharing;
    const [output, signal] = [this.#output, this.#signal];
    const settings = { 'per-album': perAlbum, 'skip-existing': !force, force, place, output, signal };
    return createJobs(paths, create, settings);
  }

  async #onAlbum(album: Album): Promise<void> {
    const { path, wanted } = album;
    try {
      for (const job of await this.#jobsOf([path], false)) {
        await this.#shareOne({ ...job, options: { ...job.options, wanted } }, album);
      }
    } catch (error) {
      if (!this.#signal.aborted) this.#output.remark(`${plain(path)}: ${plain(errorWords(error))}`);
    }
  }

  async #onGone(path: string): Promise<void> {
    const shared = this.#shared.get(path);
    if (shared === undefined) return;
    this.#shared.delete(path);
    this.#output.document({ event: 'gone', path });
    this.#output.remark(`${plain(path)} is not there any more: it is not shared`);
    await shared.folder.close();
    for (const transfer of shared.versions) await this.#stop(transfer);
  }

  async #shareOne(job: CreateJob, album: Album | undefined): Promise<void> {
    const { path, options, target, fault } = job;
    const { settleMs, includeSecrets, force } = this.#sharing;
    try {
      if (fault !== undefined) throw fault;
      const file = new AlbumTorrent(target, force);
      const onProgress = (hashed: HashProgress) => this.#output.live(hashingLine('Hashing', hashed));
      const folder = await shareFolder(path, {
        ...{ stateFolder: stateFolder(), includeSecrets, isTold: true, wantedNow: album?.wantedNow },
        ...(settleMs === undefined ? {} : { settleMs }),
        create: { ...options, target },
        control: { signal: this.#signal, pool: this.#pool, onProgress },
        onVersion: async (version, changes) => {
          const shared = this.#shared.get(path);
          if (shared !== undefined) await this.#reseed(shared, version, changes, file);
        },
        onTrouble: (error) => this.#tellOnce(error, path, 'it is looked at again'),
      });
      try {
        this.#shared.set(path, { path, folder, versions: [await this.#seed(path, folder.current, file)] });
        this.#said.delete(path);
      } catch (error) {
        await folder.close();
        throw error;
      }
    } catch (error) {
      if (this.#signal.aborted) throw error;
      this.#tellOnce(error, path, 'it is tried again');
    }
  }

  async #seed(path: string, version: FolderVersion, file: AlbumTorrent): Promise<Transfer> {
    const { metainfo, torrent, skipped } = version;
    const { trackers, tracker } = this.#sharing;
    const output = this.#output;
    output.clearLive();
    await file.write(metainfo, torrent, output);
    const trust = { trackers };
    const request = { wanted: { metainfo }, kind: 'share', place: path, verify: false, trust } as const;
    const transfer = await startTransfer(this.#session, request, this.#signal);
    this.transfers.push(transfer);
    const url = tracker?.addTorrent(torrent).torrentUrl;
    const isFirst = !this.#shared.has(path);
    const document = { ...torrentDocument(metainfo, file.path ?? null, skipped), url: url ?? null };
    output.document({ event: isFirst ? 'sharing' : 'new-version', ...document, port: this.#session.port });
    const files = metainfo.files.filter((entry) => !entry.isPad).length;
    const now = isFirst ? '' : '; it has changed, this is another torrent';
    output.result(
      `${paint('bold', plain(metainfo.name))}: ${size(metainfo.bytes)} in ${count(files, 'file')}${now}`,
    );
    output.result(`  ${plain(commandElsewhere(['get', url ?? file.path!]))}`);
    return transfer;
  }

  /** The versions before keep their peers as long as they are whole. */
  async #reseed(
    { path, versions }: Shared,
    version: FolderVersion,
    { changed, removed }: FolderChanges,
    file: AlbumTorrent,
  ): Promise<void> {
    const kept = changed.length + removed.length === 0 ? earlierMax : 0;
    for (const earlier of versions.splice(0, Math.max(0, versions.length - kept))) await this.#stop(earlier);
    versions.push(await this.#seed(path, version, file));
  }

  async #stop(transfer: Transfer): Promise<void> {
    this.transfers.splice(this.transfers.indexOf(transfer), 1);
    await this.#session.remove(transfer);
  }

  #tellOnce(error: unknown, path: string, next: string): void {
    this.#output.clearLive();
    if (this.#said.get(path) === String(error)) return;
    this.#said.set(path, String(error));
    this.#tellTrouble(error, path, next);
  }

  #tellTrouble(error: unknown, path: string, next: string): void {
    const message = errorWords(error);
    this.#output.document({ event: 'trouble', path, code: codeOf(error), message });
    this.#output.remark(`${plain(path)}: ${plain(message)}; ${next}`);
  }
}
