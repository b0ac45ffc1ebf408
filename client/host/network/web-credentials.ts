/**
 * Names and passwords in web addresses (`http://USER:PASSWORD@HOST/`): sent as Basic authorization to the server that the
 * address names, and shown nowhere.                                                                            RFC 7617
 */

/** The value of the header `authorization`; undefined when the address has no name and no password. Both leave the URL. */
export function takeAuthorization(url: URL): string | undefined {
  const { username, password } = url;
  if (username === '' && password === '') return undefined;
  url.username = '';
  url.password = '';
  return `Basic ${Buffer.from(`${unescaped(username)}:${unescaped(password)}`).toString('base64')}`;
}

/** A percent sign that escapes nothing is a percent sign. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** In any text: what stands between `://` and the last `@` before the path. Also inside of a magnet link, where it is escaped. */
const plainForm = /(:\/\/)[^/\\?#\s"'<>]*@/g;
const escapedForm = /(%3a%2f%2f)(?:(?!%2f|%3f|%23)[^\s&"'<>/])*?%40/gi;

/** For messages, logs and documents: every address without its name and password. */
export function withoutCredentials(text: string): string {
  return text.includes('@') || text.includes('%40')
    ? text.replace(plainForm, '$1').replace(escapedForm, '$1')
    : text;
}
