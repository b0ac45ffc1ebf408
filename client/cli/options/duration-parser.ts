/** Durations as people type them: `90`, `60s`, `5 min`, `2h`, `1h30m`, `3:30`. */
import { badOption } from '../cli-error.ts';

const secondsOf: Readonly<Record<string, number>> = {
  s: 1,
  sec: 1,
  m: 60,
  min: 60,
  h: 3600,
  d: 86_400,
};

/** More than a hundred days: a longer duration is a typing error. */
const secondsMax = 9_999_999;

/**
 * Seconds, possibly with a fraction. `bare`: the unit of a number without one, as in the option's help.
 * `example`: a valid value for the message. Throws CliError `option-invalid`, which names the option, `what`.
 */
export function parseDuration(
  text: string,
  what: string,
  { bare, example }: { readonly bare: 's' | 'min'; readonly example: string },
): number {
  const seconds = secondsIn(text.trim().toLowerCase(), secondsOf[bare]!);
  if (seconds !== undefined && seconds <= secondsMax) return seconds;
  const alone = bare === 's' ? 'seconds' : 'minutes';
  throw badOption(
    `${what}: "${text}" is no length of time; give it like ${example}, or 60s, 5min, 2h; a number alone is ${alone}`,
  );
}

function secondsIn(text: string, bareSeconds: number): number | undefined {
  if (/^\d{1,7}(\.\d{1,6})?$/.test(text)) return Number(text) * bareSeconds;
  // Clock notation: minutes and seconds, or hours before them.
  if (/^\d{1,5}(:[0-5]?\d){1,2}$/.test(text))
    return text.split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0);
  let seconds = 0;
  let least = Number.POSITIVE_INFINITY;
  const parts = text.matchAll(/(\d{1,7}(?:\.\d{1,6})?) ?(sec|min|[smhd])(?: |$|(?=\d))/g);
  let end = 0;
  for (const match of parts) {
    const unit = secondsOf[match[2]!]!;
    // Units from the largest to the smallest, with nothing between: `30m2h` is a typing error.
    if (match.index !== end || unit >= least) return undefined;
    least = unit;
    end = match.index + match[0].length;
    seconds += Number(match[1]) * unit;
  }
  return end > 0 && end === text.length ? seconds : undefined;
}
