/**
 * A limited number of open files; the least recently used is closed first. A descriptor in use is pinned and
 * never closed.
 *
 * A close can fail: NFS reports lost writes this way. The descriptor is closed all the same.
 */
import type { FileSystem } from './file-system.ts';

export interface Pin {
  readonly descriptor: number;
}

interface Entry extends Pin {
  readonly key: string;
  pins: number;
  /** To be closed with its last unpin. */
  doomed: boolean;
}

/**
 * Enough for the active pieces of an album, and far below the usual limit of 1024 descriptors per process.
 */
const openMax = 128;

export class DescriptorPool {
  readonly #fs: FileSystem;
  readonly #onCloseFailed: (key: string, error: unknown) => void;
  readonly #open = new Map<string, Entry>();

  constructor(fs: FileSystem, onCloseFailed: (key: string, error: unknown) => void) {
    this.#fs = fs;
    this.#onCloseFailed = onCloseFailed;
  }

  /** The descriptor of `key`, opened by `open` if necessary. Every pin needs an unpin. */
  pin(key: string, open: () => number): Pin {
    let entry = this.#open.get(key);
    if (entry === undefined) {
      this.#makeRoom();
      entry = { key, descriptor: open(), pins: 0, doomed: false };
    } else {
      // Move to the end: the order of the Map is least recently used first.
      this.#open.delete(key);
    }
    this.#open.set(key, entry);
    entry.pins += 1;
    return entry;
  }

  unpin(pin: Pin): void {
    const entry = pin as Entry;
    entry.pins -= 1;
    if (entry.pins === 0 && entry.doomed) this.#close(entry);
  }

  /**
   * The file moves, is removed or is lost: closes it now, or with its last unpin. The next pin opens it
   * again.
   */
  forget(key: string): void {
    const entry = this.#open.get(key);
    if (entry === undefined) return;
    this.#open.delete(key);
    if (entry.pins === 0) this.#close(entry);
    else entry.doomed = true;
  }

  closeAll(): void {
    const entries = [...this.#open.values()];
    this.#open.clear();
    for (const entry of entries) this.#close(entry);
  }

  #makeRoom(): void {
    if (this.#open.size < openMax) return;
    for (const [key, entry] of this.#open) {
      if (entry.pins > 0) continue;
      this.#open.delete(key);
      this.#close(entry);
      return;
    }
  }

  #close({ key, descriptor }: Entry): void {
    try {
      this.#fs.close(descriptor);
    } catch (error) {
      this.#onCloseFailed(key, error);
    }
  }
}
