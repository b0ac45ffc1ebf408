/**
 * The asynchronous calls of the simulated file system: each takes effect or fails later in virtual time, or
 * never if the program has ended. An fsync covers the changes before its beginning.
 */
import type { FileSystem, FilesLater, OpenedFile } from '../../../../client/host/disk/file-system.ts';
import { Outcome } from '../../../../client/host/disk/steps.ts';
import { SimFiles } from './sim-files.ts';
import { failed } from './system-error.ts';

/** Calls back later, unless the program has ended by then. */
export type Later = (run: () => void) => void;

export class WholeSimFiles extends SimFiles implements FileSystem {
  readonly later: FilesLater;
  readonly #later: Later;
  readonly #afterSync: Later;

  /** `afterSync`: the delay of an fsync. */
  constructor(
    life: ConstructorParameters<typeof SimFiles>[0],
    descriptorsArePaths: boolean,
    later: Later,
    afterSync: Later = later,
  ) {
    super(life, descriptorsArePaths);
    this.#later = later;
    this.#afterSync = afterSync;
    const soon = <T>(run: () => T) => this.#soon(run);
    this.later = {
      open: (at, mode) =>
        soon(() => this.#handle(mode === 'read' ? this.open(at, 'read') : this.replace(at))),
      stat: (at) => soon(() => this.stat(at)),
      lstat: (at) => soon(() => this.lstat(at)),
      readText: (at) => soon(() => Buffer.from(this.#readWhole(at)).toString('utf8')),
      readBytes: (at) => soon(() => this.#readWhole(at)),
      readdir: (at) => soon(() => this.readdir(at)),
      rename: (from, to) => soon(() => this.rename(from, to)),
      remove: (at) => soon(() => this.remove(at)),
      mayMakeIn: (folder) => soon(() => this.stat(folder).isDirectory()),
      freeBytes: () => soon(() => this.drive.freeBytes),
    };
  }

  readLater(
    descriptor: number,
    target: Uint8Array,
    position: number,
    done: (error: Error | null, bytes: number) => void,
  ): void {
    this.#soon(() => this.read(descriptor, target, 0, target.length, position)).then(
      (bytes) => done(null, bytes),
      (error) => done(error as Error, 0),
    );
  }

  #soon<T>(run: () => T, later: Later = this.#later): Outcome<T> {
    const outcome = new Outcome<T>();
    later(() => {
      let result: T;
      try {
        result = run();
      } catch (error) {
        return outcome.reject(error);
      }
      outcome.resolve(result);
    });
    return outcome;
  }

  #readWhole(at: string): Uint8Array {
    const descriptor = this.open(at, 'read');
    try {
      const { inode } = this.opened(descriptor);
      this.step('read', at);
      return Uint8Array.from(inode.bytes);
    } finally {
      this.close(descriptor);
    }
  }

  #handle(descriptor: number): OpenedFile {
    const { path } = this.opened(descriptor);
    let position = 0;
    const write = (content: string | Uint8Array): void => {
      const bytes = Buffer.from(content as string);
      for (let at = 0; at < bytes.length; ) {
        const written = this.write(descriptor, bytes, at, bytes.length - at, position);
        at += written;
        position += written;
      }
    };
    return {
      stat: () => this.#soon(() => this.statOpen(descriptor)),
      read: (target, offset, bytes, from) =>
        this.#soon(() => ({ bytesRead: this.read(descriptor, target, offset, bytes, from) })),
      write: (content) => this.#soon(() => write(content)),
      sync: () => {
        const { inode } = this.opened(descriptor);
        const { mark } = inode;
        const { calls } = this.drive;
        return this.#soon(() => {
          this.stepSync(inode, path);
          if (inode.kind === 'link') throw failed('EINVAL', path);
          inode.settle(mark);
          this.drive.commit(calls);
        }, this.#afterSync);
      },
      close: () => this.#soon(() => this.close(descriptor)),
    };
  }
}
