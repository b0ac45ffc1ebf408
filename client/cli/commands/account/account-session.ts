/** The tracker and the account that one command uses. */
import type { Options } from 'yargs';
import { type AccountPlace, openAccount, type TrackerAccount } from '../../../account/account.ts';
import { lastTracker } from '../../../account/last-tracker.ts';
import { trackerBase } from '../../../account/tracker-address.ts';
import { TrackerError } from '../../../account/tracker-error.ts';
import { badOption, CliError } from '../../cli-error.ts';
import { errorWords } from '../../error-words.ts';
import { stateFolder } from '../../options/user-folders.ts';
import { calledAs } from '../../screen/command-line.ts';
import { interruption } from '../../screen/interruption.ts';

export const accountOptions = {
  tracker: {
    type: 'string',
    requiresArg: true,
    describe: 'Tracker, like http://HOST:6969; default: the one signed in to last',
    coerce: parseTracker,
  },
} as const satisfies Record<string, Options>;

interface AccountArgs {
  readonly tracker?: string | undefined;
}

/** Throws CliError `tracker-unknown` when no tracker is named and none is remembered. */
export async function accountPlace({ tracker }: AccountArgs): Promise<AccountPlace> {
  const state = stateFolder();
  const named = tracker ?? (await lastTracker(state));
  if (named === undefined) {
    throw new CliError(
      'tracker-unknown',
      `no tracker is known yet: ${calledAs} register NAME --tracker http://HOST:6969 (or login)`,
    );
  }
  return { stateFolder: state, tracker: named, signal: interruption() };
}

/** For requests that need no account, where the tracker lets strangers in. */
export async function withTracker<T>(
  args: AccountArgs,
  use: (account: TrackerAccount, place: AccountPlace) => Promise<T>,
): Promise<T> {
  const place = await accountPlace(args);
  const account = await openAccount(place);
  try {
    return await use(account, place);
  } catch (error) {
    if (error instanceof TrackerError && error.code === 'not-signed-in') throw notSignedIn(account.url);
    throw error;
  } finally {
    await account.close();
  }
}

/** For requests under the user's name. Throws CliError `not-signed-in`. */
export async function withAccount<T>(
  args: AccountArgs,
  use: (account: TrackerAccount & { readonly name: string }, place: AccountPlace) => Promise<T>,
): Promise<T> {
  return await withTracker(args, async (account, place) => {
    if (!isSignedIn(account)) throw notSignedIn(account.url);
    return await use(account, place);
  });
}

function isSignedIn(account: TrackerAccount): account is TrackerAccount & { readonly name: string } {
  return account.name !== undefined;
}

function notSignedIn(url: string): CliError {
  const how = `${calledAs} register NAME makes an account, ${calledAs} login NAME opens yours`;
  return new CliError('not-signed-in', `you are not signed in at ${url}: ${how}`);
}

function parseTracker(text: string): string {
  try {
    return trackerBase(text);
  } catch (error) {
    throw badOption(`--tracker: ${errorWords(error)}`);
  }
}
