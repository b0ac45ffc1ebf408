/**
 * Moves the files of a torrent that does not run into another folder. On one disk they are renamed, and what was verified of
 * them is still known; to another disk they are copied and forced to it, and only then deleted here.
 *
 * Invariant: until all are there, all are here, or are put back. A move that a power cut has ended can be done again: what
 * has arrived is not moved twice, and never in the place of another file.
 */
import fs, { constants } from 'node:fs';
import { copyFile, link, lstat, open, rename, rm, utimes } from 'node:fs/promises';
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

interface Move {
  readonly from: string;
  readonly to: string;
  readonly fileIndex: number | undefined;
}

/**
 * Answers its new place: as `place`, the folder that holds it, or its own folder or file. Throws a ClientError `exists` when
 * something else lies there, or `folder-not-writable`.
 */
export async function moveContent(
  metainfo: Metainfo,
  place: string,
  into: string,
  store: ResumeStore | undefined,
): Promise<string> {
  const content = ownContent(metainfo, place);
  const target = path.resolve(into);
  const moves = content.files.map(({ at, fileIndex }) => {
    return { from: at, to: path.join(target, path.relative(content.parent, at)), fileIndex };
  });
  const newRoot = path.join(target, path.basename(content.root));
  if (newRoot !== content.root) await moveAll(metainfo, content, moves, newRoot, store);
  return content.parent === path.resolve(place) ? target : newRoot;
}

async function moveAll(
  metainfo: Metainfo,
  content: OwnContent,
  moves: readonly Move[],
  newRoot: string,
  store: ResumeStore | undefined,
): Promise<void> {
  await refuseOthers(moves);
  const known = await knownStamps(metainfo, content.root, moves, store);
  const done: Move[] = [];
  let isCopied = false;
  try {
    for (const move of moves) {
      makeFolders(path.dirname(move.to));
      isCopied = !(await moved(move)) || isCopied;
      done.push(move);
    }
  } catch (error) {
    await putBack(done);
    throw error instanceof ClientError ? error : cannotWrite(path.dirname(newRoot), error);
  }
  for (const folder of new Set(moves.map(({ to }) => path.dirname(to))))
    await asPromise(syncFolder(realFiles, folder));
  // Where files were only renamed, nothing is left here.
  for (const { from } of moves) await rm(from, { force: true });
  removeEmptyFolders(
    moves.map(({ from }) => path.dirname(from)),
    content.parent,
  );
  if (known !== undefined && !isCopied) await known.carryOver(newRoot);
  await store?.erase(metainfo.infoHash, content.root);
}

/** Nothing is moved when another file has the place of one of them. */
async function refuseOthers(moves: readonly Move[]): Promise<void> {
  for (const { from, to } of moves) {
    const there = await lstat(to).catch(() => undefined);
    if (there === undefined) continue;
    const here = await lstat(from);
    // A move before this one, which was cut short, has brought it there.
    const isArrived = there.isFile() && there.size === here.size && there.mtimeMs === here.mtimeMs;
    if (!isArrived)
      throw new ClientError('exists', `${to} is there already: nothing was moved`, { path: to });
  }
}

/** True when it is the same file under another name; false when it is a copy, and the file itself is still here. */
async function moved({ from, to }: Move): Promise<boolean> {
  if (fs.existsSync(to)) return false;
  try {
    await placeNew(from, to, link);
    await rm(from);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EXDEV') throw error;
  }
  const temporary = `${to}.cicada-moving`;
  try {
    await rm(temporary, { force: true });
    await copyFile(from, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    const { atime, mtime } = await lstat(from);
    await utimes(temporary, atime, mtime);
    await forceFile(temporary);
    await rename(temporary, to);
    return false;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function putBack(done: readonly Move[]): Promise<void> {
  for (const { from, to } of [...done].reverse()) {
    // A copy is only removed: its file is still here.
    if (fs.existsSync(from)) await rm(to, { force: true });
    else await rename(to, from).catch(() => {});
  }
}

/** What is recorded of them as they look now; undefined when nothing is. */
async function knownStamps(
  { infoHash, files }: Metainfo,
  root: string,
  moves: readonly Move[],
  store: ResumeStore | undefined,
) {
  const record = await store?.load(infoHash, root, files.length);
  if (store === undefined || record === undefined) return undefined;
  const known = new Set<number>();
  for (const { from, fileIndex } of moves) {
    if (fileIndex === undefined) continue;
    if (sameStamp(await asPromise(stampOf(realFiles, from)), record.stamps[fileIndex])) known.add(fileIndex);
  }
  return {
    /** A rename changes when a file was changed, and nothing in it. */
    carryOver: async (newRoot: string) => {
      const stamps: (FileStamp | undefined)[] = [...record.stamps];
      for (const { to, fileIndex } of moves) {
        if (fileIndex !== undefined && known.has(fileIndex))
          stamps[fileIndex] = await asPromise(stampOf(realFiles, to));
      }
      await store.save(infoHash, newRoot, { ...record, stamps }).catch(() => {});
    },
  };
}

async function forceFile(at: string): Promise<void> {
  const file = await open(at, 'r+');
  await file.sync().finally(() => file.close());
}
