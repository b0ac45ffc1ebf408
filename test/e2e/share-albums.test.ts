/** `cicada share --per-album` with an account: real programs, a real tracker, and a user who fetches. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { flacOf } from '../torrents/tags/tag-fixtures.ts';
import { type Child, Children, cicada } from './child.ts';
import { Person } from './person.ts';
import { differenceOf, TemporaryFolder } from './shared-folder.ts';

const place = new TemporaryFolder();
const children = new Children();
const [ada, bob] = ['ada', 'bob'].map((name) => new Person(place.in(name), children)) as [Person, Person];
const music = place.in('Music');
let tracker = '';
let share: Child;

function song(folder: string, path: string, seed: number): void {
  const at = join(folder, path);
  mkdirSync(dirname(at), { recursive: true });
  writeFileSync(at, flacOf(40_000, seed));
}

beforeAll(async () => {
  const program = children.add(cicada(['tracker', '--listen', '127.0.0.1:0', '--data', place.in('tracker')]));
  tracker = String((await program.event('listening')).api);
  await ada.run('register', 'ada', '--tracker', tracker);
  await bob.run('register', 'bob', '--tracker', tracker);
  song(music, 'Artist/One/01 First.flac', 1);
  song(music, 'Artist/Two/CD1/01 Second.flac', 2);
  song(music, 'Artist/Two/CD2/01 Third.flac', 3);
});
afterAll(async () => {
  await children[Symbol.asyncDispose]();
  place[Symbol.dispose]();
});

/** The albums that the tracker lists. */
async function published(): Promise<string[]> {
  const { rows } = (await (await fetch(`${tracker}/api/v1/releases`)).json()) as {
    rows: { album: string }[];
  };
  return rows.map(({ album }) => album).sort();
}

/** Another user fetches the album from the user who shares it. */
async function isFetched(album: string): Promise<void> {
  const { release } = await share.event('sharing', ({ name }) => name === album);
  await bob.run('get', String(release), '-o', place.in('bob'), '--port', '0');
  expect(differenceOf(join(music, 'Artist', album), place.in('bob', album))).toBeUndefined();
}

it('share --per-album publishes no album before its account has confirmed its rights', async () => {
  const env = { XDG_STATE_HOME: place.in('ada', 'state') };
  const refused = children.add(cicada(['share', music, '--per-album', '--port', '0'], [], env));
  expect(await refused.ended).toBe(28);
  expect(JSON.parse(refused.lines.at(-1)!)).toMatchObject({ event: 'error', code: 'rights-unconfirmed' });
  expect(await published()).toEqual([]);
});

it('share --per-album publishes and seeds every album that is there at its start', async () => {
  share = ada.start('share', music, '--per-album', '--port', '0');
  for (const album of ['One', 'Two']) await isFetched(album);
  expect(await published()).toEqual(['One', 'Two']);
}, 60_000);

it('share --per-album publishes and seeds an album that is copied in while it runs', async () => {
  song(place.in('elsewhere'), '01 Fourth.flac', 4);
  song(place.in('elsewhere'), 'CD2/01 Fifth.flac', 5);
  cpSync(place.in('elsewhere'), join(music, 'Artist', 'Three'), { recursive: true });
  await isFetched('Three');
  expect(await published()).toEqual(['One', 'Three', 'Two']);
}, 90_000);

it("share --per-album publishes audio in an album's disc folder as a new version, and in any other folder as an album", async () => {
  song(music, 'Artist/One/CD2/01 Sixth.flac', 6);
  await share.event('new-version', ({ name, files }) => name === 'One' && files === 2);
  song(music, 'Artist/Two/Bonus/01 Seventh.flac', 7);
  writeFileSync(join(music, 'Artist/Two/cover.jpg'), 'no picture');
  await share.event('new-version', ({ name }) => name === 'Two');
  await share.event('sharing', ({ name }) => name === 'Bonus');
  expect(await published()).toEqual(['Bonus', 'One', 'Three', 'Two']);
  const versions = share.lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'new-version');
  expect(versions.map(({ name, files }) => [name, files])).toEqual([
    ['One', 2],
    ['Two', 3],
  ]);
}, 90_000);
