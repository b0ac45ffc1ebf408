/**
 * `cicada seed FOLDER PATH`: all torrents of a folder, over one music folder, by one client on one port; and what is put
 * into that folder later, or taken out of it (folder-scout.ts). One whose content is missing is seeded when it has come.
 *
 * Invariant: a torrent that cannot be seeded is said, with why, and stops no other. It is tried again when its file or its
 * content has changed, and not before: hashing it once more would give the same.
 */
import { stat } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { hex } from '../../../../torrents/byte-text.ts';
import { count, grouped, size } from '../../../../torrents/wording.ts';
import { sideBySide } from '../../../host/disk/side-by-side.ts';
import type { Session } from '../../../session/session.ts';
import { type Sighting, scoutFolders } from '../../../session/shares/folder-scout.ts';
import { startTransfer } from '../../../session/transfers/start-transfer.ts';
import type { Transfer } from '../../../session/transfers/transfer.ts';
import { CliError, codeOf } from '../../cli-error.ts';
import { errorWords } from '../../error-words.ts';
import { type Output, paint } from '../../screen/output.ts';
import { LeftOut } from '../../sharing/left-out.ts';
import { checkSeeded } from '../../sharing/shareable.ts';
import { ContentFinder } from '../../sources/content-finder.ts';
import { torrentFilesIn } from '../../sources/torrent-folder.ts';
import { type LoadedTorrent, loadTorrent } from '../../sources/torrent-source.ts';
import { TransferVoice } from '../../transfer/transfer-voice.ts';
import { plain } from '../making/torrent-summary.ts';

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
  /** Another pace for tests. */
  readonly lookEveryMs?: number;
}

export interface SeededFolder {
  /** Those that are seeded now: they come and go. */
  readonly transfers: readonly Transfer[];
  /** The exit code. */
  readonly code: number;
  /** Takes up what comes into the folder and lets go of what leaves it, until the signal is aborted; never rejects. */
  follow(signal: AbortSignal): Promise<void>;
}

/** Throws CliError when nothing can be seeded. */
export async function seedFolder(
  session: Session,
  options: SeedFolderOptions,
  output: Output,
): Promise<SeededFolder> {
  const seeding = new FolderSeeding(session, options, output);
  await seeding.start();
  return seeding;
}

/** First checks at once: their files are hashed in turn all the same, and records are read meanwhile. */
const startsMax = 4;

type Loaded = Pick<LoadedTorrent, 'metainfo' | 'trust'>;

/** A torrent file; its stamp is of its content, too, while that is waited for. */
interface SeenTorrent extends Sighting {
  /** The stamp of the file alone. */
  readonly file: string;
}

class FolderSeeding implements SeededFolder {
  readonly transfers: Transfer[] = [];
  readonly #session: Session;
  readonly #options: SeedFolderOptions;
  readonly #output: Output;
  readonly #leftOut: LeftOut;
  /** All by the path of a torrent file. */
  readonly #seeded = new Map<string, { readonly transfer: Transfer; readonly file: string }>();
  /** Those whose content is not there, or not right. */
  readonly #waiting = new Map<string, Loaded>();
  /** The info-hashes of those that are seeded under another name already. */
  readonly #twins = new Map<string, string>();
  /** How what waits looked, with its content, when it was tried last. */
  readonly #tried = new Map<string, string>();
  #isStarted = false;

  constructor(session: Session, options: SeedFolderOptions, output: Output) {
    this.#session = session;
    this.#options = options;
    this.#output = output;
    this.#leftOut = new LeftOut(output);
    new TransferVoice(session, output, { areMany: true });
  }

  get code(): number {
    return this.#leftOut.code;
  }

  async start(): Promise<void> {
    const { torrents, path, signal } = this.#options;
    const startedMs = performance.now();
    const files = await this.#filesIn(torrents, signal);
    await this.#take(files, signal);
    const { transfers } = this;
    const { missing, failed } = this.#leftOut;
    const bytes = transfers.reduce((sum, { metainfo }) => sum + metainfo.bytes, 0);
    const seconds = Math.round(performance.now() - startedMs) / 1000;
    const { port } = this.#session;
    this.#output.document({
      event: 'ready',
      ...{ torrents: transfers.length, bytes, missing, failed, port, seconds },
    });
    this.#leftOut.tellCount();
    if (transfers.length === 0) {
      throw new CliError('not-found', `none of ${count(files.length, 'torrent')} has its content in ${path}`);
    }
    const what = `${count(transfers.length, 'torrent')} (${size(bytes)})`;
    this.#output.remark(`Sharing ${what} on port ${port}; Ctrl-C stops.`);
  }

  async follow(signal: AbortSignal): Promise<void> {
    const { torrents, lookEveryMs: everyMs } = this.#options;
    this.#isStarted = true;
    const folder = plain(torrents);
    this.#output.remark(
      paint('dim', `What is put into ${folder} is shared as well, and what leaves it is not.`),
    );
    const known = [...this.#seeded].map(([path, { file }]) => ({ path, stamp: file }));
    await scoutFolders<SeenTorrent>(
      { folders: [torrents], known, signal, everyMs },
      {
        look: async (at) => await this.#withContent(await this.#filesIn(at, signal), signal),
        isKnown: (path) => this.#seeded.has(path) || this.#isTwin(path),
        onNew: (seen) => this.#takeLater(seen, signal),
        onChanged: (seen) => this.#takeAnew(seen, signal),
        shared: () => [...this.#seeded.keys()],
        onGone: async (path) => {
          const { infoHash } = this.#seeded.get(path)!.transfer;
          this.#output.document({ event: 'gone', torrent: path, infoHash });
          this.#output.remark(`${plain(path)} is not there any more: it is not shared`);
          await this.#letGo(path);
        },
        onTrouble: (error, at) => {
          const message = errorWords(error);
          this.#output.document({ event: 'trouble', path: at, code: codeOf(error), message });
          this.#output.remark(`${plain(message)}; it is looked at again`);
        },
      },
    );
  }

  async #filesIn(folder: string, signal: AbortSignal): Promise<SeenTorrent[]> {
    const seen: SeenTorrent[] = [];
    for (const path of await torrentFilesIn(folder, signal)) {
      const stats = await stat(path).catch(() => undefined);
      const file = `${stats?.size} ${stats?.ctimeMs} ${stats?.ino}`;
      seen.push({ path, stamp: file, file });
    }
    return seen;
  }

  /** What waits looks otherwise when its content does. Throws CliError when the music cannot be looked at. */
  async #withContent(seen: readonly SeenTorrent[], signal: AbortSignal): Promise<readonly SeenTorrent[]> {
    const paths = new Set(seen.map(({ path }) => path));
    for (const path of this.#waiting.keys()) if (!paths.has(path)) this.#waiting.delete(path);
    if (this.#waiting.size === 0) return seen;
    const torrents = [...this.#waiting.values()].map(({ metainfo }) => metainfo);
    const finder = await ContentFinder.open(this.#options.path, torrents, signal);
    return seen.map((one) => {
      const waiting = this.#waiting.get(one.path);
      return waiting === undefined
        ? one
        : { ...one, stamp: `${one.file} ${finder.stampOf(waiting.metainfo)}` };
    });
  }

  #isTwin(path: string): boolean {
    const hash = this.#twins.get(path);
    return hash !== undefined && this.transfers.some(({ infoHash }) => infoHash === hash);
  }

  /** The file is another one. One that says the same costs no peer its connection. Never rejects. */
  async #takeAnew(seen: SeenTorrent, signal: AbortSignal): Promise<void> {
    const seeded = this.#seeded.get(seen.path);
    if (seeded === undefined || seeded.file === seen.file) return;
    const loaded = await loadTorrent(seen.path, signal).catch(() => undefined);
    const now = loaded && this.#options.complete(loaded).metainfo;
    const { metainfo } = seeded.transfer;
    const isSame =
      now !== undefined &&
      Buffer.compare(now.infoHash, metainfo.infoHash) === 0 &&
      isDeepStrictEqual(now.trackers, metainfo.trackers);
    if (isSame) return void this.#seeded.set(seen.path, { ...seeded, file: seen.file });
    await this.#letGo(seen.path);
    await this.#takeLater([seen], signal);
  }

  async #letGo(path: string): Promise<void> {
    const { transfer } = this.#seeded.get(path)!;
    this.#seeded.delete(path);
    this.transfers.splice(this.transfers.indexOf(transfer), 1);
    await this.#session.remove(transfer);
  }

  /** Never rejects. */
  async #takeLater(seen: readonly SeenTorrent[], signal: AbortSignal): Promise<void> {
    const worthATry = seen.filter(({ path, stamp }) => this.#tried.get(path) !== stamp);
    try {
      await this.#take(worthATry, signal);
    } catch (error) {
      if (!signal.aborted) this.#output.remark(plain(errorWords(error)));
    }
    this.#output.clearLive();
    this.#leftOut.tellCount();
  }

  /** Throws CliError when the music cannot be looked at. */
  async #take(files: readonly SeenTorrent[], signal: AbortSignal): Promise<void> {
    const loaded = await this.#load(files, signal);
    if (loaded.size === 0) return;
    const torrents = [...loaded.values()].map(({ metainfo }) => metainfo);
    const finder = await ContentFinder.open(this.#options.path, torrents, signal);
    const stamps = new Map(files.map(({ path, file }) => [path, file]));
    let done = 0;
    await sideBySide(loaded, startsMax, async ([torrent, one]) => {
      signal.throwIfAborted();
      // Others have a turn: what is remembered is started without ever waiting.
      await new Promise(setImmediate);
      const words = `Starting ${grouped(++done)} of ${count(loaded.size, 'torrent')}`;
      this.#output.live({ lines: () => [words], plain: () => words });
      const file = stamps.get(torrent)!;
      const places = finder.find(one.metainfo);
      this.#tried.set(torrent, `${file} ${finder.stampOf(one.metainfo, places)}`);
      if (places.length === 0) return this.#leftOut.onMissing(torrent, finder.whyNot(one.metainfo));
      try {
        const transfer = await this.#seed(torrent, one, places, signal);
        this.transfers.push(transfer);
        this.#seeded.set(torrent, { transfer, file });
        this.#waiting.delete(torrent);
      } catch (error) {
        if (signal.aborted) throw error;
        this.#leftOut.onFailed(torrent, error);
      }
    });
    this.#output.clearLive();
  }

  async #seed(
    torrent: string,
    { metainfo, trust }: Loaded,
    places: readonly string[],
    signal: AbortSignal,
  ): Promise<Transfer> {
    const { verify } = this.#options;
    const transfer = await firstRight(places, async (place) => {
      await checkSeeded(metainfo, place, this.#options, this.#output);
      const request = { wanted: { metainfo }, kind: 'share', place, verify, trust } as const;
      return await startTransfer(this.#session, request, signal);
    });
    const { infoHash, path } = transfer;
    const { port } = this.#session;
    this.#output.document({ event: 'seeding', torrent, infoHash, path, port });
    const words = `Sharing ${plain(path)}`;
    if (this.#isStarted) this.#output.remark(words);
    else this.#output.detail(words);
    return transfer;
  }

  /** By path. A torrent that is there twice is taken once. */
  async #load(files: readonly SeenTorrent[], signal: AbortSignal): Promise<Map<string, Loaded>> {
    const loaded = new Map<string, Loaded>();
    const known = new Set(this.transfers.map(({ infoHash }) => infoHash));
    for (const [index, { path, file }] of files.entries()) {
      const words = `Reading ${grouped(index + 1)} of ${count(files.length, 'torrent')}`;
      this.#output.live({ lines: () => [words], plain: () => words });
      try {
        this.#waiting.delete(path);
        const { metainfo, trust } = this.#options.complete(await loadTorrent(path, signal));
        const infoHash = hex(metainfo.infoHash);
        if (known.has(infoHash)) {
          this.#twins.set(path, infoHash);
          this.#output.detail(`${plain(path)} is there under another name, too`);
        } else {
          loaded.set(path, { metainfo, trust });
          this.#waiting.set(path, { metainfo, trust });
        }
        known.add(infoHash);
      } catch (error) {
        if (signal.aborted) throw error;
        this.#tried.set(path, file);
        this.#leftOut.onFailed(path, error);
      }
    }
    return loaded;
  }
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
