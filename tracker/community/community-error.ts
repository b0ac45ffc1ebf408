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
  | 'session-old'
  | 'limit-reached';

export class CommunityError extends Error {
  override readonly name = 'CommunityError';
  readonly code: CommunityErrorCode;

  constructor(code: CommunityErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** One for all that is not there and all that may not be seen: the asker does not learn which. `what`: as it was asked for. */
export function notFound(what: string): CommunityError {
  return new CommunityError('not-found', `there is no ${what} here, or you may not see it`);
}

/** A name has no secret in it: accounts are known to all who may come in. */
export function noSuchAccount(name: string): CommunityError {
  return new CommunityError('not-found', `there is no account ${quoted(name)} here`);
}

/** As it was asked for, or its beginning: a message stays one that can be read. */
export function quoted(text: string): string {
  const characters = [...text];
  return characters.length > 40 ? `“${characters.slice(0, 40).join('')}…”` : `“${text}”`;
}

export function notAllowed(what: string): CommunityError {
  return new CommunityError('not-allowed', `you may not ${what}`);
}
