/** The menu of `cicada` alone, and the list of earlier torrents. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandTable } from '../../../client/cli/commands.ts';
import { completePath, untyped } from '../../../client/cli/options/typed-path.ts';
import { choices as offered } from '../../../client/cli/screen/menu.ts';
import { menuLines, pressed } from '../../../client/cli/screen/menu-view.ts';
import { ResumeStore } from '../../../client/host/resume/resume-store.ts';
import { knownTorrents } from '../../../client/session/machine/known-torrents.ts';
import { temporaryFolder } from '../run-cicada.ts';

describe('the menu', () => {
  const answered = async (key: string, ...answers: string[]) =>
    await offered.find((choice) => choice.key === key)!.choose(async () => answers.shift() ?? '');

  it('the menu signs in, or creates an account for a new name, at the named tracker', async () => {
    expect(await answered('l', 'ada', '', 'n')).toEqual(['login', 'ada']);
    expect(await answered('l', 'ada', 'music.example.org', 'Yes')).toEqual([
      ...['register', 'ada', '--tracker', 'music.example.org'],
    ]);
    expect(await answered('l', '')).toEqual([]);
  });

  it('the menu starts a tracker, with or without a folder for its catalogue', async () => {
    expect(await answered('r', '')).toEqual(['tracker']);
    expect(await answered('r', '~/catalogue')).toEqual(['tracker', '--data', '~/catalogue']);
  });

  it('each choice of the menu has its own key and an existing command', async () => {
    expect(new Set(offered.map(({ key }) => key)).size).toBe(offered.length);
    for (const { choose } of offered) {
      const [name = '--help'] = (await choose(async () => 'x')) ?? [];
      expect(name === '--help' || commandTable.nameOf(name) !== undefined).toBe(true);
    }
  });
});

const choices = ['s', 'g', 'q'].map((key) => ({ key, title: `Title ${key}`, what: 'words' }));

describe('a key', () => {
  it.each<[string, string, ReturnType<typeof pressed>]>([
    ['its letter', 'g', { taken: 1 }],
    ['its number', '3', { taken: 2 }],
    ['Enter', '\r', { taken: 0 }],
    ['down', '\x1b[B', { at: 1 }],
    ['up, around the top', '\x1b[A', { at: 2 }],
    ['another', 'x', { at: 0 }],
    ['Ctrl-C', '\x03', 'leave'],
    ['Escape', '\x1b', 'leave'],
  ])('a key of the menu: %s', (_, key, means) => expect(pressed(key, choices, 0)).toEqual(means));

  it('each key of the menu has a line, and the choice that Enter takes is marked', () => {
    const marked = menuLines(choices, 1).filter((line) => line.includes('›'));
    expect(marked).toHaveLength(1);
    expect(marked[0]).toContain('Title g');
  });
});

describe('a path typed at a question', () => {
  it('a path typed in the menu is completed by Tab, folders with a slash', () => {
    const place = temporaryFolder();
    mkdirSync(join(place, 'Album one'));
    writeFileSync(join(place, 'Album.torrent'), '');
    writeFileSync(join(place, '.hidden'), '');
    expect(completePath(`${place}/Alb`)[0].sort()).toEqual([`${place}/Album one/`, `${place}/Album.torrent`]);
    expect(completePath(`${place}/`)[0]).toHaveLength(2);
    expect(completePath(`${place}/nowhere/x`)[0]).toEqual([]);
  });

  it('a path may be dragged onto the terminal', () => {
    expect(untyped(' /a/My\\ Album\\ \\(1\\) ')).toBe('/a/My Album (1)');
    expect(untyped("'/a/My Album'")).toBe('/a/My Album');
    expect(untyped('~/x')).toBe(join(homedir(), 'x'));
  });
});

it('earlier torrents are listed from their records, and other files are ignored', async () => {
  const state = temporaryFolder();
  const path = join(state, 'Album');
  mkdirSync(path);
  const store = new ResumeStore(state);
  const hash = (byte: number) => new Uint8Array(20).fill(byte);
  const record = (...have: number[]) => ({ have: Uint8Array.from(have), stamps: [], clean: true });
  await store.save(hash(1), path, record(0xff, 0xe0));
  await store.save(hash(2), path, record(0xff, 0xa0));
  await store.save(hash(3), join(state, 'Lost'), record(0xff));
  writeFileSync(join(state, 'resume', 'other.json'), '{}');
  writeFileSync(join(state, 'resume', 'broken.json'), '{');
  const running = [{ infoHash: '01'.repeat(20), path, processId: process.pid }];
  const known = (await knownTorrents(state, running)).sort((a, b) => a.infoHash.localeCompare(b.infoHash));
  expect(known).toMatchObject([
    { name: 'Album', state: 'complete', piecesVerified: 11, processId: process.pid },
    { name: 'Album', state: 'unfinished', piecesVerified: 10, processId: undefined },
    { name: 'Lost', state: 'gone' },
  ]);
  expect(await knownTorrents(join(state, 'nowhere'))).toEqual([]);
});
