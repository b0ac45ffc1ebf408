/**
 * The alive stream of a Cicada tracker: its URL and its lines. Clients read them as hostile input.
 *                                                                                            WHATWG HTML, 9.2
 */

const memoryIdPattern = /^[0-9a-f]{16}$/;

/** Undefined: not a memory id. */
export function readMemoryId(text: string): string | undefined {
  return memoryIdPattern.test(text) ? text : undefined;
}

export function aliveEvent(memoryId: string): string {
  return `data: ${memoryId}\n\n`;
}

/** The memory id in a line of the stream. Undefined: another line, for instance a heartbeat. */
export function memoryIdOf(line: string): string | undefined {
  return line.startsWith('data: ') ? readMemoryId(line.slice('data: '.length).trimEnd()) : undefined;
}

/**
 * The URL of the stream for an announce URL, without the passkey. Undefined: not an announce URL of a Cicada
 * tracker. A tracker has one stream for all torrents.
 */
export function aliveUrl(announceUrl: string): string | undefined {
  const url = URL.parse(announceUrl);
  if (url === null) return undefined;
  const [, folder] =
    /^((?:\/[^/]*)*?)(?:\/(?:[a-z2-7]{48}|[a-z2-7]{32}))?\/announce$/.exec(url.pathname) ?? [];
  if (folder === undefined) return undefined;
  // A proxy that requires a user name and password requires them here too.
  const { username, password, origin } = url;
  const signedIn = username === '' && password === '' ? '//' : `//${username}:${password}@`;
  return `${origin.replace('//', signedIn)}${folder}/alive`;
}
