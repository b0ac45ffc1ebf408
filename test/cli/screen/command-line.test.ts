/** Command lines, and the errors of invalid ones. */
import { tmpdir } from 'node:os';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { runProgram } from '../../../client/cli/program.ts';
import { commandElsewhere, programName, type Start } from '../../../client/cli/screen/command-line.ts';
import { Output } from '../../../client/cli/screen/output.ts';
import manifest from '../../../package.json' with { type: 'json' };
import { helpOf, runCicada, runHere } from '../run-cicada.ts';

const commands = [
  'share',
  'download',
  'create',
  'seed',
  'tracker',
  'info',
  'verify',
  'status',
  'demo',
  'completions',
];

describe('help', () => {
  it('cicada alone lists every command', async () => {
    const { code, stdout } = await runCicada([]);
    expect(code).toBe(0);
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^ +${command}\\b`, 'm'));
    expect((await runCicada(['--help'])).stdout).toBe(stdout);
  });

  it.each(commands)('the help of %s has its flags and examples', async (command) => {
    const text = await helpOf(command, '--help');
    expect(text).toMatch(/With every command:\n.*--json/s);
    expect(text).toMatch(new RegExp(`Examples:\\n {2}cicada (${command}|get)`));
  });

  it('help is printed for --help, -h and the command help', async () => {
    const asked = [await helpOf('seed', '--help'), await helpOf('seed', '-h'), await helpOf('help', 'seed')];
    expect(new Set(asked).size).toBe(1);
  });

  it('--version and -V print the version', async () => {
    for (const flag of ['--version', '-V'])
      expect((await runCicada([flag])).stdout).toBe(`cicada ${manifest.version}\n`);
  });
});

describe('a command line that cannot be meant is refused in one sentence', () => {
  it.each([
    ['crate Album', /there is no command "crate"; did you mean "create"\?/],
    ['Album.torrent', /to fetch it: cicada get Album.torrent/],
    ['create Album --anounce x', /there is no --anounce; did you mean --announce\?/],
    ['create Album --no-privat', /there is no --no-privat; did you mean --private\?/],
    ['create -x Album', /there is no -x/],
    ['create', /something is missing; it goes like this: cicada create <path/],
    ['info a.torrent b.torrent', /"b.torrent" is one argument too many/],
    ['create Album -a', /-a needs a value/],
    ['create Album -a host:6969', /--announce: "host:6969" is not a tracker; give it like http/],
    ['create Album -w ftp://x', /--web-seed: .* is not a web address/],
    ['create Album -l 3MiB', /--piece-length: "3MiB" is not a power of two from 16KiB to 16MiB/],
    ['create Album -l 1MiB -l 2MiB', /--piece-length is given more than once/],
    ['create Album --threads 0', /--threads: "0" is not a number from 1 to 256/],
    ['create A B --name x', /--name: that is for one torrent, and 2 paths are given/],
    ['create Album -o - --json', /stdout cannot carry both/],
    ['get a.torrent --upload-limit fast', /--upload-limit: "fast" is not a rate; give it like 1MiB\/s/],
    ['get a.torrent --port 99999', /--port: "99999" is not a port/],
    ['tracker --listen nowhere', /--listen: "nowhere" is not HOST:PORT/],
  ])('an invalid command line is refused in one sentence: %s', async (line, sentence) => {
    const refused = runProgram(line.split(' '), new Output());
    await expect(refused).rejects.toMatchObject({
      code: 'option-invalid',
      message: expect.stringMatching(sentence),
    });
    await expect(refused).rejects.toMatchObject({ message: expect.not.stringContaining('\n') });
  });

  it('an invalid command line ends with exit code 28', async () => {
    const { code, stdout, stderr } = await runCicada(['crate', 'Album']);
    expect({ code, stdout }).toEqual({ code: 28, stdout: '' });
    // The printed help command works here: the tests start main.ts directly.
    expect(stderr).toMatch(
      /^cicada: there is no command "crate"; did you mean "create"\? \(node \S+main\.ts --help lists all\)\n$/,
    );
  });
});

describe('what is printed to be typed again', () => {
  const start = (over: Partial<Start>) =>
    programName({
      entry: '',
      env: {},
      cwd: '/home/ada',
      root: '/no/such/checkout',
      isCheckout: false,
      ...over,
    });
  const here = { root: process.cwd(), isCheckout: true };
  const byNpm = { npm_command: 'exec', npm_config_local_prefix: process.cwd() };

  it.each<[string, Partial<Start>, string]>([
    ['installed for a whole user', { entry: '/usr/local/bin/cicada' }, 'cicada'],
    ["installed so, and called by the package's name", { entry: '/usr/local/bin/cicada-swarm' }, 'cicada'],
    [
      'a dependency, in a script of npm',
      { entry: '/x/node_modules/.bin/cicada', env: { npm_command: 'run' } },
      'cicada',
    ],
    ['a copy of npx', { entry: '/h/.npm/_npx/1/node_modules/.bin/cicada', env: byNpm }, 'npx cicada-swarm'],
    ['a dependency, by npx', { entry: '/x/node_modules/.bin/cicada', env: byNpm }, 'npx cicada-swarm'],
    ['a checkout, by npx', { ...here, entry: '/c/client/cli/cicada.js', env: byNpm }, 'npx cicada'],
    [
      'a checkout, by npm run',
      { ...here, entry: 'client/cli/main.ts', env: { ...byNpm, npm_command: 'run' } },
      'npx cicada',
    ],
    [
      'a checkout that another project links to',
      { isCheckout: true, entry: '/x/.bin/cicada', env: byNpm },
      'npx cicada-swarm',
    ],
    ['a checkout, linked for a whole user', { ...here, entry: '/usr/bin/cicada' }, 'cicada'],
    [
      'the launcher of a checkout',
      { ...here, entry: '/home/ada/c/client/cli/cicada.js' },
      'node c/client/cli/cicada.js',
    ],
    ['the source', { ...here, entry: '/home/ada/c/client/cli/main.ts' }, 'node c/client/cli/main.ts'],
    [
      'on Windows, the file that a shim starts',
      { entry: '/x/node_modules/cicada-swarm/client/cli/cicada.js' },
      'cicada',
    ],
    ['in another program', { entry: '/x/vitest.mjs', env: byNpm }, 'cicada'],
  ])('a printed command starts the program as it was started: %s', (_, how, name) =>
    expect(start(how)).toBe(name),
  );

  it('a command line for another computer is the plain command, with quotes where a shell needs them', () => {
    expect(commandElsewhere(['get', 'a b'])).toBe("cicada get 'a b'");
  });
});

describe('errors', () => {
  it('errors are a document with --json, and nothing on stderr', async () => {
    const { code, stdout, stderr } = await runCicada(['info', 'nope.torrent', '--json']);
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      event: 'error',
      code: 'not-found',
      message: 'there is no file nope.torrent',
    });
  });

  it('errors are a document even when the command line itself is wrong', async () => {
    const { code, stdout } = await runCicada(['seed', '--json']);
    expect(code).toBe(28);
    expect(JSON.parse(stdout)).toMatchObject({ event: 'error', code: 'option-invalid' });
  });

  it('errors have a stack trace only with CICADA_DEBUG', async () => {
    const plain = await runCicada(['info', 'nope.torrent']);
    const debug = await runCicada(['info', 'nope.torrent'], { env: { CICADA_DEBUG: '1' } });
    expect(plain.stderr).toBe('cicada: there is no file nope.torrent\n');
    expect(debug.stderr).toContain('torrent-source.ts');
  });

  it('errors are coloured only where colours are wanted', async () => {
    const run = async (env: NodeJS.ProcessEnv) => (await runCicada(['info', 'nope'], { env })).stderr;
    expect(await run({ FORCE_COLOR: '1' })).toContain('\x1b[');
    expect(await run({ NO_COLOR: '1' })).not.toContain('\x1b[');
    expect(await run({})).not.toContain('\x1b[');
  });
});

describe('the environment', () => {
  const failure = async (line: string, env: NodeJS.ProcessEnv) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    return await runHere(line.split(' '), tmpdir());
  };

  it('an environment variable replaces a flag that is not given', async () => {
    const { code, stderr } = await failure('seed a b', { CICADA_UPLOAD_LIMIT: 'fast' });
    expect(code).toBe(28);
    expect(stderr).toContain('--upload-limit: "fast" is not a rate');
  });

  it('a given flag has priority over its environment variable', async () => {
    const line = 'seed nope.torrent b --upload-limit 1MiB';
    expect((await failure(line, { CICADA_UPLOAD_LIMIT: 'fast' })).code).toBe(3);
  });

  it("environment variables of other commands' flags are ignored", async () => {
    expect((await failure('info nope.torrent', { CICADA_UPLOAD_LIMIT: 'fast' })).code).toBe(3);
  });

  it('environment variables turn switches on and off', async () => {
    const run = async (value: string) =>
      await runCicada(['info', 'nope.torrent'], { env: { CICADA_JSON: value } });
    expect((await run('true')).stdout).toContain('"event":"error"');
    expect((await run('0')).stdout).toBe('');
  });
});
