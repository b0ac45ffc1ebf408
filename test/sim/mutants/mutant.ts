/**
 * A deliberate bug of one line or two that a tired person could write. It is an exact replacement: `from`
 * must occur exactly once in its file, or the run reports that the list is out of date.
 */

export interface Mutant {
  readonly name: string;
  /** Relative to the root of the repository. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Drawn sessions look for it instead of drawn swarms. */
  readonly isOfSession?: true;
}

/** The path of a file of the engine. */
export const engine = (file: string) => `client/engine/${file}.ts`;
