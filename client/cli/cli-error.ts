/** What commands find wrong themselves; where a library finds the same, its code is theirs. */
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

/** What the command line itself finds wrong: it knows its options, so the message says what to do as well. */
export class CliError extends Error {
  override readonly name = 'CliError';
  /** exit-codes.ts has a number for it. */
  readonly code: CliErrorCode;

  constructor(code: CliErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** A flag or an argument that cannot be meant. */
export function badOption(message: string): CliError {
  return new CliError('option-invalid', message);
}

/** The stable code of anything thrown: ours, the system's (`ENOSPC`), or `internal` when it has none. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'internal';
}
