/**
 * Reports when files in a shared folder were added, changed or removed, after the folder has been quiet for a
 * while (settling.ts).
 *
 * Invariant: changes that the system does not report (a network share, a failed watcher, a disk that was
 * unplugged) are found by looking at intervals. An empty or missing folder is trouble, never a version
 * without files.
 */
import path from 'node:path';
import { watch } from 'chokidar';
import type { ScanOptions } from '../../torrents/create/folder-scan.ts';
import { ShareError } from '../account/share-error.ts';
import { type FolderListing, listFolder } from './folder-listing.ts';
import { settling } from './settling.ts';

export interface FolderWatch {
  /** Something may have changed. */
  touch(): void;
  /** Stops watching. Waits for a report that is under way. */
  close(): Promise<void>;
}

export interface FolderWatchOptions {
  /** The options of the torrent: files that are not in the torrent are not watched. */
  readonly scan: ScanOptions;
  /** The listing that was reported last. If the folder differs from it at the start, that is a change. */
  readonly known: FolderListing | undefined;
  /** If it rejects, that is trouble, and it is called again. `signal`: aborted when the watch is closed. */
  readonly onChange: (signal: AbortSignal) => Promise<void>;
  readonly onTrouble: (error: unknown) => void;
  /**
   * Called before each listing. Throws when the folder must not be read, which is trouble. Its answer adds to
   * `scan`.
   */
  readonly beforeLook?: (signal: AbortSignal) => Promise<Partial<ScanOptions>>;
  readonly settleMs?: number | undefined;
  /**
   * `touch` alone reports changes, with no watcher of its own: thousands of folders would exceed the system's
   * limit of watches.
   */
  readonly isTold?: boolean | undefined;
}

/** Longer than the pauses between two writes of copying programs and editors, and short enough for people. */
const settleMsDefault = 2_000;
const retryMs = 10_000;
const lookAgainMs = 10 * 60_000;
/** The interval when the system refuses more watches. A listing takes a millisecond per hundred files. */
const blindLookMs = 30_000;

export function watchFolder(folder: string, options: FolderWatchOptions): FolderWatch {
  const { scan, known, onChange, onTrouble, settleMs = settleMsDefault } = options;
  const ended = new AbortController();
  const list = async () => {
    const more = await options.beforeLook?.(ended.signal);
    const listing = await listFolder(folder, { ...scan, ...more }, ended.signal);
    if (listing.size > 0) return listing;
    const message = `${folder} holds nothing to share any more: is its disk there? Nothing is withdrawn`;
    throw new ShareError('share-missing', message, { path: folder });
  };
  const after = (ms: number, callback: () => void) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  };
  const report = () => onChange(ended.signal);
  const rest = settling(known, { list, report, onTrouble, after }, { settleMs, retryMs });
  const close = async () => {
    ended.abort();
    await rest.stop();
  };
  if (options.isTold) return { touch: rest.touch, close };
  const isHidden = (at: string) =>
    path
      .relative(folder, at)
      .split(path.sep)
      .some((name) => name.startsWith('.'));
  const watcher = watch(folder, {
    ignoreInitial: true,
    followSymlinks: scan.followSymlinks ?? false,
    ignorePermissionErrors: true,
    ...(scan.includeHidden ? {} : { ignored: isHidden }),
  });
  watcher.on('all', rest.touch);
  // Changes before the watcher was ready are not reported.
  watcher.on('ready', rest.touch);
  let timer = setInterval(rest.touch, lookAgainMs);
  watcher.on('error', (error) => {
    onTrouble(error);
    clearInterval(timer);
    timer = setInterval(rest.touch, blindLookMs);
  });
  return {
    touch: rest.touch,
    close: async () => {
      clearInterval(timer);
      await Promise.all([watcher.close(), close()]);
    },
  };
}
