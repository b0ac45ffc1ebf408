/** The configured public URL of a tracker, which it hands out in place of its local address. */
import { CodedError } from '../../../torrents/coded-error.ts';

export const publicUrlErrorCodes = ['public-url-invalid'] as const;

export interface PublicUrlFault {
  readonly fault: 'no-url' | 'has-user' | 'has-path';
  /** The URL without its invalid part. */
  readonly origin?: string;
}

export class PublicUrlError extends CodedError<'public-url-invalid', PublicUrlFault> {
  override readonly name = 'PublicUrlError';
}

/**
 * Returns scheme, host and port without a trailing slash. A path is refused: pages, the API and the sign-in
 * routes are served from the root of the host, so links below a path would break. Throws PublicUrlError.
 */
export function checkPublicUrl(text: string): string {
  const url = /^https?:\/\//i.test(text) ? URL.parse(text) : null;
  if (url === null || url.hostname === '')
    throw refusal('no-url', `"${text.slice(0, 200)}" is no web address`);
  // The message does not repeat the user part, which may hold a password.
  if (url.username !== '' || url.password !== '')
    throw refusal('has-user', `a public address has no user and no password: ${url.origin}`);
  if (!/^\/*$/.test(url.pathname) || url.search !== '' || url.hash !== '') {
    const below = `${url.pathname}${url.search}${url.hash}`;
    const message = `the tracker stands at the root of its host, and not below ${below}`;
    throw refusal('has-path', message, url.origin);
  }
  return url.origin;
}

function refusal(fault: PublicUrlFault['fault'], message: string, origin?: string): PublicUrlError {
  return new PublicUrlError('public-url-invalid', message, {
    fault,
    ...(origin !== undefined && { origin }),
  });
}
