import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { shareAlbums } from '../../../../client/cli/commands/transfers/share-albums.ts';
import { Output } from '../../../../client/cli/screen/output.ts';
import { openSession } from '../../../../client/session/open-session.ts';
import { type AlbumScoutPorts, scoutAlbums } from '../../../../client/session/shares/album-scout.ts';
import { findAlbums } from '../../../../torrents/create/albums.ts';
import { createTorrent } from '../../../../torrents/create/create.ts';
import { parseMetainfo } from '../../../../torrents/metainfo/metainfo.ts';
import { runHere, temporaryFolder } from '../../run-cicada.ts';

let place: string;
let music: string;
beforeEach(() => {
  place = temporaryFolder();
  music = join(place, 'Music');
  for (const album of ['A/One', 'B/Two']) write(`${album}/1.flac`, album);
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(music, path)), { recursive: true });
  writeFileSync(join(music, path), text);
}

/** A scout that looks every few milliseconds, and what it has told. */
async function scout(ports: Partial<AlbumScoutPorts> = {}, others: readonly string[] = []) {
  const control = new AbortController();
  const shared = new Set([join(music, 'A/One'), join(music, 'B/Two')]);
  const told: string[] = [];
  let looks = 0;
  const isKnown = (path: string) => {
    looks++;
    return shared.has(path);
  };
  const short = (path: string) => relative(music, path);
  const ended = scoutAlbums(
    {
      folders: [music, ...others],
      known: (await findAlbums(music)).albums,
      scan: {},
      signal: control.signal,
      everyMs: 5,
    },
    {
      isKnown,
      onAlbum: async ({ path }) => {
        told.push(`new ${short(path)}`);
        shared.add(path);
      },
      onChanged: async ({ path }) => {
        told.push(`changed ${short(path)}`);
      },
      shared: () => [...shared],
      onGone: async (path) => {
        told.push(`gone ${short(path)}`);
        shared.delete(path);
      },
      onTrouble: (error) => told.push(`trouble ${(error as { code?: string }).code}`),
      ...ports,
    },
  );
  onTestFinished(async () => {
    control.abort();
    await ended;
  });
  const someLooks = async () => {
    const until = looks + 20;
    await vi.waitFor(() => expect(looks).toBeGreaterThan(until), { timeout: 20_000, interval: 5 });
  };
  return { told, someLooks };
}

const soon = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

describe('the scout for albums', () => {
  it('tells of a new album once, wherever it lies, and of nothing that is shared already', async () => {
    const { told, someLooks } = await scout();
    await someLooks();
    expect(told).toEqual([]);
    write('C/deep/Three/CD1/1.flac', 'x');
    await soon(() => expect(told).toEqual(['new C/deep/Three']));
    await someLooks();
    expect(told).toEqual(['new C/deep/Three']);
  });

  it.each(['CD2', 'Disc II', 'Disk Four', 'Scans'])(
    'tells of what comes into %s of an album as a change of the album, once',
    async (folder) => {
      const { told, someLooks } = await scout();
      write(`A/One/${folder}/1.${folder === 'Scans' ? 'png' : 'mp3'}`, 'x');
      await soon(() => expect(told).toEqual(['changed A/One']));
      await someLooks();
      expect(told).toEqual(['changed A/One']);
    },
  );

  it('tells of files of an album that were edited, renamed or removed, and of audio in any other folder as an album', async () => {
    write('A/One/2.flac', 'two');
    const { told } = await scout();
    write('A/One/2.flac', 'TWO');
    await soon(() => expect(told.splice(0)).toEqual(['changed A/One']));
    renameSync(join(music, 'A/One/2.flac'), join(music, 'A/One/3.flac'));
    await soon(() => expect(told.splice(0)).toEqual(['changed A/One']));
    rmSync(join(music, 'A/One/3.flac'));
    await soon(() => expect(told.splice(0)).toEqual(['changed A/One']));
    write('A/One/Bonus/1.flac', 'bonus');
    await soon(() => expect(told).toEqual(['new A/One/Bonus']));
  });

  it('waits until an album that is being copied has come to rest', async () => {
    const { told } = await scout();
    const control = new AbortController();
    const copying = (async () => {
      for (let bytes = 1; !control.signal.aborted; bytes++) {
        write('Copied/1.flac', 'x'.repeat(bytes));
        await new Promise(setImmediate);
      }
    })();
    write('Whole/1.flac', 'x');
    await soon(() => expect(told).toContain('new Whole'));
    expect(told).not.toContain('new Copied');
    control.abort();
    await copying;
    await soon(() => expect(told).toContain('new Copied'));
  });

  it('tells of an album that is gone; one that was moved is gone there and new here', async () => {
    const { told } = await scout();
    renameSync(join(music, 'A/One'), join(music, 'B/One'));
    await soon(() => expect(told.toSorted()).toEqual(['gone A/One', 'new B/One']));
  });

  it('has nothing to tell of what is shared by itself, without a folder of albums', async () => {
    const told: string[] = [];
    const tell = (what: string) => async () => void told.push(what);
    await scoutAlbums(
      { folders: [], known: [], scan: {}, signal: new AbortController().signal, everyMs: 1 },
      {
        isKnown: () => true,
        onAlbum: tell('new'),
        onChanged: tell('changed'),
        shared: () => [join(music, 'A/One')],
        onGone: tell('gone'),
        onTrouble: tell('trouble'),
      },
    );
    expect(told).toEqual([]);
  });

  it('takes no album for gone while its disk is away, and says that once', async () => {
    const other = join(place, 'Other');
    mkdirSync(other);
    const { told } = await scout({}, [other]);
    renameSync(music, `${music} away`);
    await soon(() => expect(told).toEqual(['trouble file-missing']));
    // Looks go on in the other folder.
    for (const name of ['X', 'Y']) {
      mkdirSync(join(other, name));
      writeFileSync(join(other, name, '1.flac'), name);
      await soon(() => expect(told).toContain(`new ../Other/${name}`));
    }
    told.splice(0);
    renameSync(`${music} away`, music);
    write('C/1.flac', 'x');
    await soon(() => expect(told).toEqual(['new C']));
  });
});

describe('share --per-album without a catalogue', () => {
  async function share(folder: string | undefined) {
    const { session } = await openSession({ port: 0, host: '127.0.0.1' });
    const control = new AbortController();
    const documents: Record<string, unknown>[] = [];
    const output = Object.assign(new Output(), { document: (value: object) => documents.push({ ...value }) });
    output.configure({ json: true, quiet: false, verbose: false });
    const ended = shareAlbums(
      session,
      {
        ...{ collections: [music], create: {}, place: folder, force: false, threads: 1 },
        ...{ trackers: [], tracker: undefined, includeSecrets: undefined, lookEveryMs: 5, settleMs: 5 },
      },
      control.signal,
      output,
    );
    onTestFinished(async () => {
      control.abort();
      await ended.catch(() => {});
      await session.close();
    });
    const of = (event: string) => documents.filter((document) => document.event === event);
    return { session, of, ended };
  }

  it('seeds every album and each that comes later, and writes their torrents once', async () => {
    const out = join(place, 'out');
    mkdirSync(out);
    writeFileSync(join(out, 'One.torrent'), 'mine');
    const { session, of } = await share(out);
    await soon(() => expect(of('sharing').map(({ name }) => name)).toEqual(['One', 'Two']));
    expect(readFileSync(join(out, 'One.torrent'), 'utf8')).toBe('mine');
    write('Three/1.flac', 'three');
    await soon(() => expect(of('sharing').map(({ name }) => name)).toEqual(['One', 'Two', 'Three']));
    expect(existsSync(join(out, 'Three.torrent'))).toBe(true);
    expect(new Set(of('sharing').map(({ port }) => port))).toEqual(new Set([session.port]));
    rmSync(join(music, 'A/One'), { recursive: true });
    await soon(() => expect(of('gone')).toMatchObject([{ path: join(music, 'A/One') }]));
  });

  it('an album that has gained a disc is another torrent, and the one before is seeded on', async () => {
    const { of } = await share(join(place, 'out/'));
    await soon(() => expect(of('sharing')).toHaveLength(2));
    for (const [disc, files] of [
      ['CD2', 2],
      ['Disc III', 3],
      ['disc four', 4],
    ] as const) {
      write(`A/One/${disc}/1.mp3`, disc);
      await soon(() => expect(of('new-version').at(-1)).toMatchObject({ name: 'One', files }));
    }
    const file = parseMetainfo(readFileSync(join(place, 'out/One.torrent')));
    expect(of('new-version').map(({ infoHash }) => infoHash)).toContain(
      Buffer.from(file.infoHash).toString('hex'),
    );
    expect(file.files.filter(({ isPad }) => !isPad)).toHaveLength(4);
    await soon(() => expect(of('progress').at(-1)).toMatchObject({ torrents: 5, offline: 0 }));
    rmSync(join(music, 'A/One/CD2'), { recursive: true });
    await soon(() => expect(of('progress').at(-1)).toMatchObject({ torrents: 2, offline: 0 }));
  });

  it('audio in another folder of an album is an album of its own, and in no two torrents', async () => {
    const { of } = await share(undefined);
    await soon(() => expect(of('sharing')).toHaveLength(2));
    write('A/One/Bonus/1.flac', 'bonus');
    await soon(() => expect(of('sharing').at(-1)).toMatchObject({ name: 'Bonus', files: 1 }));
    write('A/One/2.flac', 'two');
    await soon(() => expect(of('new-version')).toMatchObject([{ name: 'One', files: 2 }]));
  });

  it('a torrent file that was there is left, and said to be of another torrent', async () => {
    const out = join(place, 'out');
    mkdirSync(out);
    const { bytes } = await createTorrent(join(music, 'A/One'));
    writeFileSync(join(out, 'One.torrent'), bytes);
    writeFileSync(join(out, 'Two.torrent'), bytes);
    const { of } = await share(out);
    await soon(() =>
      expect(of('other-torrent')).toEqual([expect.objectContaining({ torrent: join(out, 'Two.torrent') })]),
    );
    write('A/One/2.flac', 'two');
    await soon(() => expect(of('other-torrent').at(-1)).toMatchObject({ torrent: join(out, 'One.torrent') }));
    expect(readFileSync(join(out, 'One.torrent')).equals(bytes)).toBe(true);
  });

  it('an album that cannot be shared stops no other, is said once, and is shared when it can be', async () => {
    writeFileSync(Buffer.from(`${music}/B/Two/\xff`, 'latin1'), 'x');
    const { of } = await share(undefined);
    await soon(() => expect(of('sharing').map(({ name }) => name)).toEqual(['One']));
    write('Later/1.flac', 'later');
    await soon(() => expect(of('sharing').map(({ name }) => name)).toEqual(['One', 'Later']));
    expect(of('trouble')).toMatchObject([{ code: 'create-name-not-utf8' }]);
    rmSync(Buffer.from(`${music}/B/Two/\xff`, 'latin1'));
    await soon(() => expect(of('sharing').map(({ name }) => name)).toEqual(['One', 'Later', 'Two']));
  });

  it('without any album ends and says so', async () => {
    mkdirSync(join(place, 'Empty'));
    const { code, stderr } = await runHere(
      ['share', 'Empty', '--per-album', '--listen', '127.0.0.1:0', '--port', '0'],
      place,
    );
    expect(code).toBe(3);
    expect(stderr).toMatch(/Empty holds no album: no audio was found/);
  });
});
