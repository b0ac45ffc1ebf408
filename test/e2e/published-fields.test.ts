/** What a publisher's client reports about published files, and what others find. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { flac, flacOf, mp3 } from '../torrents/tags/tag-fixtures.ts';
import { Children, cicada, type Document } from './child.ts';
import { Person } from './person.ts';
import { TemporaryFolder } from './shared-folder.ts';

/** Several programs run one after the other, on a machine that may be busy. */
const timeoutMs = 120_000;

const place = new TemporaryFolder();
const children = new Children();
const ada = new Person(place.in('ada'), children);

function folderOf(name: string, files: Readonly<Record<string, Uint8Array | string>>): string {
  const folder = place.in('music', name);
  mkdirSync(folder, { recursive: true });
  for (const [path, bytes] of Object.entries(files)) writeFileSync(join(folder, path), bytes);
  return folder;
}

beforeAll(async () => {
  const tracker = children.add(cicada(['tracker', '--listen', '127.0.0.1:0', '--data', place.in('tracker')]));
  const { api, setupToken } = await tracker.event('listening');
  await ada.run('register', 'ada', '--tracker', String(api), `--setup=${setupToken}`);
}, timeoutMs);
afterAll(async () => {
  await children[Symbol.asyncDispose]();
  place[Symbol.dispose]();
});

it(
  'files whose content does not match their name are reported to people and to programs',
  async () => {
    const folder = folderOf('Fakes', {
      '01 Real.flac': flacOf(50_000, 3),
      '02 Zeros.flac': Buffer.alloc(50_000),
      '03 Page.wav': '<html>not found</html>',
      '04 Song.flac': mp3(3, { TIT2: 'Song' }),
    });
    const [made] = await ada.run('publish', folder);
    expect(made!.faults).toEqual([
      { path: '02 Zeros.flac', fault: 'not-audio' },
      { path: '03 Page.wav', fault: 'not-audio' },
      { path: '04 Song.flac', fault: 'misnamed', codec: 'mp3' },
    ]);
    const again = ada.plainly('publish', folder);
    await again.ended;
    expect(again.errorLines.join('\n')).toContain('04 Song.flac: it is mp3, and published as that.');
  },
  timeoutMs,
);

it(
  'a licence in the tags is shown, and searches can be filtered by it',
  async () => {
    const LICENSE = 'https://creativecommons.org/licenses/by-sa/4.0/';
    const folder = folderOf('Free', { '01.flac': flac({ TITLE: 'Treetops', LICENSE }) });
    const [made] = await ada.run('publish', folder);
    const titles = async (licence: string) => {
      const child = ada.start('search', 'treetops', '--licence', licence);
      await child.ended;
      return (JSON.parse(child.lines[0]!).rows as Document[]).map(({ title }) => title);
    };
    expect(await titles('CC BY-SA 4.0')).toEqual(['Treetops']);
    expect(await titles('cc')).toEqual(['Treetops']);
    expect(await titles('cc0')).toEqual([]);
    expect(await ada.fails('search', 'x', '--licence', 'gpl')).toMatchObject({ exit: 28 });
    expect(await ada.run('info', String(made!.release))).toMatchObject([
      { licence: 'CC BY-SA 4.0', copyright: null },
    ]);
  },
  timeoutMs,
);
