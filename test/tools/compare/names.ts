/**
 * Replaces values that differ between runs with names before a comparison: places, ports, times, keys and
 * IDs. The same ID always gets the same name, so that references are compared as well.
 */

/** Fields of a `--json` document whose value is replaced by a name. `null` has a meaning and stays. */
const namedFields: ReadonlySet<string> = new Set([
  ...['port', 'pid', 'processId', 'requestId', 'cursor', 'connected', 'freeBytes', 'downBps', 'upBps'],
  ...['seconds', 'etaSeconds', 'uptimeSeconds', 'connectMs', 'lastUsed', 'token', 'setupToken'],
  ...['key', 'publicKey', 'feedKey', 'passkey', 'signature', 'fingerprint'],
]);
/** Printed by a command that takes a second to end, on a busy machine. */
const slowEnd = /^Closing: the trackers are told\./;
/** Milliseconds since 1970, near the present. No other printed number is in this range. */
const isMoment = (value: number) => value > 1.5e12 && value < 3e12;

export class Names {
  /** Longest first, because a place inside another place has its own name. */
  readonly #words: (readonly [word: string, name: string])[] = [];
  readonly #ids = new Map<string, string>();

  /** Replaces `word` with `name` from now on. */
  call(word: string, name: string): void {
    this.#words.push([word, name]);
    this.#words.sort(([a], [b]) => b.length - a.length);
  }

  /** For JSON documents, one per line, or any other output. */
  ofOutput(text: string): string {
    const lines = text.replace(/\n$/, '').split('\n');
    return lines
      .filter((line) => !slowEnd.test(line))
      .map((line) => this.#ofLine(line))
      .join('\n');
  }

  /**
   * Prints a parsed document on many lines, so that a difference in one field is a difference in one line.
   */
  ofDocument(document: unknown): string {
    return JSON.stringify(this.#ofValue(document), undefined, 1);
  }

  ofText(text: string): string {
    let named = text;
    for (const [word, name] of this.#words) named = named.replaceAll(word, name);
    return named
      .replace(/\d{4}-\d\d-\d\d(?:T| )\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z| UTC)?/g, '<time>')
      .replace(/\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/g, '<time>')
      .replace(/(127\.0\.0\.1|localhost|\[::1\])(:|%3A)\d+/g, '$1$2<port>')
      .replace(/(?<![a-z0-9])[a-z2-7]{48}(?![a-z0-9])/g, '<passkey>')
      .replace(/(?<![a-z0-9])[a-z2-7]{26}(?![a-z0-9])/g, (id) => this.#id(id))
      .replace(/\bin \d+(?:\.\d+)? (?:ms|s)\b/g, 'in <seconds>')
      .replace(/\b\d+(?:\.\d+)? (?:[kMG]i?)?B\/s/g, '<rate>')
      .replace(/\bup for [^.<]+/g, 'up for <time>')
      .replace(/"(requestId|uptimeSeconds)":"?\w+"?/g, '"$1":"<$1>"')
      .replace(/9:memory id16:\w{16}/g, '9:memory id16:<memory>')
      .replace(/\bprocess \d+/g, 'process <pid>')
      .replace(/\b(?:just now|\d+ (?:s|min|h|seconds?|minutes?|hours?) ago)\b/g, '<time> ago');
  }

  #ofLine(line: string): string {
    if (!/^[[{]/.test(line)) return this.ofText(line);
    try {
      return this.ofDocument(JSON.parse(line));
    } catch {
      return this.ofText(line);
    }
  }

  #ofValue(value: unknown, key = ''): unknown {
    if (Array.isArray(value)) return value.map((each) => this.#ofValue(each));
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(
        Object.entries(value).map(([name, each]) => [this.ofText(name), this.#ofValue(each, name)]),
      );
    }
    if (value === null) return value;
    if (namedFields.has(key)) return `<${key}>`;
    if (typeof value === 'number' && isMoment(value)) return '<moment>';
    return typeof value === 'string' ? this.ofText(value) : value;
  }

  #id(id: string): string {
    const known = this.#ids.get(id);
    if (known !== undefined) return known;
    const name = `<id ${this.#ids.size + 1}>`;
    this.#ids.set(id, name);
    return name;
  }
}
