/** Thrown when a session breaks a rule of the checkers. */

export class BrokenSession extends Error {
  readonly checker: string;

  constructor(checker: string, message: string) {
    super(message);
    this.checker = checker;
  }
}
