/** Codes of errors that commands find themselves. Where a library finds the same error, both use its code. */
export const cliErrorCodes = [
  'option-invalid',
  'option-yes-missing',
  'password-missing',
  'rights-unconfirmed',
  'sources-unsupported',
  'not-found',
  'result-not-found',
  'tracker-unknown',
  'tracker-unclear',
  'tracker-unreachable',
  'not-signed-in',
  'sign-in-failed',
  'name-taken',
  'fetch-not-found',
  'fetch-not-allowed',
  'fetch-timed-out',
  'fetch-redirects',
  'fetch-too-large',
  'fetch-failed',
  'host-not-found',
  'metainfo-too-large',
  'file-is-folder',
  'file-unreadable',
  'folder-not-writable',
  'create-nothing',
  'exists',
  'claimed',
  'disk-full',
] as const;
export type CliErrorCode = (typeof cliErrorCodes)[number];

/** An error that the command line finds itself. It knows its options, so the message includes the advice. */
export class CliError extends Error {
  override readonly name = 'CliError';
  /** exit-codes.ts maps it to a number. */
  readonly code: CliErrorCode;

  constructor(code: CliErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** An invalid flag or argument. */
export function badOption(message: string): CliError {
  return new CliError('option-invalid', message);
}

/**
 * The stable code of anything thrown: ours, the system's (`ENOSPC`), or `internal` for an error without one.
 */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'internal';
}
