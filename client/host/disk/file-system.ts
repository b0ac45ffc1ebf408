/**
 * The file system interface of the storage code. There is one implementation with Node's calls
 * (real-files.ts), and one in memory that can lose power between any two calls (test/sim/world/file-system).
 * Calls fail like those of the system: with an Error that has a `code` (ENOENT, EEXIST, ENOSPC, EIO, …).
 */

/** Like Node's BigIntStats. */
export interface FileStats {
  /** Bytes. */
  readonly size: bigint;
  /** In units of 512 bytes. */
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
 * `read` follows links. `write` opens an existing file for reading and writing, and refuses a link (ELOOP).
 * `make` is the same for a file that does not exist yet (else EEXIST). `folder` opens a folder to name its
 * entries; `folder-no-link` also refuses a link.
 */
export type OpenMode = 'read' | 'write' | 'make' | 'folder' | 'folder-no-link';

/** Synchronous calls, also used in storage threads. */
export interface FileSystem {
  /** Whether `/proc/self/fd/N/name` names an entry of the folder behind descriptor N. */
  readonly descriptorsArePaths: boolean;
  /** Asynchronous calls: a network disk that does not answer does not block the program. */
  readonly later: FilesLater;

  open(at: string, mode: OpenMode): number;
  close(descriptor: number): void;
  /** Answers how many bytes were read; fewer than asked only at the end of the file. */
  read(descriptor: number, target: Uint8Array, offset: number, bytes: number, position: number): number;
  /** Answers how many bytes were written. */
  write(descriptor: number, source: Uint8Array, offset: number, bytes: number, position: number): number;
  /** fsync(2): returns when everything written is on the disk. */
  sync(descriptor: number): void;
  /** Fills `target`. `error` is null on success. */
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
  /** Undefined when the file does not exist. */
  lstatIfThere(at: string): FileStats | undefined;
  exists(at: string): boolean;
  isFolder(at: string): boolean;
  realPath(at: string): string;

  /** Never replaces an existing file. */
  link(from: string, to: string): void;
  /** Replaces an existing file. */
  rename(from: string, to: string): void;
  /** Removes a file; does nothing if it does not exist. */
  remove(at: string): void;
  truncate(at: string, bytes: number): void;
  mkdir(at: string, mode?: number): void;
  rmdir(at: string): void;
}

export interface FilesLater {
  /** `replace`: a new file with mode 0600, in place of an existing one. */
  open(at: string, mode: 'read' | 'replace'): PromiseLike<OpenedFile>;
  stat(at: string): PromiseLike<FileStats>;
  lstat(at: string): PromiseLike<FileStats>;
  readText(at: string): PromiseLike<string>;
  readBytes(at: string): PromiseLike<Uint8Array>;
  readdir(at: string): PromiseLike<string[]>;
  rename(from: string, to: string): PromiseLike<void>;
  /** Removes a file; does nothing if it does not exist. */
  remove(at: string): PromiseLike<void>;
  /** Whether files can be made in this folder. */
  mayMakeIn(folder: string): PromiseLike<boolean>;
  /** Free bytes of the disk for users other than root; undefined where the system does not tell. */
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
  /** Writes all of it. */
  write(content: string | Uint8Array): PromiseLike<void>;
  /** fsync(2): resolves when everything written is on the disk. For a folder: the names in it. */
  sync(): PromiseLike<void>;
  close(): PromiseLike<void>;
}
