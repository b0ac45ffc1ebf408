import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { localLimits, scan } from '../../../torrents/bencode/bencode.ts';
import { createTorrent } from '../../../torrents/create/create.ts';
import { type PlacedFile, placeFiles, rootFiles } from '../../../torrents/create/create-layout.ts';
import { checkTorrentSize, torrentSize } from '../../../torrents/create/create-size.ts';
import type { TorrentFormat } from '../../../torrents/metainfo/metainfo.ts';
import { encodeTorrent } from '../../../torrents/metainfo/metainfo-encode.ts';
import { makeFolder } from '../folder-fixture.ts';

const pieceLength = 16_384;
const formats: readonly TorrentFormat[] = ['v1', 'v2', 'hybrid'];

/** The lowest `tokensMax` with which the reader accepts the bytes. */
function tokensOf(bytes: Uint8Array): number {
  let [low, high] = [0, 100_000];
  while (low < high) {
    const tokensMax = (low + high) >>> 1;
    try {
      scan(bytes, { ...localLimits, tokensMax });
      high = tokensMax;
    } catch {
      low = tokensMax + 1;
    }
  }
  return low;
}

const component = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const found = fc.array(
  fc.record({
    components: fc.array(component, { minLength: 1, maxLength: 6 }),
    bytes: fc.integer({ min: 0, max: 100_000 }),
    mtimeMs: fc.constant(0),
    ctimeMs: fc.constant(0),
  }),
  { minLength: 1, maxLength: 30 },
);
const trackers = fc.array(fc.array(fc.webUrl(), { minLength: 1, maxLength: 3 }), { maxLength: 4 });

test('the estimated size of a torrent file is never below its real size', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...formats),
      found,
      trackers,
      fc.string(),
      (format, given, tiers, comment) => {
        // Unique names, so that no file has the path of a folder, as on a real disk.
        const files = given.map((file, index) => ({
          ...file,
          components: [...file.components, `${index}.flac`],
        }));
        const placed = placeFiles(files, format, pieceLength);
        const pieceCount = Math.ceil(placed.totalBytes / pieceLength);
        const name = 'Album';
        const rooted = rootFiles(placed.files, new Uint8Array(pieceCount * 32), pieceLength);
        const { bytes } = encodeTorrent<PlacedFile>(
          {
            format,
            name,
            pieceLength,
            files: placed.files,
            pieceHashes: new Uint8Array(pieceCount * 20),
            ...rooted,
          },
          { trackers: tiers, comment, pieceLayers: rooted.pieceLayers },
        );
        const size = torrentSize({ format, name, pieceCount, files: placed.files }, [
          comment,
          ...tiers.flat(),
        ]);
        expect(size.bytes).toBeGreaterThanOrEqual(bytes.length);
        expect(size.tokens).toBeGreaterThanOrEqual(tokensOf(bytes));
        expect(size.bytes).toBeLessThan(bytes.length * 2 + 4096);
      },
    ),
  );
});

test("a torrent file larger than Cicada's own reader accepts is refused before hashing", () => {
  const deep = Array.from({ length: 20 }, () => 'x'.repeat(200));
  const files = Array.from({ length: 20_000 }, (_, index) => ({
    ...{ components: [...deep, String(index)], bytes: 1, offset: index, mtimeMs: 0 },
  }));
  const torrent = { name: 'X', pieceCount: 2, files };
  expect(() => checkTorrentSize({ ...torrent, format: 'v1' }, [])).toThrow(
    expect.objectContaining({ code: 'create-too-large' }),
  );
  // In a v2 file tree, every folder name is written only once.
  checkTorrentSize({ ...torrent, format: 'v2' }, []);
});

test.each(formats)(
  '%s: the hashes returned with a new torrent equal those that the reader computes',
  async (format) => {
    const folder = makeFolder('Album', { a: 40_000, b: 16_384, c: '' });
    const { bytes, infoHash, infoHashV2, metainfo } = await createTorrent(folder, { format });
    // A change of the file after this point must not matter: nothing is read again.
    appendFileSync(join(folder, 'a'), 'x');
    expect(metainfo.infoHash).toEqual(infoHash);
    expect(metainfo.infoHashV2).toEqual(infoHashV2);
    expect(Buffer.from(bytes).indexOf(metainfo.infoBytes)).toBeGreaterThan(0);
  },
);
