/**
 * What a running download says of the paths it may write, and what it means when two downloads say it of one path. The
 * deciding part: it looks at no disk. Paths are compared by key (claim-keys.ts), contents by what the torrents know.
 *
 * Invariant: 'busy' is the only answer that time can change; everything else is refused at once.
 */

/**
 * `file`: made or adopted under this name. `replace`: an earlier version's file makes way for it. `part`: its name while
 * it is under way. `folder`: has files of the torrent in or below it. `own`: the torrent's private parts file, whose name
 * tells the torrent.
 */
export type ClaimKind = 'file' | 'replace' | 'part' | 'folder' | 'own';

/** What is known of a file's bytes before any of them is here. */
export interface Content {
  /** -1: not known. */
  readonly bytes: number;
  /** The beginning of its v2 root, or empty.  BEP 52 */
  readonly root: string;
  /** How v1 cuts it into pieces (4 bytes), a hash of those that lie in it alone (6), of the last one (6); or empty.  BEP 3 */
  readonly print: string;
}

export interface Claim extends Content {
  /** Equal for paths that some file system takes for one: 16 bytes, as latin1. */
  readonly key: string;
  readonly kind: ClaimKind;
}

/** A claim of ours, and where its file will lie; to be joined. */
export interface PathClaim extends Claim {
  readonly place: readonly string[];
  /** Of a part too: the name that it will get. */
  readonly finalPlace: readonly string[];
}

/** The paths of one torrent. */
export interface ClaimSet<C extends Claim = Claim> {
  /** All folders above. */
  readonly above: readonly C[];
  /** The torrent's own folder; or its file, and that file's part. */
  readonly top: readonly C[];
  /** What lies in that folder. */
  readonly below: readonly C[];
}

export type Meeting =
  /** The same torrent in the same place. */
  | 'same'
  /** The contents are known to differ. */
  | 'different'
  /** One's file is the other's folder or part file. */
  | 'exclusive'
  /** As far as is known the content is the same. */
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

/** They lie in one folder, or one in a folder of the other: without that they cannot meet. */
export function mayMeet(mine: Omit<ClaimSet, 'below'>, theirs: Omit<ClaimSet, 'below'>): boolean {
  const tops = new Set(mine.top.map(({ key }) => key));
  if ([...theirs.top, ...theirs.above].some(({ key }) => tops.has(key))) return true;
  const above = new Set(mine.above.map(({ key }) => key));
  return theirs.top.some(({ key }) => above.has(key));
}

/**
 * Where two downloads meet: nothing that time changes first. `isThere`: our file has its name and size already, so that
 * it is only read.
 */
export function meetings(
  mine: ClaimSet<PathClaim>,
  theirs: ClaimSet,
  isThere: (claim: PathClaim) => boolean,
): Met[] {
  const byKey = new Map<string, Claim>();
  for (const claim of claimsIn(theirs)) {
    const twin = byKey.get(claim.key);
    // Names that differ in case only: which of the two it is cannot be told.
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
  // A part is named only when there is nothing better.
  return weightOf(meeting) * 2 + (claim.kind === 'part' ? 1 : 0);
}

/** The gravest first: 0. */
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
