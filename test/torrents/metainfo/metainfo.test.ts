import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BEncodable, encode } from '../../../torrents/bencode/bencode-encode.ts';
import { MetainfoError, parseInfo, parseMetainfo } from '../../../torrents/metainfo/metainfo.ts';
import { encodeInfo, encodeMetainfo } from '../../../torrents/metainfo/metainfo-encode.ts';

const kib16 = 16384;
const pieces = (count: number) => new Uint8Array(20 * count).fill(7);
const folder = {
  name: 'Album',
  'piece length': kib16,
  pieces: pieces(2),
  files: [
    { length: 20_000, path: ['CD 1', '01.flac'] },
    { length: 0, path: ['empty.txt'] },
    { length: 5_000, path: ['cover.jpg'] },
  ],
} satisfies BEncodable;
const single = {
  name: 'song.mp3',
  'piece length': kib16,
  pieces: pieces(1),
  length: 100,
} satisfies BEncodable;
const torrent = (info: BEncodable, outer: { [key: string]: BEncodable } = {}) => encode({ ...outer, info });
const codeOf = (bytes: Uint8Array): string => {
  try {
    parseMetainfo(bytes);
  } catch (error) {
    if (error instanceof MetainfoError) return error.code;
    throw error;
  }
  return 'accepted';
};
const text = (value: string) => new TextEncoder().encode(value);

describe('reading', () => {
  test('a v1 torrent of a folder is parsed', () => {
    const metainfo = parseMetainfo(torrent(folder), { platform: 'linux' });
    expect(metainfo.files.map((file) => [file.diskPath.join('/'), file.offset, file.bytes])).toEqual([
      ['Album/CD 1/01.flac', 0, 20_000],
      ['Album/empty.txt', 20_000, 0],
      ['Album/cover.jpg', 20_000, 5_000],
    ]);
    expect(metainfo).toMatchObject({
      format: 'v1',
      name: 'Album',
      bytes: 25_000,
      private: false,
      warnings: [],
    });
    expect(metainfo.geometry.pieceCount).toBe(2);
  });

  test('a v1 torrent of a single file is parsed', () => {
    const metainfo = parseMetainfo(torrent(single));
    expect(metainfo.layout.isSingleFile).toBe(true);
    expect(metainfo.files[0]!.diskPath).toEqual(['song.mp3']);
    expect(metainfo.files[0]!.components).toEqual(['song.mp3']);
  });

  test('the info-hash covers the original bytes, with keys out of order and unknown keys', () => {
    const info = Buffer.from(
      `d5:zzzzzi1e6:lengthi100e4:name1:a12:piece lengthi16384e6:pieces20:${'x'.repeat(20)}e`,
    );
    const bytes = Buffer.concat([text('d4:info'), info, text('e')]);
    const metainfo = parseMetainfo(bytes);
    expect(metainfo.infoHash).toEqual(createHash('sha1').update(info).digest());
    expect(metainfo.warnings.map((warning) => warning.code)).toEqual(['keys-unsorted']);
    expect(parseInfo(metainfo.infoBytes).infoHash).toEqual(metainfo.infoHash);
  });

  test('trackers, web seeds, comment, creator and date are parsed', () => {
    const metainfo = parseMetainfo(
      torrent(
        { ...single, private: 1, source: 'CIC' },
        {
          announce: 'http://ignored/announce',
          'announce-list': [['http://a/announce', 'udp://b:1'], [], ['http://c/announce', 'no url', '']],
          'url-list': 'http://seed/',
          comment: 'höre',
          'created by': 'test',
          'creation date': 12,
        },
      ),
    );
    expect(metainfo).toMatchObject({
      private: true,
      source: 'CIC',
      trackers: [['http://a/announce', 'udp://b:1'], ['http://c/announce']],
      webSeeds: ['http://seed/'],
      comment: 'höre',
      createdBy: 'test',
      creationDate: 12,
    });
    expect(metainfo.warnings.map((warning) => warning.code)).toEqual(['url-unreadable']);
    expect(parseMetainfo(torrent(single, { announce: 'http://a/' })).trackers).toEqual([['http://a/']]);
  });

  test('pad files do not count as content, and need no path', () => {
    const files = [
      { length: 10, path: ['a'] },
      { attr: 'p', length: kib16 - 10 },
      { length: 3, path: ['b'] },
    ];
    const metainfo = parseMetainfo(torrent({ ...folder, files }));
    expect(metainfo.bytes).toBe(13);
    expect(metainfo.files.map((file) => file.isPad)).toEqual([false, true, false]);
  });

  test('a symbolic link becomes an empty file, never a link', () => {
    const files = [...folder.files, { attr: 'l', path: ['x'], 'symlink path': ['..', '..', 'etc'] }];
    const metainfo = parseMetainfo(torrent({ ...folder, files }));
    expect(metainfo.files[3]!.bytes).toBe(0);
    expect(metainfo.warnings.map((warning) => warning.code)).toEqual(['link-ignored']);
  });

  test('names that are not UTF-8 are decoded with replacement characters', () => {
    const metainfo = parseMetainfo(torrent({ ...single, name: Uint8Array.of(0x61, 0xff) }));
    expect(metainfo.name).toBe('a\uFFFD');
    expect(metainfo.warnings.map((warning) => warning.code)).toEqual(['name-not-utf8']);
  });
});

describe('refusing', () => {
  test.each<[string, string, BEncodable]>([
    ['metainfo-info-missing', 'no info', 1],
    ['metainfo-pieces', 'pieces of 119 bytes', { ...single, pieces: new Uint8Array(119) }],
    ['metainfo-pieces', 'a hash too many', { ...single, pieces: pieces(2) }],
    ['metainfo-pieces', 'a hash too few', { ...folder, pieces: pieces(1) }],
    ['metainfo-pieces', 'no hashes', { ...single, pieces: 1 }],
    ['metainfo-piece-length', 'pieces of nothing', { ...single, 'piece length': 0 }],
    ['metainfo-piece-length', 'pieces above 256 MiB', { ...single, 'piece length': 2 ** 28 + 1 }],
    ['metainfo-piece-length', 'no piece length', { ...single, 'piece length': 'x' }],
    ['metainfo-length', 'a negative size', { ...single, length: -1 }],
    ['metainfo-length', 'a size that is text', { ...single, length: '1' }],
    [
      'metainfo-length',
      'sizes beyond 2^53',
      { ...folder, files: [0, 1].map((name) => ({ length: Number.MAX_SAFE_INTEGER, path: [String(name)] })) },
    ],
    ['metainfo-too-many-pieces', 'a petabyte', { ...single, length: 2 ** 50 }],
    ['metainfo-files', 'neither', { ...folder, files: undefined }],
    ['metainfo-files', 'files that are no list', { ...folder, files: {} }],
    ['metainfo-files', 'a file that is no dictionary', { ...folder, files: [1] }],
    ['metainfo-path', 'a file without a path', { ...folder, files: [{ length: 1 }] }],
    ['metainfo-path', 'an empty path', { ...folder, files: [{ length: 1, path: [] }] }],
    ['metainfo-path', 'a path of numbers', { ...folder, files: [{ length: 1, path: [1] }] }],
    ['metainfo-path', 'no name', { ...single, name: 1 }],
    ['path-traversal', 'a path out of its folder', { ...folder, files: [{ length: 1, path: ['..', 'x'] }] }],
    ['path-traversal', 'a name out of its folder', { ...single, name: '..' }],
    ['path-traversal', 'an absolute name out of its folder', { ...single, name: '/etc/../../passwd' }],
    [
      'metainfo-path-depth',
      'a path 101 deep',
      { ...folder, files: [{ length: 1, path: Array(101).fill('a') }] },
    ],
    ['metainfo-nothing', 'no files', { ...folder, files: [], pieces: '' }],
    ['metainfo-version', 'a version of the future', { ...single, 'meta version': 3 }],
  ])('a torrent is refused with %s: %s', (code, _what, info) => expect(codeOf(torrent(info))).toBe(code));

  test.each([
    ['metainfo-empty', ''],
    ['metainfo-web-page', '\ufeff\n<!DOCTYPE html><html>'],
    ['metainfo-json', '{"error":"login"}'],
    ['metainfo-magnet', 'magnet:?xt=urn:btih:'],
    ['metainfo-compressed', 'PK\x03\x04'],
    ['metainfo-info-missing', 'le'],
    ['metainfo-info-missing', 'd4:infolee'],
    ['bencode-not-a-value', 'hello'],
    ['bencode-truncated', 'd4:info'],
    ['bencode-too-deep', 'l'.repeat(1000)],
  ])('a file is refused with %s: %j', (code, content) => expect(codeOf(text(content))).toBe(code));

  test('a torrent of more than 100,000 files is refused', () => {
    const files = Array.from({ length: 100_001 }, (_, index) => ({ length: 0, path: [String(index)] }));
    expect(codeOf(torrent({ ...folder, files }))).toBe('metainfo-too-many-files');
  });

  test('every truncated torrent is refused', () => {
    const bytes = torrent(folder, { announce: 'http://a/' });
    for (let length = 0; length < bytes.length; length++)
      expect(codeOf(bytes.subarray(0, length))).not.toBe('accepted');
  });

  test('changing any bytes of a torrent gives a value or a MetainfoError', () => {
    const bytes = torrent(folder, { announce: 'http://a/', 'announce-list': [['http://b/']] });
    fc.assert(
      fc.property(
        fc.nat(bytes.length - 1),
        fc.nat(255),
        fc.nat(bytes.length - 1),
        fc.nat(255),
        (at, value, at2, value2) => {
          const changed = bytes.slice();
          changed[at] = value;
          changed[at2] = value2;
          expect(codeOf(changed)).toBeTypeOf('string');
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('writing', () => {
  test('a written torrent is parsed to the same values', () => {
    const infoBytes = encodeInfo({
      name: 'Album',
      pieceLength: kib16,
      pieceHashes: pieces(1),
      files: [{ components: ['a', 'b'], bytes: 5 }],
      private: true,
      source: 'CIC',
    });
    const bytes = encodeMetainfo({
      infoBytes,
      trackers: [['http://a/'], ['http://b/']],
      webSeeds: ['http://w/'],
      comment: 'c',
      createdBy: 'd',
      creationDate: 1,
    });
    const metainfo = parseMetainfo(bytes);
    expect(metainfo).toMatchObject({
      private: true,
      source: 'CIC',
      trackers: [['http://a/'], ['http://b/']],
      warnings: [],
    });
    expect(encodeMetainfo(metainfo)).toEqual(bytes);
  });

  test('one tracker is written without a list of tiers, and missing fields are not written', () => {
    const infoBytes = encodeInfo({
      name: 'a',
      pieceLength: kib16,
      pieceHashes: pieces(1),
      files: [{ components: ['a'], bytes: 5 }],
      isSingleFile: true,
    });
    const written = Buffer.from(encodeMetainfo({ infoBytes, trackers: [['http://a/']] })).toString('latin1');
    expect(written).toBe(`d8:announce9:http://a/4:info${Buffer.from(infoBytes).toString('latin1')}e`);
    expect(written).not.toContain('private');
  });
});
