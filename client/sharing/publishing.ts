/**
 * A torrent and its tags → a release at a tracker, its next version, or nothing when the tracker has it already; signed
 * by this client.
 *
 * Invariant: what is published carries no announce address: passkeys are their owner's.
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
  /** Undefined: everyone for a new release, and as it is for one that is there. */
  readonly access: shapes.AccessBody | undefined;
  /** As which it was published before, if it was. */
  readonly releaseId: string | undefined;
  /** Somebody asks for it at this moment: a changed version of what was taken down is sent, to wait for a moderator. */
  readonly isAsked?: boolean;
  readonly isElsewhere?: IsElsewhere;
  /** It was looked for, and the tracker has nothing of it. */
  readonly isUnknown?: boolean;
}

export interface Published {
  readonly release: ReleaseDetail;
  /** False: the tracker had this very torrent. */
  readonly isNew: boolean;
  /** Others may see it than before. */
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
  // Together: who is told of the version is who may see it from now on.
  const release = await account.call({
    method: 'POST',
    path: apiPath`/releases/${id}/versions`,
    body: { version, ...change, ...versionFields(identity, publication, id, version) },
    answer: shapes.releaseDetail,
  });
  return { release, isNew: true, isAccessChanged: change !== undefined };
}

/** Said by us: the tracker tells its publisher that a release was taken down, as a part of the release. */
export function takenDown({
  album,
  takenDown: why,
}: Pick<ReleaseDetail, 'album' | 'takenDown'>): TrackerError {
  const whom = why?.contact === undefined ? '' : ` (contact: ${why.contact})`;
  const what = `${album} was taken down by a moderator: ${why?.reason ?? ''}`;
  return new TrackerError('taken-down', `${what}. It is not published again${whom}`, 403);
}

/** A moderator is asked, or has decided: trying again by itself helps nobody. */
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
    // What the torrent itself says (paths, sizes, roots) the tracker reads there.
    tracks: tracks.map(({ path: _, bytes: __, piecesRoot: ___, ...track }) => definedOnly(track)),
    cover: cover === undefined ? undefined : base64(cover.bytes),
    signature: base64(signature),
  }) as Omit<shapes.VersionBody, 'version' | 'access'>;
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

function definedOnly(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
