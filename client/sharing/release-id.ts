/**
 * The lasting name of a release, over all its versions. Its publisher chooses it, since its signature holds for it; so
 * that nobody can guess one, and no two are alike, it is nothing but chance.
 */
import { randomBytes } from 'node:crypto';
import { base32 } from '../../tracker/protocol/base32.ts';

/** As many as a UUID has, and more of them at random. */
const idBytes = 16;

/** 26 characters of base32. */
export function newReleaseId(bytes: Uint8Array = randomBytes(idBytes)): string {
  return base32(bytes);
}
