/** A tracker as users type it: its announce URL, or only its host. */

/**
 * Undefined when the text is no URL of one of these schemes (a pattern for the part before `://`). An HTTP
 * URL without a path is a tracker's host: its announce URL is /announce by convention, since `/` is its page.
 */
export function typedTracker(text: string, schemes: RegExp): string | undefined {
  const [, scheme = ''] = /^([a-z]+):\/\//i.exec(text) ?? [];
  if (!schemes.test(scheme)) return undefined;
  const url = URL.parse(text);
  if (url === null) return undefined;
  const isHostAlone =
    /^https?$/i.test(scheme) && url.pathname === '/' && url.search === '' && url.hash === '';
  return isHostAlone ? new URL('/announce', url).href : text;
}
