/** The commands `create`, `info` and `verify`. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseMetainfo } from '../../../../torrents/metainfo/metainfo.ts';
import { encodeInfo, encodeMetainfo } from '../../../../torrents/metainfo/metainfo-encode.ts';
import { noise } from '../../../torrents/folder-fixture.ts';
import { runCicada, runHere, temporaryFolder } from '../../run-cicada.ts';

const announce = 'http://127.0.0.1:6969/announce';
let place: string;
const cicada = (...args: string[]) => runHere(args, place);

beforeEach(() => {
  place = temporaryFolder();
  mkdirSync(join(place, 'Album/CD1'), { recursive: true });
  writeFileSync(join(place, 'Album/CD1/1.flac'), noise(70_000, 1));
  writeFileSync(join(place, 'Album/2.flac'), noise(90_000, 2));
  writeFileSync(join(place, 'Album/10.flac'), noise(50_000, 3));
});

describe('create', () => {
  it('create writes NAME.torrent into the current folder, and prints the next command', async () => {
    const { code, stdout, stderr } = await cicada('create', 'Album', '-a', announce);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Album\.torrent\n {2}size +205 KiB in 3 files\n/);
    expect(stdout).toContain(announce);
    expect(stderr).toMatch(/^Share it with: .* seed Album\.torrent Album$/m);
    expect((await cicada('verify', 'Album.torrent', 'Album')).code).toBe(0);
  });

  it('create run inside a folder again and again makes the same torrent, and says what it leaves out', async () => {
    const inside = (...args: string[]) => runHere(['create', '.', ...args], join(place, 'Album'));
    const first = JSON.parse((await inside('--json')).stdout);
    const { code, stdout, stderr } = await inside('--force');
    expect([code, stdout]).toEqual([0, expect.stringContaining('in 3 files')]);
    expect(stderr).toMatch(/^Left out: .*Album\.torrent \(a torrent of this folder\)$/m);
    expect(JSON.parse((await inside('--force', '--json')).stdout).infoHash).toBe(first.infoHash);
  });

  it('create never overwrites a file of the content', async () => {
    const before = readFileSync(join(place, 'Album/2.flac'));
    const { code, stderr } = await cicada('create', 'Album', '-o', 'Album/2.flac', '--force');
    expect([code, stderr]).toEqual([28, expect.stringContaining('a file of the content')]);
    expect(readFileSync(join(place, 'Album/2.flac'))).toEqual(before);
  });

  it('create writes a torrent beside a folder whose name has the greatest length', async () => {
    for (const name of ['n'.repeat(255), '夏'.repeat(85), `${'é'.repeat(120)} (Live)`]) {
      mkdirSync(join(place, name));
      writeFileSync(join(place, name, '1.flac'), noise(70_000, 1));
      const { code, stdout } = await cicada('create', name, '--json');
      const { torrent } = JSON.parse(stdout);
      expect([code, parseMetainfo(readFileSync(join(place, torrent))).name]).toEqual([0, name]);
    }
    expect(readdirSync(place).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('create --json prints one document with the documented fields', async () => {
    const { stdout, stderr } = await cicada('create', 'Album', '-a', announce, '-p', '-l', '16KiB', '--json');
    const document = JSON.parse(stdout);
    expect(stderr).toBe('');
    const { infoHash, infoHashV2 } = document;
    const topics = `xt=urn:btih:${infoHash}&xt=urn:btmh:1220${infoHashV2}`;
    expect(document).toEqual({
      ...{ torrent: 'Album.torrent', name: 'Album', format: 'hybrid', private: true },
      infoHash: expect.stringMatching(/^[0-9a-f]{40}$/),
      infoHashV2: expect.stringMatching(/^[0-9a-f]{64}$/),
      magnet: `magnet:?${topics}&dn=Album&tr=${encodeURIComponent(announce)}`,
      ...{ pieceLength: 16_384, pieces: 15, files: 3, bytes: 210_000, skipped: [] },
    });
  });

  it('create makes one torrent per path, one document per line', async () => {
    const { stdout } = await cicada('create', 'Album', 'Album/2.flac', '--json', '-o', '.');
    const documents = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(documents.map(({ torrent, files }) => [torrent, files])).toEqual([
      ['Album.torrent', 3],
      ['2.flac.torrent', 1],
    ]);
  });

  it('create --format v1 writes a v1 torrent for old clients', async () => {
    const { stdout } = await cicada('create', 'Album', '--format', 'v1', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ format: 'v1', infoHashV2: null });
  });

  it('create makes the same torrent of the same folder: without a date, unless one is asked for', async () => {
    const dated = async (env: NodeJS.ProcessEnv, ...flags: string[]) => {
      await runCicada(['create', 'Album', '-o', 'x.torrent', '-f', ...flags], { cwd: place, env });
      return parseMetainfo(readFileSync(join(place, 'x.torrent'))).creationDate;
    };
    const env = { SOURCE_DATE_EPOCH: '1700000000' };
    expect(await dated({})).toBeUndefined();
    expect(await dated(env)).toBeUndefined();
    expect(await dated(env, '--creation-date')).toBe(1_700_000_000);
    expect(await dated({ SOURCE_DATE_EPOCH: '' }, '--creation-date')).toBeGreaterThan(1_700_000_000);
  });

  it('create never replaces a torrent file without --force', async () => {
    writeFileSync(join(place, 'Album.torrent'), 'mine');
    const { code, stderr } = await cicada('create', 'Album');
    expect(code).toBe(13);
    expect(stderr).toMatch(/Album\.torrent exists already: replace it with --force, or choose another/);
    expect(readFileSync(join(place, 'Album.torrent'), 'utf8')).toBe('mine');
    expect((await cicada('create', 'Album', '--force')).code).toBe(0);
  });

  it('create --dry-run prints its plan, hashes nothing and writes nothing', async () => {
    const { code, stdout } = await cicada('create', 'Album', '--dry-run', '--json', '-l', '16KiB');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      ...{ torrent: null, infoHash: null, infoHashV2: null, magnet: null },
      ...{ name: 'Album', format: 'hybrid', private: false },
      ...{ pieceLength: 16_384, pieces: 15, files: 3, bytes: 210_000, skipped: [] },
    });
    expect(readdirSync(place)).toEqual(['Album']);
    const { stdout: words } = await cicada('create', 'Album', '--dry-run');
    expect(words).toMatch(/^Album \(not written\)\n {2}size +205 KiB in 3 files\n/);
    expect(words).not.toContain('info-hash');
  });

  it('create -o - writes to stdout, and leaves no file', async () => {
    const { code, stdout } = await cicada('create', 'Album', '-o', '-', '-q');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^d\d*/);
    expect(existsSync(join(place, 'Album.torrent'))).toBe(false);
  });

  it('create takes tiers from repeated flags, and one tier from commas', async () => {
    await cicada('create', 'Album', '-a', 'http://a/announce,http://b/announce', '--tracker', 'udp://c:1');
    const { trackers } = JSON.parse((await cicada('info', 'Album.torrent', '--json')).stdout);
    expect(trackers).toEqual([['http://a/announce', 'http://b/announce'], ['udp://c:1']]);
  });

  it('create names every file that it leaves out', async () => {
    writeFileSync(join(place, 'Album/Thumbs.db'), 'x');
    writeFileSync(join(place, 'Album/.hidden'), 'x');
    const { stderr } = await cicada('create', 'Album', '--exclude', '10*', '--dry-run');
    expect(stderr).toMatch(/^Left out: .*Thumbs\.db \(left by a system or a program\)$/m);
    expect(stderr).toMatch(/^Left out: .*\.hidden \(hidden\)$/m);
    expect(stderr).toMatch(/^Left out: 1 file by --include and --exclude$/m);
  });

  it('create checks the place of the torrent file before it hashes', async () => {
    const { code, stderr } = await cicada('create', 'Album', '-o', 'nowhere/Album.torrent');
    expect(code).toBe(3);
    expect(stderr).toMatch(/there is no folder nowhere/);
  });

  it('create -q prints nothing', async () => {
    expect(await cicada('create', 'Album', '-q')).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});

describe('create --per-album', () => {
  beforeEach(() => {
    for (const folder of ['A/Hits/CD1', 'A/Hits/CD2', 'B/Hits', 'C']) {
      mkdirSync(join(place, 'Music', folder), { recursive: true });
      writeFileSync(join(place, 'Music', folder, '1.flac'), noise(20_000));
    }
    writeFileSync(join(place, 'Music/C/Thumbs.db'), 'x');
    writeFileSync(join(place, 'Music/notes.txt'), 'x');
  });
  const perAlbum = (...args: string[]) => cicada('create', 'Music', '--per-album', ...args);

  it('create --per-album makes a torrent of every album, one document per line, under different names', async () => {
    const { code, stdout } = await perAlbum('--json');
    expect(code).toBe(0);
    const documents = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(documents.pop()).toMatchObject({ event: 'summary', made: { torrents: 3, bytes: 80_000 } });
    expect(documents.map(({ torrent, name, files }) => [torrent, name, files])).toEqual([
      ['A - Hits.torrent', 'Hits', 2],
      ['B - Hits.torrent', 'Hits', 1],
      ['C.torrent', 'C', 1],
    ]);
    const thumbs = { path: join(place, 'Music/C/Thumbs.db'), reason: 'junk' };
    expect(documents.map(({ skipped }) => skipped)).toEqual([[], [], [thumbs]]);
    expect((await cicada('verify', 'A - Hits.torrent', 'Music/A/Hits')).code).toBe(0);
  });

  it('create --per-album reports files outside albums once, and does not report other albums as left out', async () => {
    writeFileSync(join(place, 'Music/A/loose.flac'), noise(10));
    const { stderr } = await perAlbum('--dry-run', '--exclude', 'CD2/*');
    expect(stderr.match(/Left out/g)).toHaveLength(2);
    expect(stderr).toMatch(/^Left out: .*Thumbs\.db/m);
    expect(stderr).toMatch(/^Left out: 1 file outside of all albums, like .*notes\.txt$/m);
  });

  it('create --per-album needs a folder for several torrents, and at least one album', async () => {
    const several = await perAlbum('-o', 'one.torrent');
    expect(several.code).toBe(28);
    expect(several.stderr).toMatch(/3 torrents cannot all go to one\.torrent; give it a folder/);
    expect((await perAlbum('-n', 'x')).stderr).toMatch(/--name: that is for one torrent, and 3 albums/);
    mkdirSync(join(place, 'Empty'));
    const none = await cicada('create', 'Empty', '--per-album');
    expect(none.code).toBe(3);
    expect(none.stderr).toMatch(/Empty holds no album: no audio was found/);
    expect(readdirSync(place).sort()).toEqual(['Album', 'Empty', 'Music']);
  });
});

describe('info', () => {
  it('info lists the tracks in natural order', async () => {
    await cicada('create', 'Album');
    const { stdout } = await cicada('info', 'Album.torrent');
    expect(stdout.match(/\S+\.flac/g)).toEqual(['2.flac', '10.flac', 'CD1/1.flac']);
  });

  it('info reads stdin where one torrent is expected, and where several are', async () => {
    await cicada('create', 'Album');
    const stdin = readFileSync(join(place, 'Album.torrent'));
    const got = await runCicada(['get', '-', '-o', place, '--port', '0'], { stdin });
    expect(got.stdout).toMatch(/Album was complete already/);
    expect((await runCicada(['info', '-'], { stdin })).stdout).toMatch(/^Album\n/);
  });

  it('info --json prints every file', async () => {
    await cicada('create', 'Album');
    const { stdout } = await cicada('info', 'Album.torrent', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      files: [
        { index: 0, path: '10.flac', bytes: 50_000, piecesRoot: expect.stringMatching(/^[0-9a-f]{64}$/) },
        { index: 2, path: '2.flac', bytes: 90_000 },
        { index: 4, path: 'CD1/1.flac', bytes: 70_000 },
      ],
      ...{ trackers: [], webSeeds: [] },
    });
  });

  it('info --magnet prints only the link', async () => {
    await cicada('create', 'Album');
    expect((await cicada('info', 'Album.torrent', '--magnet')).stdout).toMatch(
      /^magnet:\?xt=urn:btih:[0-9a-f]{40}&xt=urn:btmh:1220[0-9a-f]{64}&dn=Album\n$/,
    );
  });

  it('info prints no control character of a hostile torrent', async () => {
    const name = 'Evil\x1b]0;owned\x07\u202egpj';
    const infoBytes = encodeInfo({
      ...{ name, pieceLength: 16_384, pieceHashes: new Uint8Array(20) },
      files: [{ components: ['\x1b[2J.flac'], bytes: 5 }],
    });
    writeFileSync(join(place, 'evil.torrent'), encodeMetainfo({ infoBytes, comment: 'hi\x1b[31m' }));
    const { code, stdout } = await cicada('info', 'evil.torrent');
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f\u202e]/);
    expect(stdout).toContain('\\u001b[2J.flac');
  });
});

it('a folder with control characters in its name is shared and fetched without printing them', async () => {
  const name = 'Al\x1b[31mbum';
  renameSync(join(place, 'Album'), join(place, name));
  const created = await cicada('create', name, '-o', 'x.torrent');
  const got = await cicada('get', 'x.torrent', '--port', '0');
  const different = await cicada('get', 'x.torrent', '--port', '0', '-o', 'x.torrent/there');
  for (const { stdout, stderr } of [created, got, different]) expect(stdout + stderr).not.toContain('\x1b');
  expect(got.stdout).toContain('Al\\u001b[31mbum was complete already');
});

describe('verify', () => {
  beforeEach(async () => {
    await cicada('create', 'Album', '-l', '16KiB', '--format', 'v1');
  });

  it('verify takes the folder itself or its parent folder', async () => {
    for (const path of ['Album', '.']) {
      const { code, stdout } = await cicada('verify', 'Album.torrent', path);
      expect(code).toBe(0);
      expect(stdout).toMatch(/Album: 3 files, 205 KiB, all 13 pieces match/);
    }
  });

  it('verify says which files are bad, and how, and exits with 32', async () => {
    const bytes = noise(90_000, 2);
    bytes[40_000]! ^= 1;
    writeFileSync(join(place, 'Album/2.flac'), bytes);
    unlinkSync(join(place, 'Album/10.flac'));
    truncateSync(join(place, 'Album/CD1/1.flac'), 69_999);
    const { code, stdout } = await cicada('verify', 'Album.torrent', 'Album');
    expect(code).toBe(32);
    expect(stdout).toMatch(/^ {2}damaged +2\.flac$/m);
    expect(stdout).toMatch(/^ {2}missing +10\.flac$/m);
    expect(stdout).toMatch(/^ {2}too short +CD1\/1\.flac$/m);
    expect(stdout).toMatch(/Album: 3 of 3 files are not what the torrent describes/);
  });

  it('verify --json prints one document, for good and bad files', async () => {
    const good = await cicada('verify', 'Album.torrent', 'Album', '--json');
    expect(JSON.parse(good.stdout)).toMatchObject({ ok: true, pieces: 13, bad: [] });
    unlinkSync(join(place, 'Album/CD1/1.flac'));
    const { code, stdout } = await cicada('verify', 'Album.torrent', 'Album', '--json');
    const document = JSON.parse(stdout);
    expect(code).toBe(32);
    expect(document.ok).toBe(false);
    expect(document.bad).toContain(12);
    expect(document.files[2]).toEqual({ path: 'CD1/1.flac', ok: false, missing: true });
  });
});
