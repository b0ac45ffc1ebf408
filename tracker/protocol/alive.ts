/**
 * The alive stream of a tracker of ours: where it is, and what stands in it. Read by clients as hostile.
 *                                                                                              WHATWG HTML, 9.2
 */

const memoryIdPattern = /^[0-9a-f]{16}$/;

/** `undefined` for what is none. */
export function readMemoryId(text: string): string | undefined {
  return memoryIdPattern.test(text) ? text : undefined;
}

export function aliveEvent(memoryId: string): string {
  return `data: ${memoryId}\n\n`;
}

/** A line of the stream. Undefined: something else, a beat for instance. */
export function memoryIdOf(line: string): string | undefined {
  return line.startsWith('data: ') ? readMemoryId(line.slice('data: '.length).trimEnd()) : undefined;
}

/**
 * The stream beside an announce URL, without the passkey in it; undefined when it is no announce URL of a tracker of ours.
 * One for all torrents of a tracker.
 */
export function aliveUrl(announceUrl: string): string | undefined {
  const url = URL.parse(announceUrl);
  if (url === null) return undefined;
  const [, folder] =
    /^((?:\/[^/]*)*?)(?:\/(?:[a-z2-7]{48}|[a-z2-7]{32}))?\/announce$/.exec(url.pathname) ?? [];
  if (folder === undefined) return undefined;
  // A proxy that wants a name and password wants them for this, too.
  const { username, password, origin } = url;
  const signedIn = username === '' && password === '' ? '//' : `//${username}:${password}@`;
  return `${origin.replace('//', signedIn)}${folder}/alive`;
}
