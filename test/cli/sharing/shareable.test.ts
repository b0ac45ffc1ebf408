/** Which files may leave this machine: the same rule for every command that sends files. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { parseMetainfo } from '../../../torrents/metainfo/metainfo.ts';
import { Child, Children } from '../../e2e/child.ts';
import { noise } from '../../torrents/folder-fixture.ts';
import { mainFile, runHere, temporaryFolder } from '../run-cicada.ts';

let place: string;
const here = (...args: string[]) => runHere(args, place);

/** A tracker that only records announces: each means that a torrent was shared. */
const heard: string[] = [];
const tracker = http.createServer((request, response) => {
  heard.push(request.url ?? '');
  response.end('d8:intervali900e5:peers0:e');
});
let announce: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => tracker.listen(0, '127.0.0.1', resolve));
  announce = `http://127.0.0.1:${(tracker.address() as AddressInfo).port}/announce`;
});
afterAll(() => void tracker.close().closeAllConnections());

beforeEach(() => {
  heard.length = 0;
  place = temporaryFolder();
  for (const folder of ['Album/sub', '.hidden/Album', 'Keys'])
    mkdirSync(join(place, folder), { recursive: true });
  for (const folder of ['Album', '.hidden/Album', 'Keys'])
    writeFileSync(join(place, folder, '1.flac'), noise(40_000, 1));
  writeFileSync(join(place, 'Keys', 'id_rsa'), 'secret');
  writeFileSync(join(place, 'Keys', 'passwords.kdbx'), 'secret');
  symlinkSync(join(place, '.hidden/Album'), join(place, 'Link'));
  symlinkSync('/etc', join(place, 'Config'));
});

const refusedPlaces: readonly (readonly [path: string, code: string, words: RegExp])[] = [
  ['/etc', 'share-system-folder', /\/etc is not shared: \/etc belongs to the system; move the music to/],
  ['Config', 'share-system-folder', /Config \(\/etc\) is not shared/],
  ['Config/passwd', 'share-system-folder', /is not shared/],
  ['/', 'share-whole-home', /it holds your whole home; choose the folder with the music in it/],
  ['.hidden', 'share-hidden', /\.hidden is hidden, and meant to be; move the music/],
  ['.hidden/Album', 'share-hidden', /is hidden/],
  ['Link', 'share-hidden', /Link \(.*\.hidden\/Album\) is not shared/],
  ['Keys/id_rsa', 'share-secret', /it looks like a key of ssh; --include-secrets shares it all the same/],
  ['nowhere', 'share-missing', /is not there/],
];

describe.each(refusedPlaces)('%s is refused', (path, code, words) => {
  it.each([
    ['share', (at: string) => ['share', at]],
    ['share, at a tracker that is named', (at: string) => ['share', at, '--tracker', announce]],
    ['share, into a torrent file', (at: string) => ['share', at, '--output', '.']],
    ['share, unpublished', (at: string) => ['share', at, '--no-publish']],
    ['share, published', (at: string) => ['share', at, '--publish', '--tracker', announce]],
    ['share, as the second of two', (at: string) => ['share', 'Album', at, '--tracker', announce]],
    ['publish', (at: string) => ['publish', at, '--tracker', announce]],
  ])('a forbidden place is refused by %s with advice, before any request or write', async (_, args) => {
    const { code: exit, stdout } = await here(...args(path), '--json');
    const documents = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(documents).toEqual([{ event: 'error', code, message: expect.stringMatching(words) }]);
    expect(exit).toBe(code === 'share-missing' ? 3 : 17);
    expect(heard).toEqual([]);
  });
});

describe('seed', () => {
  it.each([
    ['Link', 'Link', 'share-hidden'],
    ['.hidden/Album', '.hidden', 'share-hidden'],
  ])('seed refuses a torrent of %s at %s', async (made, at, code) => {
    await here('create', made, '-o', 'x.torrent', '-a', announce, '-q');
    const { stdout } = await here('seed', 'x.torrent', at, '--port', '0', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ event: 'error', code });
    expect(heard).toEqual([]);
  });

  it('seed refuses a torrent that holds keys, names them, and seeds them with --include-secrets', async () => {
    await here('create', 'Keys', '--include-secrets', '-o', 'keys.torrent', '-a', announce, '-q');
    const { code, stdout } = await here('seed', 'keys.torrent', 'Keys', '--port', '0', '--json');
    const [refused, error] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(code).toBe(17);
    const files = [
      { path: 'id_rsa', looksLike: 'a key of ssh', reason: 'secret' },
      { path: 'passwords.kdbx', looksLike: 'a store of passwords', reason: 'secret' },
    ];
    expect(refused).toEqual({ event: 'refused', files });
    expect(error).toMatchObject({
      code: 'share-secret',
      message: expect.stringMatching(/id_rsa.*kdbx.*--include-secrets/),
    });
    expect(heard).toEqual([]);
    const flags = ['--port', '0', '--json', '--seed-time', '0.0001', '--include-secrets'];
    const included = await here('seed', 'keys.torrent', 'Keys', ...flags);
    expect(JSON.parse(included.stdout.split('\n')[0]!)).toEqual({ event: 'included', files });
    expect(included.code).toBe(0);
  });
});

describe('create', () => {
  const filesOf = (torrent: string) =>
    parseMetainfo(readFileSync(join(place, torrent)))
      .files.filter((file) => !file.isPad)
      .map((file) => file.components.join('/'));

  it('create leaves keys out and lists them, and takes them in with one option', async () => {
    const { stderr } = await here('create', 'Keys');
    expect(stderr).toMatch(/^Left out: .*id_rsa \(it looks like a key of ssh\)$/m);
    expect(stderr).toMatch(/^To share keys and password files all the same: --include-secrets$/m);
    expect(filesOf('Keys.torrent')).toEqual(['1.flac']);
    const { stdout } = await here('create', 'Keys', '-f', '--json');
    expect(JSON.parse(stdout).skipped).toEqual([
      { path: join(place, 'Keys/id_rsa'), reason: 'secret', looksLike: 'a key of ssh' },
      { path: join(place, 'Keys/passwords.kdbx'), reason: 'secret', looksLike: 'a store of passwords' },
    ]);
    const included = await here('create', 'Keys', '-f', '--include-secrets');
    expect(included.stderr).toMatch(/seed Keys\.torrent Keys --include-secrets/);
    expect(filesOf('Keys.torrent')).toEqual(['1.flac', 'id_rsa', 'passwords.kdbx']);
  });

  it('create leaves keys out of every album too, and makes no torrent of a key alone', async () => {
    const { stdout } = await here(
      'create',
      '.',
      '--per-album',
      '--dry-run',
      '--json',
      '--exclude',
      '*.torrent',
    );
    const keys = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .find(({ name }) => name === 'Keys');
    expect(keys.files).toBe(1);
    const { code, stderr } = await here('create', 'Keys/id_rsa');
    expect([code, stderr]).toEqual([17, expect.stringMatching(/looks like a key of ssh; --include-secrets/)]);
  });

  it('create makes a torrent of a place that may not be shared, and warns', async () => {
    const { code, stderr } = await here('create', 'Link', '-o', 'a.torrent');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Note: .*is hidden.*the commands share and seed refuse it\.$/m);
    expect(stderr).not.toMatch(/Share it with/);
    const { stdout } = await here('create', 'Link', '-o', 'b.torrent', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ notShared: { code: 'share-hidden' } });
  });
});

describe('share', () => {
  it('share leaves keys out and lists them', async () => {
    await using children = new Children();
    const args = ['share', 'Keys', '--listen', '127.0.0.1:0', '--port', '0', '--json'];
    const share = children.add(new Child([process.execPath, mainFile, ...args], { cwd: place }));
    expect(await share.event('sharing')).toMatchObject({
      files: 1,
      skipped: [
        { reason: 'secret', looksLike: 'a key of ssh' },
        { reason: 'secret', looksLike: 'a store of passwords' },
      ],
    });
  });

  it('share of a link to a folder uses the name of the link', async () => {
    await using children = new Children();
    symlinkSync(join(place, 'Album'), join(place, 'Best of'));
    const args = ['share', 'Best of', '--listen', '127.0.0.1:0', '--port', '0', '--json'];
    const share = children.add(new Child([process.execPath, mainFile, ...args], { cwd: place }));
    expect(await share.event('sharing')).toMatchObject({ name: 'Best of', files: 1 });
  });
});

const hasScript = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;

describe('the menu', () => {
  it.skipIf(!hasScript)('the menu refuses the same folders as the command', async () => {
    // The program gets a terminal of its own: without one there is no menu.
    const typed = spawn('script', ['-qec', `${process.execPath} ${mainFile}`, '/dev/null'], { cwd: place });
    onTestFinished(() => void typed.kill('SIGKILL'));
    let shown = '';
    const waiting = new Set<() => void>();
    typed.stdout.on('data', (part) => {
      shown += part;
      for (const wake of waiting) wake();
    });
    const shows = async (text: string) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = () => shown.includes(text) && resolve();
      waiting.add(look);
      look();
      await promise;
    };
    await shows('a key, or');
    typed.stdin.write('s');
    await shows('Which folder?');
    typed.stdin.write('/etc\r');
    await shows('/etc belongs to the system; move the music');
    typed.stdin.end();
  });
});
