/**
 * A tracker answers "not found" for everything that the user may not see. The command knows what was asked
 * for, and names it.
 */
import { TrackerError } from '../../account/tracker-error.ts';
import { CliError } from '../cli-error.ts';
import { calledAs } from '../screen/command-line.ts';

/** Throws CliError `not-found` with `words` in place of the tracker's message. */
export async function orUnknown<T>(asked: Promise<T>, words: string): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof TrackerError) || error.code !== 'not-found') throw error;
    throw new CliError('not-found', words, error);
  }
}

export function noSuchPerson(name: string): string {
  return `no user is called "${name}" here`;
}

export function noSuchRoom(name: string): string {
  return `there is no room "${name}" that you may read; ${calledAs} rooms lists them; a person is @NAME`;
}

/** `@ada` means `ada` also where only a user can be meant. */
export function personNamed(text: string): string {
  return text.replace(/^@/, '');
}
