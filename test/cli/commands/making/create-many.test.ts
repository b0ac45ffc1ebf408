import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseMetainfo } from '../../../../torrents/metainfo/metainfo.ts';
import { runCicada, runHere, temporaryFolder } from '../../run-cicada.ts';

let place: string;
beforeEach(() => {
  place = temporaryFolder();
  for (const album of ['A/One', 'A/Two', 'B/Three']) addAlbum(album);
});

function addAlbum(album: string, bytes = 1000): void {
  mkdirSync(join(place, 'Music', album), { recursive: true });
  writeFileSync(join(place, 'Music', album, '1.flac'), Buffer.alloc(bytes, album));
}

const perAlbum = (...args: string[]) => runHere(['create', 'Music', '--per-album', ...args], place);
const documentsOf = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const summaryOf = (stdout: string) => documentsOf(stdout).at(-1);

describe('create of many torrents', () => {
  it('create makes the output folder with its parents, unless its name ends like a file', async () => {
    expect((await perAlbum('-o', 'new/torrents')).code).toBe(0);
    expect(readdirSync(join(place, 'new/torrents')).sort()).toEqual([
      'One.torrent',
      'Three.torrent',
      'Two.torrent',
    ]);
    expect((await runHere(['create', 'Music/A/One', '-o', 'single/'], place)).code).toBe(0);
    expect(readdirSync(join(place, 'single'))).toEqual(['One.torrent']);
    expect((await runHere(['create', 'Music/A/One', 'Music/A/Two', '-o', 'paths'], place)).code).toBe(0);
    expect(readdirSync(join(place, 'paths'))).toEqual(['One.torrent', 'Two.torrent']);
    expect((await perAlbum('-o', 'gone/one.torrent')).code).toBe(3);
    expect(existsSync(join(place, 'gone'))).toBe(false);
  });

  it('create makes one torrent of a path that is named twice, however it is written', async () => {
    expect((await runHere(['create', 'Music/A/One', './Music/A/One', 'Music/A/../A/One/'], place)).code).toBe(
      0,
    );
    expect(readdirSync(place).filter((name) => name.endsWith('.torrent'))).toEqual(['One.torrent']);
  });

  it('create makes no output folder in a dry run, nor when nothing is to be written', async () => {
    expect((await perAlbum('-o', 'dry', '--dry-run')).code).toBe(0);
    expect((await runHere(['create', 'Music', '--per-album', '-n', 'x', '-o', 'named'], place)).code).toBe(
      28,
    );
    expect(readdirSync(place)).toEqual(['Music']);
  });

  it('create reports an output folder that cannot be made before it hashes', async () => {
    writeFileSync(join(place, 'file'), '');
    const { code, stderr } = await perAlbum('-o', 'file/torrents');
    expect(code).toBe(17);
    expect(stderr).toMatch(/file\/torrents cannot be made for the torrent files \(ENOTDIR\)/);
  });

  it('create --skip-existing keeps existing torrents, makes the others, and counts both', async () => {
    await perAlbum('-o', 'out');
    writeFileSync(join(place, 'out/One.torrent'), 'mine');
    addAlbum('C/Four');
    const { code, stdout } = await perAlbum('-o', 'out', '--skip-existing', '--json');
    expect(code).toBe(0);
    expect(readFileSync(join(place, 'out/One.torrent'), 'utf8')).toBe('mine');
    expect(parseMetainfo(readFileSync(join(place, 'out/Four.torrent'))).name).toBe('Four');
    expect(summaryOf(stdout)).toEqual({
      event: 'summary',
      made: { torrents: 1, bytes: 1000 },
      skipped: { torrents: 3, bytes: 3000 },
      failed: { torrents: 0, bytes: 0 },
      untried: 0,
      dryRun: false,
    });
    const { stderr } = await perAlbum('-o', 'out', '--skip-existing');
    expect(stderr).toMatch(/^0 torrents made; 4 skipped, there already \(3\.9 KiB\)$/m);
    expect(stderr).toMatch(/^Share them all with: .*seed out Music$/m);
  });

  it('create --skip-existing works for a single torrent, and not together with --force', async () => {
    const one = ['create', 'Music/A/One', '--skip-existing'];
    expect((await runHere(one, place)).code).toBe(0);
    const before = readFileSync(join(place, 'One.torrent'));
    expect((await runHere(one, place)).code).toBe(0);
    expect(readFileSync(join(place, 'One.torrent'))).toEqual(before);
    expect((await runHere([...one, '--force'], place)).code).toBe(28);
  });

  it('a torrent that exists stops no other; the exit code says that one failed, and the message how to continue', async () => {
    writeFileSync(join(place, 'One.torrent'), 'mine');
    const { code, stderr } = await perAlbum();
    expect(code).toBe(13);
    expect(stderr).toMatch(/One\.torrent exists already: replace it with --force, leave it with --skip-exi/);
    expect(stderr).toMatch(/^2 torrents made \(2.0 KiB\); 1 failed \(1.0 KiB\)$/m);
    expect(existsSync(join(place, 'Two.torrent')) && existsSync(join(place, 'Three.torrent'))).toBe(true);
    expect((await perAlbum('--force')).code).toBe(0);
  });

  it('a folder in the place of a torrent file stops no other torrent', async () => {
    mkdirSync(join(place, 'Two.torrent'));
    const { code, stdout } = await perAlbum('--skip-existing', '--json');
    expect(code).toBe(13);
    const failed = documentsOf(stdout).filter(({ event }) => event === 'error');
    expect(failed).toMatchObject([{ code: 'exists', path: 'Music/A/Two' }]);
    expect(summaryOf(stdout)).toMatchObject({ made: { torrents: 2 }, failed: { torrents: 1, bytes: 1000 } });
  });

  it('a path that does not exist stops no other path', async () => {
    const paths = ['Music/A/One', 'Gone', 'Music/B/Three'];
    const { code, stdout } = await runHere(['create', ...paths, '--json'], place);
    expect(code).toBe(3);
    expect(documentsOf(stdout).map(({ event = 'made', path }) => [event, path])).toEqual([
      ['made', undefined],
      ['error', 'Gone'],
      ['made', undefined],
      ['summary', undefined],
    ]);
    const albums = await runHere(['create', 'Gone', 'Music', '--per-album', '-f', '--json'], place);
    expect(albums.code).toBe(3);
    expect(summaryOf(albums.stdout)).toMatchObject({ made: { torrents: 3 }, failed: { torrents: 1 } });
  });

  it('a name that no torrent can have fails only its own album', async () => {
    writeFileSync(Buffer.from(`${place}/Music/A/Two/\xff.flac`, 'latin1'), 'x');
    mkdirSync(join(place, 'Music/Empty'));
    writeFileSync(Buffer.from(`${place}/Music/Empty/\xfe`, 'latin1'), 'x');
    const { code, stdout } = await perAlbum('--json');
    expect(code).toBe(17);
    const failed = documentsOf(stdout).filter(({ event }) => event === 'error');
    expect(failed.map(({ code }) => code)).toEqual(['create-name-not-utf8', 'create-name-not-utf8']);
    expect(summaryOf(stdout)).toMatchObject({ made: { torrents: 2 }, failed: { torrents: 2 } });
    const alone = await runHere(['create', 'Music/A/Two', '-o', 'x.torrent'], place);
    expect(alone.code).toBe(17);
  });

  it.skipIf(process.getuid?.() !== 0)('an unreadable folder is reported, and stops no other', async () => {
    addAlbum('Locked');
    chmodSync(join(place, 'Music/Locked'), 0o700);
    chmodSync(place, 0o777);
    const run = await runCicada(['create', 'Music', '--per-album', '--json'], {
      cwd: place,
      uid: 65_534,
      env: { XDG_CACHE_HOME: join(place, 'cache') },
    });
    expect(run.code).toBe(17);
    const failed = documentsOf(run.stdout).filter(({ event }) => event === 'error');
    expect(failed).toMatchObject([{ code: 'file-unreadable', path: join(place, 'Music/Locked') }]);
    expect(summaryOf(run.stdout)).toMatchObject({ made: { torrents: 3 }, failed: { torrents: 1 } });
    rmSync(join(place, 'cache'), { recursive: true, force: true });
  });
});
