/**
 * `cicada seed FOLDER PATH`: all torrents of a folder, over one music folder, by one client on one port.
 *
 * Invariant: a torrent that cannot be seeded is said, with why, and stops no other.
 */
import type { Metainfo } from '../../torrents/metainfo.ts';
import type { Client } from '../host/client.ts';
import { sideBySide } from '../host/side-by-side.ts';
import { CliError, codeOf } from './cli-error.ts';
import { ContentFinder } from './content-finder.ts';
import { exitCode, exitCodeOf } from './exit-codes.ts';
import type { Output } from './output.ts';
import { checkSeeded } from './shareable.ts';
import { torrentFilesIn } from './torrent-folder.ts';
import { type LoadedTorrent, loadTorrent } from './torrent-source.ts';
import { plain } from './torrent-summary.ts';
import { TrackerComplaints } from './tracker-complaints.ts';
import { Transfer } from './transfer.ts';
import { count, grouped, size } from './wording.ts';

export interface SeedFolderOptions {
  /** Of the torrent files. */
  readonly torrents: string;
  /** Of the music. */
  readonly path: string;
  readonly verify: boolean | 'anew';
  readonly 'include-secrets'?: boolean | undefined;
  readonly signal: AbortSignal;
  /** With the trackers that the user typed. */
  readonly complete: (loaded: LoadedTorrent) => LoadedTorrent;
}

/** First checks at once: their files are hashed in turn all the same, and records are read meanwhile. */
const startsMax = 4;
/** So many that are not seeded are named; with -v and --json all are. */
const namedMax = 8;

/** Those that are left out, as they come: a few are named at once, the rest counted in the end. */
class LeftOut {
  readonly #output: Output;
  missing = 0;
  failed = 0;
  /** Of the first that failed. What is only not there is no failure. */
  code: number = exitCode.done;

  constructor(output: Output) {
    this.#output = output;
  }

  get count(): number {
    return this.missing + this.failed;
  }

  onMissing(torrent: string, why: string): void {
    this.missing++;
    this.#say(torrent, 'not-found', why);
  }

  onFailed(torrent: string, error: unknown): void {
    this.failed++;
    if (this.code === exitCode.done) this.code = exitCodeOf(error);
    this.#say(torrent, codeOf(error), (error as Error).message);
  }

  #say(torrent: string, code: string, message: string): void {
    this.#output.document({ event: 'skipped', torrent, code, message });
    const words = `Not shared: ${plain(torrent)}: ${plain(message)}`;
    if (this.count <= namedMax) this.#output.remark(words);
    else this.#output.detail(words);
  }
}

/** Answers what is seeded, and the exit code. Throws CliError when nothing can be. */
export async function seedFolder(
  client: Client,
  options: SeedFolderOptions,
  output: Output,
): Promise<{ readonly transfers: readonly Transfer[]; readonly code: number }> {
  const { path, signal } = options;
  const startedMs = performance.now();
  const leftOut = new LeftOut(output);
  const files = await torrentFilesIn(options.torrents, signal);
  const loaded = await loadAll(files, options, leftOut, output);
  const finder = await ContentFinder.open(path, [...loaded.values()].map(metainfoOf), signal);
  const complaints = new TrackerComplaints(output, [], true);
  const transfers: Transfer[] = [];
  let done = 0;
  await sideBySide(loaded, startsMax, async ([torrent, { metainfo, trust }]) => {
    signal.throwIfAborted();
    // Others have a turn: what is remembered is started without ever waiting.
    await new Promise(setImmediate);
    const words = `Starting ${grouped(++done)} of ${count(loaded.size, 'torrent')}`;
    output.live({ lines: () => [words], plain: () => words });
    const places = finder.find(metainfo);
    if (places.length === 0) return leftOut.onMissing(torrent, finder.whyNot(metainfo));
    try {
      const transfer = new Transfer(metainfo, output, false, complaints);
      const { onReport } = transfer;
      transfer.attach(
        await firstRight(places, async (place) => {
          await checkSeeded(metainfo, place, options, output);
          return await client.seed(metainfo, {
            path: place,
            verify: options.verify,
            signal,
            onReport,
            trust,
          });
        }),
      );
      transfers.push(transfer);
      const { infoHash, active } = transfer;
      output.document({ event: 'seeding', torrent, infoHash, path: active.path, port: client.port });
      output.detail(`Sharing ${plain(active.path)}`);
    } catch (error) {
      if (signal.aborted) throw error;
      leftOut.onFailed(torrent, error);
    }
  });
  output.clearLive();
  const { missing, failed, code } = leftOut;
  const bytes = transfers.reduce((sum, { metainfo }) => sum + metainfo.bytes, 0);
  const seconds = Math.round(performance.now() - startedMs) / 1000;
  const sums = { torrents: transfers.length, bytes, missing, failed, port: client.port, seconds };
  output.document({ event: 'ready', ...sums });
  if (leftOut.count > namedMax) output.remark(`Not shared: ${grouped(leftOut.count)} in all (-v names them)`);
  if (transfers.length === 0) {
    throw new CliError('not-found', `none of ${count(files.length, 'torrent')} has its content in ${path}`);
  }
  const what = `${count(transfers.length, 'torrent')} (${size(bytes)})`;
  output.remark(`Sharing ${what} on port ${client.port}; Ctrl-C stops.`);
  return { transfers, code };
}

/** By path. A torrent that is there twice is taken once. */
async function loadAll(
  files: readonly string[],
  { signal, complete }: SeedFolderOptions,
  leftOut: LeftOut,
  output: Output,
): Promise<Map<string, Pick<LoadedTorrent, 'metainfo' | 'trust'>>> {
  const loaded = new Map<string, Pick<LoadedTorrent, 'metainfo' | 'trust'>>();
  const known = new Set<string>();
  for (const [index, file] of files.entries()) {
    const words = `Reading ${grouped(index + 1)} of ${count(files.length, 'torrent')}`;
    output.live({ lines: () => [words], plain: () => words });
    try {
      const { metainfo, trust } = complete(await loadTorrent(file, signal));
      const infoHash = Buffer.from(metainfo.infoHash).toString('hex');
      if (known.has(infoHash)) output.detail(`${plain(file)} is there under another name, too`);
      else loaded.set(file, { metainfo, trust });
      known.add(infoHash);
    } catch (error) {
      if (signal.aborted) throw error;
      leftOut.onFailed(file, error);
    }
  }
  return loaded;
}

function metainfoOf({ metainfo }: Pick<LoadedTorrent, 'metainfo'>): Metainfo {
  return metainfo;
}

/** Two places may have files of the same sizes, and one of them is right. Throws what is wrong with the last. */
async function firstRight<T>(places: readonly string[], use: (place: string) => Promise<T>): Promise<T> {
  let wrong: unknown;
  for (const place of places) {
    try {
      return await use(place);
    } catch (error) {
      if (codeOf(error) !== 'data-mismatch') throw error;
      wrong = error;
    }
  }
  throw wrong;
}
