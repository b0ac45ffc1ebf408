/**
 * Names and passwords in URLs (`http://USER:PASSWORD@HOST/`): sent as Basic authorization to the server of
 * the URL, and never displayed.                                                                      RFC 7617
 */

/**
 * The value of the `authorization` header; undefined when the URL has neither name nor password. Removes both
 * from the URL.
 */
export function takeAuthorization(url: URL): string | undefined {
  const { username, password } = url;
  if (username === '' && password === '') return undefined;
  url.username = '';
  url.password = '';
  return `Basic ${Buffer.from(`${unescaped(username)}:${unescaped(password)}`).toString('base64')}`;
}

/** A percent sign that escapes nothing stays as it is. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * In any text: everything between `://` and the last `@` before the path. Also in a magnet link, where it is
 * escaped.
 */
const plainForm = /(:\/\/)[^/\\?#\s"'<>]*@/g;
const escapedForm = /(%3a%2f%2f)(?:(?!%2f|%3f|%23)[^\s&"'<>/])*?%40/gi;

/** For messages, logs and documents: removes name and password from every URL in the text. */
export function withoutCredentials(text: string): string {
  return text.includes('@') || text.includes('%40')
    ? text.replace(plainForm, '$1').replace(escapedForm, '$1')
    : text;
}
