/**
 * Torrent files of Cicada and of other programs: each reads the other's, and the same folder has the same
 * hash. The programs are Debian packages. Without one, its tests are skipped and the test names it, unless
 * CICADA_REQUIRE_PEERS=1 requires all.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type CreateOptions, createTorrent } from '../../torrents/create/create.ts';
import { type Metainfo, parseMetainfo, type TorrentFormat } from '../../torrents/metainfo/metainfo.ts';
import { verifyTorrent } from '../../torrents/verify.ts';
import { makeFolder, noise } from '../torrents/folder-fixture.ts';

const formats: readonly TorrentFormat[] = ['v1', 'v2', 'hybrid'];
const python = '/usr/bin/python3';
const helper = join(import.meta.dirname, 'libtorrent-torrent.py');

const has = {
  libtorrent: spawnSync(python, ['-c', 'import libtorrent']).status === 0,
  mktorrent: spawnSync('mktorrent', ['-h']).error === undefined,
  transmission: spawnSync('transmission-show', ['--version']).error === undefined,
  aria2: spawnSync('aria2c', ['--version']).error === undefined,
};
const packages = {
  libtorrent: 'python3-libtorrent',
  mktorrent: 'mktorrent',
  transmission: 'transmission-cli',
  aria2: 'aria2',
} as const;
const required = process.env.CICADA_REQUIRE_PEERS === '1';

function describeWith(program: keyof typeof has, what: string, tests: () => void): void {
  const present = has[program] || required;
  const hint = present ? '' : ` (skipped: apt-get install ${packages[program]})`;
  describe.skipIf(!present)(`${program}: ${what}${hint}`, tests);
}

const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex');
const realPaths = (metainfo: Metainfo) =>
  metainfo.files.filter((file) => !file.isPad).map((file) => file.components.join('/'));

/** Folders with unusual contents. */
const shapes: Record<string, Record<string, Uint8Array | string | number>> = {
  album: {
    '1 a.flac': 100_000,
    '2 b.flac': 16_384,
    '10 c.flac': 32_768,
    'CD 2/x.flac': 5,
    'CD 10/y.flac': 70_000,
    'cover.jpg': 40_000,
  },
  'empty files between': { a: '', b: 40_000, c: '', d: 1, 'e/f': '', z: '' },
  'one file in a folder': { 'sub/only': 33_000 },
  'one file called like its folder': { 'one file called like its folder': 50_000 },
  'the same file twice': { a: noise(100_000, 7), 'b/a': noise(100_000, 7), c: noise(100, 7) },
  'names in many scripts': {
    '椎名林檎.flac': 10,
    'Кино.flac': 20_000,
    'שלום\u200e.flac': 30,
    '👩‍❤️‍👨.flac': 40,
    '\uFF01.flac': 50,
    'Icon\r': 1,
    'trailing. ': 2,
    'AC-DC... live': 3,
  },
};

function libtorrentCreates(
  path: string,
  format: TorrentFormat,
  pieceLength: number,
  order: readonly string[],
): Uint8Array {
  return execFileSync(python, [helper, 'create', path, format, String(pieceLength)], {
    input: order.join('\0'),
    maxBuffer: 2 ** 28,
  });
}

function temporaryFile(name: string, content?: Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'cicada-interop-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  if (content !== undefined) writeFileSync(path, content);
  return path;
}

describeWith('libtorrent', 'the same folder is the same torrent', () => {
  test.each(formats)(
    'libtorrent makes the same %s torrent of folders with unusual contents',
    async (format) => {
      for (const [name, files] of Object.entries(shapes)) {
        const folder = makeFolder(name, files);
        const { metainfo } = await createTorrent(folder, { format, pieceLength: 32_768 });
        const theirs = parseMetainfo(libtorrentCreates(folder, format, 32_768, realPaths(metainfo)));
        expect([name, hex(theirs.infoHash), hex(theirs.infoHashV2)]).toEqual([
          name,
          hex(metainfo.infoHash),
          hex(metainfo.infoHashV2),
        ]);
        const layers = (metainfo: Metainfo) =>
          metainfo.pieceLayers.map((layer) => [hex(layer.root), hex(layer.hashes)]).sort();
        expect(layers(theirs)).toEqual(layers(metainfo));
        expect((await verifyTorrent(theirs, folder)).ok).toBe(true);
      }
    },
  );

  test.each(formats)(
    'libtorrent makes the same %s torrent of a single file, at all sizes around a piece and a block',
    async (format) => {
      const folder = makeFolder('x', {});
      for (const bytes of [1, 16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 200_000]) {
        const path = join(folder, `${bytes}.mp3`);
        writeFileSync(path, noise(bytes, bytes));
        const { metainfo } = await createTorrent(path, { format, pieceLength: 65_536 });
        const theirs = parseMetainfo(libtorrentCreates(path, format, 65_536, []));
        expect([bytes, hex(metainfo.infoBytes)]).toEqual([bytes, hex(theirs.infoBytes)]);
      }
    },
  );

  test('libtorrent reads torrents by Cicada', async () => {
    const folder = makeFolder('album', shapes.album!);
    const options: CreateOptions = {
      pieceLength: 32_768,
      private: true,
      trackers: [['http://a/x'], ['http://b/y', 'udp://c:1']],
    };
    for (const format of formats) {
      const { bytes, metainfo } = await createTorrent(folder, { ...options, format });
      const path = temporaryFile('x.torrent', bytes);
      const read = JSON.parse(execFileSync(python, [helper, 'read', path]).toString());
      expect(read).toMatchObject({
        name: 'album',
        v1: format === 'v2' ? null : hex(metainfo.infoHash),
        v2: format === 'v1' ? null : hex(metainfo.infoHashV2),
        pieces: metainfo.geometry.pieceCount,
        private: true,
        files: metainfo.files
          .filter((file) => !file.isPad)
          .map((file) => [file.diskPath.join('/'), file.bytes]),
      });
      expect(read.trackers.sort()).toEqual(['http://a/x', 'http://b/y', 'udp://c:1']);
    }
  });
});

describeWith('libtorrent', 'the smallest torrents', () => {
  const readBy = (bytes: Uint8Array) =>
    spawnSync(python, [helper, 'read', temporaryFile('x.torrent', bytes)], { encoding: 'utf8' });

  test.each(formats)(
    'libtorrent reads a %s torrent of one byte, and refuses one of empty files, as Cicada warns',
    async (format) => {
      for (const files of [{ a: 'x' }, { a: 'x', b: '', 'c/d': '' }]) {
        const { bytes } = await createTorrent(makeFolder('one', files), { format });
        expect(JSON.parse(readBy(bytes).stdout)).toMatchObject({ pieces: 1 });
      }
      const { bytes } = await createTorrent(makeFolder('none', { a: '', b: '' }), { format });
      expect(readBy(bytes).stderr).toContain('invalid length of torrent');
    },
  );
});

describeWith('mktorrent', 'the same folder has the same hashes', () => {
  test('mktorrent makes the same hashes of a single file, and its torrent of a folder verifies', async () => {
    const folder = makeFolder('album', shapes.album!);
    for (const path of [folder, join(folder, 'cover.jpg')]) {
      const out = temporaryFile('x.torrent');
      execFileSync('mktorrent', ['-a', 'http://a/announce', '-l', '15', '-d', '-o', out, path]);
      const theirs = parseMetainfo(readFileSync(out));
      expect((await verifyTorrent(theirs, path)).ok).toBe(true);
      const { metainfo } = await createTorrent(path, { format: 'v1', pieceLength: 32_768 });
      expect(theirs.bytes).toBe(metainfo.bytes);
      if (path !== folder) expect(hex(theirs.infoHash)).toBe(hex(metainfo.infoHash));
    }
  });
});

/**
 * Transmission before 4.0 refuses hybrid torrents. aria2 reads them but computes the wrong hash, because it
 * encodes the info dictionary again without unknown keys. So the test only requires that a hybrid by Cicada
 * gives the same result as one by libtorrent of the same folder.
 */
const hybridPair = async (folder: string): Promise<[ours: string, theirs: string]> => {
  const { bytes, metainfo } = await createTorrent(folder, { format: 'hybrid', pieceLength: 32_768 });
  const theirs = libtorrentCreates(folder, 'hybrid', 32_768, realPaths(metainfo));
  return [temporaryFile('x.torrent', bytes), temporaryFile('x.torrent', theirs)];
};
const outcome = (program: string, args: string[]) => {
  const { status, stdout } = spawnSync(program, args);
  const [hash] = /[0-9a-f]{40}/.exec(stdout.toString()) ?? [];
  return { status, hash };
};

describeWith('transmission', 'each reads what the other made', () => {
  test('transmission-show reads a torrent by Cicada', async () => {
    const folder = makeFolder('album', shapes.album!);
    const { bytes, metainfo } = await createTorrent(folder, {
      format: 'v1',
      trackers: [['http://a/announce']],
    });
    const shown = execFileSync('transmission-show', [temporaryFile('x.torrent', bytes)]).toString();
    expect(shown).toContain(hex(metainfo.infoHash));
    expect(shown).toContain('CD 10/y.flac');
  });

  test.skipIf(!has.libtorrent)(
    'transmission-show treats a hybrid by Cicada like one by libtorrent',
    async () => {
      const [ours, theirs] = await hybridPair(makeFolder('album', shapes.album!));
      expect(outcome('transmission-show', [ours])).toEqual(outcome('transmission-show', [theirs]));
    },
  );

  test('Cicada reads a torrent by transmission-create', async () => {
    const folder = makeFolder('album', shapes.album!);
    const out = temporaryFile('x.torrent');
    execFileSync('transmission-create', ['-s', '32', '-t', 'http://a/announce', '-p', '-o', out, folder]);
    const theirs = parseMetainfo(readFileSync(out));
    expect(theirs).toMatchObject({ name: 'album', private: true, trackers: [['http://a/announce']] });
    expect((await verifyTorrent(theirs, folder)).ok).toBe(true);
  });
});

describeWith('aria2', 'it reads ours', () => {
  test('aria2c -S reads a torrent by Cicada', async () => {
    const folder = makeFolder('album', shapes.album!);
    const { bytes, metainfo } = await createTorrent(folder, {
      format: 'v1',
      trackers: [['http://a/announce']],
    });
    const shown = execFileSync('aria2c', ['-S', temporaryFile('x.torrent', bytes)]).toString();
    expect(shown).toContain(hex(metainfo.infoHash));
    expect(shown).toContain('album/CD 10/y.flac');
  });

  test.skipIf(!has.libtorrent)('aria2c -S treats a hybrid by Cicada like one by libtorrent', async () => {
    const [ours, theirs] = await hybridPair(makeFolder('album', shapes.album!));
    expect(outcome('aria2c', ['-S', ours])).toEqual(outcome('aria2c', ['-S', theirs]));
  });
});

/** These take minutes and gigabytes, so they need `CICADA_LARGE_TESTS=1`. */
describe.skipIf(process.env.CICADA_LARGE_TESTS !== '1' || !has.libtorrent)(
  'large folders, against libtorrent',
  () => {
    test('Cicada and libtorrent make the same torrent of a file of 5 GiB', { timeout: 600_000 }, async () => {
      const folder = makeFolder('big', { 'small.flac': 70_000 });
      const path = join(folder, 'big.wav');
      writeFileSync(path, noise(2 ** 20));
      truncateSync(path, 5 * 2 ** 30 + 12_345);
      for (const format of formats) {
        const { metainfo } = await createTorrent(folder, { format, pieceLength: 2 ** 22 });
        const theirs = parseMetainfo(libtorrentCreates(folder, format, 2 ** 22, realPaths(metainfo)));
        expect([format, hex(metainfo.infoHash)]).toEqual([format, hex(theirs.infoHash)]);
      }
    });

    test('Cicada and libtorrent make the same torrent of 100,000 files', { timeout: 600_000 }, async () => {
      const folder = makeFolder('many', {});
      for (let index = 0; index < 100_000; index++) {
        const path = join(folder, String(index % 100), `${index}.mp3`);
        if (index < 100) mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, String(index).repeat(1 + (index % 50)));
      }
      for (const format of formats) {
        const { metainfo } = await createTorrent(folder, { format, pieceLength: 16_384 });
        const theirs = parseMetainfo(libtorrentCreates(folder, format, 16_384, realPaths(metainfo)));
        expect([format, hex(metainfo.infoHash)]).toEqual([format, hex(theirs.infoHash)]);
      }
      expect(basename(folder)).toBe('many');
    });
  },
);
