/**
 * What a running download claims about the paths it may write, and what it means when two downloads claim the
 * same path. This is the deciding part and does no I/O. Paths are compared by key (claim-keys.ts), contents
 * by what the torrents say of them.
 *
 * Invariant: 'busy' is the only meeting that waiting can solve; every other one is refused at once.
 */

/**
 * `file`: made or adopted under this name. `replace`: replaces a file of an earlier version. `part`: the name
 * of a file in progress. `folder`: has files of the torrent in or below it. `own`: the torrent's side file,
 * whose name contains the info-hash.
 */
export type ClaimKind = 'file' | 'replace' | 'part' | 'folder' | 'own';

/** What is known of a file's content before any of it is downloaded. */
export interface Content {
  /** -1: unknown. */
  readonly bytes: number;
  /** The start of the file's v2 root, or empty.  BEP 52 */
  readonly root: string;
  /**
   * For v1: how pieces divide the file (4 bytes), a hash of the pieces in it alone (6), of the last piece
   * (6); or empty.                                                                                      BEP 3
   */
  readonly print: string;
}

export interface Claim extends Content {
  /** Equal for paths that any file system takes for the same: 16 bytes, as latin1. */
  readonly key: string;
  readonly kind: ClaimKind;
}

/** A claim of ours with its path, as parts to be joined. */
export interface PathClaim extends Claim {
  readonly place: readonly string[];
  /** Also for a part file: its later final path. */
  readonly finalPlace: readonly string[];
}

/** The paths of one torrent. */
export interface ClaimSet<C extends Claim = Claim> {
  /** All folders above the torrent. */
  readonly above: readonly C[];
  /** The torrent's own folder; or its single file, and that file's part file. */
  readonly top: readonly C[];
  /** The paths inside that folder. */
  readonly below: readonly C[];
}

export type Meeting =
  /** The same torrent in the same place. */
  | 'same'
  /** The contents are known to differ. */
  | 'different'
  /** One torrent's file is the other's folder or part file. */
  | 'exclusive'
  /** The content is the same, as far as is known. */
  | 'busy';

export interface Met {
  readonly meeting: Meeting;
  readonly claim: PathClaim;
}

export const noContent: Content = { bytes: -1, root: '', print: '' };

function isSurelyDifferent(a: Content, b: Content): boolean {
  if (a.bytes < 0 || b.bytes < 0) return false;
  if (a.bytes !== b.bytes) return true;
  if (a.root !== '' && b.root !== '') return a.root !== b.root;
  if (a.print === '' || b.print === '') return false;
  if (a.print.slice(0, 4) !== b.print.slice(0, 4)) return false;
  return [a.print.slice(4, 10), a.print.slice(10)].some((digest, i) => {
    const other = b.print.slice(4 + 6 * i, 10 + 6 * i);
    return digest !== other && ![digest, other].includes('\0'.repeat(6));
  });
}

/**
 * Whether the torrents lie in the same folder, or one in a folder of the other: otherwise they cannot
 * conflict.
 */
export function mayMeet(mine: Omit<ClaimSet, 'below'>, theirs: Omit<ClaimSet, 'below'>): boolean {
  const tops = new Set(mine.top.map(({ key }) => key));
  if ([...theirs.top, ...theirs.above].some(({ key }) => tops.has(key))) return true;
  const above = new Set(mine.above.map(({ key }) => key));
  return theirs.top.some(({ key }) => above.has(key));
}

/**
 * Where two downloads meet, in the order of `rank`. `isThere`: our file has its name and size already, so it
 * is only read.
 */
export function meetings(
  mine: ClaimSet<PathClaim>,
  theirs: ClaimSet,
  isThere: (claim: PathClaim) => boolean,
): Met[] {
  const byKey = new Map<string, Claim>();
  for (const claim of claimsIn(theirs)) {
    const twin = byKey.get(claim.key);
    // Two of their names differ only in case: which of the two our path means is unknown.
    byKey.set(claim.key, twin === undefined ? claim : { ...claim, ...noContent });
  }
  const met: Met[] = [];
  for (const claim of claimsIn(mine)) {
    const other = byKey.get(claim.key);
    const meeting = other && meetingOf(claim, other, isThere);
    if (meeting !== undefined) met.push({ meeting, claim });
  }
  return met.sort((a, b) => rank(a) - rank(b));
}

export function* claimsIn<C extends Claim>({ above, top, below }: ClaimSet<C>): Generator<C> {
  yield* above;
  yield* top;
  yield* below;
}

function rank({ meeting, claim }: Met): number {
  // A part file is reported only if there is nothing better.
  return weightOf(meeting) * 2 + (claim.kind === 'part' ? 1 : 0);
}

/** 0 is the most serious. */
export function weightOf(meeting: Meeting): number {
  return ['same', 'different', 'exclusive', 'busy'].indexOf(meeting);
}

function meetingOf(
  mine: PathClaim,
  theirs: Claim,
  isThere: (claim: PathClaim) => boolean,
): Meeting | undefined {
  if (mine.kind === 'folder' && theirs.kind === 'folder') return undefined;
  if (mine.kind === 'own' && theirs.kind === 'own') return 'same';
  const isReplaced = mine.kind === 'replace' || theirs.kind === 'replace';
  const isShareable = mine.kind === theirs.kind || (isReplaced && isFile(mine) && isFile(theirs));
  if (!isShareable) return 'exclusive';
  if (isSurelyDifferent(mine, theirs)) return 'different';
  return !isReplaced && isThere(mine) ? undefined : 'busy';
}

function isFile({ kind }: Claim): boolean {
  return kind === 'file' || kind === 'replace';
}
