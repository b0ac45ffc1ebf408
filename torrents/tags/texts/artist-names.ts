/**
 * Finds the artist of an album in the artists of its tracks. A guest on one song, or a second spelling, does
 * not make it a compilation.
 *
 * Invariant: pure. The answer is a name from a tag, or the part of it before the guests.
 */

/** Guests after the artist's name: `Ava feat. Ben`, `Ava (ft. Ben)`. */
const guests = /\s*[([]?\b(?:feat|ft|featuring)\b\.?\s.*$/iu;
/**
 * Separators between artists who made a song together. A band's name may contain one, so whole names are
 * counted first.
 */
const partners = /\s*(?:,|;|\s\/\s|\s&\s|\s\+\s|\s(?:x|vs|with|and|und|et|y|con)\b\.?\s).*$/iu;

/** The artist of more than half of the tracks that name one. Undefined if no artist has so many. */
export function artistOfMost(named: readonly (string | undefined)[]): string | undefined {
  const artists = named.filter((name) => name !== undefined);
  for (const part of [(name: string) => name, withoutGuests, withoutPartners]) {
    const spellings = new Map<string, string[]>();
    for (const name of artists) {
      const own = part(name);
      const key = artistKey(own);
      spellings.set(key, [...(spellings.get(key) ?? []), own]);
    }
    const most = [...spellings.values()].find(({ length }) => length * 2 > artists.length);
    if (most !== undefined) return commonest(most);
  }
  return undefined;
}

function withoutGuests(name: string): string {
  return name.replace(guests, '') || name;
}

function withoutPartners(name: string): string {
  const own = withoutGuests(name);
  return own.replace(partners, '') || own;
}

/** Equal for `The Beatles` and `Beatles, The`, `Beyoncé` and `BEYONCE`, `AC/DC` and `ACDC`. */
function artistKey(name: string): string {
  const turned = name.replace(/^(.*), (the|die|der|das|les|los)$/iu, '$2 $1');
  const folded = turned.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const letters = folded
    .replace(/^the\s+(?=\S)/u, '')
    .replace(/\s+&\s+/gu, ' and ')
    .replace(/[^\p{L}\p{N}]/gu, '');
  // `!!!` and `+/-` are names of bands.
  return letters === '' ? folded : letters;
}

function commonest(names: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}
