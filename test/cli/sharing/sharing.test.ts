/** Around a transfer: trusted records, limits of seeding, and the command after a download. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limitWords, seedLimits } from '../../../client/cli/options/seed-limits.ts';
import { configFile, stateFolder } from '../../../client/cli/options/user-folders.ts';
import { reachedLimit } from '../../../client/session/transfers/seed-limits.ts';
import { albumBytes, documentsOf, SwarmScene } from '../swarm-scene.ts';

let scene: SwarmScene;
beforeAll(async () => {
  scene = await SwarmScene.open();
});
afterAll(() => scene[Symbol.asyncDispose]());

const get = (...args: string[]) => scene.cicada('get', 'Album.torrent', '--port', '0', ...args);

describe('what was verified', () => {
  const seed = async (place: string, ...flags: string[]) => {
    const outcome = await scene.cicada(
      'seed',
      'Album.torrent',
      place,
      '--port',
      '0',
      '--json',
      '--seed-time',
      '0.0001',
      ...flags,
    );
    return documentsOf(outcome).find(({ event }) => event === 'seeding' || event === 'error');
  };

  it('verified files are not checked again, except on request', async () => {
    const out = scene.folder();
    await get('-o', out);
    expect(await seed(out)).toMatchObject({ event: 'seeding', checked: false });
    expect(await seed(out, '--verify')).toMatchObject({ event: 'seeding', checked: true });
    expect(await seed(out, '--no-verify')).toMatchObject({ event: 'seeding', checked: false });
    writeFileSync(join(out, 'Album/2.flac'), 'another file');
    expect(await seed(out)).toMatchObject({ event: 'error', code: 'data-mismatch' });
  });

  it('trusting verified files is reported with -v', async () => {
    const out = scene.folder();
    await get('-o', out);
    const { stdout, stderr } = await get('-o', out, '-v');
    expect(stdout).toContain('Album was complete already');
    expect(stderr).toContain('Album: what is here is remembered from last time');
  });

  it('verified files can be seeded by a second program at the same time', async () => {
    expect(await seed('Album')).toMatchObject({ event: 'seeding', checked: true });
  });
});

describe('sharing ends', () => {
  it('seeding ends at the upload ratio', async () => {
    await scene.here('create', 'Album', '-o', 'lonely.torrent', '-q');
    const seeder = scene.start(
      'seed',
      'lonely.torrent',
      'Album',
      '--port',
      '0',
      '--seed-ratio',
      '0.9',
      '--json',
    );
    const peer = `127.0.0.1:${(await seeder.event('seeding')).port}`;
    await scene.cicada('get', 'lonely.torrent', '-o', scene.folder(), '--port', '0', '--peer', peer);
    const { given, limit } = await seeder.event('seeded');
    expect(limit).toBe('ratio 0.9 is reached');
    expect(given).toBeGreaterThanOrEqual(0.9 * albumBytes);
    expect(await seeder.ended).toBe(0);
  });

  it('seeding ends after the seed time, with exit code 0 and one line', async () => {
    const { code, stderr } = await get('-o', scene.folder(), '--seed-time', '0.005');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Done sharing, 0\.3 s are over; no peer requested anything\.$/m);
  });

  it('seeding ends at the limit that is reached first', () => {
    const limits = seedLimits({ 'seed-ratio': 2, 'seed-time': 60 });
    expect(reachedLimit(limits, 199, 100, 59)).toBeUndefined();
    expect(reachedLimit(limits, 200, 100, 1)).toBe('ratio');
    expect(reachedLimit(limits, 0, 100, 60)).toBe('time');
    expect(limitWords(limits, 'ratio')).toBe('ratio 2 is reached');
    expect(limitWords(limits, 'time')).toBe('1 min are over');
    expect(reachedLimit(seedLimits({ 'seed-ratio': 0, 'seed-time': 0 }), 1e9, 1, 1e9)).toBeUndefined();
  });
});

describe('--on-done', () => {
  it('--on-done gets the torrent in the environment, where no name becomes a command', async () => {
    const evil = '$(touch pwned); `touch pwned` "\'';
    const out = scene.folder();
    writeFileSync(join(scene.place, evil), 'x'.repeat(10));
    await scene.here('create', evil, '-o', 'evil.torrent', '-q');
    writeFileSync(join(out, evil), 'x'.repeat(10));
    const command = 'printf "%s|%s|%s" "$CICADA_NAME" "$CICADA_PATH" "$CICADA_INFO_HASH" > told; ls';
    const { code, stderr } = await scene.cicada(
      'get',
      'evil.torrent',
      '-o',
      out,
      '--port',
      '0',
      '--on-done',
      command,
    );
    expect(code).toBe(0);
    const [name, path, infoHash] = readFileSync(join(out, 'told'), 'utf8').split('|');
    expect([name, path]).toEqual([evil, join(out, evil)]);
    expect(infoHash).toMatch(/^[0-9a-f]{40}$/);
    expect(stderr).toContain('told');
    expect(stderr).not.toMatch(/^pwned$/m);
  });

  it('an --on-done command that fails is reported, and the download still succeeds', async () => {
    const { code, stderr } = await get('-o', scene.folder(), '--on-done', 'exit 3');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^--on-done: the command ended with 3: exit 3$/m);
  });
});

describe('places of the user', () => {
  const at = (env: NodeJS.ProcessEnv, platform: NodeJS.Platform = 'linux') => ({
    env,
    platform,
    home: '/home/ada',
  });
  it("the user's folders follow the XDG specification, which ignores relative paths", () => {
    expect(stateFolder(at({}))).toBe('/home/ada/.local/state/cicada');
    expect(stateFolder(at({ XDG_STATE_HOME: '/s' }))).toBe('/s/cicada');
    expect(stateFolder(at({ XDG_STATE_HOME: 's' }))).toBe('/home/ada/.local/state/cicada');
    expect(configFile(at({}))).toBe('/home/ada/.config/cicada/config.json');
    expect(configFile(at({ XDG_CONFIG_HOME: '/c' }))).toBe('/c/cicada/config.json');
  });
  it("the user's folders are the usual ones on Windows", () => {
    expect(stateFolder(at({ LOCALAPPDATA: '/L' }, 'win32'))).toBe('/L/cicada');
  });
});
