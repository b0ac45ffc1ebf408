/**
 * What differs from run to run gets a name before anything is compared: places, ports, times, keys and ids. The same id
 * is the same name wherever it stands again, so that references are compared as well.
 */

/** By its key in a document of `--json`, whatever it is; `null` says something and stays. */
const namedFields: ReadonlySet<string> = new Set([
  ...['port', 'pid', 'processId', 'requestId', 'cursor', 'connected', 'freeBytes', 'downBps', 'upBps'],
  ...['seconds', 'etaSeconds', 'uptimeSeconds', 'connectMs', 'lastUsed', 'token', 'setupToken'],
  ...['key', 'publicKey', 'feedKey', 'passkey', 'signature', 'fingerprint'],
]);
/** Said by a command whose end takes a second, on a busy machine. */
const slowEnd = /^Closing: the trackers are told\./;
/** Milliseconds since 1970, of about our time: nothing else that is printed is so large and no larger. */
const isMoment = (value: number) => value > 1.5e12 && value < 3e12;

export class Names {
  /** Longest first: a place within a place has a name of its own. */
  readonly #words: (readonly [word: string, name: string])[] = [];
  readonly #ids = new Map<string, string>();

  /** From now on `word` is called `name`. */
  call(word: string, name: string): void {
    this.#words.push([word, name]);
    this.#words.sort(([a], [b]) => b.length - a.length);
  }

  /** Documents one a line, or anything else that was printed. */
  ofOutput(text: string): string {
    const lines = text.replace(/\n$/, '').split('\n');
    return lines
      .filter((line) => !slowEnd.test(line))
      .map((line) => this.#ofLine(line))
      .join('\n');
  }

  /** Of a parsed document, in many lines, so that a difference in one field is a difference in one line. */
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
