/** Choosing files of a torrent: by number, by name, or by the selection in a magnet link. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { choiceOptions, fileChoice } from '../../../client/cli/options/file-choice.ts';
import { parseMetainfo } from '../../../torrents/metainfo/metainfo.ts';
import { documentsOf, SwarmScene } from '../swarm-scene.ts';

let scene: SwarmScene;
beforeAll(async () => {
  scene = await SwarmScene.open();
});
afterAll(() => scene[Symbol.asyncDispose]());

async function got(...args: string[]) {
  const out = scene.folder();
  const outcome = await scene.cicada('get', ...args, '-o', out, '--port', '0', '--json');
  const documents = documentsOf(outcome);
  const files = ['2.flac', 'CD1/1.flac'].filter((path) => existsSync(join(out, 'Album', path)));
  for (const path of files) {
    expect(readFileSync(join(out, 'Album', path)).equals(readFileSync(join(scene.album, path)))).toBe(true);
  }
  return { code: outcome.code, files, names: readdirSync(join(out, 'Album')), done: documents.at(-1) };
}

describe('only what is wanted is fetched, and it is all of it', () => {
  it('only the files with the numbers that info prints are fetched', async () => {
    const { stdout } = await scene.here('info', 'Album.torrent');
    expect(stdout).toMatch(/^ {2}1 +879 KiB {2}2\.flac\n {2}2 +684 KiB {2}CD1\/1\.flac$/m);
    const { code, files, done } = await got('Album.torrent', '--select-file', '2', '--sequential');
    expect({ code, files }).toEqual({ code: 0, files: ['CD1/1.flac'] });
    expect(done).toMatchObject({ event: 'done', wasted: 0 });
    expect(done.bytes).toBeLessThan(750_000);
  });

  it('only the files that are not excluded by name are fetched', async () => {
    expect((await got('Album.torrent', '--exclude', 'CD1/*')).files).toEqual(['2.flac']);
  });

  it('a choice leaves no part file behind, though the torrent’s files share a piece', async () => {
    await scene.here(
      'create',
      'Album',
      '--format',
      'v1',
      '-l',
      '256KiB',
      '-o',
      'v1.torrent',
      '-a',
      scene.announce,
    );
    scene.start('seed', 'v1.torrent', 'Album', '--port', '0', '--json');
    const { files, names } = await got('v1.torrent', '--select-file', '2');
    expect({ files, names }).toEqual({ files: ['CD1/1.flac'], names: ['CD1'] });
  });

  it('the selection of a magnet link is fetched, unless the command line has another', async () => {
    const { metainfo } = { metainfo: parseMetainfo(readFileSync(join(scene.place, 'Album.torrent'))) };
    const { index } = metainfo.files.find(({ components }) => components[0] === '2.flac')!;
    expect((await got(`${scene.magnet}&so=${index}`)).files).toEqual(['2.flac']);
    expect((await got(`${scene.magnet}&so=${index}`, '--select-file', '1-2')).files).toHaveLength(2);
  });
});

describe('a choice that cannot be meant is refused', () => {
  const album = () => parseMetainfo(readFileSync(join(scene.place, 'Album.torrent')));

  it.each(['', '0', '2-1', 'a', '1,,2', '1-'])('the choice "%s" is refused', (text) => {
    expect(() => choiceOptions['select-file'].coerce(text)).toThrow(/^--select-file: .* like 1-3,7$/);
  });

  it('a choice with a number too large, or without any file, is refused', () => {
    const choose = (args: object) => fileChoice(album(), args, undefined);
    expect(() => choose({ 'select-file': [{ first: 1, last: 3 }] })).toThrow(/no file 3, Album has 2 files/);
    expect(() => choose({ include: ['*.mp3'] })).toThrow(/of the 2 files of Album none is wanted/);
    expect(() => fileChoice(album(), {}, { selectOnly: [{ first: 900, last: 901 }] })).toThrow(
      /none is wanted/,
    );
    expect(choose({})).toBeUndefined();
    expect(choose({ include: ['*.flac'] })).toBeUndefined();
  });
});
