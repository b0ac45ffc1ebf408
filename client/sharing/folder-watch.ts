/**
 * Tells when a shared folder has gained, changed or lost files, once it has come to rest (settling.ts).
 *
 * Invariant: what the system does not tell is found by looking now and then: a network share, a watcher that could not be
 * had, a disk that was away. A folder that is empty or gone is trouble, and never a version without files.
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
  /** A change that is being told of is waited for. */
  close(): Promise<void>;
}

export interface FolderWatchOptions {
  /** As for the torrent: what does not belong to it is no change. */
  readonly scan: ScanOptions;
  /** What the folder looked like when it was last told of; a difference at the start is a change too. */
  readonly known: FolderListing | undefined;
  /** When it rejects, that is trouble, and it is called again. `signal`: nobody watches any more. */
  readonly onChange: (signal: AbortSignal) => Promise<void>;
  readonly onTrouble: (error: unknown) => void;
  /** Throws when the folder must not be looked at: then that is trouble. Answers what else is no change. */
  readonly beforeLook?: (signal: AbortSignal) => Promise<Partial<ScanOptions>>;
  readonly settleMs?: number | undefined;
  /** Changes are told by `touch` alone: of thousands of folders the system would have too many files to watch. */
  readonly isTold?: boolean | undefined;
}

/** Copying programs and editors pause for less between two writes, and people wait for more. */
const settleMsDefault = 2_000;
const retryMs = 10_000;
const lookAgainMs = 10 * 60_000;
/** When the system has too many folders to watch already. A look costs a millisecond a hundred files. */
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
  // What happened before the watcher stood was not told.
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
