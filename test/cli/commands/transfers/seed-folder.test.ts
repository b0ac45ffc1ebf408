import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { seedFolder } from '../../../../client/cli/commands/transfers/seed-folder.ts';
import { Output } from '../../../../client/cli/screen/output.ts';
import { TrackerComplaints } from '../../../../client/cli/swarm-view/tracker-complaints.ts';
import { openClient } from '../../../../client/host/open-client.ts';
import { openSession } from '../../../../client/session/open-session.ts';
import { createTorrent } from '../../../../torrents/create/create.ts';
import { runHere, temporaryFolder } from '../../run-cicada.ts';

let place: string;
beforeEach(() => {
  place = temporaryFolder();
  mkdirSync(join(place, 'torrents'));
});

/** Writes a file of music, and the torrent of its album under this name. */
async function album(path: string, text: string, torrent: string) {
  write(join(path, '1.flac'), text);
  return await torrentOf(path, torrent);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(place, 'Music', path)), { recursive: true });
  writeFileSync(join(place, 'Music', path), text);
}

async function torrentOf(path: string, torrent: string) {
  const { bytes, metainfo } = await createTorrent(join(place, 'Music', path));
  mkdirSync(dirname(join(place, 'torrents', torrent)), { recursive: true });
  writeFileSync(join(place, 'torrents', torrent), bytes);
  return metainfo;
}

const seed = (...args: string[]) =>
  runHere(['seed', 'torrents', 'Music', '--port', '0', '--seed-time', '1s', ...args], place);
const documentsOf = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('seed of a folder of torrents', () => {
  it('seed of a folder seeds all torrents on one port, and finds their content anywhere in the music folder', async () => {
    await album('Ada/First', 'one', 'a.torrent');
    await album('Ben/2001/Second', 'two!', 'deep/er/b.torrent');
    write('Single.mp3', 'three');
    await torrentOf('Single.mp3', 'c.TORRENT');
    const { code, stdout } = await seed('--json');
    expect(code).toBe(0);
    const documents = documentsOf(stdout);
    const seeding = documents.filter(({ event }) => event === 'seeding');
    expect(seeding.map(({ path }) => path).sort()).toEqual(
      ['Ada/First', 'Ben/2001/Second', 'Single.mp3'].map((path) => join(place, 'Music', path)),
    );
    expect(new Set(seeding.map(({ port }) => port)).size).toBe(1);
    const ready = documents.find(({ event }) => event === 'ready');
    expect(ready).toMatchObject({ torrents: 3, bytes: 12, missing: 0, failed: 0 });
    const progress = documents.find(({ event }) => event === 'progress');
    expect(progress).toEqual({ event: 'progress', torrents: 3, offline: 0, peers: 0, upBps: 0, uploaded: 0 });
  });

  it('seed of a folder tells albums of one name apart by their sizes, and albums of the same sizes by hashes', async () => {
    await album('A/Hits', 'first', 'a.torrent');
    await album('B/Hits', 'other', 'b.torrent');
    await album('C/Hits', 'another length', 'c.torrent');
    const { code, stdout } = await seed('--json');
    expect(code).toBe(0);
    const seeding = documentsOf(stdout).filter(({ event }) => event === 'seeding');
    expect(seeding.map(({ torrent, path }) => [torrent.slice(-9), path.slice(-6)]).sort()).toEqual([
      ['a.torrent', 'A/Hits'],
      ['b.torrent', 'B/Hits'],
      ['c.torrent', 'C/Hits'],
    ]);
  });

  it('seed of a folder reports and skips missing content, and goes on', async () => {
    await album('Here', 'here', 'here.torrent');
    await album('Gone', 'gone', 'gone.torrent');
    await album('Cut', 'cut short', 'cut.torrent');
    rmSync(join(place, 'Music/Gone'), { recursive: true });
    writeFileSync(join(place, 'Music/Cut/1.flac'), 'cut');
    const { code, stderr } = await seed();
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Not shared: torrents\/gone\.torrent: nothing of that name is there$/m);
    expect(stderr).toMatch(/^Not shared: torrents\/cut\.torrent: 1 of 1 files are missing or of another /m);
    expect(stderr).toMatch(/^Sharing 1 torrent \(4 B\) on port \d+; Ctrl-C stops\.$/m);
  });

  it('damaged, unreadable or forbidden content stops no other torrent; the exit code reports it', async () => {
    await album('Right', 'right', 'right.torrent');
    await album('Wrong', 'wrong', 'wrong.torrent');
    await album('.hidden/Secret', 'secret', 'hidden.torrent');
    writeFileSync(join(place, 'Music/Wrong/1.flac'), 'WRONG');
    writeFileSync(join(place, 'torrents/no.torrent'), 'no torrent');
    const { code, stdout } = await seed('--json');
    expect(code).toBe(26);
    const documents = documentsOf(stdout);
    const skipped = documents.filter(({ event }) => event === 'skipped');
    expect(skipped.map(({ torrent, code }) => [torrent, code]).sort()).toEqual([
      ['torrents/hidden.torrent', 'share-hidden'],
      ['torrents/no.torrent', expect.stringMatching(/^bencode-|^metainfo-/)],
      ['torrents/wrong.torrent', 'data-mismatch'],
    ]);
    expect(documents.find(({ event }) => event === 'ready')).toMatchObject({ torrents: 1, failed: 3 });
  });

  it('the same torrent under two names is seeded once', async () => {
    await album('Twice', 'twice', 'a.torrent');
    writeFileSync(join(place, 'torrents/b.torrent'), readFileSync(join(place, 'torrents/a.torrent')));
    const { code, stdout } = await seed('--json');
    expect(code).toBe(0);
    expect(documentsOf(stdout).filter(({ event }) => event === 'seeding')).toHaveLength(1);
  });

  it('seed of a folder without any torrent or content ends with a message', async () => {
    mkdirSync(join(place, 'Music'));
    expect(await seed()).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/torrents holds no torrent file/),
    });
    await album('Gone', 'gone', 'gone.torrent');
    rmSync(join(place, 'Music/Gone'), { recursive: true });
    const none = await seed();
    expect(none.code).toBe(3);
    expect(none.stderr).toMatch(/none of 1 torrent has its content in Music/);
  });

  it('seed of a folder names a few of many missing torrents, and counts the rest', async () => {
    for (let i = 0; i < 12; i++) await album(`Gone ${i}`, `gone ${i}`, `${i}.torrent`);
    for (let i = 0; i < 11; i++) rmSync(join(place, `Music/Gone ${i}`), { recursive: true });
    const { stderr } = await seed();
    expect(stderr.match(/^Not shared: torrents/gm)).toHaveLength(8);
    expect(stderr).toMatch(/^Not shared: 11 in all \(-v names them\)$/m);
  });

  it('peers fetch different torrents from the same port', async () => {
    const [one, two] = [await album('One', 'one', 'a.torrent'), await album('Two', 'two!', 'b.torrent')];
    const options = { port: 0, host: '127.0.0.1' };
    const { session: seeder } = await openSession(options);
    const leecher = await openClient(options);
    onTestFinished(async () => {
      await Promise.all([seeder.close(), leecher.close()]);
    });
    const output = new Output();
    output.configure({ json: false, quiet: true, verbose: false });
    const { signal } = new AbortController();
    const { transfers, code } = await seedFolder(
      seeder,
      {
        ...{ torrents: join(place, 'torrents'), path: join(place, 'Music'), verify: true, signal },
        complete: (loaded) => loaded,
      },
      output,
    );
    expect([transfers.length, code]).toEqual([2, 0]);
    const peers = [{ host: '127.0.0.1', port: seeder.port }];
    const folder = join(place, 'out');
    mkdirSync(folder);
    for (const metainfo of [one, two]) await (await leecher.download(metainfo, { folder, peers })).completed;
    expect(readFileSync(join(folder, 'Two/1.flac'), 'utf8')).toBe('two!');
  });
});

describe('complaints of thousands of torrents about one tracker', () => {
  it('complaints of many torrents about one tracker are one line per reason, until the tracker has answered', () => {
    const said: string[] = [];
    const output = Object.assign(new Output(), { remark: (text: string) => said.push(text) });
    const complaints = new TrackerComplaints(output, [], true);
    for (let i = 0; i < 1000; i++) complaints.onFailed(`http://t:1/${i}/announce`, 'it is away', 60);
    for (let i = 0; i < 1000; i++)
      complaints.onFailed(`http://t:1/${i}/announce`, i % 2 === 0 ? 'it is away' : 'too many', 60);
    expect(said).toHaveLength(2);
    complaints.onAnswered('http://t:1/5/announce');
    complaints.onFailed('http://t:1/6/announce', 'it is away', 60);
    expect(said).toHaveLength(3);
  });
});
