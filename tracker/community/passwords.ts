/**
 * Passwords as argon2id hashes in the PHC string format (RFC 9106). The work is done in libuv's threads, a few at a
 * time: a thousand sign-ins at once neither hold up announces nor fill the memory, they are asked to come again.
 *
 * Invariant: a password is never kept, logged or put into an error.
 */
import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { CommunityError } from './community-error.ts';
import { openTurns } from './turns.ts';

/** OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane; about 40 ms of a core. */
const cost = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const saltBytes = 16;
const hashBytes = 32;
/** NIST SP 800-63B: at least 8 characters, at least 64 allowed, no rules about their kinds. */
export const passwordCharactersMin = 8;
const passwordBytesMax = 1_024;
/** libuv has four threads, which file access shares. */
const runningMax = 2;
/** About a second of waiting for the last in the queue. */
const waitingMax = 50;

const derive = promisify(argon2) as (kind: 'argon2id', parameters: Argon2Parameters) => Promise<Buffer>;

/** Rejects with CommunityError `password-invalid` or `sign-in-busy`. */
export async function hashPassword(password: string): Promise<string> {
  const message = encode(password);
  if ([...password.normalize('NFC')].length < passwordCharactersMin || message === undefined) {
    const range = `between ${passwordCharactersMin} characters and ${passwordBytesMax} bytes`;
    throw new CommunityError('password-invalid', `a password has ${range}: choose another`);
  }
  const nonce = randomBytes(saltBytes);
  const hash = await inTurn(() => derive('argon2id', parametersOf(message, nonce)));
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${base64(nonce)}$${base64(hash)}`;
}

/**
 * Takes as long without a hash as with one, so that nobody learns whether the account exists or has a password.
 * Rejects with CommunityError `sign-in-busy`.
 */
export async function isPassword(password: string, phc: string | undefined): Promise<boolean> {
  const [, nonce, hash] = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$([^$]{22})\$([^$]{43})$/.exec(phc ?? '') ?? [];
  const message = encode(password);
  const salt = nonce === undefined ? Buffer.alloc(saltBytes) : Buffer.from(nonce, 'base64');
  const actual = await inTurn(() => derive('argon2id', parametersOf(message ?? Buffer.alloc(0), salt)));
  if (hash === undefined || message === undefined) return false;
  return timingSafeEqual(actual, Buffer.from(hash, 'base64'));
}

function parametersOf(message: Uint8Array, nonce: Uint8Array): Argon2Parameters {
  return { message, nonce, ...cost, tagLength: hashBytes };
}

/** The same characters typed on another keyboard are the same password (RFC 8265). */
function encode(password: string): Buffer | undefined {
  if (password.length > passwordBytesMax || !password.isWellFormed()) return undefined;
  const bytes = Buffer.from(password.normalize('NFC'));
  return bytes.length > passwordBytesMax ? undefined : bytes;
}

/** PHC strings carry no padding. */
function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}

const takeTurn = openTurns({ runningMax, waitingMax });

async function inTurn(work: () => Promise<Buffer>): Promise<Buffer> {
  const done = await takeTurn(work);
  if (done !== undefined) return done.result;
  throw new CommunityError(
    'sign-in-busy',
    'too many people sign in at this moment: try again in a few seconds',
  );
}
