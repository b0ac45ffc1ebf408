import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type ScoutPorts, scoutAlbums } from '../../client/cli/album-scout.ts';
import { Output } from '../../client/cli/output.ts';
import { shareAlbums } from '../../client/cli/share-albums.ts';
import { openClient } from '../../client/host/open-client.ts';
import { runHere, temporaryFolder } from './run-cicada.ts';

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
function scout(ports: Partial<ScoutPorts> = {}, others: readonly string[] = []) {
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
    [music, ...others],
    {},
    control.signal,
    {
      isKnown,
      onAlbum: async ({ path }) => {
        told.push(`new ${short(path)}`);
        shared.add(path);
      },
      shared: () => [...shared],
      onGone: async (path) => {
        told.push(`gone ${short(path)}`);
        shared.delete(path);
      },
      onTrouble: (error) => told.push(`trouble ${(error as { code?: string }).code}`),
      ...ports,
    },
    5,
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
    const { told, someLooks } = scout();
    await someLooks();
    expect(told).toEqual([]);
    write('C/deep/Three/CD1/1.flac', 'x');
    await soon(() => expect(told).toEqual(['new C/deep/Three']));
    await someLooks();
    expect(told).toEqual(['new C/deep/Three']);
  });

  it('waits until an album that is being copied has come to rest', async () => {
    const { told } = scout();
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
    const { told } = scout();
    renameSync(join(music, 'A/One'), join(music, 'B/One'));
    await soon(() => expect(told.toSorted()).toEqual(['gone A/One', 'new B/One']));
  });

  it('has nothing to tell of what is shared by itself, without a folder of albums', async () => {
    const told: string[] = [];
    const tell = (what: string) => async () => void told.push(what);
    await scoutAlbums(
      [],
      {},
      new AbortController().signal,
      {
        isKnown: () => true,
        onAlbum: tell('new'),
        shared: () => [join(music, 'A/One')],
        onGone: tell('gone'),
        onTrouble: tell('trouble'),
      },
      1,
    );
    expect(told).toEqual([]);
  });

  it('takes no album for gone while its disk is away, and says that once', async () => {
    const other = join(place, 'Other');
    mkdirSync(other);
    const { told } = scout({}, [other]);
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
    const client = await openClient({ port: 0, host: '127.0.0.1' });
    const control = new AbortController();
    const documents: Record<string, unknown>[] = [];
    const output = Object.assign(new Output(), { document: (value: object) => documents.push({ ...value }) });
    output.configure({ json: true, quiet: false, verbose: false });
    const ended = shareAlbums(
      client,
      {
        ...{ collections: [music], create: {}, place: folder, force: false, threads: 1 },
        ...{ trackers: [], tracker: undefined, lookEveryMs: 5 },
      },
      control.signal,
      output,
    );
    onTestFinished(async () => {
      control.abort();
      await ended.catch(() => {});
      await client.close();
    });
    const of = (event: string) => documents.filter((document) => document.event === event);
    return { client, of, ended };
  }

  it('seeds every album and each that comes later, and writes their torrents once', async () => {
    const out = join(place, 'out');
    mkdirSync(out);
    writeFileSync(join(out, 'One.torrent'), 'mine');
    const { client, of } = await share(out);
    await soon(() => expect(of('sharing').map(({ name }) => name)).toEqual(['One', 'Two']));
    expect(readFileSync(join(out, 'One.torrent'), 'utf8')).toBe('mine');
    write('Three/1.flac', 'three');
    await soon(() => expect(of('sharing').map(({ name }) => name)).toEqual(['One', 'Two', 'Three']));
    expect(existsSync(join(out, 'Three.torrent'))).toBe(true);
    expect(new Set(of('sharing').map(({ port }) => port))).toEqual(new Set([client.port]));
    rmSync(join(music, 'A/One'), { recursive: true });
    await soon(() => expect(of('gone')).toMatchObject([{ path: join(music, 'A/One') }]));
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
