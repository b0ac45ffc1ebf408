/** When a torrent is recognized as blocked content, and when not. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseMetainfo } from '../../../../torrents/metainfo/metainfo.ts';
import { encodeInfo, encodeMetainfo } from '../../../../torrents/metainfo/metainfo-encode.ts';
import {
  type BlockedContent,
  blockOf,
  type ContentPrint,
  contentPrint,
} from '../../../../tracker/catalogue/publication/content-print.ts';

interface File {
  readonly name: string;
  readonly bytes: number;
  readonly content?: string;
}

interface Made {
  readonly name?: string;
  readonly format?: 'v1' | 'v2';
  readonly pieceLength?: number;
  readonly source?: string;
}

const piece = 16 * 1024 * 1024;

function printOf(files: readonly File[], made: Made = {}): ContentPrint {
  const { name = 'Album', format = 'v2', pieceLength = piece } = made;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const infoBytes = encodeInfo({
    ...{ format, name, pieceLength, private: false },
    ...(made.source !== undefined && { source: made.source }),
    // The piece hashes depend on the files and the piece length only.
    pieceHashes:
      format === 'v2'
        ? new Uint8Array(0)
        : new Uint8Array(20 * Math.ceil(bytes / pieceLength)).fill(pieceLength === piece ? 7 : 8),
    files: files
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((file) => ({
        components: [file.name],
        bytes: file.bytes,
        piecesRoot: createHash('sha256')
          .update(file.content ?? file.name)
          .digest(),
        isPad: false,
      })),
  });
  return contentPrint(parseMetainfo(encodeMetainfo({ infoBytes })));
}

/** One block, number 1, on this content. */
function blocked({ hashes, files }: ContentPrint): BlockedContent {
  const same = (a: Uint8Array, b: Uint8Array | undefined) => b !== undefined && Buffer.compare(a, b) === 0;
  const counted = files.filter(({ counts }) => counts);
  const one = (is: boolean) => (is ? [1] : []);
  return {
    byHash: (hash) => one(hashes.some((known) => same(hash, known))),
    byRoot: (root) => one(counted.some((file) => same(root, file.root))),
    byBytes: (bytes) => one(counted.some((file) => file.bytes === bytes)),
    musicBytesOf: () => counted.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

const song = (n: number, content = `song ${n}`): File => ({
  name: `${n}.flac`,
  bytes: 5_000_000 + 1_000 * n,
  content,
});
const songs = (...numbers: number[]) => numbers.map((n) => song(n));
const album = songs(1, 2, 3, 4, 5);
const noise = [1, 2, 3, 4].map((n) => ({ name: `noise ${n}.flac`, bytes: 15_000_000 + n }));
const cover: File = { name: 'cover.jpg', bytes: 900_000 };
const isBlocked = (files: readonly File[], made?: Made, of = album, ofMade?: Made) =>
  blockOf(printOf(files, made), blocked(printOf(of, ofMade))) === 1;

describe('a block on an album of v2 holds', () => {
  it.each([
    ['the same torrent', album, {}],
    ['another name', album, { name: 'Other' }],
    ['another source tag', album, { source: 'elsewhere' }],
    ['another piece length', album, { pieceLength: 65_536 * 128 }],
    ['other file names', album.map((file, n) => ({ ...file, name: `track ${n}.flac` })), {}],
    ['another order of the files', album.toReversed().map((file, n) => ({ ...file, name: `${n}.flac` })), {}],
    ['extensions that hide the music', album.map((file, n) => ({ ...file, name: `${n}.bin` })), {}],
    ['an added cover', [...album, cover], {}],
    ['two songs left out', songs(1, 2, 3), {}],
    ['added large files', [...album, ...noise], {}],
    ['a torrent of v1', album, { format: 'v1' }],
    ['files with edited tags and the same sizes', album.map((file) => ({ ...file, content: 'other' })), {}],
  ] as const)('a block on an album of v2 matches %s', (_, files, made) => {
    expect(isBlocked(files, made)).toBe(true);
  });

  it.each([
    ['an album of the same artist', songs(6, 7, 8, 9), {}],
    ['a compilation that has one of its songs', songs(1, 6, 7, 8, 9), {}],
    ['an album with the same cover', [...songs(6, 7, 8), cover], {}],
    ['three files of the same sizes', songs(1, 2, 3).map((file) => ({ ...file, content: 'other' })), {}],
  ] as const)('a block on an album of v2 does not match %s', (_, files, made) => {
    expect(isBlocked(files, made, [...album, cover])).toBe(false);
  });
});

describe('a block on a single of v1', () => {
  const single = songs(1);
  it('a block on a v1 single matches another name or source tag, but not a v2 torrent of it', () => {
    const v1 = { format: 'v1' } as const;
    expect(isBlocked(single, { ...v1, name: 'Other', source: 'x' }, single, v1)).toBe(true);
    expect(isBlocked(single, { ...v1, pieceLength: 65_536 * 128 }, single, v1)).toBe(false);
    expect(isBlocked(single, {}, single, v1)).toBe(false);
  });
});

it('files of equal size count once, so an audio book in parts of one length is not another book', () => {
  const book = (name: string) =>
    [1, 2, 3, 4, 5, 6].map((n) => ({ name: `${n}.mp3`, bytes: 14_400_000, content: `${name} ${n}` }));
  expect(isBlocked(book('one'), {}, book('two'))).toBe(false);
});

it('a torrent without music is recognized by its other files', () => {
  const scans = [1, 2].map((n) => ({ name: `scan ${n}.png`, bytes: 100_000 + n }));
  expect(isBlocked(scans, { name: 'Other' }, scans)).toBe(true);
  expect(isBlocked([...album, ...scans], {}, scans)).toBe(true);
});
