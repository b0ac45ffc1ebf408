/**
 * The id of a release, the same for all its versions. The publisher chooses it, because the publisher's
 * signature covers it. It is random, so that ids are unique and cannot be guessed.
 */
import { randomBytes } from 'node:crypto';
import { base32 } from '../../tracker/protocol/base32.ts';

/** As many bytes as a UUID, all of them random. */
const idBytes = 16;

/** 26 characters of base32. */
export function newReleaseId(bytes: Uint8Array = randomBytes(idBytes)): string {
  return base32(bytes);
}
