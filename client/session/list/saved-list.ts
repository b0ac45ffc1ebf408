/**
 * The list of a session on the disk: for each transfer what was wished of it (ID.json) and its torrent (ID.torrent), and in
 * one more file the order and the limits. Each file is written whole, and forced to the disk before it gets its name.
 *
 * Invariant: a torrent is on the disk before the list names it, and leaves it after. A file that cannot be read is left
 * where it is, and told of; it keeps no other from being read.
 */
import path from 'node:path';
import { makeFolders } from '../../../torrents/make-folders.ts';
import type { FileSystem } from '../../host/disk/file-system.ts';
import { orUndefined, type Steps, waitFor } from '../../host/disk/steps.ts';
import { syncFolder } from '../../host/disk/sync-folder.ts';
import type { SavedTransfer } from './saved-transfer.ts';

export interface ReadList {
  readonly transfers: readonly SavedTransfer[];
  /** Ids, in their order; some may have gone, and others may be missing. */
  readonly order: readonly string[];
  /** As JSON has it. */
  readonly limits: unknown;
}

/** 100,000 transfers of a kilobyte each would be read in some seconds; more is no list of ours. */
const transfersMax = 100_000;
const orderFile = 'list.json';
const idPattern = /^([0-9a-f]{40})\.json$/;

export class SavedList {
  readonly #folder: string;
  readonly #fs: FileSystem;
  /** Torrents that are on the disk, by file name. */
  readonly #written = new Set<string>();

  /** The folder is made when something is written. */
  constructor(folder: string, fs: FileSystem) {
    this.#folder = folder;
    this.#fs = fs;
  }

  *reading(): Steps<ReadList> {
    const { later } = this.#fs;
    const names = (yield* orUndefined(later.readdir(this.#folder))) ?? [];
    const ids = names.flatMap((name) => idPattern.exec(name)?.[1] ?? []).slice(0, transfersMax);
    const transfers: SavedTransfer[] = [];
    for (const id of ids) {
      const text = yield* orUndefined(later.readText(this.#at(`${id}.json`)));
      if (text === undefined) continue;
      const torrent = yield* this.#torrent(`${id}.torrent`, names);
      const earlier = yield* this.#torrent(`${id}.earlier.torrent`, names);
      transfers.push({ id, text, torrent, earlier });
    }
    const list = yield* orUndefined(later.readText(this.#at(orderFile)));
    const { order, limits } = listOf(list);
    return { transfers, order, limits };
  }

  *saving({ id, text, torrent, earlier }: SavedTransfer): Steps<void> {
    yield* this.#writeOnce(`${id}.torrent`, torrent);
    yield* this.#writeOnce(`${id}.earlier.torrent`, earlier);
    yield* this.#write(`${id}.json`, text);
  }

  *savingList(order: readonly string[], limits: object): Steps<void> {
    yield* this.#write(orderFile, `${JSON.stringify({ version: 1, order, limits })}\n`);
  }

  *removing(id: string): Steps<void> {
    const { later } = this.#fs;
    for (const name of [`${id}.json`, `${id}.torrent`, `${id}.earlier.torrent`]) {
      yield* waitFor(later.remove(this.#at(name)));
      this.#written.delete(name);
    }
    yield* syncFolder(this.#fs, this.#folder);
  }

  #at(name: string): string {
    return path.join(this.#folder, name);
  }

  *#torrent(name: string, names: readonly string[]): Steps<Uint8Array | undefined> {
    if (!names.includes(name)) return undefined;
    const bytes = yield* orUndefined(this.#fs.later.readBytes(this.#at(name)));
    if (bytes !== undefined) this.#written.add(name);
    return bytes;
  }

  /** A torrent never changes. */
  *#writeOnce(name: string, bytes: Uint8Array | undefined): Steps<void> {
    if (bytes === undefined || this.#written.has(name)) return;
    yield* this.#write(name, bytes);
    this.#written.add(name);
  }

  *#write(name: string, content: string | Uint8Array): Steps<void> {
    const { later } = this.#fs;
    const temporary = this.#at(`${name}.tmp`);
    makeFolders(this.#folder, 0o700, this.#fs);
    try {
      const handle = yield* waitFor(later.open(temporary, 'replace'));
      try {
        yield* waitFor(handle.write(content));
        yield* waitFor(handle.sync());
      } finally {
        yield* waitFor(handle.close());
      }
      yield* waitFor(later.rename(temporary, this.#at(name)));
      yield* syncFolder(this.#fs, this.#folder);
    } catch (error) {
      yield* orUndefined(later.remove(temporary));
      throw error;
    }
  }
}

function listOf(text: string | undefined): { readonly order: readonly string[]; readonly limits: unknown } {
  try {
    const { order, limits } = JSON.parse(text ?? '{}') as Record<string, unknown>;
    return { order: Array.isArray(order) ? order.filter((id) => typeof id === 'string') : [], limits };
  } catch {
    return { order: [], limits: undefined };
  }
}
