/**
 * The list of a session on the disk: for each transfer what was wished of it (ID.json) and its torrent (ID.torrent), and in
 * one more file the order and the limits. Each file is written whole, and forced to the disk before it gets its name.
 *
 * Invariant: a torrent is on the disk before the list names it, and leaves it after. A file that cannot be read is left
 * where it is, and told of; it keeps no other from being read.
 */
import path from 'node:path';
import { makeFolders } from '../../../torrents/make-folders.ts';
import { codeOf } from '../../host/disk/disk-errors.ts';
import type { FileSystem } from '../../host/disk/file-system.ts';
import { orUndefined, type Steps, waitFor } from '../../host/disk/steps.ts';
import { isOfLink, type SavedTransfer, type TransferToSave } from './saved-transfer.ts';

export interface ReadList {
  readonly transfers: readonly SavedTransfer[];
  /** Ids of those that the disk does not give back. */
  readonly unreadable: ReadonlyMap<string, Error>;
  /** Ids, in their order; some may have gone, and others may be missing. */
  readonly order: readonly string[];
  /** As JSON has it. */
  readonly limits: unknown;
}

/** 100,000 transfers of a kilobyte each would be read in some seconds; more is no list of ours. */
const transfersMax = 100_000;
/** What systems say that force no folders to the disk, or that have none; folders above ours may be closed to us. */
const cannotForce = ['EPERM', 'EISDIR', 'EINVAL', 'ENOTSUP', 'EBADF', 'ENOENT'];
const isClosed = 'EACCES';
const orderFile = 'list.json';
const idPattern = /^([0-9a-f]{40})\.json$/;

export class SavedList {
  readonly #folder: string;
  readonly #fs: FileSystem;
  /** Torrents that are on the disk, by file name: of which generation of their transfer. */
  readonly #written = new Map<string, number>();
  #isWayForced = false;

  /** The folder is made when something is written. */
  constructor(folder: string, fs: FileSystem) {
    this.#folder = folder;
    this.#fs = fs;
  }

  /** Throws when the disk does not say what is in the list: an empty one would take its place. */
  *reading(): Steps<ReadList> {
    const { later } = this.#fs;
    const names = (yield* ifThere(later.readdir(this.#folder))) ?? [];
    const ids = names.flatMap((name) => idPattern.exec(name)?.[1] ?? []).slice(0, transfersMax);
    const transfers: SavedTransfer[] = [];
    const unreadable = new Map<string, Error>();
    for (const id of ids) {
      try {
        transfers.push(yield* this.#reading(id, names));
      } catch (error) {
        unreadable.set(id, error as Error);
      }
    }
    const list = yield* ifThere(later.readText(this.#at(orderFile)));
    const { order, limits } = listOf(list);
    // A program that was killed may have given names that are not on the disk yet, and what was read counts as saved.
    if (names.length > 0) yield* this.#force(this.#folder);
    return { transfers, unreadable, order, limits };
  }

  *#reading(id: string, names: readonly string[]): Steps<SavedTransfer> {
    const text = yield* waitFor(this.#fs.later.readText(this.#at(`${id}.json`)));
    // A program that ended between two writes may have left the torrent of an earlier transfer beside a link.
    const torrent = isOfLink(text) ? undefined : yield* this.#torrent(`${id}.torrent`, names);
    const earlier = yield* this.#torrent(`${id}.earlier.torrent`, names);
    return { id, text, torrent, earlier };
  }

  /** `generation`: 0 for the transfer that was read, and another number for each one after it with the same id. */
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
    // A power cut may undo one removal and not the other: an entry without its torrent would be damaged.
    yield* this.#force(this.#folder);
    for (const name of [`${id}.torrent`, `${id}.earlier.torrent`]) {
      yield* waitFor(later.remove(this.#at(name)));
      this.#written.delete(name);
    }
  }

  /** Names in a folder. Unlike in a resume record (syncFolder), a disk that refuses has taken nothing: it is tried again. */
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

  *#torrent(name: string, names: readonly string[]): Steps<Uint8Array | undefined> {
    if (!names.includes(name)) return undefined;
    const bytes = yield* waitFor(this.#fs.later.readBytes(this.#at(name)));
    this.#written.set(name, 0);
    return bytes;
  }

  /** The torrent of one transfer never changes. That of the next one may name other trackers. */
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
      // And the way to it, once: a program that was killed may have made these folders just before.
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

/** Undefined when nothing is there. */
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
