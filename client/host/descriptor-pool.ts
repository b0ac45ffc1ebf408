/**
 * Open files, at most so many, the least recently used closed first. A descriptor in use is pinned and never closed.
 */
import fs from 'node:fs';

interface Entry {
  readonly descriptor: number;
  pins: number;
  /** To be closed as soon as nobody uses it. */
  doomed: boolean;
}

/** Enough for the pieces of an album under way; far below the usual limit of 1024 a process. */
const openMax = 128;

export class DescriptorPool {
  readonly #open = new Map<string, Entry>();

  /** The descriptor of `key`, opened by `open` when it is not open yet. Every pin is followed by an unpin. */
  pin(key: string, open: () => number): number {
    let entry = this.#open.get(key);
    if (entry === undefined) {
      this.#makeRoom();
      entry = { descriptor: open(), pins: 0, doomed: false };
    } else {
      // Back to the end: the Map's order is the order of use.
      this.#open.delete(key);
    }
    this.#open.set(key, entry);
    entry.pins += 1;
    return entry.descriptor;
  }

  unpin(key: string, descriptor: number): void {
    const entry = this.#open.get(key);
    if (entry?.descriptor === descriptor) {
      entry.pins -= 1;
      if (entry.pins === 0 && entry.doomed) this.#close(key, entry);
    }
  }

  /** The file moves or ends: closed now, or as soon as nobody uses it. */
  forget(key: string): void {
    const entry = this.#open.get(key);
    if (entry === undefined) return;
    if (entry.pins === 0) this.#close(key, entry);
    else entry.doomed = true;
  }

  closeAll(): void {
    for (const [key, entry] of this.#open) this.#close(key, entry);
  }

  #makeRoom(): void {
    if (this.#open.size < openMax) return;
    for (const [key, entry] of this.#open) {
      if (entry.pins > 0) continue;
      this.#close(key, entry);
      return;
    }
  }

  #close(key: string, entry: Entry): void {
    this.#open.delete(key);
    fs.closeSync(entry.descriptor);
  }
}
