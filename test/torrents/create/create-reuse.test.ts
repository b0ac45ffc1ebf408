import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createTorrent, knownFilesOf } from '../../../torrents/create/create.ts';
import type { TorrentFormat } from '../../../torrents/metainfo/metainfo.ts';
import { makeFolder, noise } from '../folder-fixture.ts';

const pieceLength = 16_384;
const names = ['a.flac', 'b/1.flac', 'b/2.flac', 'c.txt', 'd.jpg'];
/** Zero, and sizes around piece boundaries. */
const sizes = fc.constantFrom(
  0,
  1,
  100,
  pieceLength - 1,
  pieceLength,
  pieceLength + 1,
  3 * pieceLength,
  50_000,
);

it('a new version that reuses hashes equals one that was hashed completely', async () => {
  const formats = fc.constantFrom<TorrentFormat>('v2', 'hybrid');
  const file = fc.option(sizes, { nil: undefined });
  const change = fc.tuple(fc.nat(names.length - 1), fc.option(sizes, { nil: undefined }));
  await fc.assert(
    fc.asyncProperty(
      formats,
      fc.tuple(sizes, ...names.slice(1).map(() => file)),
      fc.array(change, { maxLength: 3 }),
      async (format, before, changes) => {
        const there = names.map((name, index) => [name, before[index]] as const);
        const files = there.filter((entry): entry is readonly [string, number] => entry[1] !== undefined);
        const folder = makeFolder('album', { 'always.txt': 5, ...Object.fromEntries(files) });
        const { metainfo } = await createTorrent(folder, { format, pieceLength }, { threads: 1 });
        const touched = new Set<string>();
        for (const [index, bytes] of changes) {
          const name = names[index]!;
          touched.add(name);
          rmSync(join(folder, name), { force: true });
          mkdirSync(join(folder, 'b'), { recursive: true });
          if (bytes !== undefined) writeFileSync(join(folder, name), noise(bytes, index + 99));
        }
        const known = knownFilesOf(metainfo);
        const next = await createTorrent(folder, {
          ...{ format, pieceLength },
          known: (components) => (touched.has(components.join('/')) ? undefined : known(components)),
        });
        const whole = await createTorrent(folder, { format, pieceLength }, { threads: 1 });
        expect(Buffer.from(next.bytes).equals(whole.bytes)).toBe(true);
      },
    ),
    { numRuns: 12 },
  );
});

it('known files are not read', async () => {
  const folder = makeFolder('album', { 'a.flac': 40_000, 'b.flac': 20_000 });
  const { metainfo } = await createTorrent(folder, { pieceLength });
  // Other bytes of the same length: createTorrent trusts its caller about known files.
  writeFileSync(join(folder, 'a.flac'), noise(40_000, 77));
  const totals: number[] = [];
  const next = await createTorrent(
    folder,
    { pieceLength, known: knownFilesOf(metainfo) },
    { onProgress: ({ totalBytes }) => totals.push(totalBytes) },
  );
  expect(next.infoHash).toEqual(metainfo.infoHash);
  expect(totals).toEqual([]);
});

it('a known file whose length has changed is hashed again', async () => {
  const folder = makeFolder('album', { 'a.flac': 40_000, 'b.flac': 20_000 });
  const { metainfo } = await createTorrent(folder, { pieceLength });
  appendFileSync(join(folder, 'a.flac'), 'x');
  const next = await createTorrent(folder, { pieceLength, known: knownFilesOf(metainfo) });
  expect(next.infoHash).toEqual((await createTorrent(folder, { pieceLength })).infoHash);
});

it('hashes are not reused from a torrent with another piece length, nor from a v1 torrent', async () => {
  const folder = makeFolder('album', { 'a.flac': 40_000, 'b.flac': 20_000 });
  for (const format of ['v1', 'hybrid'] as const) {
    const { metainfo } = await createTorrent(folder, { format, pieceLength: 32_768 });
    const next = await createTorrent(folder, { pieceLength, known: knownFilesOf(metainfo) });
    expect(next.infoHash).toEqual((await createTorrent(folder, { pieceLength })).infoHash);
  }
});

it('a second file gives the first file a pad file, so the last piece of the first file is hashed again', async () => {
  const folder = makeFolder('album', { 'a.flac': 20_000 });
  const { metainfo } = await createTorrent(folder, { pieceLength });
  writeFileSync(join(folder, 'b.flac'), noise(100, 5));
  const next = await createTorrent(folder, { pieceLength, known: knownFilesOf(metainfo) });
  expect(next.infoHash).toEqual((await createTorrent(folder, { pieceLength })).infoHash);
  renameSync(join(folder, 'b.flac'), join(folder, 'c.flac'));
  const third = await createTorrent(folder, { pieceLength, known: knownFilesOf(next.metainfo) });
  expect(third.infoHash).toEqual((await createTorrent(folder, { pieceLength })).infoHash);
});
