/** What is wrong with the place that is to be verified. */

/** `code` is stable: `verify-path-missing`, `verify-not-a-folder`, `verify-no-hashes`. */
export class VerifyError extends Error {
  override readonly name = 'VerifyError';
  readonly code: string;
  readonly path: string;

  constructor(code: string, message: string, path: string) {
    super(message);
    this.code = code;
    this.path = path;
  }
}
