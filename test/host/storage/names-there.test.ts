/**
 * Downloads into a folder with names in another Unicode form: NFC in the torrent and NFD on the disk, or the
 * reverse.
 */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openClient } from '../../../client/host/open-client.ts';
import { createTorrent } from '../../../torrents/create/create.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { runHere } from '../../cli/run-cicada.ts';
import { TemporaryFolder } from '../../e2e/shared-folder.ts';
import { noise } from '../../torrents/folder-fixture.ts';

type Form = 'NFC' | 'NFD';
const other = (form: Form): Form => (form === 'NFC' ? 'NFD' : 'NFC');

const albums: [string, string][] = [
  ['Latin with accents', 'Bébé Café/Disque ébène/Ça ira – Noël.flac'],
  ['Hangul', '한국 음악/둘째 장/노래.flac'],
  ['Vietnamese', 'Tiếng Việt/Đĩa hai/Người ơi người ở đừng về.flac'],
  ['kana with marks', 'ガラスの城/ディスク/プロローグ.flac'],
  ['Cyrillic with breves', 'Чёрный йод/Лёд второй/Ещё один май.flac'],
];
const cases = albums.flatMap(([script, path]) => [
  [script, 'NFC' as Form, path] as const,
  [script, 'NFD' as Form, path] as const,
]);

function place(): TemporaryFolder {
  const folder = new TemporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  return folder;
}

function write(at: string, bytes: Uint8Array): void {
  mkdirSync(dirname(at), { recursive: true });
  writeFileSync(at, bytes);
}

/** All files there: path to inode. */
function filesIn(folder: string): Map<string, number> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).sort();
  return new Map(paths.map((path) => [path.slice(folder.length + 1), statSync(path).ino]));
}

/** An album of two files in the torrent's form, seeded, and its download folder. */
async function scene(path: string, form: Form) {
  const folder = place();
  const [top, ...rest] = path.normalize(form).split('/') as [string, ...string[]];
  const inner = rest.join('/');
  const tracks = [inner, join(dirname(inner), `2 ${inner.split('/').at(-1)}`)];
  for (const [index, track] of tracks.entries())
    write(folder.in('origin', top, track), noise(40_000, index + 1));
  const { metainfo } = await createTorrent(folder.in('origin', top), { pieceLength: 16_384 });
  mkdirSync(folder.in('music'));
  const options = { port: 0, host: '127.0.0.1' };
  const [seeder, leecher] = [await openClient(options), await openClient(options)];
  onTestFinished(async () => {
    await Promise.all([seeder.close(), leecher.close()]);
  });
  await seeder.seed(metainfo, { path: folder.in('origin', top) });
  const peers = [{ host: '127.0.0.1', port: seeder.port }];
  const get = async (torrent: Metainfo = metainfo, more: object = {}) => {
    const active = await leecher.download(torrent, { folder: folder.in('music'), peers, ...more });
    await active.completed;
    return active;
  };
  /** Puts a track there as another program would. */
  const there = (index: number) => join(top, tracks[index]!).normalize(other(form));
  const put = (index: number) =>
    write(folder.in('music', there(index)), readFileSync(folder.in('origin', top, tracks[index]!)));
  return { folder, music: folder.in('music'), metainfo, top, tracks, there, put, get, seeder };
}

describe.each(cases)('names in another Unicode form: %s, the torrent in %s', (_, form, path) => {
  it('a complete album under names in another form is adopted, and nothing is downloaded, renamed or created', async () => {
    const { music, put, get, metainfo } = await scene(path, form);
    put(0);
    put(1);
    const before = filesIn(music);
    const active = await get();
    expect(active.status().downloaded).toBe(0);
    expect(filesIn(music)).toEqual(before);
    expect(active.path).toBe(join(music, metainfo.name.normalize(other(form))));
  });

  it('a partial album under names in another form is adopted, and the rest goes into its folder', async () => {
    const { music, put, get, there, folder, top, tracks } = await scene(path, form);
    put(0);
    const before = filesIn(music);
    const active = await get();
    expect(active.status().downloaded).toBeLessThan(80_000);
    const missing = join(dirname(there(1)), tracks[1]!.split('/').at(-1)!);
    expect([...filesIn(music).keys()]).toEqual([there(0), missing].sort());
    expect(filesIn(music).get(there(0))).toBe(before.get(there(0)));
    expect(
      readFileSync(join(music, missing)).equals(readFileSync(folder.in('origin', top, tracks[1]!))),
    ).toBe(true);
  });

  it('an album under names in another form with other bytes is refused and kept', async () => {
    const { music, put, get, there } = await scene(path, form);
    put(0);
    put(1);
    writeFileSync(join(music, there(0)), 'mine');
    const before = filesIn(music);
    await expect(get()).rejects.toMatchObject({ code: 'exists' });
    expect(filesIn(music)).toEqual(before);
    expect(readFileSync(join(music, there(0)), 'utf8')).toBe('mine');
  });
});

describe('names in another Unicode form', () => {
  const [, path] = albums[0]!;

  it('names in another form are ignored where the torrent’s own name exists', async () => {
    const { music, put, get, there, top, tracks } = await scene(path, 'NFC');
    put(0);
    put(1);
    write(join(music, top, tracks[0]!), noise(40_000, 1));
    await get();
    const own = tracks.map((track) => join(top, track));
    expect([...filesIn(music).keys()].sort()).toEqual([...own, there(0), there(1)].sort());
  });

  it('two files of a torrent whose names differ only in form are both downloaded under their own names', async () => {
    const folder = place();
    const name = 'é.flac';
    for (const [index, form] of (['NFC', 'NFD'] as const).entries())
      write(folder.in('origin/X', name.normalize(form)), noise(20_000, index));
    const { metainfo } = await createTorrent(folder.in('origin/X'));
    write(folder.in('music/X', name.normalize('NFD')), noise(20_000, 1));
    const options = { port: 0, host: '127.0.0.1' };
    const [seeder, leecher] = [await openClient(options), await openClient(options)];
    onTestFinished(async () => {
      await Promise.all([seeder.close(), leecher.close()]);
    });
    await seeder.seed(metainfo, { path: folder.in('origin/X') });
    const peers = [{ host: '127.0.0.1', port: seeder.port }];
    await (await leecher.download(metainfo, { folder: folder.in('music'), peers })).completed;
    for (const [index, form] of (['NFC', 'NFD'] as const).entries())
      expect(readFileSync(folder.in('music/X', name.normalize(form)))).toEqual(
        Buffer.from(noise(20_000, index)),
      );
  });

  it('a link under a name in another form is ignored: no byte is read or written through it', async () => {
    const { music, put, get, top, folder } = await scene(path, 'NFC');
    put(0);
    put(1);
    renameSync(join(music, top.normalize('NFD')), folder.in('elsewhere'));
    symlinkSync(folder.in('elsewhere'), join(music, top.normalize('NFD')));
    const before = filesIn(folder.in('elsewhere'));
    const active = await get();
    expect(active.path).toBe(join(music, top));
    expect(filesIn(folder.in('elsewhere'))).toEqual(before);
  });

  it('a single-file torrent is adopted under a name in another form', async () => {
    const folder = place();
    const name = 'Übung.flac';
    write(folder.in('origin', name.normalize('NFC')), noise(40_000, 1));
    const { metainfo } = await createTorrent(folder.in('origin', name.normalize('NFC')));
    write(folder.in('music', name.normalize('NFD')), noise(40_000, 1));
    const client = await openClient({ port: 0, host: '127.0.0.1' });
    onTestFinished(() => client.close());
    await (await client.download(metainfo, { folder: folder.in('music') })).completed;
    expect(readdirSync(folder.in('music'))).toEqual([name.normalize('NFD')]);
  });

  it('names in another form stay when the next version replaces the files', async () => {
    const { music, put, get, there, folder, top, tracks, metainfo, seeder } = await scene(path, 'NFC');
    put(0);
    put(1);
    await (await get()).stop();
    write(folder.in('next', top, tracks[0]!), noise(40_000, 1));
    write(folder.in('next', top, tracks[1]!), noise(40_000, 9));
    const { metainfo: next } = await createTorrent(folder.in('next', top), { pieceLength: 16_384 });
    await seeder.seed(next, { path: folder.in('next', top) });
    await get(next, { upgradeFrom: { metainfo, path: join(music, top.normalize('NFD')) } });
    expect([...filesIn(music).keys()].sort()).toEqual([there(0), there(1)].sort());
    expect(readFileSync(join(music, there(1)))).toEqual(Buffer.from(noise(40_000, 9)));
  });

  it('`get` adopts names in another form and has nothing to download', async () => {
    const { folder, music, put, top } = await scene(path, 'NFC');
    put(0);
    put(1);
    const { bytes } = await createTorrent(folder.in('origin', top), { pieceLength: 16_384 });
    writeFileSync(folder.in('X.torrent'), bytes);
    const before = filesIn(music);
    const outcome = await runHere(['get', 'X.torrent', '-o', 'music', '--port', '0', '--json'], folder.path);
    expect(outcome.code).toBe(0);
    const done = JSON.parse(outcome.stdout.trim().split('\n').at(-1)!);
    expect(done).toMatchObject({ event: 'done', downloaded: 0, path: join(music, top.normalize('NFD')) });
    expect(done.diskName).toBe(top.normalize('NFD'));
    expect(filesIn(music)).toEqual(before);
  });
});
