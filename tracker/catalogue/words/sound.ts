/**
 * Cyrillic and its romanisations. There are many (Чайковский is Tchaikovsky, Chaikovskiy,
 * Tschaikowski), so all are reduced to one rough sound. The index holds this sound for each Cyrillic
 * word; it is never shown. Pure.
 *
 * For names written in Latin letters, a Cyrillic query word has its usual Latin spellings.
 */

const cyrillicPattern = /\p{Script=Cyrillic}/u;
const latinWordPattern = /^[a-z]+$/;

/** For folded words, in which й is и, ё is е and ї is і. */
const english: Readonly<Record<string, string>> = {
  ...{
    а: 'a',
    б: 'b',
    в: 'v',
    г: 'g',
    ґ: 'g',
    д: 'd',
    ђ: 'dj',
    е: 'e',
    є: 'ye',
    ж: 'zh',
    з: 'z',
    ѕ: 'dz',
    и: 'i',
  },
  ...{
    і: 'i',
    ј: 'j',
    к: 'k',
    л: 'l',
    љ: 'lj',
    м: 'm',
    н: 'n',
    њ: 'nj',
    о: 'o',
    п: 'p',
    р: 'r',
    с: 's',
    т: 't',
  },
  ...{
    ћ: 'c',
    у: 'u',
    ў: 'u',
    ф: 'f',
    х: 'kh',
    ц: 'ts',
    ч: 'ch',
    џ: 'dz',
    ш: 'sh',
    щ: 'shch',
    ъ: '',
    ы: 'y',
    ь: '',
  },
  ...{ э: 'e', ю: 'yu', я: 'ya' },
};
/** Where another scheme differs from the English one. */
const scholarly: typeof english = {
  ...{ ж: 'z', х: 'h', ц: 'c', ч: 'c', ш: 's', щ: 'sc', ю: 'ju', я: 'ja', є: 'je' },
};
const german: typeof english = {
  ...{ в: 'w', ж: 'sch', з: 's', х: 'ch', ц: 'z', ч: 'tsch', ш: 'sch', щ: 'schtsch', ю: 'ju', я: 'ja' },
};
const schemes = [english, { ...english, ...scholarly }, { ...english, ...german }, { ...english, х: 'h' }];

export function isCyrillic(word: string): boolean {
  return cyrillicPattern.test(word);
}

/**
 * For a Cyrillic word its one sound, as in the index. For a Latin word all sounds that it may have: `ch` is
 * ч in English and х in German. Empty for other scripts. `word` is folded.
 */
export function soundsOf(word: string): string[] {
  const latin = isCyrillic(word) ? spelt(word, english) : word;
  if (!latinWordPattern.test(latin)) return [];
  const sounds = [soundOf(latin)];
  if (latin !== word || !/(?<![st])ch/.test(latin)) return sounds;
  return [...new Set([...sounds, soundOf(latin.replace(/(?<![st])ch/g, 'h'))])];
}

function soundOf(latin: string): string {
  return latin
    .replace(/kh/g, 'h')
    .replace(/shch|schtsch/g, 's')
    .replace(/tsch|tch|(?<!s)ch|cz|ts|tz/g, 'c')
    .replace(/sch|sh|sz/g, 's')
    .replace(/zh/g, 'z')
    .replace(/ph|[fw]/g, 'v')
    .replace(/x/g, 'ks')
    .replace(/[iyj]+/g, 'i')
    .replace(/i[oe]/g, 'e')
    .replace(/(.)\1+/g, '$1');
}

/** The distinct usual spellings of a folded Cyrillic word. */
export function latinSpellings(word: string): string[] {
  const spellings = schemes.flatMap((scheme) => {
    const plain = spelt(word, scheme);
    // Достоевский is Dostoevskij, Dostoevskiy and Dostoevsky.
    return [plain, plain.replace(/(?:ii|yi)$/, 'y'), plain.replace(/(?<=[aeou])i(?=$|[^aeou])/g, 'y')];
  });
  return [...new Set(spellings)].filter((spelling) => latinWordPattern.test(spelling));
}

function spelt(word: string, scheme: typeof english): string {
  return [...word].map((letter) => scheme[letter] ?? letter).join('');
}
