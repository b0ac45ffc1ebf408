/** Programs that talk to each other, as people and scripts see them. Every wait is for printed output. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Child, Children } from '../../e2e/child.ts';
import { differenceOf } from '../../e2e/shared-folder.ts';
import { noise } from '../../torrents/folder-fixture.ts';
import { mainFile, runCicada, runHere, temporaryFolder } from '../run-cicada.ts';

let place: string;
beforeEach(() => {
  place = temporaryFolder();
  mkdirSync(join(place, 'Album/CD1'), { recursive: true });
  writeFileSync(join(place, 'Album/CD1/1.flac'), noise(700_000, 1));
  writeFileSync(join(place, 'Album/2.flac'), noise(900_000, 2));
});

/** Starts a program that keeps running. */
const start = (...args: string[]) => new Child([process.execPath, mainFile, ...args], { cwd: place });
const cicada = (...args: string[]) => runCicada(args, { cwd: place });
const here = (...args: string[]) => runHere(args, place);
const matching = (pattern: RegExp) => (line: string) => pattern.exec(line) ?? undefined;

async function eventOf(child: Child, name: string) {
  return await child.event(name);
}

describe('what scripts rely on', () => {
  it('a download prints one line per event, from the tracker to the last file', async () => {
    await using children = new Children();
    const tracker = children.add(start('tracker', '--listen', '127.0.0.1:0', '--json'));
    const { announce, api } = await eventOf(tracker, 'listening');
    expect(announce).toBe(`${api}/announce`);
    await here('create', 'Album', '--format', 'v1', '-a', String(announce), '-q');
    const seeder = children.add(start('seed', 'Album.torrent', 'Album', '--port', '0', '--json'));
    const { infoHash, port } = await eventOf(seeder, 'seeding');
    await eventOf(seeder, 'tracker-answered');

    const { code, stdout, stderr } = await cicada(
      'download',
      'Album.torrent',
      '-o',
      'out',
      '--port',
      '0',
      '--json',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const documents = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const path = join(place, 'out/Album');
    const total = 1_600_000;
    expect(documents[0]).toEqual({
      ...{ event: 'start', infoHash, name: 'Album', diskName: 'Album', path, bytes: 0, total },
      ...{ missingBytes: total, freeBytes: expect.any(Number), warnings: [] },
    });
    expect(documents.find(({ event }) => event === 'progress')).toMatchObject({
      ...{
        bytes: expect.any(Number),
        total,
        downBps: expect.any(Number),
        upBps: 0,
        peers: expect.any(Number),
      },
      etaSeconds: null,
    });
    expect(
      documents
        .filter(({ event }) => event === 'file-done')
        .map((d) => d.path)
        .sort(),
    ).toEqual(['2.flac', 'CD1/1.flac']);
    expect(documents.at(-1)).toMatchObject({
      ...{ event: 'done', path, infoHash, bytes: total, wasted: 0, peers: 1, seconds: expect.any(Number) },
      sources: [{ peer: `127.0.0.1:${port}`, bytes: total, lied: false }],
    });
    expect(differenceOf(join(place, 'Album'), path)).toBeUndefined();
  });

  it('--peer finds a seeder without any tracker', async () => {
    await using children = new Children();
    await here('create', 'Album', '-q');
    const seeder = children.add(start('seed', 'Album.torrent', '.', '--port', '0', '--json'));
    const { port } = await eventOf(seeder, 'seeding');
    const args = ['get', 'Album.torrent', '-o', 'out', '--port', '0', '--peer', `localhost:${port}`];
    expect((await cicada(...args)).code).toBe(0);
    expect(differenceOf(join(place, 'Album'), join(place, 'out/Album'))).toBeUndefined();
  });
});

describe('share', () => {
  it('share prints the command for another computer, and that command fetches the folder', async () => {
    await using children = new Children();
    const share = children.add(start('share', 'Album', '--listen', '127.0.0.1:0', '--port', '0'));
    const [, url] = await share.line('printed the line', matching(/^cicada get (http:\S+\.torrent)$/));
    const { code, stdout, stderr } = await cicada('get', url!, '-o', 'out', '--port', '0', '-v');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^✓ Album: 1\.5 MiB in .*\/s on average, from 1 peer\n {2}\/.*out\/Album\n$/);
    expect(stderr).toMatch(/^connected to 127\.0\.0\.1:\d+$/m);
    expect(stderr).toMatch(/^Not shared on from here: --seed goes on sharing\.$/m);

    await share.kill('SIGINT');
    expect(await share.ended).toBe(0);
    expect(share.errorLines.at(-1)).toMatch(/^Stopped after .*; gave 1\.5 MiB\.$/);
  });

  it('share with another tracker writes the torrent file, the only thing to hand on', async () => {
    await using children = new Children();
    const args = ['share', 'Album', '--tracker', 'http://127.0.0.1:9/announce', '--port', '0', '--json'];
    const share = children.add(start(...args));
    expect(await eventOf(share, 'sharing')).toMatchObject({ torrent: 'Album.torrent', url: null, files: 2 });
    expect(readFileSync(join(place, 'Album.torrent')).subarray(0, 1).toString()).toBe('d');
  });
});

describe('a download that cannot go on', () => {
  it('a stalled download prints the tracker’s error, and after Ctrl-C the command that continues', async () => {
    await using children = new Children();
    await here('create', 'Album', '-a', 'http://127.0.0.1:9/announce', '-q');
    const download = children.add(start('get', 'Album.torrent', '-o', 'my music', '--port', '0', '--json'));
    expect(await download.event('tracker-failed')).toMatchObject({
      reason: expect.stringMatching(/no program listens there/),
    });
    await download.kill('SIGINT');
    expect(await download.ended).toBe(7);
    const { code, message } = JSON.parse(download.lines.at(-1)!);
    expect(code).toBe('interrupted');
    expect(message).toMatch(
      /^stopped at 0%\. To go on:\n {2}.* get Album\.torrent -o 'my music' --port 0 --json$/,
    );
  });

  it('a download says when a tracker answers with a web page', async () => {
    await using children = new Children();
    const server = createServer((_, response) => response.end('<html>hello</html>')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    await here(
      'create',
      'Album',
      '-a',
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/announce`,
      '-q',
    );
    const download = children.add(start('get', 'Album.torrent', '-o', 'out', '--port', '0', '--json'));
    expect(await download.event('tracker-failed')).toMatchObject({
      reason: expect.stringMatching(/web page/),
    });
  });

  it('a stopped download continues where it was stopped', async () => {
    await using children = new Children();
    await here('create', 'Album', '--format', 'v1', '-l', '16KiB', '-q');
    const seeder = children.add(start('seed', 'Album.torrent', 'Album', '--port', '0', '--json'));
    const { port } = await eventOf(seeder, 'seeding');
    const args = [
      'get',
      'Album.torrent',
      '-o',
      'out',
      '--port',
      '0',
      '--peer',
      `127.0.0.1:${port}`,
      '--json',
    ];
    const first = children.add(start(...args, '--download-limit', '300KiB/s'));
    await first.event('progress', ({ bytes }) => Number(bytes) > 0);
    await first.kill('SIGINT');
    expect(await first.ended).toBe(7);

    const { code, stdout } = await cicada(...args);
    expect(code).toBe(0);
    const documents = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(documents[0].bytes).toBeGreaterThan(0);
    expect(documents.at(-1).downloaded).toBe(1_600_000 - documents[0].bytes);
    expect(differenceOf(join(place, 'Album'), join(place, 'out/Album'))).toBeUndefined();
  });

  it('a download that cannot start does not stop the others', async () => {
    await here('create', 'Album', 'Album/2.flac', '-q');
    writeFileSync(join(place, '2.flac'), 'something else');
    const { code, stdout, stderr } = await cicada('get', '2.flac.torrent', 'Album.torrent', '--port', '0');
    expect(code).toBe(13);
    expect(stderr).toMatch(/2\.flac .*differs from the torrent/);
    expect(stdout).toMatch(/Album was complete already/);
  });
});

it('a program that was started with an IPC channel ends when the channel closes', async () => {
  const child = spawn(process.execPath, [mainFile, 'tracker', '--listen', '127.0.0.1:0', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  await once(child.stdout!, 'data');
  child.disconnect();
  expect(await once(child, 'exit')).toEqual([7, null]);
});
