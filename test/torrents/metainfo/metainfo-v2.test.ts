import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type BEncodable, encode } from '../../../torrents/bencode/bencode-encode.ts';
import { layersAbove, leafHash, rootOf } from '../../../torrents/merkle.ts';
import { MetainfoError, parseInfo, parseMetainfo } from '../../../torrents/metainfo/metainfo.ts';
import { encodeMetainfo } from '../../../torrents/metainfo/metainfo-encode.ts';
import { noise } from '../folder-fixture.ts';

type Dict = { [key: string]: BEncodable };
const pieceLength = 32_768;
/** A file of five leaves, which are three pieces. */
const longFile = noise(70_000, 1);
const leaves = Buffer.concat(
  [0, 1, 2, 3, 4].map((leaf) => leafHash(longFile.subarray(leaf * 16_384, (leaf + 1) * 16_384))),
);
const layer = layersAbove(leaves, 0)[1]!;
const longRoot = rootOf(leaves, 0);
const shortRoot = leafHash(noise(10, 2));
const file = (bytes: number, root?: Uint8Array): Dict => ({
  '': root ? { length: bytes, 'pieces root': root } : { length: bytes },
});
const tree = (): Dict => ({ a: file(70_000, longRoot), b: { c: file(10, shortRoot) }, d: file(0) });
const v2Info = (changes: Dict = {}): Dict => ({
  name: 'Album',
  'piece length': pieceLength,
  'meta version': 2,
  'file tree': tree(),
  ...changes,
});
const layers = (value: Uint8Array = layer, root: Uint8Array = longRoot) => new Map([[root, value]]);
const torrent = (info: BEncodable, pieceLayers: BEncodable | undefined = layers()) =>
  encode({ info, 'piece layers': pieceLayers });
const padded = [
  { length: 70_000, path: ['a'] },
  { attr: 'p', length: 28_304, path: ['.pad', '28304'] },
  { length: 10, path: ['b', 'c'] },
  { length: 0, path: ['d'] },
];
const hybridInfo = (changes: Dict = {}): Dict =>
  v2Info({ files: padded, pieces: new Uint8Array(80), ...changes });
const codeOf = (bytes: Uint8Array): string => {
  try {
    parseMetainfo(bytes);
  } catch (error) {
    if (error instanceof MetainfoError) return error.code;
    throw error;
  }
  return 'accepted';
};

describe('v2', () => {
  test('every v2 file starts with a new piece, and its last piece ends with the file', () => {
    const metainfo = parseMetainfo(torrent(v2Info()), { platform: 'linux' });
    expect(metainfo.format).toBe('v2');
    expect(metainfo.files.map((entry) => [entry.diskPath.join('/'), entry.offset, entry.bytes])).toEqual([
      ['Album/a', 0, 70_000],
      ['Album/b/c', 98_304, 10],
      ['Album/d', 98_314, 0],
    ]);
    const { geometry } = metainfo;
    expect([...geometry.pieces()].map((piece) => geometry.pieceBytes(piece))).toEqual([
      32_768, 32_768, 4_464, 10,
    ]);
    expect(geometry.block(2, 0, 4_464)).toBeDefined();
    // libtorrent requests the last block of a file in full length. The gap after the file counts as zeros,
    // but no block may begin in it.
    expect(geometry.block(2, 0, 16_384)).toBeDefined();
    expect(geometry.block(2, 4_463, 16_384)).toBeDefined();
    expect(geometry.block(2, 4_464, 1)).toBeUndefined();
    expect(geometry.block(3, 0, 16_384)).toBeDefined();
    expect(geometry.block(3, 10, 1)).toBeUndefined();
    expect(geometry.block(1, 20_000, 16_384)).toBeUndefined();
    expect(metainfo.bytes).toBe(70_010);
  });

  test('the v2 info-hash is SHA-256, and its first 20 bytes go on the wire', () => {
    const metainfo = parseMetainfo(torrent(v2Info()));
    const hash = createHash('sha256').update(metainfo.infoBytes).digest();
    expect(metainfo.infoHashV2).toEqual(hash);
    expect(Buffer.from(metainfo.infoHash)).toEqual(hash.subarray(0, 20));
  });

  test('every piece has its root: from the piece layer, or the file’s own root if it is one piece', () => {
    const { pieceRoots, pieceLayers } = parseMetainfo(torrent(v2Info()));
    expect(Buffer.from(pieceRoots!)).toEqual(Buffer.concat([layer, shortRoot]));
    expect(pieceLayers.length).toBe(1);
  });

  test('v2 metadata from peers has no piece layers yet', () => {
    const metainfo = parseInfo(encode(v2Info()));
    expect([metainfo.pieceRoots, metainfo.pieceLayers]).toEqual([undefined, []]);
  });

  test.each([v2Info(), hybridInfo()])(
    'metadata from a magnet link is written without piece layers, and read back where this is allowed',
    (info) => {
      const found = parseInfo(encode(info), { trackers: [['http://a/announce']] });
      const bytes = encodeMetainfo(found);
      expect(() => parseMetainfo(bytes)).toThrow(expect.objectContaining({ code: 'metainfo-piece-layer' }));
      expect(parseMetainfo(bytes, { mayLackLayers: true })).toEqual(found);
    },
  );

  test('existing piece layers are verified even where they may be missing', () => {
    const options = { mayLackLayers: true };
    expect(parseMetainfo(torrent(v2Info()), options).pieceLayers.length).toBe(1);
    const wrong = torrent(v2Info(), layers(new Uint8Array(96)));
    expect(() => parseMetainfo(wrong, options)).toThrow(/do not match its root/);
    const short = torrent(v2Info({ 'file tree': { a: file(10, shortRoot) } }), {});
    expect(parseMetainfo(short, options).pieceRoots).toEqual(new Uint8Array(shortRoot));
  });

  test("a single v2 file with the torrent's name is that file, and with another name it is in a folder", () => {
    const single = parseMetainfo(torrent(v2Info({ name: 'x', 'file tree': { x: file(10, shortRoot) } }), {}));
    expect(single.files[0]!.diskPath).toEqual(['x']);
    const folder = parseMetainfo(torrent(v2Info({ 'file tree': { x: file(10, shortRoot) } }), {}));
    expect(folder.files[0]!.diskPath).toEqual(['Album', 'x']);
  });

  test('a v2 torrent is written back byte for byte', () => {
    const bytes = torrent(v2Info());
    expect(Buffer.from(encodeMetainfo(parseMetainfo(bytes)))).toEqual(Buffer.from(bytes));
  });

  test.each<[string, string, Uint8Array]>([
    [
      'metainfo-version',
      'a version of the future, before any other fault',
      torrent(v2Info({ 'meta version': 3, name: 1 })),
    ],
    ['metainfo-piece-length', 'pieces that are no power of two', torrent(v2Info({ 'piece length': 49_152 }))],
    ['metainfo-pieces-root', 'a file without a root', torrent(v2Info({ 'file tree': { a: file(5) } }))],
    [
      'metainfo-pieces-root',
      'a root of 31 bytes',
      torrent(v2Info({ 'file tree': { a: file(5, new Uint8Array(31)) } })),
    ],
    ['metainfo-file-tree', 'no tree', torrent(v2Info({ 'file tree': [] }))],
    [
      'metainfo-file-tree',
      'a file that is a folder too',
      torrent(v2Info({ 'file tree': { a: { ...file(5, shortRoot), b: {} } } })),
    ],
    ['metainfo-file-tree', 'a number in the tree', torrent(v2Info({ 'file tree': { a: 1 } }))],
    ['metainfo-length', 'a negative length', torrent(v2Info({ 'file tree': { a: file(-1, shortRoot) } }))],
    [
      'path-traversal',
      'a path out of its folder',
      torrent(v2Info({ 'file tree': { '..': file(5, shortRoot) } })),
    ],
    ['path-empty', 'a tree that is a file itself', torrent(v2Info({ 'file tree': file(5, shortRoot) }))],
    ['metainfo-piece-layer', 'no layers', encode({ info: v2Info() })],
    ['metainfo-piece-layer', 'no layer of a file', torrent(v2Info(), {})],
    ['metainfo-piece-layer', 'a layer that is too short', torrent(v2Info(), layers(layer.subarray(32)))],
    [
      'metainfo-piece-layer',
      'a layer of another file',
      torrent(v2Info(), layers(new Uint8Array(layer.length))),
    ],
    ['metainfo-nothing', 'no files', torrent(v2Info({ 'file tree': {} }), {})],
  ])('a v2 torrent is refused with %s: %s', (code, _what, bytes) => expect(codeOf(bytes)).toBe(code));

  test.each([
    ['the info dictionary', 'd4:name1:a12:meta versioni2e9:file treedee'],
    [
      'the file tree',
      'd9:file treed1:bd0:d6:lengthi0eee1:ad0:d6:lengthi0eeee12:meta versioni2e4:name1:x12:piece lengthi32768ee',
    ],
    [
      'a key that is there twice',
      'd9:file treed1:ad0:d6:lengthi0eee1:ad0:d6:lengthi0eeee12:meta versioni2e4:name1:x12:piece lengthi32768ee',
    ],
  ])('a v2 info dictionary with keys out of order is refused: %s', (_what, info) =>
    expect(codeOf(Buffer.from(`d4:info${info}e`))).toBe('metainfo-key-order'),
  );
});

describe('hybrid', () => {
  test('a hybrid torrent has both hashes, pad files, and a root for every file', () => {
    const metainfo = parseMetainfo(torrent(hybridInfo()));
    expect(metainfo.format).toBe('hybrid');
    expect(Buffer.from(metainfo.infoHash)).toEqual(createHash('sha1').update(metainfo.infoBytes).digest());
    expect(metainfo.infoHashV2).toEqual(createHash('sha256').update(metainfo.infoBytes).digest());
    expect(metainfo.files.map((entry) => entry.isPad)).toEqual([false, true, false, false]);
    expect(
      metainfo.files.map((entry) => entry.piecesRoot && Buffer.from(entry.piecesRoot).toString('hex')),
    ).toEqual([
      Buffer.from(longRoot).toString('hex'),
      undefined,
      Buffer.from(shortRoot).toString('hex'),
      undefined,
    ]);
    expect(metainfo.bytes).toBe(70_010);
    expect(metainfo.pieceRoots!.length).toBe(4 * 32);
  });

  test.each<[string, BEncodable[], number]>([
    [
      'another size',
      [{ ...padded[0]!, length: 70_001 }, { ...padded[1]!, length: 28_303 }, padded[2]!, padded[3]!],
      80,
    ],
    ['another name', [{ ...padded[0]!, path: ['x'] }, ...padded.slice(1)], 80],
    ['another order', [padded[2]!, { attr: 'p', length: 32_758 }, padded[0]!, padded[3]!], 80],
    ['a file more', [...padded, { length: 0, path: ['e'] }], 80],
    ['a file less', padded.slice(0, 3), 80],
    ['no pad', [padded[0]!, padded[2]!, padded[3]!], 60],
    ['pads that make a piece of their own', [...padded, { attr: 'p', length: 65_536 }], 120],
  ])('a hybrid torrent whose v1 and v2 files differ is refused: %s', (_what, files, bytes) => {
    expect(codeOf(torrent(hybridInfo({ files, pieces: new Uint8Array(bytes) })))).toBe(
      'metainfo-hybrid-mismatch',
    );
  });

  test('a pad file after the last file is accepted', () => {
    expect(codeOf(torrent(hybridInfo({ files: [...padded, { attr: 'p', length: 32_758 }] })))).toBe(
      'accepted',
    );
  });
});
