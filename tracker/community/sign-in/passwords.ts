/**
 * Passwords as argon2id hashes in the PHC string format (RFC 9106). libuv's threads compute a few at a time.
 * When a thousand users sign in at once, announces are not delayed and memory stays bounded: most get
 * `sign-in-busy`.
 *
 * Invariant: a password is never stored, logged or put into an error.
 */
import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { CommunityError } from '../community-error.ts';
import { openTurns } from './turns.ts';

/** OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane; about 40 ms of a core. */
const cost = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const saltBytes = 16;
const hashBytes = 32;
/** NIST SP 800-63B: at least 8 characters, at least 64 allowed, no rules about kinds of characters. */
const passwordCharactersMin = 8;
const passwordBytesMax = 1_024;
/** libuv has four threads, shared with file access, and announces keep a core of their own. */
const runningMax = Math.max(1, Math.min(2, availableParallelism() - 1));
/** The last in the queue waits one or two seconds. */
const waitingMax = 50;
/** A hash that has waited this long is refused: a flood of lower ranks went first. */
const waitMsMax = 10_000;

const derive = promisify(argon2) as (kind: 'argon2id', parameters: Argon2Parameters) => Promise<Buffer>;

/** One per tracker: all hashes share its queue. */
export interface Passwords {
  /**
   * `rank`: its place in the queue, lowest first (turns.ts). Rejects with CommunityError `password-invalid`
   * or `sign-in-busy`.
   */
  hash(password: string, rank?: number): Promise<string>;
  /**
   * Finds an account and returns it if the password matches. Takes as long without an account or a hash, so
   * that the duration does not reveal which names exist. `find` is called when the hash's turn comes, so that
   * a flood of sign-ins does not reach the database. `rank`: see hash. Rejects with CommunityError
   * `sign-in-busy`, or as `find` does.
   */
  find<Found extends { readonly password?: string }>(
    password: string,
    find: () => Promise<Found | undefined>,
    rank?: number,
  ): Promise<(Found & { readonly password: string }) | undefined>;
  /** Whether the password matches this hash. Without a hash, false after the same time. */
  isRight(password: string, phc: string | undefined): Promise<boolean>;
}

/** `nowMs` never goes back. */
export function openPasswords(nowMs: () => number): Passwords {
  const takeTurn = openTurns({ runningMax, waitingMax, waitMsMax, nowMs });

  async function inTurn<Result>(work: () => Promise<Result>, rank: number): Promise<Result> {
    const done = await takeTurn(work, rank);
    if (done !== undefined) return done.result;
    throw new CommunityError(
      'sign-in-busy',
      'too many people sign in at this moment: try again in a few seconds',
    );
  }

  const find: Passwords['find'] = async (password, findAccount, rank = 0) => {
    const message = encode(password);
    return await inTurn(async () => {
      const found = await findAccount();
      const phc = found?.password;
      const known = phc === undefined ? undefined : parsePhc(phc);
      const parameters = known?.parameters ?? parametersOf(Buffer.alloc(saltBytes), cost);
      const actual = await derive('argon2id', { ...parameters, message: message ?? '' });
      const isRight = known !== undefined && message !== undefined && timingSafeEqual(actual, known.hash);
      return isRight && found !== undefined && phc !== undefined ? { ...found, password: phc } : undefined;
    }, rank);
  };

  return {
    find,
    async hash(password, rank = 0) {
      const message = encode(password);
      if ([...password.normalize('NFC')].length < passwordCharactersMin || message === undefined) {
        const range = `between ${passwordCharactersMin} characters and ${passwordBytesMax} bytes`;
        throw new CommunityError('password-invalid', `a password has ${range}: choose another`);
      }
      const nonce = randomBytes(saltBytes);
      const hash = await inTurn(() => derive('argon2id', { ...parametersOf(nonce, cost), message }), rank);
      return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${base64(nonce)}$${base64(hash)}`;
    },
    async isRight(password, phc) {
      const known = async () => (phc === undefined ? undefined : { password: phc });
      return (await find(password, known)) !== undefined;
    },
  };
}

type Cost = Pick<Argon2Parameters, 'memory' | 'passes' | 'parallelism'>;

function parametersOf(
  nonce: Uint8Array,
  { memory, passes, parallelism }: Cost,
): Omit<Argon2Parameters, 'message'> {
  return { nonce, memory, passes, parallelism, tagLength: hashBytes };
}

/** With the cost it was made with, which may differ from today's. */
function parsePhc(phc: string): { parameters: Omit<Argon2Parameters, 'message'>; hash: Buffer } | undefined {
  const pattern =
    /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;
  const [, memory, passes, parallelism, nonce, hash] = pattern.exec(phc) ?? [];
  if (nonce === undefined || hash === undefined) return undefined;
  const made = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  return { parameters: parametersOf(Buffer.from(nonce, 'base64'), made), hash: Buffer.from(hash, 'base64') };
}

/** The same characters typed on different keyboards are the same password (RFC 8265). */
function encode(password: string): Buffer | undefined {
  if (password.length > passwordBytesMax || !password.isWellFormed()) return undefined;
  const bytes = Buffer.from(password.normalize('NFC'));
  return bytes.length > passwordBytesMax ? undefined : bytes;
}

/** PHC strings have no padding. */
function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}
