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
  const hash = await inTurn(() => derive('argon2id', { ...parametersOf(nonce, cost), message }));
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${base64(nonce)}$${base64(hash)}`;
}

/**
 * Takes as long without a hash as with one, so that nobody learns whether the account exists or has a password.
 * Rejects with CommunityError `sign-in-busy`.
 */
export async function isPassword(password: string, phc: string | undefined): Promise<boolean> {
  const known = phc === undefined ? undefined : parsePhc(phc);
  const message = encode(password);
  const parameters = known?.parameters ?? parametersOf(Buffer.alloc(saltBytes), cost);
  const actual = await inTurn(() => derive('argon2id', { ...parameters, message: message ?? '' }));
  return known !== undefined && message !== undefined && timingSafeEqual(actual, known.hash);
}

type Cost = Pick<Argon2Parameters, 'memory' | 'passes' | 'parallelism'>;

function parametersOf(
  nonce: Uint8Array,
  { memory, passes, parallelism }: Cost,
): Omit<Argon2Parameters, 'message'> {
  return { nonce, memory, passes, parallelism, tagLength: hashBytes };
}

/** With the cost it was made with, which need not be today's. */
function parsePhc(phc: string): { parameters: Omit<Argon2Parameters, 'message'>; hash: Buffer } | undefined {
  const pattern =
    /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;
  const [, memory, passes, parallelism, nonce, hash] = pattern.exec(phc) ?? [];
  if (nonce === undefined || hash === undefined) return undefined;
  const made = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  return { parameters: parametersOf(Buffer.from(nonce, 'base64'), made), hash: Buffer.from(hash, 'base64') };
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
