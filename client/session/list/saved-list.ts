/**
 * The list of a session on disk: for each transfer its settings (ID.json) and its torrent (ID.torrent), and
 * one more file with the order and the limits. Each file is written whole and synced before it is renamed
 * into place.
 *
 * Invariant: a torrent file is on disk before its ID.json, and is removed after it. A file that cannot be
 * read stays where it is and is reported; the others are still read.
 */
import path from 'node:path';
import { makeFolders } from '../../../torrents/make-folders.ts';
import { codeOf } from '../../host/disk/disk-errors.ts';
import type { FileSystem } from '../../host/disk/file-system.ts';
import { orUndefined, type Steps, waitFor } from '../../host/disk/steps.ts';
import { isOfLink, type SavedTransfer, type TransferToSave } from './saved-transfer.ts';

export interface ReadList {
  readonly transfers: readonly SavedTransfer[];
  /** By id: transfers that could not be read, and why. */
  readonly unreadable: ReadonlyMap<string, Error>;
  /** Ids in their order. The order may name transfers that do not exist, and may lack some that do. */
  readonly order: readonly string[];
  /** Unchecked JSON. */
  readonly limits: unknown;
}

/**
 * Bounds the time to open a list: 100,000 files of a kilobyte each are read in some seconds. Further
 * transfers are not read.
 */
const transfersMax = 100_000;
/**
 * Error codes of systems that cannot fsync a folder. Folders above the list's own may also be closed to this
 * user.
 */
const cannotForce = ['EPERM', 'EISDIR', 'EINVAL', 'ENOTSUP', 'EBADF', 'ENOENT'];
const isClosed = 'EACCES';
const orderFile = 'list.json';
const idPattern = /^([0-9a-f]{40})\.json$/;

export class SavedList {
  readonly #folder: string;
  readonly #fs: FileSystem;
  /** Torrent files on disk, by name, with the generation of their transfer. */
  readonly #written = new Map<string, number>();
  #isWayForced = false;

  /** The folder is made at the first write. */
  constructor(folder: string, fs: FileSystem) {
    this.#folder = folder;
    this.#fs = fs;
  }

  /** Throws when the list cannot be read, because an empty list would then overwrite it. */
  *reading(): Steps<ReadList> {
    const { later } = this.#fs;
    const names = (yield* ifThere(later.readdir(this.#folder))) ?? [];
    const present = new Set(names);
    const ids = names.flatMap((name) => idPattern.exec(name)?.[1] ?? []).slice(0, transfersMax);
    const transfers: SavedTransfer[] = [];
    const unreadable = new Map<string, Error>();
    for (const id of ids) {
      try {
        transfers.push(yield* this.#reading(id, present));
      } catch (error) {
        unreadable.set(id, error as Error);
      }
    }
    const list = yield* ifThere(later.readText(this.#at(orderFile)));
    const { order, limits } = listOf(list);
    // A killed process may have renamed files without syncing the folder. What was read counts as saved, so
    // it is synced.
    if (names.length > 0) yield* this.#force(this.#folder);
    return { transfers, unreadable, order, limits };
  }

  *#reading(id: string, present: ReadonlySet<string>): Steps<SavedTransfer> {
    const text = yield* waitFor(this.#fs.later.readText(this.#at(`${id}.json`)));
    // A process that ended between two writes may have left the torrent of an earlier transfer beside a link.
    const torrent = isOfLink(text) ? undefined : yield* this.#torrent(`${id}.torrent`, present);
    const earlier = yield* this.#torrent(`${id}.earlier.torrent`, present);
    return { id, text, torrent, earlier };
  }

  /**
   * `generation`: 0 for the transfer that was read, and another number for each later one with the same id.
   */
  *saving({ id, text, torrent, earlier }: TransferToSave, generation: number): Steps<void> {
    yield* this.#writeOnce(`${id}.torrent`, torrent, generation);
    yield* this.#writeOnce(`${id}.earlier.torrent`, earlier, generation);
    yield* this.#write(`${id}.json`, text);
  }

  *savingList(order: readonly string[], limits: object): Steps<void> {
    yield* this.#write(orderFile, `${JSON.stringify({ version: 1, order, limits })}\n`);
  }

  *removing(id: string): Steps<void> {
    const { later } = this.#fs;
    yield* waitFor(later.remove(this.#at(`${id}.json`)));
    // A power cut may undo one removal and keep the other: an entry without its torrent would count as
    // damaged.
    yield* this.#force(this.#folder);
    for (const name of [`${id}.torrent`, `${id}.earlier.torrent`]) {
      yield* waitFor(later.remove(this.#at(name)));
      this.#written.delete(name);
    }
  }

  /**
   * Fsyncs a folder, for the names in it. An error means that nothing was saved, and the write is repeated.
   * Resume records handle this differently (syncFolder).
   */
  *#force(folder: string): Steps<void> {
    try {
      const handle = yield* waitFor(this.#fs.later.open(folder, 'read'));
      try {
        yield* waitFor(handle.sync());
      } finally {
        yield* waitFor(handle.close());
      }
    } catch (error) {
      const code = codeOf(error) ?? '';
      const isAbove = folder !== this.#folder;
      if (!cannotForce.includes(code) && !(isAbove && code === isClosed)) throw error;
    }
  }

  #at(name: string): string {
    return path.join(this.#folder, name);
  }

  *#torrent(name: string, present: ReadonlySet<string>): Steps<Uint8Array | undefined> {
    if (!present.has(name)) return undefined;
    const bytes = yield* waitFor(this.#fs.later.readBytes(this.#at(name)));
    this.#written.set(name, 0);
    return bytes;
  }

  /** The torrent of one transfer never changes. A later transfer with the same id may have other trackers. */
  *#writeOnce(name: string, make: () => Uint8Array | undefined, generation: number): Steps<void> {
    if (this.#written.get(name) === generation) return;
    const bytes = make();
    if (bytes === undefined) return;
    yield* this.#write(name, bytes);
    this.#written.set(name, generation);
  }

  *#write(name: string, content: string | Uint8Array): Steps<void> {
    const { later } = this.#fs;
    const temporary = this.#at(`${name}.tmp`);
    const made = makeFolders(this.#folder, 0o700, this.#fs);
    try {
      const handle = yield* waitFor(later.open(temporary, 'replace'));
      try {
        yield* waitFor(handle.write(content));
        yield* waitFor(handle.sync());
      } finally {
        yield* waitFor(handle.close());
      }
      yield* waitFor(later.rename(temporary, this.#at(name)));
      yield* this.#force(this.#folder);
      // Once, the folders above are synced too: a killed process may have made them just before.
      const onWay = this.#isWayForced ? [] : [this.#folder, path.dirname(this.#folder)];
      const above = new Set([...onWay, ...made].map((folder) => path.dirname(folder)));
      for (const folder of above) yield* this.#force(folder);
      this.#isWayForced = true;
    } catch (error) {
      yield* orUndefined(later.remove(temporary));
      throw error;
    }
  }
}

/** Undefined when the file or folder does not exist. */
function* ifThere<T>(pending: PromiseLike<T>): Steps<T | undefined> {
  try {
    return yield* waitFor(pending);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
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
