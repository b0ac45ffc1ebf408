/**
 * Finds the disc number in the name of a folder, file or album: `CD1`, `(CD 2) Live`, `Vol. 1 Disc 2`, `Disc
 * One`, `Album [Disk II]`, `Side B`, `Диск 3`, `第2盘`.
 *
 * Invariant: pure. A number alone is not a disc. Neither is a count of discs (`2 CD`) or a volume.
 */

const words: Readonly<Record<string, number>> = Object.fromEntries(
  [
    'one two three four five six seven eight nine ten eleven twelve',
    'eins zwei drei vier fünf sechs sieben acht neun zehn',
    'un deux trois quatre cinq six sept huit neuf dix',
    'uno dos tres cuatro cinco seis siete ocho nueve diez',
    'uno due tre quattro cinque sei sette otto nove dieci',
    'i ii iii iv v vi vii viii ix x',
    '一 二 三 四 五 六 七 八 九 十',
  ].flatMap((line) => line.split(' ').map((word, index) => [word, index + 1] as const)),
);
const number = `\\d{1,3}|${Object.keys(words)
  .toSorted((a, b) => b.length - a.length)
  .join('|')}`;
const digital = 'cd|disc|disk|disco|disque|dvd|диск|ディスク';
const disc = `${digital}|lp|vinyl|tape|platte`;
const ends = '(?![\\p{L}\\p{N}])';
const stands = '(?<![\\p{L}\\p{N}])';
const numberedAs = (media: string): string =>
  `(?:${media})[ ._#-]*(?:nr?\\.?|no\\.?|№)?[ ._#-]*(${number})${ends}`;
const numbered = numberedAs(disc);

/**
 * A side counts as a disc if the name has no disc. A letter counts as a number only at the beginning of a
 * name.
 */
const side = new RegExp(`^[([]?(?:${disc}|side|seite|face|сторона)[ ._-]*(\\d{1,2}|[a-h])${ends}`, 'iu');

/** In order of priority. */
const patterns: readonly RegExp[] = [
  new RegExp(`${stands}${numbered}(?!\\s*[.,]\\d)`, 'iu'),
  side,
  /第\s*(\d{1,2}|[一二三四五六七八九十])\s*[盘盤碟枚]/u,
];

const begins = new RegExp(`^[([]?\\s*${numbered}`, 'iu');

/** Whether a folder is only a disc of its parent folder's album. False for `Album (Disc 2)`. */
export function isDiscName(name: string): boolean {
  return begins.test(name) || side.test(name);
}

/** As in tag-text.ts. Limits the time for a long name. */
const nameCharsMax = 300;
/** Sets of a hundred discs exist. `CD 320` is a bit rate. */
const discMax = 100;

/** Undefined if the name has no disc number. */
export function discIn(name: string): number | undefined {
  for (const pattern of patterns) {
    const text = pattern.exec(name.slice(0, nameCharsMax).normalize('NFC'))?.[1]?.toLowerCase();
    const found = text === undefined ? undefined : discNumber(text);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The disc of a file by its folders, from the innermost: `Box/CD 2/Scans` is disc 2. */
export function discOf(folders: readonly string[]): number | undefined {
  for (const folder of folders.toReversed()) {
    const found = discIn(folder);
    if (found !== undefined) return found;
  }
  return undefined;
}

const inFront = new RegExp(`^(?:[([]${numbered}[)\\]]|${numbered})\\s*[-–—._:]*\\s*(?=\\S)`, 'iu');

/** `(CD1) 03 - Title` → disc 1 and `03 - Title`. */
export function discInFront(stem: string): { readonly disc: number; readonly rest: string } | undefined {
  const [front = '', bracketed, bare = ''] = inFront.exec(stem) ?? [];
  const found = front === '' ? undefined : discNumber((bracketed ?? bare).toLowerCase());
  return found === undefined ? undefined : { disc: found, rest: stem.slice(front.length) };
}

const total = '(?:\\s*(?:of|/|von|de|из)\\s*\\d{1,3})?';
const inBrackets = `[([{]\\s*${numbered}[^()[\\]{}]*[)\\]}]`;
const behind = new RegExp(`\\s*(?:${inBrackets}|(?:[-–—:,]\\s*|\\s)${numbered}${total})\\s*$`, 'iu');
/** Stricter, for an album without other discs beside it. `Artist - LP1` and `Mix Tape 2` are whole names. */
const surelyBehind = new RegExp(
  `\\s*(?:${inBrackets}|(?:\\s[-–—:]\\s*|[:,]\\s*)${numberedAs(digital)}${total}|\\s(?:cd|dis[ck])[ ._#-]*(\\d{1,2})${total})\\s*$`,
  'iu',
);

/**
 * `Album (Disc 2: Live)`, `Album - CD 1`, `Album Disc One` → `Album`. Unchanged if it does not end in a disc.
 */
export function withoutDisc(album: string): string {
  return album.replace(behind, '').trimEnd() || album;
}

/** The disc at the end of `Album (Disc 2)`. `Tape One` is a whole name. */
export function discBehind(album: string | undefined): number | undefined {
  const [said] = album === undefined || withoutDisc(album) === album ? [] : (behind.exec(album) ?? []);
  return said === undefined ? undefined : discIn(said);
}

/** For an album of which only one disc is known: its name without the disc, and the disc number. */
export function discAlone(album: string): { readonly album: string; readonly disc: number | undefined } {
  const match = surelyBehind.exec(album);
  const found = match?.slice(1).find((group) => group !== undefined);
  const disc = found === undefined ? undefined : discNumber(found.toLowerCase());
  const name = match === null ? '' : album.slice(0, match.index).trimEnd();
  return disc === undefined || name === '' ? { album, disc: undefined } : { album: name, disc };
}

function discNumber(text: string): number | undefined {
  const digits = Number(text);
  if (/^\d/.test(text)) return digits >= 1 && digits <= discMax ? digits : undefined;
  return words[text] ?? (/^[a-h]$/.test(text) ? text.charCodeAt(0) - 0x60 : undefined);
}
