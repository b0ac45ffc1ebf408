/** A rule of sessions is broken. */

export class BrokenSession extends Error {
  readonly checker: string;

  constructor(checker: string, message: string) {
    super(message);
    this.checker = checker;
  }
}
