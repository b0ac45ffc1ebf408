/**
 * Converts what catalogue and community return to API answers: names for account numbers, text for bytes, no
 * undefined fields.
 */
import type { ReleaseTrack } from '../../../torrents/release/release.ts';
import type { Viewer } from '../../access.ts';
import type {
  ReleaseDetail,
  ReleaseHit,
  ReleaseSummary,
  TrackHit,
  VersionSummary,
} from '../../catalogue/contract.ts';
import type { Account, OwnAccount } from '../../community/accounts.ts';
import type { Library } from '../../library.ts';
import type { HolderShape } from '../../protocol/api/release-shapes.ts';

/** Holders named per search result: enough to choose from, few enough for 50 results a page. */
export const holdersShownMax = 8;
/** Holders named in the answer for one release. */
export const holdersOfReleaseMax = 200;

type Absent<Fields> = { [Key in keyof Fields]: undefined extends Fields[Key] ? Key : never }[keyof Fields];
type Defined<Fields> = { [Key in Exclude<keyof Fields, Absent<Fields>>]: Fields[Key] } & {
  [Key in Absent<Fields>]?: Exclude<Fields[Key], undefined>;
};

/** Removes undefined fields. JSON has no undefined, and the schemas of answers omit such fields. */
export function defined<Fields extends object>(fields: Fields): Defined<Fields> {
  // A loop is faster than Object.entries. A release may have 8,000 tracks, and the thread answers nothing
  // else while this runs.
  const there: Record<string, unknown> = {};
  for (const key in fields) if (fields[key] !== undefined) there[key] = fields[key];
  return there as Defined<Fields>;
}

export const hex = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString('hex');
export const base64 = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString('base64');
export const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

/** Shown as the name of a deleted account. */
const nobody = '?';
export type Names = ReadonlyMap<number, string>;
export const nameIn = (names: Names, accountId: number): string => names.get(accountId) ?? nobody;

/** The hashes under which peers announce: a v2 hash is truncated to 20 bytes. */
export function swarmHashes(hashes: {
  readonly infoHash: Uint8Array | undefined;
  readonly infoHashV2: Uint8Array | undefined;
}): Uint8Array[] {
  const { infoHash, infoHashV2 } = hashes;
  return [infoHash, infoHashV2?.subarray(0, 20)].filter((hash) => hash !== undefined);
}

/**
 * One entry per account and address, seeds first: a peer of a hybrid torrent may be in two swarms. Call it
 * only for a viewer who may see the release.
 */
export function holdersOf(
  { swarmAccess }: Pick<Library, 'swarmAccess'>,
  { accountId }: Viewer,
  releaseId: string,
  swarms: readonly { readonly hashes: readonly Uint8Array[]; readonly version?: number }[],
  limit: number,
): (Omit<HolderShape, 'name'> & { readonly accountId: number })[] {
  const found = new Map<string, Omit<HolderShape, 'name'> & { readonly accountId: number }>();
  for (const { hashes, version } of swarms) {
    for (const holder of swarmAccess.holders(accountId, releaseId, hashes, limit)) {
      const key = `${holder.accountId} ${holder.host} ${holder.port} ${version}`;
      if (!found.has(key) || holder.isSeed) found.set(key, defined({ ...holder, version }));
    }
  }
  return [...found.values()].sort((a, b) => Number(b.isSeed) - Number(a.isSeed)).slice(0, limit);
}

export function namedHolders(holders: ReturnType<typeof holdersOf>, names: Names): HolderShape[] {
  return holders.map(({ accountId, ...holder }) => ({ ...holder, name: nameIn(names, accountId) }));
}

export function releaseShape(release: ReleaseSummary, names: Names) {
  const { releaseId, publisherId, infoHash, infoHashV2, completeness: _, ...shown } = release;
  return defined({
    ...shown,
    id: releaseId,
    publisher: nameIn(names, publisherId),
    infoHash: hex(infoHash),
    infoHashV2: hex(infoHashV2),
  });
}

function trackShape({ piecesRoot, ...track }: ReleaseTrack) {
  return defined({ ...track, piecesRoot: hex(piecesRoot) });
}

export function detailShape(release: ReleaseDetail, names: Names, groupName: string | undefined) {
  const { tracks, groupId: _, peopleIds, ...summary } = release;
  return defined({
    ...releaseShape(summary, names),
    group: groupName,
    people: peopleIds?.map((id) => nameIn(names, id)),
    takenDown: release.takenDown,
    tracks: tracks.map(trackShape),
  });
}

export function trackHitShape(hit: TrackHit, names: Names) {
  const { publisherId, infoHash, infoHashV2, piecesRoot, ...shown } = hit;
  return defined({
    ...shown,
    publisher: nameIn(names, publisherId),
    infoHash: hex(infoHash),
    infoHashV2: hex(infoHashV2),
    piecesRoot: hex(piecesRoot),
  });
}

export function releaseHitShape({ approximate, ...release }: ReleaseHit, names: Names) {
  return { ...releaseShape(release, names), approximate };
}

export function versionShape({ infoHash, infoHashV2, signature, ...version }: VersionSummary) {
  return defined({
    ...version,
    infoHash: hex(infoHash),
    infoHashV2: hex(infoHashV2),
    signature: base64(signature),
  });
}

export function accountShape(account: Account, isOnline: boolean) {
  const { name, role, publicKey, createdAtMs, ban } = account;
  return defined({ name, role, publicKey: base64(publicKey), createdAtMs, ban, isOnline });
}

export function ownAccountShape(account: OwnAccount, feedKey: string) {
  const { accountId: _, ban: __, publicKey, groups, ...shown } = account;
  return defined({ ...shown, groups: [...groups], publicKey: base64(publicKey), feedKey });
}
