/**
 * The commands of moderators, the messages that users get, and a running `share` whose release is taken down.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningTracker, startTracker } from '../../../../tracker/server.ts';
import { Children } from '../../../e2e/child.ts';
import { Person } from '../../../e2e/person.ts';
import { TemporaryFolder } from '../../../e2e/shared-folder.ts';
import { noise } from '../../../torrents/folder-fixture.ts';
import { runHere } from '../../run-cicada.ts';

const place = new TemporaryFolder();
const children = new Children();
let tracker: RunningTracker;
let seeds = 0;

/**
 * Commands run within this process, one after the other: starting a program takes longer than the tested
 * command.
 */
const as = async (name: string, ...args: string[]) => {
  process.env.XDG_STATE_HOME = place.in(name, 'state');
  return await runHere(args, place.in());
};
const words = async (name: string, ...args: string[]) => (await as(name, ...args)).stdout;
const ada = new Person(place.in('ada'), children);

const album = (name: string) => {
  const folder = place.in(name);
  mkdirSync(folder);
  for (const song of ['1 Heat', '2 Haze'])
    writeFileSync(join(folder, `${song}.flac`), noise(40_000, ++seeds));
  return folder;
};
const idIn = (text: string) => /get ([a-z2-7]{26})/.exec(text)![1]!;

beforeAll(async () => {
  tracker = await startTracker({
    ...{ port: 0, dataFolder: place.in('tracker'), contact: 'olga@music.example' },
  });
  const at = ['--tracker', tracker.url];
  await as('olga', 'register', 'olga', ...at, '--setup', tracker.setupToken!);
  for (const name of ['ada', 'ben']) await as(name, 'register', name, ...at);
});
afterAll(async () => {
  await children[Symbol.asyncDispose]();
  await tracker?.close();
  place[Symbol.dispose]();
});

describe('a running share', () => {
  it('a running share reports a takedown with its reason, goes on with other releases, and ends with the last', async () => {
    const [noon, dusk] = [album('Noon'), album('Dusk')];
    const share = ada.start('share', noon, dusk, '--port', '0');
    const second = await share.event('sharing', ({ name }) => name === 'Dusk');
    const first = await share.event('sharing', ({ name }) => name === 'Noon');
    const down = await words('olga', 'unpublish', String(first.release), '--reason', 'not yours');
    expect(down).toContain('Taken down: Noon, published by ada. The publisher is told why');
    writeFileSync(join(noon, '3 More.flac'), noise(1_000, 99));
    expect(await share.event('taken-down')).toMatchObject({
      release: first.release,
      message: expect.stringContaining(
        'Noon was taken down by a moderator: not yours. It is not published again',
      ),
    });
    await as('olga', 'unpublish', String(second.release), '--reason', 'nor this');
    writeFileSync(join(dusk, '3 More.flac'), noise(1_000, 98));
    expect(await share.ended).toBe(24);
    expect(share.lines.filter((line) => line.includes('"new-version"'))).toEqual([]);
    // A restart does not share it either.
    expect(await ada.fails('share', noon, '--port', '0')).toEqual({ exit: 24, code: 'taken-down' });
    const { torrents } = (await ada.run('status'))[0] as { torrents: readonly { sharingNow: boolean }[] };
    expect(torrents.filter(({ sharingNow }) => sharingNow)).toEqual([]);
    expect(await words('ada', 'inbox')).toMatch(/A moderator took down your Noon: not yours .*\n/);
    await as('olga', 'admin', 'restore', String(first.release));
    expect(await words('ada', 'inbox')).toContain('Your Noon is back: a moderator restored it');
    const again = ada.start('share', noon, '--port', '0');
    expect(await again.event('sharing')).toMatchObject({ release: first.release, version: 2 });
    await again.kill('SIGTERM');
  }, 90_000);

  it('a share of several folders leaves out a release that waits for approval', async () => {
    const [dawn, night] = [album('Dawn'), album('Night')];
    const id = idIn(await words('ben', 'publish', dawn));
    await as('olga', 'unpublish', id, '--reason', 'no');
    const share = ada.start('share', dawn, night, '--port', '0');
    expect(await share.event('awaits-approval')).toMatchObject({ path: dawn, release: null });
    expect(await share.event('sharing')).toMatchObject({ name: 'Night' });
    await share.kill('SIGTERM');
    expect(await ada.fails('share', dawn, '--port', '0')).toEqual({ exit: 24, code: 'awaits-approval' });
  });
});

describe('blocked content', () => {
  it('a blocked release is shown to moderators, approved, and then published by its user', async () => {
    const folder = album('Blocked');
    const id = idIn(await words('ben', 'publish', folder));
    await as('olga', 'unpublish', id, '--reason', 'not his');
    const refused = await as('ada', 'publish', folder);
    expect([refused.code, refused.stderr]).toEqual([
      24,
      'cicada: this waits for the approval of a moderator: your inbox tells you what is decided (contact: olga@music.example)\n',
    ]);
    const waits = await words('olga', 'admin', 'waiting');
    expect(waits).toMatch(
      /^\d+ +\S+ \S+ {2}Blocked by ada, 2 files, 78\.1 KiB\n {4}met block \d+; visibility everyone\n/,
    );
    expect(await words('olga', 'admin', 'blocks')).toMatch(
      /Blocked of ben\n {4}by olga: not his {2}[a-z2-7]{26}\n/,
    );
    const number = /^\d+/.exec(waits)![0];
    expect((await as('olga', 'admin', 'refuse', number)).stderr).toContain(
      'refuse: say why: cicada admin refuse NUMBER REASON',
    );
    expect(await words('olga', 'admin', 'approve', number, 'licensed')).toContain('told to publish it again');
    expect(await words('ada', 'inbox')).toContain(
      'A moderator approved your Blocked: licensed. Publish it again',
    );
    expect(await words('ada', 'publish', folder)).toContain('Blocked: 78.1 KiB, 2 songs; version 1');
    expect((await as('olga', 'admin', 'approve', number)).stderr).toContain(
      `nothing with the number ${number} waits`,
    );
  });

  it('content can be published again when its block is lifted', async () => {
    const folder = album('Free');
    await as('olga', 'unpublish', idIn(await words('ben', 'publish', folder)), '--reason', 'a mistake');
    const number = /^(\d+).*Free of ben/m.exec(await words('olga', 'admin', 'blocks'))![1]!;
    expect(await words('olga', 'admin', 'unblock', number)).toContain(`Block ${number} is lifted`);
    expect((await as('ada', 'publish', folder)).code).toBe(0);
    expect(await words('olga', 'admin', 'takedowns')).toContain('Free of ben (no longer blocked)');
  });

  it('a blocked folder does not keep another folder from being published', async () => {
    const [held, free] = [album('Held'), album('Other')];
    await as('olga', 'unpublish', idIn(await words('ben', 'publish', held)), '--reason', 'no');
    const { code, stdout, stderr } = await as('ada', 'publish', held, free);
    expect([code, stdout]).toEqual([24, expect.stringContaining('Other: ')]);
    expect(stderr).toContain(`${held}: this waits for the approval of a moderator`);
  });
});

describe('peace', () => {
  it('mute and block are listed and undone', async () => {
    await as('ben', 'say', 'lobby', 'noise noise');
    expect(await words('ada', 'mute', '@ben')).toContain('Muted: ben. You see nothing of what they say');
    expect((await as('ada', 'read', 'lobby')).stdout).not.toContain('noise');
    expect(await words('ada', 'unmute', 'ben')).toBe('No longer muted: ben\n');
    expect(await words('ada', 'block', 'ben')).toContain('can neither write to you nor follow you');
    expect(await words('ada', 'block')).toMatch(/^ben {2}blocked since /);
    expect((await as('ben', 'say', '@ada', 'hello')).stderr).toContain('you may not write to this person');
    expect((await as('ada', 'unblock')).code).toBe(28);
    expect(await words('ada', 'unblock', 'ben')).toBe('No longer blocked: ben\n');
    expect((await as('ada', 'mute')).stderr).toContain('You have not muted or blocked any user.');
    expect(await as('ada', 'mute', 'nemo')).toMatchObject({ code: 3, stdout: '' });
  });

  it('a user reports to the moderators, who close the report', async () => {
    expect(await words('ada', 'report', '@ben', 'noise', 'all day')).toContain(
      'Reported. The moderators are told',
    );
    expect(await words('olga', 'inbox')).toMatch(/Reported: ben\. \S.* admin reports shows why/);
    const shown = await words('olga', 'admin', 'reports');
    expect(shown).toMatch(/^\d+ +\S+ \S+ {2}ben\n {4}ada: noise all day\n$/);
    const number = /^\d+/.exec(shown)![0];
    await as('olga', 'admin', 'close', number, 'talked', 'to them');
    expect(await words('ada', 'inbox')).toContain('Your report about ben was dealt with');
    expect(await words('olga', 'admin', 'reports', '--closed')).toContain('closed by olga: talked to them');
    expect(await as('ada', 'report', 'what', 'x')).toMatchObject({ code: 28 });
    expect(await as('ada', 'report', `message:${'a'.repeat(26)}`, 'x')).toMatchObject({ code: 3 });
  });
});

it('the lists of admin are only for moderators, as text for people and JSON for programs, in pages', async () => {
  await as('olga', 'admin', 'ban', 'ben', 'noise');
  expect(await words('olga', 'admin', 'bans')).toMatch(/^ben +\S+ \S+ {2}for good: noise\n$/);
  expect(await words('olga', 'admin', 'members')).toMatch(/^ben .*banned\nada .*\nolga +owner .*\n$/);
  const audit = await words('olga', 'admin', 'audit');
  expect(audit.split('\n')[0]).toMatch(/^\S+ \S+ {2}olga banned ben: noise$/);
  expect(audit).toMatch(/olga took down a release of ada \(Noon\): not yours {2}[a-z2-7]{26}\n/);
  const [page] = (await words('olga', 'admin', 'audit', '--json')).split('\n');
  const { audit: rows, before } = JSON.parse(page!);
  expect([rows[0], before]).toEqual([expect.objectContaining({ action: 'ban', person: 'ben' }), null]);
  const older = JSON.parse(await words('olga', 'admin', 'audit', '--json', '--before', String(rows[0].id)));
  expect(older.audit[0]).toEqual(rows[1]);
  for (const list of ['takedowns', 'blocks', 'waiting', 'reports', 'bans', 'members', 'audit']) {
    expect((await as('ada', 'admin', list)).code, list).toBe(24);
  }
  expect((await as('olga', 'admin', 'audits')).stderr).toContain('"audits" is none of takedowns, blocks,');
  expect((await as('olga', 'admin', 'ban')).code).toBe(28);
});

it('a tracker shows its contact, and one without a contact advises its owner to name one', async () => {
  const answer = await fetch(`${tracker.url}/api/v1/server`);
  expect(await answer.json()).toMatchObject({ contact: 'olga@music.example' });
  const page = await (await fetch(tracker.url)).text();
  expect(page).toContain('Contact: <a href="mailto:olga@music.example">olga@music.example</a>');
  const banned = await as('ben', 'login', 'ben', '--tracker', tracker.url);
  expect(banned.stderr).toContain('this account is banned: noise (contact: olga@music.example)');
  const bad = await as('olga', 'tracker', '--contact', 'javascript:alert(1)');
  expect([bad.code, bad.stderr]).toEqual([
    28,
    expect.stringContaining('is no contact: give an address of mail'),
  ]);
  const olga = new Person(place.in('olga'), children);
  for (const [more, isTold] of [
    [[], true],
    [['--contact', 'https://music.example/help'], false],
  ] as const) {
    const child = olga.plainly('tracker', '--listen', '127.0.0.1:0', '--data', place.in('other'), ...more);
    await child.line('said how to own it', (line) => (line.includes('--setup') ? line : undefined));
    await child.kill('SIGTERM');
    expect(child.errorLines.some((line) => line.includes('--contact ADDRESS'))).toBe(isTold);
  }
});
