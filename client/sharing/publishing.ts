/**
 * Publishes a torrent and its tags at a tracker, signed by this client: as a new release, as the next version
 * of one, or not at all when the tracker has this version already.
 *
 * Invariant: published torrents contain no announce URL, because it would contain the publisher's passkey.
 */
import type { Metainfo } from '../../torrents/metainfo/metainfo.ts';
import { encodeMetainfo } from '../../torrents/metainfo/metainfo-encode.ts';
import type { Release } from '../../torrents/release/release.ts';
import { versionOf } from '../../torrents/release/version-signature.ts';
import * as shapes from '../../tracker/protocol/api/release-shapes.ts';
import type { TrackerAccount } from '../account/account.ts';
import type { Identity } from '../account/identity.ts';
import { apiPath } from '../account/tracker-client.ts';
import { TrackerError } from '../account/tracker-error.ts';
import { earlierRelease, type IsElsewhere, isOf, type ReleaseDetail, releaseAt } from './earlier-release.ts';
import { newReleaseId } from './release-id.ts';

export type { AccessBody } from '../../tracker/protocol/api/release-shapes.ts';
export { isOf, type ReleaseDetail, releaseAt };

export interface Publication {
  readonly metainfo: Metainfo;
  readonly release: Release;
  /** Undefined: everyone for a new release; unchanged for an existing one. */
  readonly access: shapes.AccessBody | undefined;
  /** The release as which it was published before, if known. */
  readonly releaseId: string | undefined;
  /**
   * The user asks for it at this moment. A changed version of a release that was taken down is then sent, and
   * waits for a moderator.
   */
  readonly isAsked?: boolean;
  readonly isElsewhere?: IsElsewhere;
  /** The tracker was already searched and has no such release. */
  readonly isUnknown?: boolean;
}

export interface Published {
  readonly release: ReleaseDetail;
  /** False: the tracker had this very torrent. */
  readonly isNew: boolean;
  /** The set of users who may see it has changed. */
  readonly isAccessChanged: boolean;
}

/** Throws TrackerError. */
export async function publishRelease(
  account: TrackerAccount,
  identity: Identity,
  publication: Publication,
): Promise<Published> {
  const { metainfo, access } = publication;
  const earlier =
    (publication.releaseId && (await releaseAt(account, publication.releaseId))) ||
    (publication.isUnknown === true
      ? undefined
      : await earlierRelease(account, metainfo, publication.isElsewhere ?? (async () => false)));
  if (earlier === undefined) {
    return {
      release: await publishFirst(account, identity, publication),
      isNew: true,
      isAccessChanged: false,
    };
  }
  const isSame = isOf(earlier, metainfo);
  const { id } = earlier;
  if (earlier.takenDown !== undefined && (isSame || publication.isAsked !== true)) throw takenDown(earlier);
  const change = access === undefined || isSameAccess(access, earlier) ? undefined : { access };
  if (isSame) {
    if (change === undefined) return { release: earlier, isNew: false, isAccessChanged: false };
    const path = apiPath`/releases/${id}`;
    const answer = shapes.releaseDetail;
    const release = await account.call({ method: 'PATCH', path, body: change, answer });
    return { release, isNew: false, isAccessChanged: true };
  }
  const version = earlier.version + 1;
  // One request changes the version and the access: only users who may see it from now on are notified.
  const release = await account.call({
    method: 'POST',
    path: apiPath`/releases/${id}/versions`,
    body: { version, ...change, ...versionFields(identity, publication, id, version) },
    answer: shapes.releaseDetail,
  });
  return { release, isNew: true, isAccessChanged: change !== undefined };
}

/**
 * Made here, because the tracker tells the publisher of a takedown as a field of the release, not as an
 * error.
 */
export function takenDown({
  album,
  takenDown: why,
}: Pick<ReleaseDetail, 'album' | 'takenDown'>): TrackerError {
  const whom = why?.contact === undefined ? '' : ` (contact: ${why.contact})`;
  const what = `${album} was taken down by a moderator: ${why?.reason ?? ''}`;
  return new TrackerError('taken-down', `${what}. It is not published again${whom}`, 403);
}

/** A moderator has to decide or has decided, so automatic retries are pointless. */
export function isHeld(error: unknown): error is TrackerError {
  return error instanceof TrackerError && ['taken-down', 'awaits-approval'].includes(error.code);
}

async function publishFirst(account: TrackerAccount, identity: Identity, publication: Publication) {
  const releaseId = newReleaseId();
  const { access = { visibility: 'everyone' as const } } = publication;
  return await account.call({
    method: 'POST',
    path: '/releases',
    body: { releaseId, access, ...versionFields(identity, publication, releaseId, 1) },
    answer: shapes.releaseDetail,
  });
}

function isSameAccess(access: shapes.AccessBody, release: ReleaseDetail): boolean {
  const people = (names: readonly string[] = []) => [...names].sort().join('\n');
  return (
    access.visibility === release.visibility &&
    (access.visibility !== 'group' || access.group === release.group) &&
    (access.visibility !== 'people' || people(access.people) === people(release.people))
  );
}

function versionFields(
  identity: Identity,
  { metainfo, release }: Publication,
  releaseId: string,
  version: number,
): Omit<shapes.VersionBody, 'version' | 'access'> {
  const publishedAtMs = Date.now();
  const { signature } = identity.signVersion(versionOf(metainfo, { releaseId, version, publishedAtMs }));
  const { album, artist, albumArtist, year, genre, licence, copyright, tracks, cover } = release;
  const torrent = encodeMetainfo({ ...metainfo, trackers: [] });
  return definedOnly({
    torrent: base64(torrent),
    ...{ album, artist, albumArtist, year, genre, licence, copyright, publishedAtMs },
    // The tracker reads paths, sizes and roots from the torrent itself.
    tracks: tracks.map(({ path: _, bytes: __, piecesRoot: ___, ...track }) => definedOnly(track)),
    cover: cover === undefined ? undefined : base64(cover.bytes),
    signature: base64(signature),
  }) as Omit<shapes.VersionBody, 'version' | 'access'>;
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

function definedOnly(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
