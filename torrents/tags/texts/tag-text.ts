/**
 * Makes text from tags and names safe to show, store and search.
 *
 * Invariant: the result is NFC, one line, at most textCharsMax characters, and without characters that
 * control a terminal or reverse the text direction. An empty text becomes undefined.
 */

/** Longer than any readable title. A tag can hold up to 2^28 bytes. */
export const textCharsMax = 300;

/**
 * Control characters, characters that embed or override a text direction, and zero-width characters without a
 * function.
 */
const unwantedPattern = /[\x00-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]+/g;

export function tagText(untrusted: unknown): string | undefined {
  if (typeof untrusted !== 'string') return undefined;
  const text = untrusted
    // Cuts before the costly part. Some characters are removed or composed below, so four times the length is
    // kept here.
    .slice(0, textCharsMax * 4)
    .toWellFormed()
    .normalize('NFC')
    .replaceAll(unwantedPattern, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  // Cuts by code points, so that no character is split.
  const cut = text.length <= textCharsMax ? text : [...text].slice(0, textCharsMax).join('').trimEnd();
  return cut === '' ? undefined : cut;
}

/**
 * Like tagText(). Undefined if a program has replaced all letters with question marks. A replacement
 * character at the end is dropped: it may be a character that was cut in two.
 */
export function readableText(untrusted: unknown): string | undefined {
  const text = tagText(untrusted);
  if (text === undefined) return undefined;
  const whole = text.replace(/\ufffd+$/, '');
  if (lostText.test(whole)) return undefined;
  return whole === text ? text : tagText(whole);
}

const lostText = /\ufffd|^[\s?.,!()'"-]*\?{3}[\s?.,!()'"-]*$/;
