/**
 * Reads runs of the torrent's bytes from its files, synchronously, in a worker. A file is opened for its
 * first byte and closed when another file is needed. So one descriptor per worker is enough for 100,000
 * files.
 *
 * Invariant: read() either fills the whole target or throws a FileFaultError that names the file.
 * Left to others: which run comes next (hash-worker.ts).
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { fileIndexAt, pathOf, type SharedPlan } from './plan.ts';

export type FileFaultCode = 'file-missing' | 'file-changed' | 'file-unreadable';

/** Plain data, because it is sent from a worker to the main thread. */
export interface FileFault {
  readonly code: FileFaultCode;
  readonly path: string;
  /** The system's error code: ENOENT, EACCES, EIO … */
  readonly reason: string;
}

export class FileFaultError extends Error {
  readonly fault: FileFault;

  constructor(fault: FileFault) {
    super(fault.reason);
    this.fault = fault;
  }
}

export class Reader {
  readonly #plan: SharedPlan;
  /** Index into the plan: the file in which the last run ended. */
  #file = 0;
  #descriptor: number | undefined;
  #pathKnown: string | Buffer | undefined;
  #pathFile = -1;

  constructor(plan: SharedPlan) {
    this.#plan = plan;
  }

  /** Fills `target` with the bytes of the torrent from `offset` on. Bytes outside all files are zeros. */
  read(offset: number, target: Uint8Array): void {
    const { offsets, sizes } = this.#plan;
    this.#seek(offset);
    let filled = 0;
    while (filled < target.length) {
      const at = offset + filled;
      const start = offsets[this.#file] ?? Number.POSITIVE_INFINITY;
      const end = start + (sizes[this.#file] ?? 0);
      if (at >= end) {
        this.#close(this.#file++);
      } else if (at < start) {
        const gap = Math.min(target.length - filled, start - at);
        target.fill(0, filled, filled + gap);
        filled += gap;
      } else {
        const bytes = Math.min(target.length - filled, end - at);
        const part = target.subarray(filled, filled + bytes);
        if (this.#plan.pads[this.#file] === 1) part.fill(0);
        else this.#readFile(this.#path, part, at - start);
        filled += bytes;
      }
    }
  }

  /** Checks whether the open file changed, and closes it. Call it at the end of an extent. */
  finish(): void {
    this.#close(this.#file);
  }

  /** The path of the current file, computed once per file. */
  get #path(): string | Buffer | undefined {
    if (this.#pathFile !== this.#file) this.#pathKnown = pathOf(this.#plan, this.#file);
    this.#pathFile = this.#file;
    return this.#pathKnown;
  }

  /** Closes the open file without the check, after a fault. */
  abandon(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #seek(offset: number): void {
    const { offsets, sizes } = this.#plan;
    const start = offsets[this.#file];
    const bytes = sizes[this.#file];
    if (start !== undefined && bytes !== undefined && start <= offset && offset <= start + bytes) return;
    this.#close(this.#file);
    this.#file = fileIndexAt(this.#plan, offset);
  }

  #readFile(path: string | Buffer | undefined, target: Uint8Array, position: number): void {
    if (path === undefined) {
      throw new FileFaultError({ code: 'file-missing', path: '', reason: 'it lies nowhere' });
    }
    try {
      this.#descriptor ??= openSync(path, 'r');
      let filled = 0;
      while (filled < target.length) {
        const count = readSync(this.#descriptor, target, filled, target.length - filled, position + filled);
        if (count === 0) {
          throw changed(path, 'it became shorter');
        }
        filled += count;
      }
    } catch (error) {
      throw asFault(error, path);
    }
  }

  /** Closes the file, and checks that its size and modification time are still those of the folder scan. */
  #close(file: number): void {
    const descriptor = this.#descriptor;
    if (descriptor === undefined) return;
    const path = pathOf(this.#plan, file) ?? '';
    const mtimeMs = this.#plan.mtimesMs[file];
    try {
      if (mtimeMs === undefined || Number.isNaN(mtimeMs)) return;
      const now = fstatSync(descriptor);
      if (now.size !== this.#plan.sizes[file] || now.mtimeMs !== mtimeMs) {
        throw changed(path, 'it was written to');
      }
    } catch (error) {
      throw asFault(error, path);
    } finally {
      this.#descriptor = undefined;
      closeSync(descriptor);
    }
  }
}

function changed(path: string | Buffer, reason: string): FileFaultError {
  return new FileFaultError({ code: 'file-changed', path: path.toString(), reason });
}

function asFault(error: unknown, path: string | Buffer): FileFaultError {
  if (error instanceof FileFaultError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  const missing = code === 'ENOENT' || code === 'ENOTDIR';
  return new FileFaultError({
    code: missing ? 'file-missing' : 'file-unreadable',
    path: path.toString(),
    reason: code || message,
  });
}
