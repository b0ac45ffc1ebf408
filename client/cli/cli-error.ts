/** What the command line itself finds wrong. Like every error at a door: a stable code, and what to do about it. */
export class CliError extends Error {
  override readonly name = 'CliError';
  /** Kebab-case; exit-codes.ts has a number for it. */
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
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
