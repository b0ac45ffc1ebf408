/**
 * The community's refusals. Programs use the code, which never changes. The message is for users and says
 * what to do. Of an error thrown in a worker, only these two arrive.
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

/**
 * The same for what does not exist and what this viewer may not see, so that neither is revealed. `what`: as
 * the user asked for it.
 */
export function notFound(what: string): CommunityError {
  return new CommunityError('not-found', `there is no ${what} here, or you may not see it`);
}

/** Account names are no secret: all who may enter can see them. */
export function noSuchAccount(name: string): CommunityError {
  return new CommunityError('not-found', `there is no account ${quoted(name)} here`);
}

/** The user's input or its beginning, so that the message stays readable. */
export function quoted(text: string): string {
  const characters = [...text];
  return characters.length > 40 ? `“${characters.slice(0, 40).join('')}…”` : `“${text}”`;
}

export function notAllowed(what: string): CommunityError {
  return new CommunityError('not-allowed', `you may not ${what}`);
}
