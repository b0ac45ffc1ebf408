/** Passwords on the command line, and search results for songs whose album has changed since. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openAccount } from '../../../../client/account/account.ts';
import { ownAccount } from '../../../../tracker/protocol/api/people-shapes.ts';
import { type RunningTracker, startTracker } from '../../../../tracker/server.ts';
import { Children } from '../../../e2e/child.ts';
import { Person } from '../../../e2e/person.ts';
import { TemporaryFolder } from '../../../e2e/shared-folder.ts';
import { noise } from '../../../torrents/folder-fixture.ts';
import { runCicada } from '../../run-cicada.ts';

const place = new TemporaryFolder();
const children = new Children();
let tracker: RunningTracker;

beforeAll(async () => {
  tracker = await startTracker({ port: 0, dataFolder: place.in('tracker') });
});
afterAll(async () => {
  await children[Symbol.asyncDispose]();
  await tracker?.close();
  place[Symbol.dispose]();
});

it('a password is read from stdin where there is no terminal, and is never printed', async () => {
  const password = 'correct horse battery';
  const run = (home: string, given: string, ...args: string[]) =>
    runCicada([...args, '--password', '--tracker', tracker.url], {
      env: { XDG_STATE_HOME: place.in(home) },
      stdin: Buffer.from(given),
    });
  const made = await run('one', `${password}\nmore`, 'register', 'hal');
  expect(made).toMatchObject({ code: 0, stdout: `You are hal (member) at ${tracker.url}\n` });
  const entered = await run('two', password, 'login', 'hal');
  expect(entered.code).toBe(0);
  expect((await run('two', 'another password', 'login', 'hal')).code).toBe(24);
  expect(await run('two', '', 'login', 'hal')).toMatchObject({ code: 28, stdout: '' });
  for (const { stdout, stderr } of [made, entered]) expect(stdout + stderr).not.toContain(password);
});

it('login --renew-passkeys makes earlier feed keys and announce URLs invalid', async () => {
  const dan = new Person(place.in('dan'), children);
  await dan.run('register', 'dan', '--tracker', tracker.url);
  const account = await openAccount({ stateFolder: place.in('dan/state/cicada'), tracker: tracker.url });
  const feedKey = async () => (await account.call({ path: '/accounts/me', answer: ownAccount })).feedKey;
  const isGood = async (key: string) => (await fetch(`${tracker.url}/rss/search?key=${key}`)).status === 200;
  const before = await feedKey();
  expect(await isGood(before)).toBe(true);
  const run = await dan.run('login', 'dan', '--renew-passkeys');
  expect(run.at(-1)).toEqual({ event: 'passkeys-renewed', tracker: tracker.url });
  expect(await isGood(before)).toBe(false);
  expect(await isGood(await feedKey())).toBe(true);
  await account.close();
});

it('a song that was found is fetched by its name from the latest version of its album', async () => {
  const [ada, bob] = ['ada', 'bob'].map((name) => new Person(place.in(name), children)) as [Person, Person];
  const folder = place.in('Noon');
  mkdirSync(folder);
  const write = (name: string, seed: number) => writeFileSync(join(folder, name), noise(40_000, seed));
  write('1 Heat Haze.flac', 1);
  write('3 Treetops.flac', 2);
  await ada.run('register', 'ada', '--tracker', tracker.url);
  await bob.run('register', 'bob', '--tracker', tracker.url);
  await ada.run('publish', folder);
  await bob.run('search', 'treetops');
  // A new song before it changes the file indices.
  write('2 Between.flac', 3);
  write('3 Treetops.flac', 4);
  const share = ada.start('share', folder, '--port', '0');
  expect(await share.event('sharing')).toMatchObject({ version: 2 });
  await share.event('tracker-answered');
  const get = bob.plainly('get', '1', '-o', place.in('music'), '--port', '0');
  await get.success();
  // The output names the song's file, not the folder of its album.
  expect(get.lines.at(-2)).toContain('3 Treetops.flac');
  expect(get.lines.at(-1)).toBe(`  ${place.in('music', 'Noon', '3 Treetops.flac')}`);
  expect(readdirSync(place.in('music', 'Noon'))).toEqual(['3 Treetops.flac']);
  expect(readFileSync(place.in('music', 'Noon', '3 Treetops.flac'))).toEqual(
    readFileSync(join(folder, '3 Treetops.flac')),
  );
  await share.kill('SIGTERM');
});
