/** The community commands, with a real tracker: what each command prints, and who may do what. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Type from 'typebox';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { TrackerClient } from '../../client/account/tracker-client.ts';
import { loadSession } from '../../client/account/tracker-sessions.ts';
import { noise } from '../torrents/folder-fixture.ts';
import { flacOf } from '../torrents/tags/tag-fixtures.ts';
import { type Child, Children, cicada, type Document } from './child.ts';
import { Person } from './person.ts';
import { TemporaryFolder } from './shared-folder.ts';

const place = new TemporaryFolder();
const children = new Children();
const person = (name: string) => new Person(place.in(name), children);
const [ada, bob, eve] = [person('ada'), person('bob'), person('eve')];
let [tracker, setupToken] = ['', ''];
let share: Child;
let release = '';
/** A restricted release. */
let secret = '';

function album(name: string, ...songs: string[]): string {
  const folder = place.in('music', name);
  mkdirSync(folder, { recursive: true });
  for (const [at, song] of songs.entries())
    writeFileSync(join(folder, `0${at + 1} ${song}.flac`), flacOf(50_000, name.length * 10 + at));
  return folder;
}

beforeAll(async () => {
  const listening = children.add(
    cicada(['tracker', '--listen', '127.0.0.1:0', '--data', place.in('tracker')]),
  );
  const said = await listening.event('listening');
  [tracker, setupToken] = [String(said.api), String(said.setupToken)];
  await ada.run('register', 'ada', '--tracker', tracker, `--setup=${setupToken}`);
  await bob.run('register', 'bob', '--tracker', tracker);
  share = ada.start('share', album('Noon', 'Heat Haze', 'Treetops'), '--port', '0');
  release = String((await share.event('sharing')).release);
  await share.event('tracker-answered');
});
afterAll(async () => {
  await children[Symbol.asyncDispose]();
  place[Symbol.dispose]();
});

describe('an account', () => {
  it('the first account with the printed setup token is an owner, and others are members', async () => {
    expect(await ada.run('whoami')).toMatchObject([{ name: 'ada', role: 'owner', tracker }]);
    expect(await bob.run('whoami')).toMatchObject([{ name: 'bob', role: 'member' }]);
  });

  it('a command without an account fails with its exit code and error code', async () => {
    expect(await eve.fails('whoami')).toEqual({ exit: 24, code: 'tracker-unknown' });
    expect(await eve.fails('whoami', '--tracker', tracker)).toEqual({ exit: 24, code: 'not-signed-in' });
    expect(await eve.fails('register', 'bob', '--tracker', tracker)).toEqual({
      exit: 13,
      code: 'name-taken',
    });
    expect(await eve.fails('login', 'bob', '--tracker', tracker)).toEqual({
      exit: 24,
      code: 'sign-in-failed',
    });
    expect(await eve.fails('whoami', '--tracker', 'http://127.0.0.1:1')).toMatchObject({ exit: 24 });
    expect(await eve.fails('browse', '--tracker', 'http://127.0.0.1:1')).toEqual({
      exit: 6,
      code: 'tracker-unreachable',
    });
  });

  it('a user can sign out and in again with the stored key', async () => {
    expect(await bob.run('logout')).toMatchObject([{ wasSignedIn: true }]);
    expect(await bob.fails('inbox')).toEqual({ exit: 24, code: 'not-signed-in' });
    expect(await bob.run('login', 'bob')).toMatchObject([{ event: 'signed-in', name: 'bob' }]);
  });

  it('a command signs in again when its session has ended', async () => {
    const state = place.in('bob', 'state', 'cicada');
    const session = await loadSession(state, tracker);
    const client = new TrackerClient(tracker, { token: session!.token });
    await client.call({ method: 'DELETE', path: '/sessions/current' });
    await client.close();
    expect(await bob.run('whoami')).toMatchObject([{ name: 'bob' }]);
    expect((await loadSession(state, tracker))!.token).not.toBe(session!.token);
  });

  it('tokens and keys are readable by their owner only, and are not printed, nor is the passkey', async () => {
    const state = place.in('ada', 'state', 'cicada');
    const { token } = (await loadSession(state, tracker))!;
    for (const name of [
      'identity.json',
      'tracker.txt',
      join('sessions', readdirSync(join(state, 'sessions'))[0]!),
    ])
      expect(statSync(join(state, name)).mode & 0o077, name).toBe(0);
    const printed = [...share.lines, ...share.errorLines].join('\n');
    expect(printed).toContain('tracker-answered');
    expect(printed).not.toContain(token);
    expect(printed).not.toMatch(/\/[a-z2-7]{48}\//);
  });
});

describe('search results', () => {
  it('a result of the last search is fetched by its number', async () => {
    await bob.run('search', 'heat', 'haze');
    await bob.run('get', '1', '-o', place.in('bob', 'one'), '--port', '0');
    expect(readdirSync(place.in('bob', 'one', 'Noon'))).toEqual(['01 Heat Haze.flac']);
    const missing = { exit: 3, code: 'result-not-found' };
    expect(await bob.fails('get', '7', '-o', place.in('bob', 'one'))).toEqual(missing);
    expect(await eve.fails('get', '1')).toEqual(missing);
  });

  it('every command that takes a torrent accepts the number of a result', async () => {
    await bob.run('search', 'heat', 'haze');
    for (const named of [['1'], [release, '--tracker', tracker]])
      expect(await bob.run('info', ...named)).toMatchObject([{ name: 'Noon', torrent: named[0] }]);
    expect(await bob.fails('verify', '1', place.in('bob', 'one'))).toMatchObject({ exit: 32 });
    expect(await bob.fails('seed', '9', place.in('bob', 'one'))).toMatchObject({ exit: 3 });
  });

  it('a search without hits prints no rows and exits with 3', async () => {
    const child = bob.start('search', 'zzyzx');
    expect(await child.ended).toBe(3);
    expect(JSON.parse(child.lines[0]!)).toMatchObject({ rows: [], hasMore: false });
  });

  it('results can be filtered by properties of their files', async () => {
    const titles = async (...filters: string[]) => {
      const child = bob.start('search', 'treetops', ...filters);
      await child.ended;
      return (JSON.parse(child.lines[0]!).rows as Document[]).map(({ title }) => title);
    };
    expect(await titles('--codec', 'FLAC', '--lossless', '--user', 'ada')).toEqual(['Treetops']);
    expect(await titles('--codec', 'mp3')).toEqual([]);
    expect(await titles('--min-duration', '3:30')).toEqual([]);
  });

  it("a user's releases can be listed", async () => {
    expect(await bob.run('browse', 'ada')).toMatchObject([
      { rows: [{ number: 1, album: 'Noon', id: release }] },
    ]);
    expect(await bob.fails('browse', 'nobody-of-that-name')).toEqual({ exit: 3, code: 'not-found' });
  });
});

describe('visibility of a release', () => {
  it('the visibility is set at publication, and kept when the folder is published again', async () => {
    const folder = album('Night', 'Evening Call');
    const publish = (...more: string[]) => ada.run('publish', folder, ...more);
    const [first] = await publish('--visibility', 'people:ada');
    expect(first).toMatchObject({ visibility: 'people', version: 1, published: true });
    secret = String(first!.release);
    expect(await bob.fails('get', secret, '--tracker', tracker)).toEqual({ exit: 3, code: 'not-found' });
    expect(await publish()).toMatchObject([
      { release: secret, visibility: 'people', version: 1, published: false },
    ]);
    writeFileSync(join(folder, '02 More.flac'), noise(1000, 5));
    expect(await publish()).toMatchObject([{ release: secret, visibility: 'people', version: 2 }]);
    expect(await publish('--visibility', 'members')).toMatchObject([{ visibility: 'members', version: 2 }]);
    expect(await bob.run('browse', 'ada')).toMatchObject([{ rows: [{ id: secret }, { id: release }] }]);
    // A public release needs a torrent that is not private, so this is another version.
    expect(await publish('--visibility', 'everyone')).toMatchObject([{ visibility: 'everyone', version: 3 }]);
  });

  it('a release can be visible to a group', async () => {
    await ada.run('group', 'friends', '--add', 'bob');
    expect(await bob.run('group')).toMatchObject([{ groups: [{ name: 'friends', founder: 'ada' }] }]);
    const folder = album('Dawn', 'First Light');
    const [made] = await ada.run('publish', folder, '--visibility', 'group:friends');
    expect(made).toMatchObject({ visibility: 'group' });
    expect(await bob.run('search', 'first', 'light')).toMatchObject([
      { rows: [{ releaseId: made!.release }] },
    ]);
    await ada.run('unpublish', String(made!.release));
    expect(await bob.fails('get', String(made!.release))).toEqual({ exit: 3, code: 'not-found' });
  });

  it('forbidden folders, secrets and missing accounts are refused before anything is read', async () => {
    expect(await ada.fails('publish', '/etc')).toEqual({ exit: 17, code: 'share-system-folder' });
    expect(await ada.fails('share', place.in('ada', 'state'))).toMatchObject({ exit: 17 });
    const keys = place.in('keys.torrent');
    writeFileSync(join(album('Keys', 'x'), 'id_rsa'), 'secret');
    await ada.run('create', place.in('music/Keys'), '--include-secrets', '-o', keys);
    for (const more of [[], ['--from', place.in('music')]])
      expect(await ada.fails('publish', keys, ...more)).toEqual({ exit: 17, code: 'share-secret' });
    expect(await eve.fails('share', album('Dusk', 'Out'), '--visibility', 'members')).toEqual({
      exit: 24,
      code: 'not-signed-in',
    });
  });
});

describe('messages', () => {
  it('a message is received live by listeners, and can be read later', async () => {
    await ada.run('rooms', '--open', 'jazz', '--topic', 'last night');
    const listener = bob.start('read', 'jazz', '--follow');
    await listener.event('listening');
    await ada.run('say', 'jazz', 'one', 'two');
    const { message } = await listener.event('message');
    expect(message).toMatchObject({ author: 'ada', room: 'jazz', text: 'one two' });
    await listener.kill('SIGINT');
    expect(await listener.ended).toBe(0);
    expect(await bob.run('read', 'jazz')).toMatchObject([{ messages: [{ text: 'one two' }] }]);
    expect((await bob.run('rooms'))[0]!.rooms).toMatchObject([{ name: 'jazz', topic: 'last night' }, {}]);
  });

  it('messages to unknown rooms are refused', async () => {
    expect(await bob.fails('say', 'nowhere', 'x')).toEqual({ exit: 3, code: 'not-found' });
    expect(await bob.fails('read', '@')).toEqual({ exit: 28, code: 'option-invalid' });
  });

  it("a message cannot control the reader's terminal", async () => {
    await bob.run('comment', release, 'red \u001b[31m and \u202ebackwards\nsecond line');
    const reader = ada.plainly('read', release);
    await reader.success();
    expect(reader.lines.join('\n')).toMatch(
      /bob {2}red .*and .*backwards(?: {2}#[a-z2-7]{26})?\n {4}second line/,
    );
    expect(reader.lines.join('\n')).not.toMatch(/[\u001b\u202e]/);
  });
});

describe('a wish', () => {
  it('a matching wish gives a notice, and is downloaded if it is marked for that', async () => {
    await bob.run('wish', 'wings', '--codec', 'flac', '--download');
    await bob.run('wish', 'nothing', 'ever');
    const [{ wishes }] = (await bob.run('wishes')) as [Document];
    expect(wishes).toMatchObject([{ query: 'nothing ever' }, { query: 'wings' }]);
    const music = place.in('bob', 'wished');
    const inbox = bob.start('inbox', '--follow', '--download', '-o', music, '--port', '0');
    await inbox.event('listening');
    const sharing = ada.start('share', album('Air', 'New Wings'), '--port', '0');
    await inbox.event('notice', ({ notice }) => (notice as Document).kind === 'wish');
    await inbox.event('done');
    expect(readFileSync(join(music, 'Air/01 New Wings.flac'))).toEqual(
      readFileSync(place.in('music/Air/01 New Wings.flac')),
    );
    await Promise.all([inbox.kill('SIGTERM'), sharing.kill('SIGTERM')]);
    await bob.run('unwish', 'nothing ever');
    expect((await bob.run('wishes'))[0]!.wishes).toHaveLength(1);
  });
});

describe('follows', () => {
  it('follows can be listed and removed', async () => {
    await bob.run('follow', release);
    await bob.run('follow', '@ada');
    expect(await bob.run('follow')).toEqual([{ accounts: ['ada'], releases: [release] }]);
    await bob.run('unfollow', '@ada');
    await bob.run('unfollow', release);
    expect(await bob.run('follow')).toEqual([{ accounts: [], releases: [] }]);
  });
});

it('a new version that appeared while the follower was offline is fetched when they return', async () => {
  const folder = album('Late', 'Treetops at Dusk', 'The Long Wait');
  const sharing = ada.start('share', folder, '--port', '0');
  const id = String((await sharing.event('sharing')).release);
  await sharing.event('tracker-answered');
  const music = place.in('bob', 'late');
  await bob.run('get', id, '-o', music, '--port', '0');
  await bob.run('follow', id);
  writeFileSync(join(folder, '02 The Long Wait.flac'), noise(50_000, 77));
  await sharing.event('new-version');
  const inbox = bob.start('inbox', '--follow', '--download', '-o', music, '--port', '0');
  expect(await inbox.event('done')).toMatchObject({ path: join(music, 'Late') });
  expect(readFileSync(join(music, 'Late/02 The Long Wait.flac'))).toEqual(
    readFileSync(join(folder, '02 The Long Wait.flac')),
  );
  // Taking the change back makes another version.
  const before = noise(50_000, 41);
  const [version, done] = [sharing.nextEvent('new-version'), inbox.nextEvent('done')];
  writeFileSync(join(folder, '02 The Long Wait.flac'), before);
  expect(await version).toMatchObject({ version: 3 });
  await done;
  expect(readFileSync(join(music, 'Late/02 The Long Wait.flac')).equals(before)).toBe(true);
  await Promise.all([inbox.kill('SIGTERM'), sharing.kill('SIGTERM')]);
  expect(await inbox.ended).toBe(0);
});

describe('a shared folder', () => {
  it('a secret file that appears later in a shared folder is left out and reported', async () => {
    const folder = album('Keyless', 'Harbour Lights');
    const sharing = ada.start('share', folder, '--port', '0');
    expect(await sharing.event('sharing')).toMatchObject({ files: 1 });
    writeFileSync(join(folder, 'passwords.kdbx'), 'secret');
    expect(await sharing.event('left-out')).toEqual({
      ...{ event: 'left-out', path: join(folder, 'passwords.kdbx') },
      ...{ reason: 'secret', looksLike: 'a store of passwords' },
    });
    writeFileSync(join(folder, '02 More.flac'), noise(50_000, 78));
    expect(await sharing.event('new-version')).toMatchObject({ files: 2 });
    await sharing.kill('SIGTERM');
  });

  it('a shared folder is no longer seeded once it has become a link to a forbidden place', async () => {
    const folder = album('Moving', 'Slow Ferry');
    const sharing = ada.start('share', folder, '--port', '0');
    const { release: id } = await sharing.event('sharing');
    await sharing.event('tracker-answered');
    mkdirSync(place.in('music/.hidden'));
    renameSync(folder, place.in('music/.hidden/Moving'));
    symlinkSync(place.in('music/.hidden/Moving'), folder);
    const { message } = await sharing.event('trouble', ({ code }) => code === 'share-hidden');
    expect(message).toMatch(/\.hidden is hidden/);
    // The tracker has been told, so it lists no seed any more.
    const client = new TrackerClient(tracker);
    const schema = Type.Object({ seeds: Type.Number() });
    await vi.waitFor(
      async () => expect((await client.call({ path: `/releases/${id}`, answer: schema })).seeds).toBe(0),
      { timeout: 20_000, interval: 200 },
    );
    await Promise.all([client.close(), sharing.kill('SIGTERM')]);
  });
});

describe('moderators', () => {
  it('moderators invite, ban and unban, and members may not', async () => {
    expect(await bob.fails('admin', 'ban', 'ada', 'why not')).toEqual({ exit: 24, code: 'not-allowed' });
    const [{ invitation }] = (await ada.run('invite', '--note', 'for eve')) as [Document];
    const { token } = invitation as { token: string };
    await eve.run('register', 'eve', '--tracker', tracker, `--invitation=${token}`);
    await ada.run('admin', 'ban', 'eve', 'a test');
    expect(await eve.fails('say', 'lobby', 'x')).toMatchObject({ exit: 24 });
    await ada.run('admin', 'unban', 'eve');
    await eve.run('login', 'eve');
    await ada.run('admin', 'role', 'eve', 'moderator');
    expect(await eve.run('whoami')).toMatchObject([{ role: 'moderator' }]);
  });
});

it('a folder shared without an account has its own tracker', async () => {
  const stranger = person('stranger');
  const child = stranger.start('share', album('Alone', 'x'), '--port', '0', '--listen', '127.0.0.1:0');
  const { url, release: none } = await child.event('sharing');
  expect(url).toMatch(/^http/);
  expect(none).toBeUndefined();
  expect(existsSync(place.in('stranger', 'state', 'cicada', 'shares'))).toBe(false);
});
