/**
 * Text from tags and names, made fit to be shown, stored and searched.
 *
 * Invariant: what comes out is NFC, one line, without characters that drive a terminal or turn the text around, and not
 * longer than textCharsMax; nothing, rather than an empty text.
 */

/** Longer than any title that is meant to be read; tags hold up to 2^28 bytes. */
export const textCharsMax = 300;

/** Controls, the marks that embed or override a direction, and those that take no room and join nothing. */
const unwantedPattern = /[\x00-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]+/g;

export function tagText(untrusted: unknown): string | undefined {
  if (typeof untrusted !== 'string') return undefined;
  const text = untrusted
    // Before the costly part; some characters are cut away or composed below, so a little more is kept.
    .slice(0, textCharsMax * 4)
    .toWellFormed()
    .normalize('NFC')
    .replaceAll(unwantedPattern, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  // By code points, so that no character is cut in two.
  const cut = text.length <= textCharsMax ? text : [...text].slice(0, textCharsMax).join('').trimEnd();
  return cut === '' ? undefined : cut;
}

/** Nothing, when a program has put question marks for all letters. A last one can be a character that was cut in two. */
export function readableText(untrusted: unknown): string | undefined {
  const text = tagText(untrusted);
  if (text === undefined) return undefined;
  const whole = text.replace(/\ufffd+$/, '');
  if (lostText.test(whole)) return undefined;
  return whole === text ? text : tagText(whole);
}

const lostText = /\ufffd|^[\s?.,!()'"-]*\?{3}[\s?.,!()'"-]*$/;
