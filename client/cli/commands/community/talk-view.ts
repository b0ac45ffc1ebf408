/**
 * Formats messages for the terminal: time, author and text. Control characters in a text are made harmless.
 */
import type { Static } from 'typebox';
import type * as talk from '../../../../tracker/protocol/api/talk-shapes.ts';
import { badOption } from '../../cli-error.ts';
import { noSuchPerson, noSuchRoom } from '../../results/unknown-names.ts';
import { paint } from '../../screen/output.ts';
import { plain } from '../making/torrent-summary.ts';

export type Message = Static<typeof talk.message>;

/** A user (`@ada`), or a room. */
export type Place = { readonly person: string } | { readonly room: string };

export function placeOf(text: string): Place {
  const [, at, name = ''] = /^(@|#)?(.*)$/s.exec(text) ?? [];
  if (name === '') throw badOption(`"${text}" is neither a room nor a user; give it like music, or @ada`);
  return at === '@' ? { person: name } : { room: name };
}

export function placeWords(place: Place): string {
  return 'person' in place ? `@${place.person}` : place.room;
}

export function noSuchPlace(place: Place): string {
  return 'person' in place ? noSuchPerson(place.person) : noSuchRoom(place.room);
}

/**
 * `withId`: for users who may delete the message by its id. A text of several lines stays in several lines.
 */
export function messageLines(
  { id, author, text, sentAtMs, isDeleted }: Message,
  { withId = false }: { readonly withId?: boolean } = {},
): string {
  const [first = '', ...more] = isDeleted ? [paint('dim', '(deleted)')] : text.split('\n').map(plain);
  const mark = withId ? `  ${paint('dim', `#${plain(id)}`)}` : '';
  const head = `${paint('dim', timeWords(sentAtMs))} ${paint('bold', plain(author))}  ${first}${mark}`;
  return [head, ...more.map((line) => `    ${line}`)].join('\n');
}

/** `2026-11-20`, in this machine's time zone. */
export function dayWords(ms: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return '?';
  return [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
}

const two = (number: number) => String(number).padStart(2, '0');

/** `2026-11-20 23:05`, in this machine's time zone. */
export function timeWords(ms: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return '?';
  return `${dayWords(ms)} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
