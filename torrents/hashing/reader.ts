/**
 * Reads runs of the torrent's byte space from the files they lie in, inside a worker, synchronously. A file is opened
 * when its first byte is wanted and closed when another one is, so one descriptor a worker serves 100,000 files.
 *
 * Invariant: read() either fills the whole target or throws FileFault, naming the file.
 * Left to others: which run comes next (hash-worker.ts).
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { fileIndexAt, pathOf, type SharedPlan } from './plan.ts';

export type FileFaultCode = 'file-missing' | 'file-changed' | 'file-unreadable';

/** Crosses from a worker to the main thread, so it is plain data. */
export interface FileFault {
  readonly code: FileFaultCode;
  readonly path: string;
  /** Why the system says it failed: ENOENT, EACCES, EIO … */
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
  /** Index into the plan of the file that the last run ended in. */
  #file = 0;
  #descriptor: number | undefined;
  #pathKnown: string | Buffer | undefined;
  #pathFile = -1;

  constructor(plan: SharedPlan) {
    this.#plan = plan;
  }

  /** Fills `target` with the bytes of the torrent from `offset` on. Bytes that no file holds are zeros. */
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

  /** Closes what is open, having looked whether it changed. To be called when an extent is done. */
  finish(): void {
    this.#close(this.#file);
  }

  /** Of the file at hand. Made anew only when that is another one. */
  get #path(): string | Buffer | undefined {
    if (this.#pathFile !== this.#file) this.#pathKnown = pathOf(this.#plan, this.#file);
    this.#pathFile = this.#file;
    return this.#pathKnown;
  }

  /** Closes what is open without a look, after a fault. */
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

  /** The check after reading: the size and time that the scan of the folder saw must still stand. */
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
