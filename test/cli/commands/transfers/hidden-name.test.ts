import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCicada } from '../../run-cicada.ts';
import { documentsOf, SwarmScene } from '../../swarm-scene.ts';

let scene: SwarmScene;
let peer: string;
beforeAll(async () => {
  scene = await SwarmScene.open();
  mkdirSync(join(scene.place, 'src'));
  mkdirSync(join(scene.place, 'src/.Album'));
  writeFileSync(join(scene.place, 'src/.Album/song.flac'), 'theirs\n');
  await scene.here('create', 'src/.Album', '-o', 'hidden.torrent');
  renameSync(join(scene.place, 'src/.Album'), join(scene.place, 'src/_Album'));
  const seeder = scene.start('seed', 'hidden.torrent', 'src', '--port', '0', '--no-verify', '--json');
  peer = `127.0.0.1:${(await seeder.event('seeding')).port}`;
});
afterAll(() => scene[Symbol.asyncDispose]());

it('a torrent called .Album is written to _Album, is reported so, and leaves a folder .Album alone', async () => {
  const home = scene.folder();
  mkdirSync(join(home, '.Album'));
  writeFileSync(join(home, '.Album/mine.flac'), 'mine\n');
  const args = ['get', 'hidden.torrent', '-o', home, '--port', '0', '--peer', peer];
  const { code, stdout, stderr } = await scene.cicada(...args);
  expect(code).toBe(0);
  expect(stderr).toMatch(/\.Album is a hidden name: here it is called _Album/);
  expect(stdout).toMatch(/_Album {2}\(in the torrent: \.Album\)/);
  expect(readFileSync(join(home, '_Album/song.flac'), 'utf8')).toBe('theirs\n');
  expect(existsSync(join(home, '.Album/song.flac'))).toBe(false);
  const documents = documentsOf(await scene.cicada(...args, '--json'));
  expect(documents.find(({ event }) => event === 'start')).toMatchObject({
    name: '.Album',
    diskName: '_Album',
  });
  expect(documents.at(-1)).toMatchObject({ event: 'done', diskName: '_Album', path: join(home, '_Album') });
  expect((await scene.here('verify', 'hidden.torrent', home)).code).toBe(0);
});

it('info prints the name under which a torrent with a hidden name is written', async () => {
  const { stderr } = await scene.here('info', 'hidden.torrent');
  expect(stderr).toMatch(/hidden one, \.Album: it is called _Album/);
  const [document] = documentsOf(await scene.here('info', 'hidden.torrent', '--json'));
  expect(document).toMatchObject({ name: '.Album', diskName: '_Album' });
});

it('files that an earlier Cicada wrote under the hidden name are reported', async () => {
  const home = scene.folder();
  const state = mkdtempSync(join(scene.place, 'state-'));
  const [{ infoHash }] = documentsOf(await scene.here('info', 'hidden.torrent', '--json'));
  const old = join(home, '.Album');
  mkdirSync(old);
  writeFileSync(join(old, 'song.flac.part'), 'thei');
  // The record as the earlier version wrote it.
  const place = createHash('sha256').update(old).digest('hex').slice(0, 16);
  mkdirSync(join(state, 'cicada'));
  mkdirSync(join(state, 'cicada/resume'));
  const record = { version: 1, infoHash, path: old, clean: true, have: 'AA==', stamps: [null] };
  writeFileSync(join(state, 'cicada/resume', `${infoHash}-${place}.json`), JSON.stringify(record));
  const env = { ...process.env, XDG_STATE_HOME: state };
  const { code, stderr } = await runCicada(
    ['get', 'hidden.torrent', '-o', home, '--port', '0', '--peer', peer],
    { cwd: scene.place, env },
  );
  expect(code).toBe(0);
  expect(stderr).toContain(`mv ${old} ${join(home, '_Album')}`);
  expect(readFileSync(join(old, 'song.flac.part'), 'utf8')).toBe('thei');
});
