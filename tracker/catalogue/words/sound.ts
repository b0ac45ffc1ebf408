/**
 * Cyrillic and its romanisations. There are many (Чайковский is Tchaikovsky, Chaikovskiy, Tschaikowski), so all of them
 * are brought to one rough sound, which is what the index holds of a Cyrillic word: nothing is written that way, and it
 * is never shown. Pure.
 *
 * The other way round, for what is written in Latin letters, a Cyrillic word has the spellings that are usual.
 */

const cyrillicPattern = /\p{Script=Cyrillic}/u;
const latinWordPattern = /^[a-z]+$/;

/** As folded words have them: й is и, ё is е, ї is і there. */
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
/** Where another scheme differs. */
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
 * Of a Cyrillic word, as the index has it: one. Of a word in Latin letters those that it may stand for: `ch` is ч in
 * English and х in German. None for others. `word` is folded.
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

/** The usual ones of a folded Cyrillic word, each once. */
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
