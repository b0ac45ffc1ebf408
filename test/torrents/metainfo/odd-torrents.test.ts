/** Torrents that break a rule of their format, although their info-hash and files are unambiguous. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { localLimits } from '../../../torrents/bencode/bencode.ts';
import { type BEncodable, encode } from '../../../torrents/bencode/bencode-encode.ts';
import {
  type Metainfo,
  MetainfoError,
  parseInfo,
  parseMetainfo,
} from '../../../torrents/metainfo/metainfo.ts';

const kib16 = 16_384;
const pieces = (count: number) => new Uint8Array(20 * count).fill(7);
const single = { name: 'song.mp3', 'piece length': kib16, pieces: pieces(1), length: 100 };
const listed = (...paths: BEncodable[]) => ({
  name: 'Album',
  'piece length': kib16,
  pieces: pieces(1),
  files: paths.map((path) => ({ length: 5, path })),
});
const read = (info: BEncodable): Metainfo => parseMetainfo(encode({ info }), { platform: 'linux' });
const codesOf = ({ warnings }: Metainfo) => warnings.map(({ code }) => code);
const pathsOf = ({ files }: Metainfo) => files.map(({ diskPath }) => diskPath.join('/'));
const errorOf = (info: BEncodable): string => {
  try {
    read(info);
  } catch (error) {
    if (error instanceof MetainfoError) return error.code;
    throw error;
  }
  return 'accepted';
};

describe('numbers beyond 2^53', () => {
  const torrent = (before: string, inInfo: string, behind = '') =>
    Buffer.from(
      `d${before}4:infod6:lengthi100e${inInfo}4:name1:a12:piece lengthi16384e6:pieces20:${'x'.repeat(20)}e${behind}e`,
    );

  test.each([
    ['beside the info dictionary', torrent('3:agei99999999999999999999e', '')],
    ['as the creation date', torrent('13:creation datei18446744073709551615e', '')],
    ['inside the info dictionary', torrent('', '5:mtimei-9223372036854775809e')],
    ['deep in a list that no program reads', torrent('', '', '1:zld1:ali9007199254740992eeee')],
    ['if it has a hundred digits', torrent(`1:ai${'9'.repeat(100)}e`, '')],
  ])('an integer beyond 2^53 is ignored %s', (_, bytes) => {
    const metainfo = parseMetainfo(bytes);
    expect(codesOf(metainfo)).toEqual(['integer-range']);
    expect(metainfo.creationDate).toBeUndefined();
    expect(metainfo.infoHash).toEqual(createHash('sha1').update(metainfo.infoBytes).digest());
  });

  test.each([
    ['metainfo-length', 'd6:lengthi9007199254740992e4:name1:a12:piece lengthi16384e6:pieces0:e'],
    ['metainfo-piece-length', 'd6:lengthi1e4:name1:a12:piece lengthi99999999999999999e6:pieces0:e'],
    [
      'metainfo-version',
      'd6:lengthi1e12:meta versioni99999999999999999e4:name1:a12:piece lengthi16384e6:pieces0:e',
    ],
  ])('an integer beyond 2^53 is refused with %s where it is needed', (code, info) => {
    expect(() => parseInfo(Buffer.from(info))).toThrow(expect.objectContaining({ code }));
  });
});

describe('bytes after the end', () => {
  test.each(['\n', '\0\0\0', 'e6:peers60:', 'd4:infodee', 'x'.repeat(10_000)])(
    'bytes after the end of a torrent are ignored: %j',
    (rest) => {
      const bytes = encode({ info: single });
      const metainfo = parseMetainfo(Buffer.concat([bytes, Buffer.from(rest)]));
      expect(metainfo.infoHash).toEqual(parseMetainfo(bytes).infoHash);
      expect(codesOf(metainfo)).toEqual(['bytes-after-end']);
    },
  );

  test('bytes after an info dictionary from peers are refused, because its hash covers them', () => {
    const bytes = Buffer.concat([encode(single), Buffer.from('\n')]);
    expect(() => parseInfo(bytes)).toThrow(expect.objectContaining({ code: 'bencode-trailing-bytes' }));
  });
});

describe('pieces', () => {
  test.each([
    ['1 byte', 1, 100, 100],
    ['100 bytes', 100, 250, 3],
    ['8 KiB', 8_192, 100_000, 13],
    ['20,000 bytes, which is not a power of two', 20_000, 100_000, 5],
    ['32 MiB', 2 ** 25, 2 ** 26, 2],
    ['256 MiB', 2 ** 28, 2 ** 28 + 1, 2],
  ])('pieces of %s are accepted', (_, pieceLength, length, count) => {
    const metainfo = read({ ...single, 'piece length': pieceLength, length, pieces: pieces(count) });
    expect(metainfo.geometry.pieceCount).toBe(count);
    expect(codesOf(metainfo)).toEqual(pieceLength === 20_000 ? [] : ['piece-length-unusual']);
    const first = metainfo.geometry.pieceIndex(0)!;
    expect(metainfo.geometry.blockBytes(first, 0)).toBe(Math.min(pieceLength, kib16, length));
  });

  test('a torrent may have at most 2^22 pieces', () => {
    const of = (count: number) =>
      read({ ...single, length: count * kib16, pieces: new Uint8Array(20 * count) });
    const most = of(2 ** 22);
    expect(most.geometry.pieceCount).toBe(2 ** 22);
    expect(codesOf(most)).toEqual(['pieces-many']);
    expect(() => of(2 ** 22 + 1)).toThrow(expect.objectContaining({ code: 'metainfo-too-many-pieces' }));
    expect(localLimits.bytesMax).toBeGreaterThan(2 ** 22 * (20 + 32));
  });

  test('v2 pieces below 16 KiB are refused, because they hold no whole leaf', () => {
    const tree = { a: { '': { length: 5, 'pieces root': new Uint8Array(32).fill(1) } } };
    const v2 = { name: 'a', 'meta version': 2, 'file tree': tree, 'piece length': 8_192 };
    expect(errorOf(v2)).toBe('metainfo-piece-length');
    expect(errorOf({ ...v2, 'piece length': kib16 })).toBe('accepted');
  });
});

describe('paths', () => {
  test.each<[string, BEncodable, string[], string[]]>([
    ['an empty part', listed(['CD 1', '', 'a']), ['Album/CD 1/a'], ['path-parts-empty']],
    ['a dot', listed(['.', 'CD 1', '.', 'a']), ['Album/CD 1/a'], ['path-parts-empty']],
    ['a slash', listed(['CD 1/a']), ['Album/CD 1/a'], ['path-slash']],
    ['a slash at both ends', listed(['/CD 1/', '/a']), ['Album/CD 1/a'], ['path-parts-empty']],
    ['an absolute path', listed(['/etc/passwd']), ['Album/etc/passwd'], ['path-slash', 'path-parts-empty']],
    ['a name with a slash', { ...listed(['a']), name: 'Band/Album' }, ['Band/Album/a'], ['path-slash']],
    ['a single file with a slash', { ...single, name: 'Band/song.mp3' }, ['Band/song.mp3'], ['path-slash']],
    ['a name behind a dot', { ...listed(['a']), name: './Album/' }, ['Album/a'], ['path-parts-empty']],
    [
      'a hidden name behind a dot',
      { ...listed(['a']), name: './.ssh' },
      ['_ssh/a'],
      ['path-parts-empty', 'name-hidden'],
    ],
    [
      'a hidden name before a slash',
      { ...listed(['authorized_keys']), name: '.ssh/x' },
      ['_ssh/x/authorized_keys'],
      ['path-slash', 'name-hidden'],
    ],
    [
      'a hidden single file behind a slash',
      { ...single, name: '/.bashrc' },
      ['_bashrc'],
      ['path-parts-empty', 'name-hidden'],
    ],
  ])('paths are normalized: %s', (_, info, paths, codes) => {
    const metainfo = read(info);
    expect(pathsOf(metainfo)).toEqual(paths);
    expect(codesOf(metainfo)).toEqual(codes);
  });

  test.each(['', '.', '/', './', '//./'])(
    'a torrent with the name %j gets its info-hash as its name',
    (name) => {
      for (const info of [
        { ...single, name },
        { ...listed(['.ssh', 'a']), name },
      ]) {
        const metainfo = read(info);
        const hash = Buffer.from(metainfo.infoHash).toString('hex');
        expect(metainfo.name).toBe(hash);
        expect(metainfo.files[0]!.diskPath[0]).toBe(hash);
        expect(codesOf(metainfo)).toContain('name-empty');
      }
    },
  );

  test.each<[string, BEncodable]>([
    ['path-traversal', listed(['..', 'a'])],
    ['path-traversal', listed(['x/../../a'])],
    ['path-traversal', listed(['', '..'])],
    ['path-traversal', listed(['/..'])],
    ['path-traversal', { ...single, name: 'a/..' }],
    ['path-traversal', { ...single, name: '../.ssh' }],
    ['path-traversal', listed(['a\\..\\b'])],
    ['path-nul', listed(['a/\0'])],
    ['metainfo-path', listed(['', '.'])],
    ['metainfo-path', listed(['/'])],
    ['path-twice', listed(['a'], ['.', 'a'])],
    ['path-twice', listed(['CD', 'a'], ['CD/a'])],
    ['path-twice', listed(['a', '', 'b'], ['a', 'b'])],
    ['metainfo-path-depth', listed(['a/'.repeat(101)])],
    ['metainfo-path-depth', { ...listed(Array(100).fill('a')), name: 'x/y' }],
  ])('unsafe and ambiguous paths are refused with %s: %j', (code, info) => expect(errorOf(info)).toBe(code));

  test('an invalid path.utf-8 is ignored, and a valid one is used', () => {
    const withUtf8 = (value: BEncodable) => ({
      ...listed(),
      files: [{ length: 5, path: ['a'], 'path.utf-8': value }],
    });
    for (const stray of ['text', 1, [], [''], [1], { a: 1 }, [Uint8Array.of(0xff)]]) {
      const metainfo = read(withUtf8(stray));
      expect(pathsOf(metainfo)).toEqual(['Album/a']);
      expect(codesOf(metainfo)).toContain('utf8-stray');
    }
    expect(pathsOf(read(withUtf8(['b'])))).toEqual(['Album/b']);
    expect(pathsOf(read({ ...single, 'name.utf-8': 1 }))).toEqual(['song.mp3']);
    expect(pathsOf(read({ ...single, 'path.utf-8': ['x'] }))).toEqual(['song.mp3']);
    expect(errorOf(withUtf8(['..', 'x']))).toBe('path-traversal');
  });

  test('if a torrent has both a length and files, the files count', () => {
    const metainfo = read({ ...listed(['a']), length: 5 });
    expect(pathsOf(metainfo)).toEqual(['Album/a']);
    expect(codesOf(metainfo)).toEqual(['length-and-files']);
  });

  test('paths in a v2 file tree are normalized too', () => {
    const file = { '': { length: 5, 'pieces root': new Uint8Array(32).fill(1) } };
    const v2 = (tree: BEncodable, name = 'Album') => ({
      ...{ name, 'meta version': 2, 'file tree': tree, 'piece length': kib16 },
    });
    expect(pathsOf(read(v2({ '.': { 'CD/a': file } })))).toEqual(['Album/CD/a']);
    expect(pathsOf(read(v2({ 'Band/a': file }, 'Band/a')))).toEqual(['Band/a']);
    expect(errorOf(v2({ a: { b: file }, 'a/b': file }))).toBe('path-twice');
    expect(errorOf(v2({ '.': file }))).toBe('metainfo-path');
    expect(errorOf(v2({ '..': { a: file } }))).toBe('path-traversal');
    expect(errorOf(v2({ '': { a: file } }))).toBe('path-empty');
  });

  test('paths of any components never leave the folder', () => {
    const part = fc.oneof(
      fc.constantFrom(
        '',
        '.',
        '..',
        '/',
        '//',
        'a',
        'a/',
        '/..',
        './.',
        '.ssh',
        '\\',
        '..\\',
        'CON',
        '\0',
        'é',
      ),
      fc.string({ maxLength: 4 }),
    );
    const path = fc.array(part, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(part, fc.array(path, { minLength: 1, maxLength: 4 }), (name, paths) => {
        let metainfo: Metainfo;
        try {
          metainfo = read({ ...listed(...paths), name });
        } catch (error) {
          if (error instanceof MetainfoError) return;
          throw error;
        }
        const disk = metainfo.files.map(({ diskPath }) => diskPath);
        expect(new Set(disk.map((parts) => parts.join('/'))).size).toBe(disk.length);
        for (const parts of disk) {
          expect(parts[0]).toMatch(/^(?!\.(?!\.\.))/);
          for (const one of parts) expect(one).not.toMatch(/^\.{0,2}$|[/\0]/);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
