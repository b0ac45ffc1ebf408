/** The address that a tracker hands out in place of its own. */

/** `code`: public-url-invalid. */
class PublicUrlError extends Error {
  readonly code = 'public-url-invalid';
}

/**
 * Scheme, host and port, without a slash at the end. A path is refused: the pages, the API and what signs people in stand at
 * the root of their host, so links below a path would lead elsewhere. Throws PublicUrlError.
 */
export function checkPublicUrl(text: string): string {
  const url = /^https?:\/\//i.test(text) ? URL.parse(text) : null;
  if (url === null || url.hostname === '')
    throw new PublicUrlError(
      `"${text.slice(0, 200)}" is no web address; give it like https://music.example.org`,
    );
  // Never repeated: it may hold a password.
  if (url.username !== '' || url.password !== '')
    throw new PublicUrlError(`an address for everybody has no user and no password: ${url.origin}`);
  if (!/^\/*$/.test(url.pathname) || url.search !== '' || url.hash !== '') {
    const message = `the tracker stands at the root of its host, and not below ${url.pathname}${url.search}${url.hash}: give it a host or a port of its own, like ${url.origin}`;
    throw new PublicUrlError(message);
  }
  return url.origin;
}
