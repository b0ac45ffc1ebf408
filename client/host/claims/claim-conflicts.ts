/**
 * Which claims of other torrents conflict with a request: those of this process, and those in the files of
 * other processes.
 */
import fs from 'node:fs';
import path from 'node:path';
import { type ClaimSet, type Met, mayMeet, meetings, type PathClaim } from './claim.ts';
import type { ReadClaims } from './claim-bytes.ts';
import { type ClaimFile, type ClaimHolder, holderOf, isAlive, readAll, readFront } from './claim-files.ts';

export interface ClaimRequest {
  readonly claims: ClaimSet<PathClaim>;
  readonly about: Required<Pick<ClaimHolder, 'name' | 'infoHash' | 'path'>>;
  /** Other users may write to the folder, so their claims count. Claims of root (user 0) always count. */
  readonly othersMayWrite: boolean;
  readonly onUnguarded?: ((error: unknown) => void) | undefined;
}

export interface Conflict extends Met {
  readonly holder: ClaimHolder;
  /** The other user's claim is only asked for, and may be refused. */
  readonly isAsking: boolean;
}

/** Claims of another torrent, whose front is read before the rest. */
interface OtherClaims {
  readonly read: (part: 'all' | 'front') => ReadClaims | undefined;
  readonly holder: () => ClaimHolder;
  readonly isHeld?: () => boolean;
}

export function conflictsWithFiles(request: ClaimRequest, files: readonly ClaimFile[]): Conflict[] {
  return files.flatMap((file) =>
    conflictsWith(request, {
      read: (part) => (part === 'front' ? readFront(file) : readAll(file)),
      holder: () => holderOf(file),
      isHeld: () => isAlive(file),
    }),
  );
}

/** Most torrents lie in other folders, so usually only the front of their claims is read. */
export function conflictsWith(
  { claims }: ClaimRequest,
  { read, holder, isHeld = () => true }: OtherClaims,
): Conflict[] {
  const front = read('front');
  if (front === undefined || !mayMeet(claims, front) || !isHeld()) return [];
  const theirs = read('all');
  const met = theirs === undefined ? [] : meetings(claims, theirs, isThere);
  if (theirs === undefined || met.length === 0) return [];
  const found = { isAsking: theirs.isAsking, holder: holder() };
  return met.map((each) => ({ ...each, ...found }));
}

/** The file has its final name and its size: a new download compares it and writes nothing. */
function isThere({ kind, finalPlace, bytes }: PathClaim): boolean {
  if (kind !== 'file' && kind !== 'part') return false;
  try {
    const stat = fs.lstatSync(path.join(...finalPlace));
    return stat.isFile() && stat.size === bytes;
  } catch {
    return false;
  }
}
