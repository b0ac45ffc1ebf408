/**
 * The published package: the packed tarball, unpacked into an empty folder beside its dependencies, runs. A
 * real installation, which needs the registry, is tested in test/large/install.test.ts.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child, Children } from '../e2e/child.ts';
import { differenceOf } from '../e2e/shared-folder.ts';
import { noise } from '../torrents/folder-fixture.ts';
import { packedInto, runIn } from './packed.ts';
import { runCicada } from './run-cicada.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const launcher = join(checkout, 'client/cli/cicada.js');
let place: string;
let entry: string;

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'cicada-package-'));
  const tarball = await packedInto(place);
  const modules = join(place, 'node_modules');
  const own = join(modules, 'cicada-swarm');
  mkdirSync(modules);
  mkdirSync(own);
  await runIn(place, 'tar', ['-xzf', tarball, '-C', own, '--strip-components=1']);
  linkDependencies(modules);
  // The same links as npm makes from package.json.
  mkdirSync(join(modules, '.bin'));
  const { bin } = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8')) as {
    bin: Record<string, string>;
  };
  for (const [name, file] of Object.entries(bin)) {
    symlinkSync(join('../cicada-swarm', file), join(modules, '.bin', name));
  }
  writeFileSync(join(place, 'package.json'), '{ "private": true }');
  entry = join(own, 'client/cli/cicada.js');
  mkdirSync(join(place, 'Album'));
  writeFileSync(join(place, 'Album/1.flac'), noise(300_000, 1));
  writeFileSync(join(place, 'Album/2.flac'), noise(500_000, 2));
}, 120_000);
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** Links only the package's dependencies: a development dependency would be missing for users. */
function linkDependencies(modules: string): void {
  const lock = JSON.parse(readFileSync(join(checkout, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
  };
  for (const [path, { dev = false }] of Object.entries(lock.packages)) {
    const [, name, ...nested] = path.split('node_modules/');
    if (dev || name === undefined || nested.length > 0) continue;
    if (name.startsWith('@')) mkdirSync(join(modules, dirname(name)), { recursive: true });
    symlinkSync(join(checkout, path), join(modules, name));
  }
}

describe('its programs', () => {
  it.each(['cicada', 'cicada-swarm'])('npx %s runs the program', async (name) => {
    expect(await runIn(place, 'npx', ['--no-install', name, '--version'])).toBe('cicada 0.1.0\n');
  });

  it('the programs of the package print the command by which they were started', async () => {
    // `npx` with the package's full name works everywhere; its command name is another project's package.
    expect(await runIn(place, 'npx', ['--no-install', 'cicada', '--help'])).toMatch(
      /help: npx cicada-swarm COMMAND --help/,
    );
    // As started from the folder of globally installed programs.
    for (const name of ['cicada', 'cicada-swarm']) {
      const help = await runIn(place, join(place, 'node_modules/.bin', name), ['--help'], { npm: false });
      expect(help).toMatch(/help: cicada COMMAND --help/);
      expect(help).not.toContain('npx');
    }
    expect(await runIn(checkout, 'npx', ['--no-install', 'cicada', '--help'])).toMatch(
      /help: npx cicada COMMAND --help/,
    );
    expect(await runIn(checkout, process.execPath, [launcher, '--help'], { npm: false })).toMatch(
      /help: node client\/cli\/cicada\.js COMMAND --help/,
    );
  });
});

describe('its simulator', () => {
  it('the packed simulator runs a seed, and prints the command that repeats it', async () => {
    const bin = join(place, 'node_modules/.bin/cicada-sim');
    const report = join(place, 'report.html');
    const said = await runIn(place, bin, ['--seed', '7', '--report', report], { npm: false });
    expect(said).toMatch(/^seed 7 passed: 7 completed/m);
    expect(readFileSync(report, 'utf8')).toContain('again: <code>cicada-sim --seed 7</code>');
    const help = await runIn(place, 'npx', ['--no-install', 'cicada-sim', '--help']);
    expect(help).toMatch(/^npx -p cicada-swarm cicada-sim \[what\]/);
  });

  it('the packed simulator runs many seeds in child processes', async () => {
    const said = await runIn(place, 'npx', [
      '--no-install',
      'cicada-sim',
      '--seeds',
      '6',
      '--from',
      '1',
      '--json',
    ]);
    expect(JSON.parse(said)).toMatchObject({ seeds: 6, completed: 6, failed: 0 });
  });
});

it('the packed program makes a torrent in its worker threads, shares it and fetches it', async () => {
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

it('every entry point of the package can be imported', async () => {
  const source = `
    import { parseMetainfo, createTorrent } from 'cicada-swarm/torrents';
    import { startTracker } from 'cicada-swarm/tracker';
    import { openClient } from 'cicada-swarm/client';
    import { simulate } from 'cicada-swarm/sim';
    const { metainfo } = await createTorrent('Album');
    console.log(metainfo.name, typeof startTracker, typeof openClient, typeof parseMetainfo, typeof simulate);`;
  writeFileSync(join(place, 'program.mjs'), source);
  expect(await runIn(place, process.execPath, ['program.mjs'])).toBe(
    'Album function function function function\n',
  );
});

it('the types of the package are complete: a program that imports every entry point passes a strict check', async () => {
  const folder = join(place, 'typed');
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'program.mts'),
    `import { type Metainfo, parseMetainfo } from 'cicada-swarm/torrents';
    import { type RunningTracker, startTracker } from 'cicada-swarm/tracker';
    import { type ActiveTorrent, openClient } from 'cicada-swarm/client';
    import { simulate } from 'cicada-swarm/sim';
    const metainfo: Metainfo = parseMetainfo(new Uint8Array());
    const tracker: RunningTracker = await startTracker({ port: 0 });
    const torrent: ActiveTorrent = await (await openClient()).download(metainfo, { folder: tracker.url });
    const bytes: number = torrent.status().haveBytes;
    // @ts-expect-error: were the types lost, this would be allowed.
    const wrong: string = torrent.status().haveBytes;
    console.log(bytes, wrong, simulate);`,
  );
  const options = { target: 'es2024', module: 'nodenext', strict: true, noEmit: true, types: ['node'] };
  const typeRoots = [join(checkout, 'node_modules/@types')];
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...options, typeRoots, skipLibCheck: true }, include: ['*.mts'] }),
  );
  const compiler = join(checkout, 'node_modules/typescript/bin/tsc');
  expect(await runIn(folder, process.execPath, [compiler, '-p', '.'])).toBe('');
}, 60_000);

it('under a Node that is too old the program says in one sentence what it needs', async () => {
  const { code, stdout, stderr } = await runCicada(['--version'], { entry: [...oldNode('20.20.2'), entry] });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(
    /^Cicada .* needs Node 24\.15 or newer, and this is Node 20\.20\.2: install a newer one .*\n$/,
  );
});

it('the program in a checkout restarts under the Node that npm ci has installed', async () => {
  const outcome = await runCicada(['info', 'nope.torrent'], { entry: [...oldNode('18.0.0'), launcher] });
  expect(outcome).toEqual({ code: 3, stdout: '', stderr: 'cicada: there is no file nope.torrent\n' });
});

/** Flags that make this Node report another version, before anything else is loaded. */
function oldNode(version: string): string[] {
  const code = `Object.defineProperty(process.versions, 'node', { value: '${version}' })`;
  return ['--import', `data:text/javascript,${encodeURIComponent(code)}`];
}
