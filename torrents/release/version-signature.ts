/**
 * The publisher's statement which torrent is which version of a release: an Ed25519 signature over a short
 * text. With it, every client finds the latest version, and knows that no tracker made it up.
 *
 * Invariant: two different versions never have the same text. An invalid version is never signed. Left to
 * others: where keys are kept, and whose key it is.
 */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { Metainfo } from '../metainfo/metainfo.ts';

export interface ReleaseVersion {
  /** The same for all versions: lower-case letters and digits. */
  readonly releaseId: string;
  /** The first version is 1. */
  readonly version: number;
  /** 20 bytes. Undefined if the torrent is v2 only. */
  readonly infoHash: Uint8Array | undefined;
  /** 32 bytes. Undefined if the torrent is v1 only. */
  readonly infoHashV2: Uint8Array | undefined;
  /** The publisher's clock, in whole milliseconds since 1970. */
  readonly publishedAtMs: number;
}

export interface SignedVersion extends ReleaseVersion {
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** A raw Ed25519 public key (RFC 8032). */
const publicKeyBytes = 32;
/** Cicada's 16 bytes take 26 characters of base32. Other programs may choose longer IDs. */
const releaseIdPattern = /^[a-z0-9]{1,64}$/;

/** The version that a torrent is. */
export function versionOf(
  metainfo: Pick<Metainfo, 'format' | 'infoHash' | 'infoHashV2'>,
  release: Pick<ReleaseVersion, 'releaseId' | 'version' | 'publishedAtMs'>,
): ReleaseVersion {
  const { format, infoHash, infoHashV2 } = metainfo;
  // BEP 52: in a v2-only torrent, the short hash is only the beginning of the long one, so it is left out.
  return { ...release, infoHash: format === 'v2' ? undefined : infoHash, infoHashV2 };
}

/** Throws a RangeError for an invalid version. */
export function signVersion(version: ReleaseVersion, privateKey: KeyObject): SignedVersion {
  const text = versionText(version);
  if (text === undefined) throw new RangeError(`no version: ${JSON.stringify(version)}`);
  return { ...version, signature: new Uint8Array(sign(null, Buffer.from(text), privateKey)) };
}

/**
 * No field of `version` is trusted. `publicKey`: the 32-byte key of the account that published the release.
 */
export function isSignedBy(version: SignedVersion, publicKey: Uint8Array): boolean {
  const text = versionText(version);
  if (text === undefined) return false;
  const key = keyOf(publicKey);
  return key !== undefined && verify(null, Buffer.from(text), key, version.signature);
}

/** The highest version that the publisher signed. A tracker's own claims are ignored. */
export function latestVersion<Version extends SignedVersion>(
  releaseId: string,
  versions: readonly Version[],
  publicKey: Uint8Array,
): Version | undefined {
  const known = versions.filter((version) => version.releaseId === releaseId);
  return known.toSorted((a, b) => b.version - a.version).find((version) => isSignedBy(version, publicKey));
}

/**
 * Undefined for an invalid version. Every field has its own line, so each is checked to hold only what it
 * should.
 */
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

/** Undefined if the bytes have the wrong length. */
function keyOf(publicKey: Uint8Array): KeyObject | undefined {
  if (publicKey.length !== publicKeyBytes) return undefined;
  const x = Buffer.from(publicKey).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

function hexOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('hex');
}
