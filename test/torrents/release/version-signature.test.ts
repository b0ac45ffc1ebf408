import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  isSignedBy,
  latestVersion,
  type ReleaseVersion,
  signVersion,
  versionOf,
  versionText,
} from '../../../torrents/release/version-signature.ts';

const publisher = newKeys();
const stranger = newKeys();

function newKeys() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { raw: Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url'), privateKey };
}

const first: ReleaseVersion = {
  releaseId: 'mfrggzdfmztwq2lknnwg23tpoa',
  version: 1,
  infoHash: new Uint8Array(20).fill(1),
  infoHashV2: new Uint8Array(32).fill(2),
  publishedAtMs: 1_790_000_000_000,
};

it('the signed text has a fixed form', () => {
  expect(versionText(first)).toBe(
    `cicada release\nmfrggzdfmztwq2lknnwg23tpoa\n1\n${'01'.repeat(20)}\n${'02'.repeat(32)}\n1790000000000`,
  );
  expect(versionText({ ...first, infoHashV2: undefined })).toContain(`${'01'.repeat(20)}\n-\n`);
});

it('only the publisher can sign a version', () => {
  const signed = signVersion(first, publisher.privateKey);
  expect(isSignedBy(signed, publisher.raw)).toBe(true);
  expect(isSignedBy(signed, stranger.raw)).toBe(false);
});

it('a signature is valid only for its own version', () => {
  const signed = signVersion(first, publisher.privateKey);
  const others = [
    { version: 2 },
    { releaseId: 'other' },
    { infoHash: new Uint8Array(20) },
    { infoHash: undefined },
    { infoHashV2: undefined },
    { publishedAtMs: 0 },
    { signature: signed.signature.with(0, signed.signature[0]! ^ 1) },
  ];
  for (const other of others) expect(isSignedBy({ ...signed, ...other }, publisher.raw)).toBe(false);
});

it('an invalid version is not signed, and no signature is valid for it', () => {
  const signed = signVersion(first, publisher.privateKey);
  const wrong = [
    { releaseId: 'a\n2' },
    { releaseId: '' },
    { version: 0 },
    { version: 1.5 },
    { publishedAtMs: Number.NaN },
    { infoHash: new Uint8Array(19) },
    { infoHash: undefined, infoHashV2: undefined },
  ];
  for (const fields of wrong) {
    expect(() => signVersion({ ...first, ...fields }, publisher.privateKey)).toThrow(RangeError);
    expect(isSignedBy({ ...signed, ...fields }, publisher.raw)).toBe(false);
  }
});

it('arbitrary bytes as key or signature are refused without an error', () => {
  const bytes = fc.uint8Array({ maxLength: 80 });
  const keys = fc.oneof(bytes, fc.uint8Array({ minLength: 32, maxLength: 32 }));
  fc.assert(
    fc.property(keys, bytes, (key, signature) => {
      expect(isSignedBy({ ...first, signature }, key)).toBe(false);
    }),
  );
});

it('the latest version is the highest signed version', () => {
  const versions = [1, 3, 2].map((version) => signVersion({ ...first, version }, publisher.privateKey));
  const forged = signVersion({ ...first, version: 9 }, stranger.privateKey);
  const otherRelease = signVersion({ ...first, releaseId: 'b', version: 8 }, publisher.privateKey);
  const latest = latestVersion(first.releaseId, [...versions, forged, otherRelease], publisher.raw);
  expect(latest?.version).toBe(3);
  expect(latestVersion(first.releaseId, [forged], publisher.raw)).toBeUndefined();
});

it('a v2-only torrent has one info-hash', () => {
  const infoHashV2 = new Uint8Array(32).fill(7);
  const version = versionOf({ format: 'v2', infoHash: infoHashV2.subarray(0, 20), infoHashV2 }, first);
  expect(version).toMatchObject({ infoHash: undefined, infoHashV2, version: 1 });
});
