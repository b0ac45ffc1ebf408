/** Torrents and folders that write one name in two ways: composed or decomposed, decoded or in raw bytes. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BEncodable, encode } from '../../../torrents/bencode/bencode-encode.ts';
import { type Metainfo, parseMetainfo } from '../../../torrents/metainfo/metainfo.ts';
import { verifyTorrent } from '../../../torrents/verify.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cicada-locate-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Name = string | Uint8Array;
const content = (index: number) => Buffer.alloc(1_000, index + 1);

/** The content of each file depends on its index. */
function torrentOf(name: Name, paths: readonly (readonly Name[])[], outer = {}): Metainfo {
  const bytes = Buffer.concat(paths.map((_, index) => content(index)));
  const info: BEncodable = {
    name,
    'piece length': 1_000,
    pieces: Buffer.concat(
      paths.map((_, i) =>
        createHash('sha1')
          .update(bytes.subarray(i * 1_000, i * 1_000 + 1_000))
          .digest(),
      ),
    ),
    files: paths.map((path) => ({ length: 1_000, path })),
  };
  return parseMetainfo(encode({ ...outer, info }), { platform: 'linux' });
}

function put(path: readonly Name[], index: number): void {
  const parts = path.flatMap((part) => [Buffer.from('/'), Buffer.from(part as string)]);
  const bytes = Buffer.concat([Buffer.from(folder), ...parts]);
  mkdirSync(bytes.subarray(0, bytes.lastIndexOf(0x2f)), { recursive: true });
  writeFileSync(bytes, content(index));
}

const nfc = (text: string) => text.normalize('NFC');
const nfd = (text: string) => text.normalize('NFD');

describe('Unicode forms', () => {
  test.each([
    ['Björk', 'Jóga', 'Hyperballad á.flac'],
    ['が行', 'ぱぴぷ', 'ガギグ.mp3'],
    ['한국', '음악', '노래.ogg'],
    ['Ễ', 'ộ', 'ǟ.flac'],
  ])('%s is found composed and decomposed, by its folder and by the parent folder', async (...names) => {
    for (const [inTorrent, onDisk] of [
      [nfd, nfc],
      [nfc, nfd],
    ] as const) {
      rmSync(folder, { recursive: true });
      const [top, ...below] = names.map(inTorrent);
      const torrent = torrentOf(top!, [below]);
      put(names.map(onDisk), 0);
      for (const place of [folder, join(folder, onDisk(names[0]!))])
        expect((await verifyTorrent(torrent, place)).ok).toBe(true);
    }
  });

  test('a single file is found in the other Unicode normalization form', async () => {
    const [length, name] = [1_000, nfd('Café.flac')];
    const pieces = createHash('sha1').update(content(0)).digest();
    const torrent = parseMetainfo(encode({ info: { name, length, 'piece length': 1_000, pieces } }));
    put([nfc('Café.flac')], 0);
    expect((await verifyTorrent(torrent, folder)).ok).toBe(true);
  });

  test('two files of a torrent that differ only in Unicode form are never found in one place', async () => {
    const torrent = torrentOf('A', [[nfc('é')], [nfd('é')]]);
    put(['A', nfc('é')], 0);
    const { files } = await verifyTorrent(torrent, folder);
    expect(files.map(({ ok, missing }) => [ok, missing])).toEqual([
      [true, false],
      [false, true],
    ]);
    put(['A', nfd('é')], 1);
    expect((await verifyTorrent(torrent, folder)).ok).toBe(true);
  });

  test('the exact name comes first if the disk has both Unicode forms', async () => {
    const torrent = torrentOf('A', [[nfd('é')]]);
    put(['A', nfc('é')], 7);
    put(['A', nfd('é')], 0);
    expect((await verifyTorrent(torrent, folder)).ok).toBe(true);
  });
});

describe('declared encodings', () => {
  const gbk = Uint8Array.of(0xd6, 0xd0, 0xce, 0xc4); // 中文
  const cp1251 = Uint8Array.of(0xcf, 0xe5, 0xf1, 0xed, 0xff); // Песня
  const shiftJis = Uint8Array.of(0x89, 0xb9, 0x8a, 0x79); // 音楽
  const big5 = Uint8Array.of(0xad, 0xb5, 0xbc, 0xd6); // 音樂

  test.each<[string, object, Uint8Array, string]>([
    ['GBK', { encoding: 'GBK' }, gbk, '中文'],
    ['gb2312 with a blank', { encoding: 'GB 2312' }, gbk, '中文'],
    ['BitComet code page', { codepage: 936 }, gbk, '中文'],
    ['CP1251', { encoding: 'CP1251' }, cp1251, 'Песня'],
    ['windows-1251', { encoding: 'windows-1251' }, cp1251, 'Песня'],
    ['Shift_JIS', { encoding: 'Shift_JIS' }, shiftJis, '音楽'],
    ['Big5', { encoding: 'BIG5' }, big5, '音樂'],
  ])(
    'names in %s are decoded, and are found on the disk decoded or as raw bytes',
    async (_, outer, bytes, text) => {
      const torrent = torrentOf(bytes, [[bytes, bytes]], outer);
      expect(torrent.files[0]!.diskPath).toEqual([text, text, text]);
      expect(torrent.warnings.map(({ code }) => code)).toEqual(['name-encoding', 'piece-length-unusual']);
      for (const name of [text, bytes]) {
        put([name, name, name], 0);
        for (const place of name === text ? [folder, join(folder, text)] : [folder])
          expect((await verifyTorrent(torrent, place)).ok).toBe(true);
        rmSync(folder, { recursive: true });
        mkdirSync(folder);
      }
    },
  );

  test('a name in an undeclared encoding is found by its raw bytes on the disk', async () => {
    const torrent = torrentOf('A', [[gbk], ['plain']]);
    put(['A', gbk], 0);
    put(['A', 'plain'], 1);
    for (const place of [folder, join(folder, 'A')])
      expect((await verifyTorrent(torrent, place)).ok).toBe(true);
    rmSync(join(folder, 'A'), { recursive: true });
    const { files } = await verifyTorrent(torrent, folder);
    expect(files.every(({ missing }) => missing)).toBe(true);
  });

  test('valid UTF-8 stays UTF-8 and ASCII stays ASCII, with any declared encoding', () => {
    const outer = { encoding: 'GBK' };
    expect(torrentOf('音楽', [['plain.flac']], outer).name).toBe('音楽');
    expect(torrentOf('Ö', [['a']], { encoding: 'koi8-r' }).name).toBe('Ö');
    for (const encoding of ['utf-8', 'utf-16le', 'iso-2022-jp', 'no such', '', 7]) {
      const torrent = torrentOf('A', [['a/b']], { encoding });
      expect(torrent.files[0]!.diskPath).toEqual(['A', 'a', 'b']);
    }
  });

  test('the rules for names apply after decoding', () => {
    const outer = { encoding: 'gbk' };
    const [dots, dot] = [Buffer.from('..'), Buffer.concat([Buffer.from('.ssh'), gbk])];
    expect(() => torrentOf('A', [[gbk, dots]], outer)).toThrow(
      expect.objectContaining({ code: 'path-traversal' }),
    );
    expect(torrentOf(dot, [['a']], outer).layout.rootName).toBe('_ssh中文');
    // The second byte of a Shift_JIS character may be a backslash.
    expect(
      torrentOf('A', [[Uint8Array.of(0x95, 0x5c)]], { encoding: 'shift_jis' }).files[0]!.diskPath[1],
    ).toBe('表');
  });

  test('a file with a path.utf-8 is also found under the raw bytes of its path', async () => {
    const pieces = createHash('sha1').update(content(0)).digest();
    const files = [{ length: 1_000, path: [gbk], 'path.utf-8': ['中文'] }];
    const info = { name: gbk, 'name.utf-8': '专辑', 'piece length': 1_000, pieces, files };
    const torrent = parseMetainfo(encode({ info }));
    expect(torrent.files[0]!.diskPath).toEqual(['专辑', '中文']);
    put([gbk, gbk], 0);
    expect((await verifyTorrent(torrent, folder)).ok).toBe(true);
  });
});
