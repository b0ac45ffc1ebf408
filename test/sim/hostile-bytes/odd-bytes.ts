/**
 * Builds hostile bytes, as text of one character a byte: bencode with any keys in any order, and ways to
 * spoil it.
 */
import type { Prng } from '../../../client/engine/prng.ts';

export const int = (value: number | string): string => `i${value}e`;
export const bytes = (content: string): string => `${content.length}:${content}`;
export const list = (items: readonly string[]): string => `l${items.join('')}e`;
export const dict = (entries: readonly Entry[]): string =>
  `d${entries.map(([key, value]) => bytes(key) + value).join('')}e`;

/** A key, and its bencoded value. */
export type Entry = readonly [key: string, value: string];

/** Text → one character for each byte of its UTF-8. */
export function utf8(text: string): string {
  return Buffer.from(text).toString('latin1');
}

export function toBytes(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

export function toText(content: Uint8Array): string {
  return Buffer.from(content).toString('latin1');
}

export function drawBytes(random: Prng, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, () => random.below(256));
}

export function oneOf<T>(random: Prng, items: readonly T[]): T {
  return items[random.below(items.length)]!;
}

/** Values of every type, at the limits of what parsers accept. */
const oddValues: readonly string[] = [
  ...[int(0), int(-1), int(1), int(2), int(3), int(17), int(70_000), int(2 ** 31), int(2 ** 53 - 1)],
  ...[int('9007199254740992'), int('-0'), int('007'), int(''), int('-'), int('1x')],
  ...[
    bytes(''),
    bytes('never'),
    bytes('5'),
    bytes('no number'),
    bytes('\xff\xfe'),
    bytes('\x1b[31m\r\n text '),
  ],
  ...[list([]), list([int(1), bytes('a')]), list([dict([]), bytes('a')]), dict([]), dict([['a', int(1)]])],
  ...[
    `${'l'.repeat(12)}${'e'.repeat(12)}`,
    `${'l'.repeat(120)}${'e'.repeat(120)}`,
    'x',
    'i',
    '99:',
    '05:abcde',
    '9',
  ],
];

export function oddValue(random: Prng): string {
  return oneOf(random, oddValues);
}

/** Changes, removes, repeats or moves one entry. */
export function tamper(entries: readonly Entry[], random: Prng): Entry[] {
  if (entries.length === 0) return [['', oddValue(random)]];
  const at = random.below(entries.length);
  const [key, value] = entries[at]!;
  const rest = entries.toSpliced(at, 1);
  switch (random.below(5)) {
    case 0:
      return rest;
    case 1:
      return [...entries, [key, value]].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) as Entry[];
    case 2:
      return [...rest, [key, value]];
    default:
      return entries.with(at, [key, oddValue(random)]) as Entry[];
  }
}

/** Inserts, removes or replaces a character, repeats a stretch, or cuts off the end. */
export function spoil(text: string, random: Prng): string {
  const at = random.below(text.length + 1);
  const odd = oneOf(random, ['d', 'l', 'i', 'e', '0', '9', ':', '-', '%', '&', '=', '+', '\0', '\xff', ' ']);
  switch (random.below(6)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + text.slice(0, at).slice(-8) + text.slice(at);
    case 3:
      return text + odd;
    case 4:
      return text.slice(0, at) + odd + text.slice(at);
    default:
      return text.slice(0, at) + odd + text.slice(at + 1);
  }
}

/** Whether an error value has a well-formed code and a message. */
export function isClear(error: { readonly code: string; readonly message: string }): boolean {
  return /^[a-z][a-z0-9-]*$/.test(error.code) && error.message.length > 0;
}

export function isWithin(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}

/** As JSON, without regard to the order of fields. */
export function textOf(value: object): string {
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(
    entries.map(([key, field]) => [key, ArrayBuffer.isView(field) ? toText(field as Uint8Array) : field]),
  );
}
