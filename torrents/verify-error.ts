/** The error for a path that cannot be verified. */
import { CodedError } from './coded-error.ts';

export const verifyErrorCodes = ['verify-path-missing', 'verify-not-a-folder', 'verify-no-hashes'] as const;
export type VerifyErrorCode = (typeof verifyErrorCodes)[number];

export class VerifyError extends CodedError<VerifyErrorCode, { readonly path: string }> {
  override readonly name = 'VerifyError';

  constructor(code: VerifyErrorCode, message: string, path: string) {
    super(code, message, { path });
  }

  get path(): string {
    return this.fields.path;
  }
}
