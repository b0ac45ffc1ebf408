/**
 * Moves the files of a stopped torrent into another folder. On one disk they get a second name (hard link),
 * and what was verified of them stays known; to another disk they are copied, fsynced and read back.
 *
 * Invariant: no file loses its old name before all files have their new names and these are fsynced. A
 * failure removes the new names again. A move that was cut short can be done again: a file that has arrived
 * is known by its inode or its bytes, and a different file at its place is never replaced.
 */
import fs, { type BigIntStats } from 'node:fs';
import { link, lstat, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { makeFolders } from '../../../torrents/make-folders.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { placeNew } from '../../../torrents/whole-file.ts';
import { ClientError, cannotWrite } from '../client-error.ts';
import { codeOf } from '../disk/disk-errors.ts';
import { type FileStamp, sameStamp, stampOf } from '../disk/file-stamp.ts';
import { realFiles } from '../disk/real-files.ts';
import { asPromise } from '../disk/steps.ts';
import { syncFolder } from '../disk/sync-folder.ts';
import type { ResumeStore } from '../resume/resume-store.ts';
import { removeEmptyFolders } from './erase-content.ts';
import { type OwnContent, ownContent } from './own-files.ts';
import { copyVerified, haveSameBytes, syncFile } from './verified-copy.ts';

/** Bytes of files that have their new names, or of the parts that were copied so far. */
export interface MoveProgress {
  readonly done: number;
  readonly total: number;
}

export interface MoveOptions {
  /** Where resume records are kept; undefined: nowhere. */
  readonly store?: ResumeStore | undefined;
  readonly onProgress?: ((progress: MoveProgress) => void) | undefined;
}

interface Move {
  readonly from: string;
  readonly to: string;
  readonly bytes: number;
  readonly fileIndex: number | undefined;
}

/**
 * How a file got its new name. `arrived`: in a move that was cut short before. `same-place`: the new folder
 * is the old one, through a link or a bind mount, so both paths are the same name.
 */
type Placed = 'linked' | 'copied' | 'arrived' | 'same-place';

/**
 * Returns the new place: like `place`, the folder that holds the torrent's folder or file, or that itself.
 * Throws a ClientError `exists` when a different file is at the place of one, or `folder-not-writable`.
 */
export async function moveContent(
  metainfo: Metainfo,
  place: string,
  into: string,
  options: MoveOptions = {},
): Promise<string> {
  const content = ownContent(metainfo, place);
  const target = path.resolve(into);
  const newRoot = path.join(target, path.basename(content.root));
  if (newRoot !== content.root) await new ContentMove(metainfo, content, target, options).run(newRoot);
  return content.parent === path.resolve(place) ? target : newRoot;
}

class ContentMove {
  readonly #metainfo: Metainfo;
  readonly #content: OwnContent;
  readonly #moves: readonly Move[];
  readonly #options: MoveOptions;
  readonly #total: number;
  #done = 0;

  constructor(metainfo: Metainfo, content: OwnContent, target: string, options: MoveOptions) {
    this.#metainfo = metainfo;
    this.#content = content;
    this.#options = options;
    this.#moves = content.files.map(({ at, bytes, fileIndex }) => {
      return { from: at, to: path.join(target, path.relative(content.parent, at)), bytes, fileIndex };
    });
    this.#total = this.#moves.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async run(newRoot: string): Promise<void> {
    const { store } = this.#options;
    const there = await this.#alreadyThere();
    const known = await this.#knownStamps();
    const placed = await this.#placeAll(there, newRoot);
    await syncFoldersOf(this.#moves.map(({ to }) => to));
    for (const move of this.#moves)
      if (there.get(move) !== 'same-place') await rm(move.from, { force: true });
    removeEmptyFolders(
      this.#moves.map(({ from }) => path.dirname(from)),
      this.#content.parent,
    );
    // Copies are hashed at the next start: they are other files than those that were verified.
    const isSame = placed.every((how) => how === 'linked' || how === 'same-place');
    if (isSame) await known?.carryOver(newRoot);
    await store?.erase(this.#metainfo.infoHash, this.#content.root);
  }

  /** Files that exist at their new path. Throws a ClientError `exists` for a different file. */
  async #alreadyThere(): Promise<ReadonlyMap<Move, Placed>> {
    const found = new Map<Move, Placed>();
    for (const move of this.#moves) {
      const { from, to } = move;
      const there = await lstat(to, { bigint: true }).catch(() => undefined);
      if (there === undefined) continue;
      const here = await lstat(from, { bigint: true });
      if (isSameInode(there, here)) {
        const folders = await Promise.all([from, to].map((at) => stat(path.dirname(at), { bigint: true })));
        found.set(move, isSameInode(folders[0]!, folders[1]!) ? 'same-place' : 'arrived');
        continue;
      }
      const mayBeCopy = there.isFile() && there.size === here.size;
      if (!mayBeCopy || !(await haveSameBytes(from, to)))
        throw new ClientError('exists', `${to} is there already: nothing was moved`, { path: to });
      await syncFile(to);
      found.set(move, 'arrived');
    }
    return found;
  }

  async #placeAll(there: ReadonlyMap<Move, Placed>, newRoot: string): Promise<Placed[]> {
    const placed: { readonly move: Move; readonly how: Placed }[] = [];
    try {
      for (const move of this.#moves) {
        makeFolders(path.dirname(move.to));
        const before = this.#done;
        placed.push({ move, how: there.get(move) ?? (await this.#place(move)) });
        this.#tell(before + move.bytes);
      }
    } catch (error) {
      for (const { move } of placed.reverse()) if (!there.has(move)) await takeBack(move);
      throw error instanceof ClientError ? error : cannotWrite(path.dirname(newRoot), error);
    }
    return placed.map(({ how }) => how);
  }

  async #place({ from, to }: Move): Promise<Placed> {
    try {
      await placeNew(from, to, link);
      return 'linked';
    } catch (error) {
      if (codeOf(error) !== 'EXDEV') throw error;
    }
    const temporary = `${to}.cicada-moving`;
    try {
      await rm(temporary, { force: true });
      await copyVerified(from, temporary, (bytes) => this.#tell(this.#done + bytes));
      await placeNew(temporary, to);
      return 'copied';
    } finally {
      await rm(temporary, { force: true });
    }
  }

  #tell(done: number): void {
    this.#done = done;
    this.#options.onProgress?.({ done, total: this.#total });
  }

  /** What is recorded of the files as they look now; undefined when there is no record. */
  async #knownStamps() {
    const { infoHash, files } = this.#metainfo;
    const { store } = this.#options;
    const record = await store?.load(infoHash, this.#content.root, files.length);
    if (store === undefined || record === undefined) return undefined;
    const known = new Set<number>();
    for (const { from, fileIndex } of this.#moves) {
      if (fileIndex === undefined) continue;
      if (sameStamp(await asPromise(stampOf(realFiles, from)), record.stamps[fileIndex]))
        known.add(fileIndex);
    }
    return {
      /** New and removed names change the ctime of a file, and none of its bytes. */
      carryOver: async (newRoot: string) => {
        const stamps: (FileStamp | undefined)[] = [...record.stamps];
        for (const { to, fileIndex } of this.#moves) {
          if (fileIndex !== undefined && known.has(fileIndex))
            stamps[fileIndex] = await asPromise(stampOf(realFiles, to));
        }
        await store.save(infoHash, newRoot, { ...record, stamps }).catch(() => {});
      },
    };
  }
}

function isSameInode(one: BigIntStats, other: BigIntStats): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

/** Removes a new name. Where the disk has no hard links, the file was renamed, and goes back. */
async function takeBack({ from, to }: Move): Promise<void> {
  if (fs.existsSync(from)) await rm(to, { force: true });
  else await rename(to, from).catch(() => {});
}

/** Also the folders above: some of them may be new. */
async function syncFoldersOf(files: readonly string[]): Promise<void> {
  const folders = new Set<string>();
  for (const file of files) {
    for (let at = path.dirname(file); !folders.has(at); at = path.dirname(at)) folders.add(at);
  }
  for (const folder of folders) await asPromise(syncFolder(realFiles, folder));
}
