/**
 * What the community refuses, and why. The code is what programs look at and never changes; the message is for people
 * and says what to do. Thrown in a worker, only these two arrive.
 */
export type CommunityErrorCode =
  | 'not-signed-in'
  | 'not-allowed'
  | 'not-found'
  | 'sign-in-failed'
  | 'sign-in-busy'
  | 'account-banned'
  | 'registration-closed'
  | 'invitation-invalid'
  | 'setup-invalid'
  | 'credentials-missing'
  | 'name-invalid'
  | 'name-taken'
  | 'key-invalid'
  | 'key-taken'
  | 'password-invalid'
  | 'text-invalid'
  | 'query-invalid'
  | 'role-invalid'
  | 'last-owner'
  | 'limit-reached';

export class CommunityError extends Error {
  override readonly name = 'CommunityError';
  readonly code: CommunityErrorCode;

  constructor(code: CommunityErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** One for all that is not there and all that may not be seen: nobody learns which. */
export function notFound(): CommunityError {
  return new CommunityError('not-found', 'there is no such thing here, or you may not see it');
}

export function notAllowed(what: string): CommunityError {
  return new CommunityError('not-allowed', `you may not ${what}`);
}
