/** The contact for users who need a moderator: an e-mail address or a page, as the operator configures it. */
import { type Html, html } from './html.ts';

/** Longer than any e-mail address, and short enough for one line of a page. */
const contactCharactersMax = 200;

/** Returns `text`. Throws RangeError, with advice, for anything but an e-mail address or a web page. */
export function checkContact(text: string): string {
  if (text.length <= contactCharactersMax && hrefOf(text) !== undefined) return text;
  throw new RangeError(
    `"${text.slice(0, contactCharactersMax)}" is no contact: give an address of mail or of a page`,
  );
}

/** Adds the contact to a message that tells the user to ask a moderator. */
export function withContact(message: string, contact: string | undefined): string {
  return contact === undefined ? message : `${message} (contact: ${contact})`;
}

/** For the footer of each page; undefined without a contact. */
export function contactLine(contact: string | undefined): Html | undefined {
  if (contact === undefined) return undefined;
  return html`<p>Contact: <a href="${hrefOf(contact) ?? ''}">${contact}</a></p>`;
}

function hrefOf(text: string): string | undefined {
  if (!/^[\x21-\x7e]+$/.test(text)) return undefined;
  if (/^https?:\/\//i.test(text)) return URL.canParse(text) ? text : undefined;
  return /^[^@:/?#<>"\s]+@[^@:/?#<>"\s]+$/.test(text) ? `mailto:${text}` : undefined;
}
