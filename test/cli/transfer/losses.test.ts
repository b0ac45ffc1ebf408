/** Messages for people and scripts when files are moved under a running program. */
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Child, Children } from '../../e2e/child.ts';
import { differenceOf } from '../../e2e/shared-folder.ts';
import { noise } from '../../torrents/folder-fixture.ts';
import { mainFile, runHere, temporaryFolder } from '../run-cicada.ts';

let place: string;
beforeEach(async () => {
  place = temporaryFolder();
  mkdirSync(join(place, 'Album/CD1'), { recursive: true });
  for (let track = 1; track <= 4; track++)
    writeFileSync(join(place, `Album/CD1/${track}.flac`), noise(900_000, track));
  await runHere(['create', 'Album', '-l', '64KiB', '-q'], place);
});

const start = (...args: string[]) => new Child([process.execPath, mainFile, ...args], { cwd: place });
/** A download from a local seed, slow enough to be running when the files move. */
async function downloading(children: Children) {
  const seed = children.add(start('seed', 'Album.torrent', 'Album', '--port', '0', '--json'));
  const { port } = await seed.event('seeding');
  const peer = ['--peer', `127.0.0.1:${port}`, '--port', '0', '--download-limit', '512KiB/s'];
  const download = children.add(start('get', 'Album.torrent', '-o', 'out', ...peer, '--json'));
  await download.event('progress', ({ bytes }) => Number(bytes) > 200_000);
  return download;
}
const out = (...names: string[]) => join(place, 'out', ...names);

describe('a download', () => {
  it('a download whose folder is moved reports the loss, fetches it again, and completes', async () => {
    await using children = new Children();
    const download = await downloading(children);
    renameSync(out('Album'), out('moved'));
    const lost = await download.event('pieces-lost');
    // The folder, or a file in it when a new part file has just created the folder again.
    expect(lost).toMatchObject({ code: 'EGONE', message: expect.stringContaining(out('Album')) });
    await download.event('done');
    expect(differenceOf(join(place, 'Album'), out('Album'))).toBeUndefined();
  });

  it('a download whose folder becomes a link ends with the reason and exit code 17', async () => {
    await using children = new Children();
    const download = await downloading(children);
    mkdirSync(join(place, 'elsewhere'));
    renameSync(out('Album'), out('moved'));
    symlinkSync(join(place, 'elsewhere'), out('Album'));
    expect(await download.ended).toBe(17);
    const error = {
      code: 'unsafe-link',
      message: expect.stringMatching(/out\/Album is a link .*: remove it/),
    };
    expect(JSON.parse(download.lines.at(-1)!)).toMatchObject({ event: 'error', ...error });
    expect(readdirSync(join(place, 'elsewhere'))).toEqual([]);
  });
});

describe('a seed', () => {
  it('a seed whose folder is renamed reports the loss, and reports when the folder is back', async () => {
    await using children = new Children();
    const seed = children.add(start('seed', 'Album.torrent', 'Album', '--port', '0', '--json'));
    await seed.event('seeding');
    renameSync(join(place, 'Album'), join(place, 'Album 2'));
    expect(await seed.event('content-offline')).toMatchObject({
      message: `${join(place, 'Album')} is not there any more`,
    });
    renameSync(join(place, 'Album 2'), join(place, 'Album'));
    await seed.event('content-online');
    rmSync(join(place, 'Album/CD1/3.flac'));
    await seed.event('content-offline', ({ message }) => String(message).includes('3.flac'));
  });
});
