/**
 * Two torrents with overlapping paths, fetched by the real program: in one process, and in two with their own
 * state folders.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTorrent } from '../../torrents/create/create.ts';
import { noise } from '../torrents/folder-fixture.ts';
import { Child, Children, cicada, cicadaMain } from './child.ts';

const place = mkdtempSync(join(tmpdir(), 'cicada-two-'));
const children = new Children();
let peers: string[];

/** Torrents by name, each seeded by this test. */
const torrents = {
  song: { 'a.flac': [3_000_000, 1] },
  song2: { 'a.flac': [3_000_000, 2] },
  first: { 'Album/1.flac': [2_000_000, 3], 'Album/cover.jpg': [300_000, 9] },
  second: { 'Album/2.flac': [2_000_000, 4], 'Album/cover.jpg': [300_000, 9] },
  stranger: { 'Album/3.flac': [2_000_000, 5], 'Album/cover.jpg': [300_000, 8] },
} as const satisfies Record<string, Record<string, readonly [number, number]>>;

type Name = keyof typeof torrents;

beforeAll(async () => {
  peers = await Promise.all(
    (Object.keys(torrents) as Name[]).map(async (name) => {
      const source = join(place, 'seeds', name);
      for (const [file, [bytes, seed]] of Object.entries(torrents[name])) {
        mkdirSync(join(source, file, '..'), { recursive: true });
        writeFileSync(join(source, file), noise(bytes, seed));
      }
      const top = Object.keys(torrents[name])[0]!.split('/')[0]!;
      const format = name.startsWith('song') ? 'v1' : 'hybrid';
      const { bytes } = await createTorrent(join(source, top), { format, pieceLength: 16_384 });
      writeFileSync(join(place, `${name}.torrent`), bytes);
      const seed = children.add(
        cicada(['seed', torrent(name), source, '--port', '0'], [], stateOf(`of-${name}`)),
      );
      return `127.0.0.1:${(await seed.event('seeding')).port}`;
    }),
  );
});

afterAll(async () => {
  await children[Symbol.asyncDispose]();
  rmSync(place, { recursive: true, force: true });
});

const torrent = (name: Name) => join(place, `${name}.torrent`);
const stateOf = (name: string) => ({ XDG_STATE_HOME: join(place, 'state', name) });
const folder = () => mkdtempSync(join(place, 'out-'));
const namesIn = (at: string) => (readdirSync(at, { recursive: true }) as string[]).sort();

/** `cicada get` with its own state folder. */
function get(names: readonly Name[], out: string, state: string, ...more: string[]): Child {
  const dials = peers.flatMap((peer) => ['--peer', peer]);
  const words = ['get', ...names.map(torrent), '-o', out, '--port', '0', ...dials, ...more];
  return children.add(cicada(words, [], stateOf(state)));
}

/** Slow enough that the second program starts during the download. */
const slow = ['--download-limit', '256KiB/s'];

function expectWhole(out: string, name: Name): void {
  for (const [file, [bytes, seed]] of Object.entries(torrents[name])) {
    expect(readFileSync(join(out, file)).equals(noise(bytes, seed)), file).toBe(true);
  }
}

const errorOf = (child: Child) => child.event('error');

describe('two torrents with one path and different bytes', () => {
  it('one of two conflicting torrents in one process completes, the other is refused by name, and --on-done runs once', async () => {
    const out = folder();
    const done = join(out, 'done.txt');
    const child = get(['song', 'song2'], out, 'one', '--on-done', `echo "$CICADA_INFO_HASH" >> '${done}'`);
    const error = await errorOf(child);
    expect(error).toMatchObject({ code: 'claimed' });
    expect(error.message).toMatch(
      /a\.flac is being fetched by the torrent "a\.flac" \([0-9a-f]{8}…\), and is another file/,
    );
    expect(await child.ended).toBe(13);
    expectWhole(out, 'song');
    expect(namesIn(out)).toEqual(['a.flac', 'done.txt']);
    expect(readFileSync(done, 'utf8').trim().split('\n')).toHaveLength(1);
  });

  it('a conflicting torrent in a second process is refused at once and writes nothing', async () => {
    const out = folder();
    const first = get(['song'], out, 'first', ...slow);
    await first.event('start');
    const second = get(['song2'], out, 'second', '--on-done', `touch '${join(out, 'second-done')}'`);
    expect(await errorOf(second)).toMatchObject({ code: 'claimed' });
    expect((await errorOf(second)).message).toContain(`process ${first.pid}`);
    expect(await second.ended).toBe(13);
    await first.kill();
    expect(namesIn(out).filter((name) => name !== 'a.flac.part')).toEqual([]);
  });

  it('after a download was killed, another process continues it at once', async () => {
    const out = folder();
    const first = get(['song'], out, 'killed', ...slow);
    await first.event('progress', ({ bytes }) => Number(bytes) > 500_000);
    await first.kill('SIGKILL');
    // With another state folder nothing is trusted; the second process hashes the files and keeps the correct
    // pieces.
    const second = get(['song'], out, 'heir');
    expect(Number((await second.event('start')).bytes)).toBeGreaterThan(300_000);
    await second.success();
    expectWhole(out, 'song');
    expect(namesIn(out)).toEqual(['a.flac']);
  });

  it('one of two conflicting downloads started at the same time completes, and the other is refused', async () => {
    for (let round = 0; round < 2; round++) {
      const out = folder();
      const limit = ['--download-limit', '2MiB/s'];
      const both = [get(['song'], out, `a${round}`, ...limit), get(['song2'], out, `b${round}`, ...limit)];
      const first = await Promise.race(both.map((child) => child.ended.then((code) => ({ child, code }))));
      expect(first.code).toBe(13);
      const other = both.find((child) => child !== first.child)!;
      await other.success();
      expectWhole(out, other === both[0] ? 'song' : 'song2');
      expect(namesIn(out)).toEqual(['a.flac']);
    }
  });
});

it('the same torrent in the same place is refused to a second process with any state folder', async () => {
  const out = folder();
  const first = get(['song'], out, 'same', ...slow);
  await first.event('start');
  const second = get(['song'], out, 'same-again');
  expect(await errorOf(second)).toMatchObject({ code: 'already-added' });
  expect((await errorOf(second)).message).toContain(`process ${first.pid}`);
  expect(await second.ended).toBe(13);
  const elsewhere = folder();
  await get(['song'], elsewhere, 'same-elsewhere').success();
  await first.kill();
});

describe('two albums that share only their cover', () => {
  it('two albums that share only their cover complete in one process', async () => {
    const out = folder();
    const child = get(['first', 'second'], out, 'both');
    await child.success();
    for (const name of ['first', 'second'] as const) expectWhole(out, name);
    expect(namesIn(out)).toEqual(['Album', 'Album/1.flac', 'Album/2.flac', 'Album/cover.jpg']);
  });

  it('two albums that share only their cover complete in two processes, and the waiting one names the other', async () => {
    const out = folder();
    const first = get(['first'], out, 'cover-1', ...slow);
    await first.event('start');
    const done = join(place, 'done-second.txt');
    const second = get(['second'], out, 'cover-2', '--on-done', `ls "$CICADA_PATH" > '${done}'`);
    const waiting = await second.event('waiting');
    expect(waiting).toMatchObject({
      path: join(out, 'Album/cover.jpg'),
      files: 1,
      holder: { processId: first.pid },
    });
    await Promise.all([first.success(), second.success()]);
    for (const name of ['first', 'second'] as const) expectWhole(out, name);
    // --on-done runs only once the cover is complete.
    const seen = readFileSync(done, 'utf8').split('\n');
    expect(seen).toEqual(expect.arrayContaining(['2.flac', 'cover.jpg']));
    expect(seen).not.toContain('cover.jpg.part');
  });

  it('an album with a different cover under the same name is refused', async () => {
    const out = folder();
    const first = get(['first'], out, 'cover-3', ...slow);
    await first.event('start');
    const second = get(['stranger'], out, 'cover-4');
    expect((await errorOf(second)).message).toMatch(/cover\.jpg is being fetched by the torrent "Album"/);
    expect(await second.ended).toBe(13);
    expect(existsSync(join(out, 'Album/3.flac.part'))).toBe(false);
    await first.kill();
  });

  it('a waiting download ends with Ctrl-C, and continues when the other process is killed', async () => {
    const out = folder();
    const first = get(['first'], out, 'cover-5', '--download-limit', '8KiB/s');
    await first.event('start');
    const stopped = get(['second'], out, 'cover-6');
    await stopped.event('waiting');
    await stopped.kill('SIGINT');
    expect(await stopped.ended).toBe(7);
    const heir = get(['second'], out, 'cover-7');
    await heir.event('waiting');
    await first.kill('SIGKILL');
    await heir.success();
    expectWhole(out, 'second');
  });
});

it('messages for people contain no names of system errors', async () => {
  const out = folder();
  const first = get(['first'], out, 'words-1', '--download-limit', '8KiB/s');
  await first.event('start');
  const words = ['get', torrent('second'), '-o', out, '--port', '0'];
  const options = { env: { ...stateOf('words-2'), NO_COLOR: '1' } };
  const second = children.add(new Child([process.execPath, cicadaMain, ...words], options));
  await expect
    .poll(() => second.errorLines.join('\n'), { timeout: 20_000 })
    .toMatch(
      /^Album waits for cover\.jpg, which the torrent "Album" \([0-9a-f]{8}…, process \d+\) is fetching to the same place\.$/m,
    );
  await second.kill('SIGINT');
  expect(second.errorLines.join('\n')).not.toMatch(/ENOENT|EEXIST/);
  await first.kill();
});
