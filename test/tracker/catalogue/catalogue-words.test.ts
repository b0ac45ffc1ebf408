import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCursor, writeCursor } from '../../../tracker/catalogue/search/cursor.ts';
import { editDistance } from '../../../tracker/catalogue/words/edit-distance.ts';
import { calledAs, nameWords } from '../../../tracker/catalogue/words/name-words.ts';
import { soundsOf } from '../../../tracker/catalogue/words/sound.ts';
import { fold, indexWords, wordsOf } from '../../../tracker/catalogue/words/words.ts';

describe('words', () => {
  it.each([
    ['Sigur Rós – Hoppípolla', 'sigur ros hoppipolla'],
    ['AC/DC: T.N.T.', 'ac dc t n t'],
    ["Don't Don’t", 'dont dont'],
    ["'Round Midnight", 'round midnight'],
    ['Motörhead ﬁne ＷＩＤＥ', 'motorhead fine wide'],
    ['Straße Þór Ðæ Øl Łódź İzmir ısı', 'strasse thor dae ol lodz izmir isi'],
    ['ёлка й', 'елка и'],
    ['हिन्दी', 'हिन्दी'],
    ['スーパー', 'す ー ぱ すー ーぱ ぱー'],
    ['がか', 'が か がか'],
    ['한국', '한 국 한국'],
    ['Live愛2025', 'live 2025 爱'],
    ['愛 雙 学 學 沢 澤', '爱 双 学 学 泽 泽'],
  ])('the index words of %s are %s', (text, words) => {
    expect(indexWords(text).join(' ')).toBe(words);
  });

  it('index words are the same for composed and decomposed accents', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(indexWords(text.normalize('NFD'))).toEqual(indexWords(text.normalize('NFC')));
      }),
    );
  });

  it('index words contain no full-text syntax, and are limited in length and number', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (text) => {
        const odd = (words: readonly string[], pattern: RegExp) =>
          words.filter((word) => !pattern.test(word));
        expect(odd(indexWords(text), /^[\p{L}\p{M}\p{N}ー々]{1,80}$/u)).toEqual([]);
        // Words of letters, and marks that a user's query cannot contain.
        expect(
          odd(nameWords(text), /^(?:[\p{L}\p{M}\p{N}ー々]{1,80}|r:[a-z]{1,80}|s:[0-9a-f]{2,40})$/u),
        ).toEqual([]);
        expect(odd(calledAs(text), /^[\p{L}\p{M}\p{N}ー々]{1,80}$/u)).toEqual([]);
        const { plain, runs } = wordsOf(text);
        expect(plain.length + runs.length).toBeLessThanOrEqual(101);
      }),
    );
  });

  it('folding a folded text changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(fold(fold(text))).toBe(fold(text));
      }),
    );
  });
});

describe('names as users may type them', () => {
  it.each([
    ['AC/DC', 'ac dc acdc'],
    ['Ke$ha', 'kesha keha'],
    ['$uicideboy$', 'suicideboys'],
    ['R. E. M.', 'rem'],
    ['blink-182', 'blink 182 blink182'],
    ['Maroon5', 'maroon5 maroon 5'],
    ["Sinéad O'Connor", 'sinead oconnor o connor'],
    ["D’Angelo & L'Impératrice", 'dangelo angelo limperatrice imperatrice and'],
    ['Рахманинов', 'рахманинов r:rahmaninov'],
    ['!!!', 's:212121'],
    ['!!! (Chk Chk Chk)', 's:212121 chk'],
    ['-M-', 'm s:2d6d2d'],
    ['รักคุณ', 'รัก ักค กคุ คุณ ุณ'],
  ])('the words of the name %s include %s', (name, words) => {
    expect(nameWords(name)).toEqual(expect.arrayContaining(words.split(' ')));
  });

  it.each([
    ['Чайковский', 'Tchaikovsky Chaikovskiy Tschaikowski Čajkovskij'],
    ['Рахманинов', 'Rachmaninoff Rakhmaninov Rahmaninov'],
    ['Шостакович', 'Shostakovich Schostakowitsch Šostakovič'],
    ['Достоевский', 'Dostoyevsky Dostoevskij'],
    ['Ельзи', 'Elzy Yelzy'],
    ['Цой', 'Tsoi Tsoy Coj'],
  ])('the name %s sounds like %s', (name, spellings) => {
    const sound = nameWords(name)
      .find((word) => word.startsWith('r:'))!
      .slice(2);
    for (const spelling of spellings.split(' ')) expect(soundsOf(fold(spelling))).toContain(sound);
  });
});

describe('typing errors', () => {
  it.each([
    ['beatles', 'beatles', 0],
    ['beatls', 'beatles', 1],
    ['beattles', 'beatles', 1],
    ['baetles', 'beatles', 1],
    ['veatles', 'beatles', 1],
    ['baetls', 'beatles', 2],
    ['stones', 'beatles', 3],
    ['', 'abc', 3],
  ])('%s typed for %s has the distance %i', (typed, word, distance) => {
    expect(editDistance(typed, word, 2)).toBe(distance);
  });

  it('typing errors in a prefix are counted independently of what follows', () => {
    expect(editDistance('hopipo', 'hoppipolla', 2, true)).toBe(1);
    expect(editDistance('hxppxp', 'hoppipolla', 2, true)).toBe(2);
    expect(editDistance('xyz', 'hoppipolla', 2, true)).toBe(3);
  });

  it('typing errors are counted as by the plain algorithm', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
    fc.assert(
      fc.property(word, word, fc.integer({ min: 0, max: 3 }), (a, b, max) => {
        expect(editDistance(a, b, max)).toBe(Math.min(max + 1, plainDistance(a, b)));
      }),
    );
  });
});

it('a cursor returns the numbers it was made of, and any other text is refused', () => {
  const numbers = [3, 0, Number.MAX_SAFE_INTEGER];
  expect(readCursor(writeCursor(numbers), 3)).toEqual(numbers);
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        for (const value of readCursor(text, 1)) expect(Number.isSafeInteger(value)).toBe(true);
      } catch (error) {
        expect(error).toMatchObject({ code: 'cursor-invalid' });
      }
    }),
  );
});

/** The whole table of the textbook algorithm. */
function plainDistance(a: string, b: string): number {
  const table = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => i || j),
  );
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const wrong = a[i - 1] === b[j - 1] ? 0 : 1;
      table[0]![j] = j;
      let least = Math.min(table[i - 1]![j]! + 1, table[i]![j - 1]! + 1, table[i - 1]![j - 1]! + wrong);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, table[i - 2]![j - 2]! + 1);
      }
      table[i]![j] = least;
    }
    table[i]![0] = i;
  }
  return table[a.length]![b.length]!;
}
