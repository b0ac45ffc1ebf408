/** Community messages for people: names rather than ids, and an error that names what was not found. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningTracker, startTracker } from '../../../../tracker/server.ts';
import { TemporaryFolder } from '../../../e2e/shared-folder.ts';
import { noise } from '../../../torrents/folder-fixture.ts';
import { runCicada } from '../../run-cicada.ts';

const place = new TemporaryFolder();
let tracker: RunningTracker;
let noonId = '';
let published = '';

const as = async (name: string, ...args: string[]) =>
  await runCicada(args, { env: { XDG_STATE_HOME: place.in(name) } });
const ada = (...args: string[]) => as('ada', ...args);
const olga = (...args: string[]) => as('olga', ...args);

const album = (name: string) => {
  const folder = place.in(name);
  mkdirSync(folder);
  writeFileSync(join(folder, '01 Heat Haze.flac'), noise(40_000, name.length));
  return folder;
};

beforeAll(async () => {
  tracker = await startTracker({ port: 0, dataFolder: place.in('tracker') });
  const at = ['--tracker', tracker.url];
  await olga('register', 'olga', ...at, `--setup=${tracker.setupToken}`);
  await ada('register', 'ada', ...at);
  await as('ben', 'register', 'ben', ...at);
  published = (await ada('publish', album('Noon'))).stdout;
  noonId = /get ([a-z2-7]{26})/.exec(published)![1]!;
});
afterAll(async () => {
  await tracker?.close();
  place[Symbol.dispose]();
});

it('a publication warns that other computers cannot use an address of this computer', () => {
  expect(published).toContain('To fetch it on this computer (others need another address of the tracker):');
});

describe('who may see a release', () => {
  it('an audience is printed by name, and a release that only its publisher sees has no command to fetch it', async () => {
    await ada('group', 'friends', '--add', 'ben');
    const folder = album('Dusk at home');
    const first = await ada('publish', folder, '--visibility', 'group:friends');
    expect(first.stdout).toContain(', for the group friends\nTo fetch it');
    const named = await ada('publish', folder, '--visibility', 'people:ben,olga');
    expect(named.stderr).toContain('was published already, as version 1; now visible to ben and olga.');
    const alone = await ada('publish', folder, '--visibility', 'nobody');
    expect(alone.stderr).toContain('; now only you see it.');
    expect(alone.stdout).toContain(', only you see it\n');
    expect(alone.stdout).not.toContain('To fetch it');
    expect((await ada('publish', folder)).stderr).toContain('was published already, as version 1.');
  });
});

describe('what is not there', () => {
  it.each([
    ['say general hello', 'there is no room "general" that you may read; '],
    ['read general', 'there is no room "general" that you may read; '],
    ['say @bobb hello', 'no user is called "bobb" here'],
    ['follow @bobb', 'no user is called "bobb" here'],
    ['group circle --add bobb', 'no user is called "bobb" here'],
    ['admin role bobb member', 'no user is called "bobb" here'],
    ['group frends --remove ben', 'you are in no group called "frends"'],
  ])('an unknown name is printed in the error: %s', async (line, words) => {
    const { code, stderr } = await olga(...line.split(' '));
    expect([code, stderr]).toEqual([3, expect.stringContaining(words)]);
  });

  it('removing a member from a group that does not exist creates no group', async () => {
    await ada('group', 'frends', '--remove', 'ben');
    expect((await ada('group')).stdout).not.toContain('frends');
  });

  it('a user may be named with an @ where only users are meant', async () => {
    expect((await olga('browse', '@ada')).stdout).toContain('Noon');
    expect((await olga('group', 'tea', '--add', '@ben')).stdout).toContain('ben, olga');
    expect((await olga('admin', 'ban', '@bobb', 'x')).stderr).toContain('no user is called "bobb" here');
  });

  it('an error names a user typed without @, a role of another kind, and a codec without results', async () => {
    expect((await ada('follow', 'a da')).stderr).toContain(" follow '@a da'");
    expect((await olga('admin', 'role', 'ben', 'king')).stderr).toContain('"king" is no role: it is one of');
    expect((await ada('search', 'heat', '--codec', 'ogg9')).stderr).toContain('with these filters');
  });
});

it('a followed release is printed by its title, and with its publisher when that is another user', async () => {
  expect((await olga('follow', noonId)).stdout).toContain(`Following Noon (${noonId})`);
  expect((await olga('follow')).stdout).toBe(`Noon (${noonId})\n`);
  expect((await olga('unfollow', noonId)).stdout).toContain('Not following Noon');
  const id = /get ([a-z2-7]{26})/.exec((await ada('publish', album('Gone'))).stdout)![1]!;
  expect(await olga('unpublish', id)).toMatchObject({
    code: 28,
    stderr: expect.stringContaining('this release is ada’s; a moderator takes it down with --reason "…"'),
  });
  expect((await ada('unpublish', id)).stdout).toContain('Withdrawn: Gone.');
});

it('an invitation says how many users it is for, and until when', async () => {
  const { stdout } = await olga('invite', '--uses', '3');
  expect(stdout).toMatch(/With this line 3 people can register, until \d{4}-\d\d-\d\d \d\d:\d\d:\n/);
});

it('a room is opened for the audience that --visibility names', async () => {
  expect((await ada('rooms', '--open', 'attic', '--visibility', 'group:friends')).code).toBe(0);
  expect((await as('ben', 'rooms')).stdout).toContain('attic');
  expect((await olga('rooms')).stdout).not.toContain('attic');
  expect((await ada('rooms', '--open', 'cellar', '--visibility', 'nobody')).code).toBe(28);
  expect((await ada('rooms', '--topic', 'of nothing')).code).toBe(28);
});

it('messages have ids for users who may delete them, and comments are read by the number of a result', async () => {
  await ada('comment', noonId, 'lovely');
  await olga('search', 'noon', '--albums');
  const read = await olga('read', '1');
  expect(read.stdout).toMatch(/^.* ada {2}lovely {2}#[a-z2-7]{26}\n$/);
  expect((await ada('read', noonId)).stdout).not.toContain('#');
  expect((await ada('read', noonId, '-v')).stdout).toContain('#');
  const [, id = ''] = /#([a-z2-7]+)$/m.exec(read.stdout)!;
  expect((await olga('admin', 'delete', id)).code).toBe(0);
});

it('a moderator may not ban an owner, and gets an error that says so', async () => {
  await olga('admin', 'role', 'ben', 'moderator');
  expect((await as('ben', 'admin', 'ban', 'olga', 'spite')).stderr).toContain('you may not ban an owner');
});
