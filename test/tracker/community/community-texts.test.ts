import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameKey, parseLine, parseMessage, parseName } from '../../../tracker/community/messages/texts.ts';

describe('names', () => {
  it.each([
    'a',
    'Ada Lovelace',
    'Björk',
    '椎名林檎',
    'Мария',
    "D'Angelo",
    'DJ_90%',
    'أم كلثوم',
    'x'.repeat(32),
    'Nguyễn Ái',
    '5-MeO',
  ])('the name %s is accepted', (name) => expect(parseName(name).name).toBe(name));

  it.each([
    ['', 'empty'],
    ['x'.repeat(33), 'characters'],
    ['x'.repeat(100_000), 'too long'],
    ['a\u0000b', 'cannot be seen'],
    ['a\nb', 'cannot be seen'],
    ['gnp\u202eexe', 'cannot be seen'],
    ['ad\u200bmin1', 'cannot be seen'],
    ['a\u2800b', 'cannot be seen'],
    ['\u3164', 'cannot be seen'],
    ['a\u00a0b', 'cannot be seen'],
    ['a\ufe0fb', 'cannot be seen'],
    ['a\ud800', 'half a character'],
    ['../etc', 'slash'],
    ['a\\b', 'slash'],
    [' a', 'space or a dot'],
    ['a.', 'space or a dot'],
    ['a  b', 'two spaces'],
    ['---', 'no letter'],
    ['z\u0300\u0301\u0302\u0303\u0304', 'marks'],
    ['Аda', 'alphabets'],
    ['ME', 'reserved'],
    ['Ｍｏｄｅｒａｔｏｒ', 'reserved'],
  ])('the name %j is refused', (name, why) => {
    expect(() => parseName(name)).toThrow(
      expect.objectContaining({ code: 'name-invalid', message: expect.stringContaining(why) }),
    );
  });

  it('names that differ in composition, case or width are the same name', () => {
    for (const [a, b] of [
      ['Zoé', 'ZOE\u0301'],
      ['ΣΑΣ', 'σας'],
      ['Ａda', 'ada'],
    ] as const) {
      expect(nameKey(a)).toBe(nameKey(b));
    }
    expect(nameKey('Zoe')).not.toBe(nameKey('Zoé'));
  });

  it('an accepted name contains no invisible characters, and is accepted again unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
        let name: string;
        try {
          ({ name } = parseName(text));
        } catch (error) {
          return (error as { code: string }).code === 'name-invalid';
        }
        return (
          !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(name) &&
          [...name].length <= 32 &&
          parseName(name).name === name
        );
      }),
    );
  });
});

describe('messages', () => {
  it('messages keep their lines, emoji and right-to-left letters', () => {
    expect(parseMessage('  one\r\ntwo\rthree\u2028four\n')).toBe('one\ntwo\nthree\nfour');
    for (const text of ['👩‍👩‍👧', 'می‌خواهم', 'שלום', '<script>alert(1)</script>'])
      expect(parseMessage(text)).toBe(text);
  });

  it('control and bidirectional characters are removed from messages', () => {
    expect(parseMessage('a\u0000\u001b[31mb\u007f\u0085')).toBe('a[31mb');
    expect(parseMessage('x\u202e\u2066\u200fy\u200b\ufeffz')).toBe('xyz');
    expect(parseMessage('\ud800!')).toBe('\ufffd!');
    expect(parseMessage(`e${'\u0301'.repeat(500)}`).length).toBeLessThan(8);
  });

  it('messages that are empty or too long are refused', () => {
    for (const text of ['', ' \n\t', '\u202e\u200b', 'x'.repeat(4_001), '\u0000'.repeat(1_000_000)]) {
      expect(() => parseMessage(text)).toThrow(expect.objectContaining({ code: 'text-invalid' }));
    }
    expect(parseMessage('😀'.repeat(4_000))).toHaveLength(8_000);
  });

  it('a line of text becomes a single line', () => {
    expect(parseLine(' one\ntwo\u2028 three\t')).toBe('one two three');
    expect(parseLine('')).toBe('');
    expect(() => parseLine('x'.repeat(201))).toThrow(expect.objectContaining({ code: 'text-invalid' }));
  });
});
