/** Whom people ask when a moderator is needed: an address of mail or of a page, as whoever runs the tracker names it. */
import { type Html, html } from './html.ts';

/** Longer than any address of mail; a line on a page. */
const contactCharactersMax = 200;

/** Throws RangeError, with what to do, for anything but an address of mail or a page. */
export function checkContact(text: string): string {
  if (text.length <= contactCharactersMax && hrefOf(text) !== undefined) return text;
  throw new RangeError(
    `"${text.slice(0, contactCharactersMax)}" is no contact: give an address of mail or of a page`,
  );
}

/** What asks somebody to ask a moderator says where. */
export function withContact(message: string, contact: string | undefined): string {
  return contact === undefined ? message : `${message} (contact: ${contact})`;
}

/** In the footer of each page; undefined: none was named. */
export function contactLine(contact: string | undefined): Html | undefined {
  if (contact === undefined) return undefined;
  return html`<p>Contact: <a href="${hrefOf(contact) ?? ''}">${contact}</a></p>`;
}

function hrefOf(text: string): string | undefined {
  if (!/^[\x21-\x7e]+$/.test(text)) return undefined;
  if (/^https?:\/\//i.test(text)) return URL.canParse(text) ? text : undefined;
  return /^[^@:/?#<>"\s]+@[^@:/?#<>"\s]+$/.test(text) ? `mailto:${text}` : undefined;
}
