/**
 * A deliberate bug, one line or two of the source: what a tired person could write. It is an exact replacement; `from` is
 * there exactly once, or the list is out of date and the run says so.
 */

export interface Mutant {
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Drawn sessions hunt it, and no swarms. */
  readonly isOfSession?: true;
}

/** The path of a part of the engine. */
export const engine = (file: string) => `client/engine/${file}.ts`;
