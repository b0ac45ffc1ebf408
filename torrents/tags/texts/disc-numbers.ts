/**
 * Which disc of a set a folder, a file or an album's name speaks of: `CD1`, `(CD 2) Live`, `Vol. 1 Disc 2`, `Disc One`,
 * `Album [Disk II]`, `Side B`, `Диск 3`, `第2盘`.
 *
 * Invariant: pure. A number alone is no disc, and neither is a count of them (`2 CD`) or a volume.
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

/** A side is a disc of its own where no disc is told: letters are numbers at the beginning of a name only. */
const side = new RegExp(`^[([]?(?:${disc}|side|seite|face|сторона)[ ._-]*(\\d{1,2}|[a-h])${ends}`, 'iu');

/** In the order in which they count. */
const patterns: readonly RegExp[] = [
  new RegExp(`${stands}${numbered}(?!\\s*[.,]\\d)`, 'iu'),
  side,
  /第\s*(\d{1,2}|[一二三四五六七八九十])\s*[盘盤碟枚]/u,
];

const begins = new RegExp(`^[([]?\\s*${numbered}`, 'iu');

/** Of a disc and nothing else, as a folder in that of its album: not `Album (Disc 2)`. */
export function isDiscName(name: string): boolean {
  return begins.test(name) || side.test(name);
}

/** As in tag-text.ts: a longer name costs no time. */
const nameCharsMax = 300;
/** Sets of a hundred discs are sold; `CD 320` is a bit rate. */
const discMax = 100;

/** Undefined when it tells of none. */
export function discIn(name: string): number | undefined {
  for (const pattern of patterns) {
    const text = pattern.exec(name.slice(0, nameCharsMax).normalize('NFC'))?.[1]?.toLowerCase();
    const found = text === undefined ? undefined : discNumber(text);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The disc of a file by the folders it lies in, from the inside: `Box/CD 2/Scans` is of disc 2. */
export function discOf(folders: readonly string[]): number | undefined {
  for (const folder of folders.toReversed()) {
    const found = discIn(folder);
    if (found !== undefined) return found;
  }
  return undefined;
}

const inFront = new RegExp(`^(?:[([]${numbered}[)\\]]|${numbered})\\s*[-–—._:]*\\s*(?=\\S)`, 'iu');

/** `(CD1) 03 - Title` → 1 and the rest. */
export function discInFront(stem: string): { readonly disc: number; readonly rest: string } | undefined {
  const [front = '', bracketed, bare = ''] = inFront.exec(stem) ?? [];
  const found = front === '' ? undefined : discNumber((bracketed ?? bare).toLowerCase());
  return found === undefined ? undefined : { disc: found, rest: stem.slice(front.length) };
}

const total = '(?:\\s*(?:of|/|von|de|из)\\s*\\d{1,3})?';
const inBrackets = `[([{]\\s*${numbered}[^()[\\]{}]*[)\\]}]`;
const behind = new RegExp(`\\s*(?:${inBrackets}|(?:[-–—:,]\\s*|\\s)${numbered}${total})\\s*$`, 'iu');
/** Without other discs beside it, `Artist - LP1` is an album and `Mix Tape 2` its name. */
const surelyBehind = new RegExp(
  `\\s*(?:${inBrackets}|(?:\\s[-–—:]\\s*|[:,]\\s*)${numberedAs(digital)}${total}|\\s(?:cd|dis[ck])[ ._#-]*(\\d{1,2})${total})\\s*$`,
  'iu',
);

/** `Album (Disc 2: Live)`, `Album - CD 1`, `Album Disc One` → `Album`; itself when no disc stands behind it. */
export function withoutDisc(album: string): string {
  return album.replace(behind, '').trimEnd() || album;
}

/** Of `Album (Disc 2)`; a band may well call an album `Tape One`. */
export function discBehind(album: string | undefined): number | undefined {
  const [said] = album === undefined || withoutDisc(album) === album ? [] : (behind.exec(album) ?? []);
  return said === undefined ? undefined : discIn(said);
}

/** Of an album of which one disc alone is there: its name without the disc, and which one that is. */
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
