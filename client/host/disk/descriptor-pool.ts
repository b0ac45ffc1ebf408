/**
 * Open files, at most so many, the least recently used closed first. A descriptor in use is pinned and never closed.
 *
 * A close can fail, as NFS does to tell that it has lost what was written: the descriptor is closed all the same.
 */
import type { FileSystem } from './file-system.ts';

export interface Pin {
  readonly descriptor: number;
}

interface Entry extends Pin {
  readonly key: string;
  pins: number;
  /** To be closed as soon as nobody uses it. */
  doomed: boolean;
}

/** Enough for the pieces of an album under way; far below the usual limit of 1024 a process. */
const openMax = 128;

export class DescriptorPool {
  readonly #fs: FileSystem;
  readonly #onCloseFailed: (key: string, error: unknown) => void;
  readonly #open = new Map<string, Entry>();

  constructor(fs: FileSystem, onCloseFailed: (key: string, error: unknown) => void) {
    this.#fs = fs;
    this.#onCloseFailed = onCloseFailed;
  }

  /** The descriptor of `key`, opened by `open` when it is not open yet. Every pin is followed by an unpin. */
  pin(key: string, open: () => number): Pin {
    let entry = this.#open.get(key);
    if (entry === undefined) {
      this.#makeRoom();
      entry = { key, descriptor: open(), pins: 0, doomed: false };
    } else {
      // Back to the end: the Map's order is the order of use.
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

  /** The file moves, ends or is lost: closed now, or with its last pin. The next pin opens it anew. */
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
