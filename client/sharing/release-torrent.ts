/**
 * Fetches the torrent of a release and checks its publisher's signature: a tracker that sends another
 * torrent, or an old version as the latest one, is detected.
 *
 * Invariant: if the publisher has a key, only torrents that they have signed are returned. Left to others:
 * the key under which the release was fetched before (fetched-releases.ts).
 */
import { peerLimits } from '../../torrents/bencode/bencode.ts';
import { type Metainfo, parseMetainfo } from '../../torrents/metainfo/metainfo.ts';
import { isSignedBy, type SignedVersion } from '../../torrents/release/version-signature.ts';
import * as shapes from '../../tracker/protocol/api/release-shapes.ts';
import type { TrackerAccount } from '../account/account.ts';
import { apiPath } from '../account/tracker-client.ts';
import { TrackerError } from '../account/tracker-error.ts';
import { isOf } from './publishing.ts';

export interface ReleaseTorrent {
  readonly releaseId: string;
  readonly version: number;
  readonly publisher: string;
  /** Base64. Undefined: the publisher has no key, so nothing can be verified. */
  readonly publicKey: string | undefined;
  /** With the user's own announce URL. */
  readonly metainfo: Metainfo;
}

/**
 * Fetches the latest version, or the given one. Throws TrackerError; `release-forged` when it is not the
 * publisher's.
 */
export async function fetchReleaseTorrent(
  account: TrackerAccount,
  releaseId: string,
  asked: { readonly version?: number | undefined; readonly publicKey?: string | undefined } = {},
): Promise<ReleaseTorrent> {
  const { publisher, publicKey, rows } = await account.call({
    path: apiPath`/releases/${releaseId}/versions`,
    answer: shapes.versions,
  });
  if (asked.publicKey !== undefined && publicKey !== asked.publicKey) {
    throw forged(`release ${releaseId} comes under another key than when it was fetched first`);
  }
  const wanted = asked.version ?? Math.max(0, ...rows.map(({ version }) => version));
  const row = rows.find(({ version }) => version === wanted);
  if (row === undefined)
    throw new TrackerError('not-found', `there is no version ${wanted} of this release`, 404);
  if (publicKey !== undefined && !isSignedBy(signed(releaseId, row), bytesOf(publicKey, 'base64'))) {
    throw forged(`version ${wanted} of release ${releaseId} is not signed by ${publisher}`);
  }
  const path = apiPath`/releases/${releaseId}/torrent`;
  const metainfo = parseMetainfo(await account.bytes(path, { version: wanted }), { limits: peerLimits });
  if (!isOf(row, metainfo)) {
    throw forged(`the torrent that comes for release ${releaseId} is not the one that was published`);
  }
  return { releaseId, version: wanted, publisher, publicKey, metainfo };
}

function signed(
  releaseId: string,
  row: {
    readonly version: number;
    readonly infoHash?: string;
    readonly infoHashV2?: string;
    readonly publishedAtMs: number;
    readonly signature?: string;
  },
): SignedVersion {
  const hash = (text: string | undefined) => (text === undefined ? undefined : bytesOf(text, 'hex'));
  const { version, publishedAtMs, signature = '' } = row;
  const hashes = { infoHash: hash(row.infoHash), infoHashV2: hash(row.infoHashV2) };
  return { releaseId, version, publishedAtMs, ...hashes, signature: bytesOf(signature, 'base64') };
}

function bytesOf(text: string, encoding: 'hex' | 'base64'): Uint8Array {
  return new Uint8Array(Buffer.from(text, encoding));
}

function forged(what: string): TrackerError {
  return new TrackerError(
    'release-forged',
    `${what}: it is not fetched, and the tracker is not to be trusted`,
  );
}
