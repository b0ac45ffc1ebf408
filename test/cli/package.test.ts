/** What `npm install` gives people: the packed tarball, installed into an empty folder, runs. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Child, Children } from '../e2e/child.ts';
import { differenceOf } from '../e2e/shared-folder.ts';
import { noise } from '../torrents/folder-fixture.ts';
import { runCicada } from './run-cicada.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
let place: string;
let entry: string;

/** A program beside the Node that runs the tests: npm and npx then run under it too. */
async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  const path = `${dirname(process.execPath)}${delimiter}${process.env.PATH}`;
  const { stdout } = await promisify(execFile)(program, args, { cwd, env: { ...process.env, PATH: path } });
  return stdout;
}

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'cicada-package-'));
  // Packing builds first, as it does before publishing.
  await run('npm', ['pack', '--silent', '--pack-destination', place], checkout);
  writeFileSync(join(place, 'package.json'), '{ "private": true }');
  const tarball = join(place, 'cicada-0.1.0.tgz');
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--silent', tarball], place);
  entry = join(place, 'node_modules/cicada-swarm/client/cli/cicada.js');
  mkdirSync(join(place, 'Album'));
  writeFileSync(join(place, 'Album/1.flac'), noise(300_000, 1));
  writeFileSync(join(place, 'Album/2.flac'), noise(500_000, 2));
}, 120_000);
afterAll(() => rmSync(place, { recursive: true, force: true }));

it('npx cicada runs it', async () => {
  expect(await run('npx', ['--no-install', 'cicada', '--version'], place)).toBe('cicada 0.1.0\n');
});

it('it makes a torrent in its worker threads, shares it and fetches it', async () => {
  await using children = new Children();
  const share = [
    process.execPath,
    entry,
    'share',
    'Album',
    '--listen',
    '127.0.0.1:0',
    '--port',
    '0',
    '--json',
  ];
  const { url, files } = await children.add(new Child(share, { cwd: place })).event('sharing');
  expect(files).toBe(2);
  const got = await runCicada(['get', String(url), '-o', 'out', '--port', '0'], {
    cwd: place,
    entry: [entry],
  });
  expect(got.stderr).not.toMatch(/^cicada:/m);
  expect(got.code).toBe(0);
  expect(differenceOf(join(place, 'Album'), join(place, 'out/Album'))).toBeUndefined();
});

it('its doors for programs open', async () => {
  const source = `
    import { parseMetainfo, createTorrent } from 'cicada-swarm/torrents';
    import { startTracker } from 'cicada-swarm/tracker';
    import { openClient } from 'cicada-swarm/client';
    const { metainfo } = await createTorrent('Album');
    console.log(metainfo.name, typeof startTracker, typeof openClient, typeof parseMetainfo);`;
  writeFileSync(join(place, 'program.mjs'), source);
  expect(await run(process.execPath, ['program.mjs'], place)).toBe('Album function function function\n');
});

it('says in one sentence what it needs, under a Node that is too old', async () => {
  const { code, stdout, stderr } = await runCicada(['--version'], { entry: [...oldNode('20.20.2'), entry] });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(
    /^Cicada .* needs Node 24\.15 or newer, and this is Node 20\.20\.2: install a newer one .*\n$/,
  );
});

it('in a checkout, goes on by itself with the Node that npm ci has brought', async () => {
  const launcher = join(checkout, 'client/cli/cicada.js');
  const outcome = await runCicada(['info', 'nope.torrent'], { entry: [...oldNode('18.0.0'), launcher] });
  expect(outcome).toEqual({ code: 3, stdout: '', stderr: 'cicada: there is no file nope.torrent\n' });
});

/** Flags that make this Node say that it is another one, before anything else is loaded. */
function oldNode(version: string): string[] {
  const code = `Object.defineProperty(process.versions, 'node', { value: '${version}' })`;
  return ['--import', `data:text/javascript,${encodeURIComponent(code)}`];
}
