/** Hostile values for any field of any request, and the places of fields in a schema. */

const nested = JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`);

/** For JSON bodies. */
export const hostileValues: readonly unknown[] = [
  ...[
    '',
    ' ',
    'x'.repeat(9_000),
    '🎵'.repeat(2_000),
    `a${'\u0301'.repeat(200)}`,
    'İ'.repeat(250),
    '\ufdfa'.repeat(100),
  ],
  ...["'; DROP TABLE accounts; --", '" OR ""="', '1 UNION SELECT password FROM accounts', '%_\\'],
  ...['NEAR("a" "b", 5)', 'album : "x" AND NOT (y*)', '"', '^ * - + ( {', 'a'.repeat(200)],
  ...['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', 'javascript:alert(1)'],
  ...[
    '\0',
    'a\u0000b\u001b[31m\u0007\r\n',
    '\u202egnp.exe\u2066',
    '\u200b\u200d\u2060\ufeff',
    '\ufffe\uffff',
    '\ud800',
  ],
  ...[
    '../../../etc/passwd',
    '..\\..\\windows',
    '__proto__',
    'constructor',
    'toString',
    'null',
    'NaN',
    '１２３',
  ],
  ...[-1, 0, 1.5, -0.1, 2 ** 31, 2 ** 53, 2 ** 63, 1e300, -1e300, 1e-320],
  ...[null, true, false, [], ['a', 'b'], {}, { a: 1 }, { length: 3 }, nested],
];

/** For URLs, already escaped. */
export const hostileTexts: readonly string[] = [
  ...[
    '%',
    '%zz',
    '%00',
    '%ed%a0%80',
    '%c0%ae%c0%ae',
    '%2e%2e%2f',
    '%25',
    '+',
    '1e3',
    '0x10',
    '[object Object]',
  ].slice(0, 10),
  ...hostileValues
    .filter((value) => typeof value === 'string' || typeof value === 'number')
    .map((value) => encodeURIComponent(String(value).slice(0, 2_000).toWellFormed())),
];

export interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
}

type Path = readonly (string | number)[];

/** Every place in a body, including the body itself; in lists, the first element. */
export function* placesIn(schema: JsonSchema, path: Path = []): Generator<Path> {
  yield path;
  for (const [name, field] of Object.entries(schema.properties ?? {}))
    yield* placesIn(field, [...path, name]);
  if (schema.items !== undefined) yield* placesIn(schema.items, [...path, 0]);
}

/** A copy of `body` with `value` at that place. */
export function put(body: unknown, [name, ...rest]: Path, value: unknown): unknown {
  if (name === undefined) return value;
  if (typeof name === 'number') return [put((body as unknown[] | undefined)?.[name], rest, value)];
  const fields = (body ?? {}) as Record<string, unknown>;
  return { ...fields, [name]: put(fields[name], rest, value) };
}

/** The first text in an answer with control or bidirectional characters; undefined without one. */
export function steeringText(value: unknown): string | undefined {
  if (typeof value === 'string')
    return /(?!\n)\p{Cc}|\p{Bidi_Control}|\ufeff/u.test(value) ? value : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const part of Object.values(value)) {
    const found = steeringText(part);
    if (found !== undefined) return found;
  }
  return undefined;
}
