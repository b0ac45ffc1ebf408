/**
 * What the storage code asks of a file system, and nothing else: one implementation on Node's (real-files.ts), one in
 * memory that loses power between any two calls (test/sim/world/file-system). Calls fail as the system's do: an Error
 * with `code` (ENOENT, EEXIST, ENOSPC, EIO, …).
 */

/** As Node's BigIntStats. */
export interface FileStats {
  /** Bytes. */
  readonly size: bigint;
  /** Of 512 bytes each. */
  readonly blocks: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly birthtimeNs: bigint;
  readonly ino: bigint;
  readonly dev: bigint;
  readonly nlink: bigint;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

/**
 * `read` follows links. `write` reads and writes a file that is there, and refuses a link (ELOOP). `make` is the same of a
 * file that is not there yet (else EEXIST). `folder` holds a folder to name what is in it; `folder-no-link` refuses a link.
 */
export type OpenMode = 'read' | 'write' | 'make' | 'folder' | 'folder-no-link';

/** Calls that return when they are done; in storage threads too. */
export interface FileSystem {
  /** Whether `/proc/self/fd/N/name` names what is in the folder that descriptor N holds. */
  readonly descriptorsArePaths: boolean;
  /** Calls that do not stop the program while a network disk does not answer. */
  readonly later: FilesLater;

  open(at: string, mode: OpenMode): number;
  close(descriptor: number): void;
  /** Answers how many bytes there were; fewer only at the end of the file. */
  read(descriptor: number, target: Uint8Array, offset: number, bytes: number, position: number): number;
  /** Answers how many were taken. */
  write(descriptor: number, source: Uint8Array, offset: number, bytes: number, position: number): number;
  /** fsync(2): returns when all that was written is on the disk. */
  sync(descriptor: number): void;
  /** Fills `target`. `error` is null when all went well. */
  readLater(
    descriptor: number,
    target: Uint8Array,
    position: number,
    done: (error: Error | null, bytes: number) => void,
  ): void;
  statOpen(descriptor: number): FileStats;

  /** Follows links. */
  stat(at: string): FileStats;
  lstat(at: string): FileStats;
  /** Undefined when nothing is there. */
  lstatIfThere(at: string): FileStats | undefined;
  exists(at: string): boolean;
  isFolder(at: string): boolean;
  realPath(at: string): string;

  /** Never replaces what is there. */
  link(from: string, to: string): void;
  /** Replaces what is there. */
  rename(from: string, to: string): void;
  /** A file; nothing happens when it is not there. */
  remove(at: string): void;
  truncate(at: string, bytes: number): void;
  mkdir(at: string, mode?: number): void;
  rmdir(at: string): void;
}

export interface FilesLater {
  /** `replace`: a new file for its owner alone, in place of what is there. */
  open(at: string, mode: 'read' | 'replace'): PromiseLike<OpenedFile>;
  stat(at: string): PromiseLike<FileStats>;
  lstat(at: string): PromiseLike<FileStats>;
  readText(at: string): PromiseLike<string>;
  readBytes(at: string): PromiseLike<Uint8Array>;
  readdir(at: string): PromiseLike<string[]>;
  rename(from: string, to: string): PromiseLike<void>;
  /** A file; nothing happens when it is not there. */
  remove(at: string): PromiseLike<void>;
  /** Whether files can be made in this folder. */
  mayMakeIn(folder: string): PromiseLike<boolean>;
  /** Of the disk, for users other than root; undefined where the system does not say. */
  freeBytes(at: string): PromiseLike<number | undefined>;
}

/** Must be closed. */
export interface OpenedFile {
  stat(): PromiseLike<FileStats>;
  read(
    target: Uint8Array,
    offset: number,
    bytes: number,
    position: number,
  ): PromiseLike<{ readonly bytesRead: number }>;
  /** All of it. */
  write(content: string | Uint8Array): PromiseLike<void>;
  /** fsync(2): returns when what was written is on the disk. Of a folder: the names in it. */
  sync(): PromiseLike<void>;
  close(): PromiseLike<void>;
}
