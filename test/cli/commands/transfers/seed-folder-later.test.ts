/** Torrent files that are added and removed while `seed FOLDER MUSIC` runs. */
import { mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { seedFolder } from '../../../../client/cli/commands/transfers/seed-folder.ts';
import { Output } from '../../../../client/cli/screen/output.ts';
import { openClient } from '../../../../client/host/open-client.ts';
import { openSession } from '../../../../client/session/open-session.ts';
import { createTorrent } from '../../../../torrents/create/create.ts';
import { Children, cicada } from '../../../e2e/child.ts';
import { temporaryFolder } from '../../run-cicada.ts';

let place: string;
beforeEach(async () => {
  place = temporaryFolder();
  mkdirSync(join(place, 'torrents'));
  await album('First', 'first.torrent');
});

function write(path: string, text: string | Uint8Array): void {
  mkdirSync(dirname(join(place, path)), { recursive: true });
  writeFileSync(join(place, path), text);
}

/** Writes the music of an album, and its torrent under this name. */
async function album(name: string, torrent: string, text = name): Promise<void> {
  write(`Music/${name}/1.flac`, text);
  write(`torrents/${torrent}`, (await createTorrent(join(place, 'Music', name))).bytes);
}

const soon = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 10 });

/** Runs `seed torrents Music`, which checks the folder every few milliseconds. */
async function seed() {
  const { session } = await openSession({ port: 0, host: '127.0.0.1' });
  const documents: Record<string, unknown>[] = [];
  const output = Object.assign(new Output(), { document: (value: object) => documents.push({ ...value }) });
  output.configure({ json: true, quiet: true, verbose: false });
  const control = new AbortController();
  const [torrents, path] = ['torrents', 'Music'].map((name) => join(place, name)) as [string, string];
  const { signal } = control;
  const options = {
    torrents,
    path,
    verify: true,
    signal,
    complete: <T>(loaded: T) => loaded,
    lookEveryMs: 5,
  };
  const folder = await seedFolder(session, options, output);
  const following = folder.follow(signal);
  onTestFinished(async () => {
    control.abort();
    await following;
    await session.close();
  });
  const names = () => folder.transfers.map(({ metainfo }) => metainfo.name).sort();
  const of = (event: string) => documents.filter((document) => document.event === event);
  /** When this torrent is reported, all earlier changes have been reported as well. */
  const someLooks = async (name: string) => {
    await album(name, `${name}.torrent`);
    await soon(() => expect(names()).toContain(name));
  };
  return { session, folder, names, of, someLooks };
}

describe('a folder of torrents that are seeded', () => {
  it.each(['second.torrent', 'deep/er/second.torrent', 'SECOND.TORRENT'])(
    'a torrent that is added as %s is seeded on the same port, and peers fetch it',
    async (torrent) => {
      const { session, names, of } = await seed();
      await album('Second', torrent);
      await soon(() => expect(names()).toEqual(['First', 'Second']));
      expect(of('seeding').map(({ port }) => port)).toEqual([session.port, session.port]);
      const leecher = await openClient({ port: 0, host: '127.0.0.1' });
      onTestFinished(() => leecher.close());
      const { metainfo } = await createTorrent(join(place, 'Music/Second'));
      mkdirSync(join(place, 'out'));
      const peers = [{ host: '127.0.0.1', port: session.port }];
      await (await leecher.download(metainfo, { folder: join(place, 'out'), peers })).completed;
      expect(readFileSync(join(place, 'out/Second/1.flac'), 'utf8')).toBe('Second');
    },
  );

  it('a torrent that is removed is no longer seeded; one that is renamed is still seeded', async () => {
    const { names, of, someLooks } = await seed();
    await album('Second', 'second.torrent');
    await soon(() => expect(names()).toEqual(['First', 'Second']));
    renameSync(join(place, 'torrents/second.torrent'), join(place, 'torrents/another.torrent'));
    await soon(() => expect(of('seeding')).toHaveLength(3));
    rmSync(join(place, 'torrents/another.torrent'));
    await soon(() => expect(names()).toEqual(['First']));
    expect(of('gone')).toHaveLength(2);
    await someLooks('Third');
    expect(names()).toEqual(['First', 'Third']);
  });

  it('a torrent with two files is seeded as long as one of them exists', async () => {
    const { names, of, someLooks } = await seed();
    write('torrents/twin.torrent', readFileSync(join(place, 'torrents/first.torrent')));
    await someLooks('Second');
    expect(of('seeding')).toHaveLength(2);
    rmSync(join(place, 'torrents/first.torrent'));
    await soon(() => expect(of('seeding')).toHaveLength(3));
    expect(names()).toEqual(['First', 'Second']);
  });

  it('a torrent whose content is missing or wrong is reported once, and seeded when the content is right', async () => {
    const { names, of, someLooks } = await seed();
    for (const name of ['Missing', 'Wrong']) await album(name, `${name}.torrent`);
    rmSync(join(place, 'Music/Missing'), { recursive: true });
    write('Music/Wrong/1.flac', 'WRONG');
    await someLooks('Second');
    await soon(() => expect(of('skipped')).toHaveLength(2));
    expect(
      of('skipped')
        .map(({ code }) => code)
        .sort(),
    ).toEqual(['data-mismatch', 'not-found']);
    await someLooks('Third');
    expect(of('skipped')).toHaveLength(2);
    for (const name of ['Missing', 'Wrong']) write(`Music/${name}/1.flac`, name);
    await soon(() => expect(names()).toEqual(['First', 'Missing', 'Second', 'Third', 'Wrong']));
  });

  it('a file that is no torrent yet is reported once, and seeded when it is one', async () => {
    const { names, of, someLooks } = await seed();
    write('torrents/late.torrent', 'not yet');
    await someLooks('Second');
    await soon(() =>
      expect(of('skipped')).toMatchObject([{ torrent: join(place, 'torrents/late.torrent') }]),
    );
    await album('Late', 'late.torrent');
    await soon(() => expect(names()).toEqual(['First', 'Late', 'Second']));
    expect(of('skipped')).toHaveLength(1);
  });

  it('a torrent file that is replaced is seeded as the new torrent, and one that is only touched stays', async () => {
    const { names, of, someLooks } = await seed();
    await album('Other', 'first.torrent');
    await soon(() => expect(names()).toEqual(['Other']));
    utimesSync(join(place, 'torrents/first.torrent'), 1, 1);
    await someLooks('Second');
    expect(names()).toEqual(['Other', 'Second']);
    expect(of('seeding')).toHaveLength(3);
  });

  it('torrents stay seeded while their folder is away', async () => {
    const { names, of, someLooks } = await seed();
    renameSync(join(place, 'torrents'), join(place, 'away'));
    await soon(() => expect(of('trouble')).toMatchObject([{ path: join(place, 'torrents') }]));
    expect(names()).toEqual(['First']);
    renameSync(join(place, 'away'), join(place, 'torrents'));
    await someLooks('Second');
    expect(of('gone')).toEqual([]);
  });
});

it('seed FOLDER MUSIC seeds a torrent that is added to FOLDER while the program runs', async () => {
  await using children = new Children();
  const args = ['seed', join(place, 'torrents'), join(place, 'Music'), '--port', '0'];
  const program = children.add(cicada(args));
  const { port } = await program.event('ready');
  await album('Second', 'second.torrent');
  const path = join(place, 'Music/Second');
  expect(await program.event('seeding', (document) => document.path === path)).toMatchObject({ port });
}, 60_000);
