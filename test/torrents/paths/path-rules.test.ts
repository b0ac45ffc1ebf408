import { posix, win32 } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  componentFault,
  displayPath,
  isHiddenName,
  mapComponent,
  mapTopName,
  nameUnits,
  nameUnitsMax,
  type PathPlatform,
  withSuffix,
} from '../../../torrents/paths/path-rules.ts';

const platforms: readonly PathPlatform[] = ['linux', 'darwin', 'win32'];

describe('what no file system could have given its author is refused', () => {
  test.each([
    ['', 'path-empty'],
    ['.', 'path-traversal'],
    ['..', 'path-traversal'],
    ['..\\..\\windows', 'path-traversal'],
    ['a\\..', 'path-traversal'],
    ['a/b', 'path-separator'],
    ['/', 'path-separator'],
    ['../x', 'path-separator'],
    [
      '.avi /../../../../../Roaming/Microsoft/Windows/Start Menu/Programs/Startup/test3.exe',
      'path-separator',
    ],
    ['a\0b', 'path-nul'],
  ])('the component %j is refused with %s', (component, code) =>
    expect(componentFault(component)?.code).toBe(code),
  );
});

describe('real names stand, and stay what they are on Unix', () => {
  test.each([
    'Icon\r',
    'foo... bar',
    '...',
    '...And Justice for All',
    'Vol. 1.',
    'trailing space ',
    'AC-DC',
    'AC\\DC',
    'What?',
    'A: B',
    '"Heroes"',
    '<3',
    'CON',
    'aux.flac',
    '椎名林檎 - 無罪モラトリアム',
    'Кино - Группа крови',
    'فيروز\u200f - نسم علينا الهوا',
    'שלום\u200e',
    '👩‍❤️‍👨 Love.flac',
    'e\u0301tude',
    '~!@#$%^&()_+`',
    '-rf',
    ' ',
    'x'.repeat(255),
  ])('the component %j is accepted, and unchanged on Unix', (name) => {
    expect(componentFault(name)).toBeUndefined();
    expect(mapComponent(name, 'linux')).toBe(name);
    expect(mapComponent(name, 'darwin')).toBe(name);
  });
});

describe('what Windows cannot hold is mapped', () => {
  test.each([
    ['What?', 'What_'],
    ['a<b>c:d"e|f*g\\h', 'a_b_c_d_e_f_g_h'],
    ['Icon\r', 'Icon_'],
    ['song.mp3:evil', 'song.mp3_evil'],
    ['...', '___'],
    ['Vol. 1.', 'Vol. 1_'],
    ['trailing space ', 'trailing space_'],
    ['CON', '_CON'],
    ['nul.txt', '_nul.txt'],
    ['COM9.tar.gz', '_COM9.tar.gz'],
    ['com¹', '_com¹'],
    ['LPT0', '_LPT0'],
    ['AUX .flac', '_AUX .flac'],
    ['conin$', '_conin$'],
    ['Console.flac', 'Console.flac'],
    ['COM10', 'COM10'],
    ['C:', 'C_'],
  ])('on Windows, %j becomes %j', (name, mapped) => expect(mapComponent(name, 'win32')).toBe(mapped));
});

describe("a torrent's own folder or file is never hidden", () => {
  test.each([
    ['.ssh', '_ssh'],
    ['.bash_profile', '_bash_profile'],
    ['.SSH', '_SSH'],
    ['..x', '_.x'],
    ['.\u0338x', '_\u0338x'],
    // HFS+ ignores these characters when it compares names.
    ['\u200b.ssh', '\u200b_ssh'],
    ['\ufeff\u00ad.ssh', '\ufeff\u00ad_ssh'],
    ['.\u200c', '_\u200c'],
    ['.\u200d.x', '_\u200d.x'],
    // File systems that compare by NFKC take these for dots.
    ['\uff0essh', '_ssh'],
    ['\u2024ssh', '_ssh'],
    ['\u2025x', '_x'],
  ])("a torrent's own folder %j becomes %j on every platform", (name, mapped) => {
    for (const platform of platforms) expect(mapTopName(name, platform)).toBe(mapped);
  });

  test.each([
    '...And Justice for All',
    '\u2026And Justice',
    '....',
    'a.b',
    '_x',
    ' .x',
    '·x',
    '。x',
    '\u0301.x',
  ])("a torrent's own folder %j is a title and keeps its name", (name) => {
    for (const platform of ['linux', 'darwin'] as const) expect(mapTopName(name, platform)).toBe(name);
  });

  test("no name of a torrent's own folder is hidden after mapping", () => {
    const piece = fc.constantFrom(
      '.',
      '\u200b',
      '\u2024',
      '\u2026',
      '\uff0e',
      'a',
      ' ',
      '\n',
      '\ud800',
      '\ufe0f',
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), (pieces) => {
        const name = pieces.join('');
        if (componentFault(name) !== undefined) return;
        for (const platform of platforms) {
          const mapped = mapTopName(name, platform);
          expect(isHiddenName(mapped)).toBe(false);
          expect(componentFault(mapped)).toBeUndefined();
        }
      }),
    );
  });
});

describe('what is too long is cut', () => {
  test('a long name is cut between characters and keeps its extension', () => {
    const name = `${'楽'.repeat(100)}.flac`;
    expect(mapComponent(name, 'linux')).toBe(`${'楽'.repeat(66)}.flac`);
    expect(mapComponent(name, 'win32')).toBe(name);
  });

  test('a name of 300 dots is cut to a name that does not consist of dots', () =>
    expect(mapComponent('.'.repeat(300), 'linux')).toBe(`${'_'.repeat(200)}.`));

  test('a cut name has room for a number or `.part`', () => {
    for (const platform of platforms) {
      const name = withSuffix(`${'é'.repeat(400)}.flac`, ' (123456)', platform);
      expect(name).toMatch(/^é+ \(123456\)\.flac$/);
      expect(nameUnits(name, platform)).toBeLessThanOrEqual(nameUnitsMax);
    }
  });
});

test('any component is mapped to one plain name of its platform', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.constantFrom(
      '.',
      '..',
      ' ',
      '\\',
      ':',
      '?',
      'CON',
      'nul',
      '.',
      'x'.repeat(130),
      '楽'.repeat(90),
      '\ud800',
      '\r',
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 5 }), (pieces) => {
      const component = pieces.join('');
      if (componentFault(component) !== undefined) return;
      for (const platform of platforms) {
        const name = mapComponent(component, platform);
        expect(componentFault(name)).toBeUndefined();
        expect(nameUnits(name, platform)).toBeLessThanOrEqual(nameUnitsMax);
        expect(mapComponent(name, platform)).toBe(name);
        expect(posix.join('/root', name)).toBe(`/root/${name}`);
        if (platform !== 'win32') continue;
        expect(name).not.toMatch(/[\x00-\x1f<>:"/\\|?*]|[. ]$/);
        expect(win32.join('C:\\root', name)).toBe(`C:\\root\\${name}`);
      }
    }),
    { numRuns: 500 },
  );
});

test('no character in a displayed path can control a terminal or reverse the text direction', () => {
  expect(displayPath(['a\x1b[31m', 'song\u202egnp.exe', 'Icon\r'])).toBe(
    'a\\u001b[31m/song\\u202egnp.exe/Icon\\r',
  );
  expect(displayPath(['שלום\u200e', '👩‍❤️‍👨'])).toBe('שלום\u200e/👩‍❤️‍👨');
});
