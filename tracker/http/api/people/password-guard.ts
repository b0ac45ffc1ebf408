/** Limits how often a password may be tried. Every password check goes through it (guesses.ts). */
import { nameKey } from '../../../community/messages/texts.ts';
import { openGuesses, type TooSoon } from '../../../community/sign-in/guesses.ts';
import { type ApiContext, ApiError, type openGates } from '../context.ts';

/** `look` checks the password. Throws ApiError `too-often`, or what `look` rejects with. */
export type PasswordGuard = <Result>(
  name: string,
  visitor: string,
  look: (rank: number) => Promise<Result>,
) => Promise<Result>;

export function openPasswordGuard(
  { library, onError }: ApiContext,
  gates: ReturnType<typeof openGates>,
): PasswordGuard {
  const guesses = openGuesses();
  return async (name, visitor, look) => {
    // One key for all spellings of a name.
    const attempt = guesses.attempt(nameKey(name), visitor, gates.nowMs());
    if ('waitMs' in attempt) throw tooManyGuesses(attempt);
    try {
      const result = await look(attempt.rank);
      attempt.settle('right');
      return result;
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      // A banned account is refused only after its password was correct.
      const outcome = code === 'sign-in-failed' ? 'wrong' : code === 'account-banned' ? 'right' : 'untried';
      const warning = attempt.settle(outcome);
      if (warning !== undefined) library.community.tellWrongPasswords(name, warning).catch(onError);
      throw error;
    }
  };
}

/** Waits above two minutes are given in minutes, which are easier to read than 3,540 seconds. */
const secondsSaidMax = 120;

function tooManyGuesses({ waitMs, of }: TooSoon): ApiError {
  const seconds = Math.ceil(waitMs / 1000);
  const wait = seconds > secondsSaidMax ? `${Math.ceil(seconds / 60)} min` : `${seconds} s`;
  const what = of === 'name' ? 'for this name from your address' : 'from your address';
  const message = `too many passwords were tried ${what}: try again in ${wait}; signing in by key is not affected`;
  return new ApiError(429, 'too-often', message, seconds);
}
