/**
 * The publisher's word on which torrent is which version of a release: an Ed25519 signature over a short text. With it
 * every client can tell the latest version, and that no tracker made it up.
 *
 * Invariant: two different versions never have the same text; what cannot be a version is never signed.
 * Left to others: where keys are kept, and whose key it is.
 */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { Metainfo } from '../metainfo/metainfo.ts';

export interface ReleaseVersion {
  /** Lasting over all versions: lower-case letters and digits. */
  readonly releaseId: string;
  /** 1 is the first. */
  readonly version: number;
  /** 20 bytes; undefined when the torrent is of format v2 alone. */
  readonly infoHash: Uint8Array | undefined;
  /** 32 bytes; undefined when it is of v1 alone. */
  readonly infoHashV2: Uint8Array | undefined;
  /** By the publisher's clock, in whole milliseconds since 1970. */
  readonly publishedAtMs: number;
}

export interface SignedVersion extends ReleaseVersion {
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** A raw Ed25519 public key (RFC 8032). */
const publicKeyBytes = 32;
/** 16 bytes take 26 characters of base32; others may choose longer names. */
const releaseIdPattern = /^[a-z0-9]{1,64}$/;

/** What a torrent says of the version that it is. */
export function versionOf(
  metainfo: Pick<Metainfo, 'format' | 'infoHash' | 'infoHashV2'>,
  release: Pick<ReleaseVersion, 'releaseId' | 'version' | 'publishedAtMs'>,
): ReleaseVersion {
  const { format, infoHash, infoHashV2 } = metainfo;
  // BEP 52: in a torrent of v2 alone the short hash is the beginning of the long one, and says nothing more.
  return { ...release, infoHash: format === 'v2' ? undefined : infoHash, infoHashV2 };
}

/** Throws a RangeError for what is no version. */
export function signVersion(version: ReleaseVersion, privateKey: KeyObject): SignedVersion {
  const text = versionText(version);
  if (text === undefined) throw new RangeError(`no version: ${JSON.stringify(version)}`);
  return { ...version, signature: new Uint8Array(sign(null, Buffer.from(text), privateKey)) };
}

/** Everything in it may come from anybody. `publicKey`: 32 bytes, of the account that published the release. */
export function isSignedBy(version: SignedVersion, publicKey: Uint8Array): boolean {
  const text = versionText(version);
  if (text === undefined) return false;
  const key = keyOf(publicKey);
  return key !== undefined && verify(null, Buffer.from(text), key, version.signature);
}

/** The highest version that its publisher signed, whatever else a tracker tells. */
export function latestVersion<Version extends SignedVersion>(
  releaseId: string,
  versions: readonly Version[],
  publicKey: Uint8Array,
): Version | undefined {
  const known = versions.filter((version) => version.releaseId === releaseId);
  return known.toSorted((a, b) => b.version - a.version).find((version) => isSignedBy(version, publicKey));
}

/** Undefined for what is no version: every field stands in a line of its own, so none may hold more than it should. */
export function versionText(fields: ReleaseVersion): string | undefined {
  const { releaseId, version, infoHash, infoHashV2, publishedAtMs } = fields;
  if (!releaseIdPattern.test(releaseId)) return undefined;
  if (!Number.isSafeInteger(version) || version < 1) return undefined;
  if (!Number.isSafeInteger(publishedAtMs) || publishedAtMs < 0) return undefined;
  if (infoHash === undefined && infoHashV2 === undefined) return undefined;
  if ((infoHash?.length ?? 20) !== 20 || (infoHashV2?.length ?? 32) !== 32) return undefined;
  return [
    'cicada release',
    releaseId,
    version,
    hexOf(infoHash) ?? '-',
    hexOf(infoHashV2) ?? '-',
    publishedAtMs,
  ].join('\n');
}

/** Undefined when it is no key. */
function keyOf(publicKey: Uint8Array): KeyObject | undefined {
  if (publicKey.length !== publicKeyBytes) return undefined;
  const x = Buffer.from(publicKey).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

function hexOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('hex');
}
