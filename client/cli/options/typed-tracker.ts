/** A tracker as users type it: its announce URL, or its host alone. */

/**
 * Undefined: it is no URL of one of these schemes (a pattern of what stands before `://`). An HTTP URL without a path is a
 * tracker's host, whose announces are at /announce by convention: under the path `/` is its page.
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
