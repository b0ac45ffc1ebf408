import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type AlbumScoutPorts, scoutAlbums } from '../../../client/session/shares/album-scout.ts';
import { findAlbums } from '../../../torrents/create/albums.ts';
import { temporaryFolder } from '../../cli/run-cicada.ts';

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

/** A scout that looks every few milliseconds, and a log of its events. */
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

describe('the album scout', () => {
  it('a new album is reported once, at any depth, and shared albums are not reported', async () => {
    const { told, someLooks } = await scout();
    await someLooks();
    expect(told).toEqual([]);
    write('C/deep/Three/CD1/1.flac', 'x');
    await soon(() => expect(told).toEqual(['new C/deep/Three']));
    await someLooks();
    expect(told).toEqual(['new C/deep/Three']);
  });

  it.each(['CD2', 'Disc II', 'Disk Four', 'Scans'])(
    'a file that is added in %s of an album is reported once, as a change of the album',
    async (folder) => {
      const { told, someLooks } = await scout();
      write(`A/One/${folder}/1.${folder === 'Scans' ? 'png' : 'mp3'}`, 'x');
      await soon(() => expect(told).toEqual(['changed A/One']));
      await someLooks();
      expect(told).toEqual(['changed A/One']);
    },
  );

  it('edited, renamed and removed files change their album, and audio in any other folder is a new album', async () => {
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

  it('an album that is being copied is reported only once it no longer changes', async () => {
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

  it('a removed album is reported as gone, and a moved one as gone and new', async () => {
    const { told } = await scout();
    renameSync(join(music, 'A/One'), join(music, 'B/One'));
    await soon(() => expect(told.toSorted()).toEqual(['gone A/One', 'new B/One']));
  });

  it('shares without a folder of albums are never reported', async () => {
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

  it('an album is not reported as gone while its disk is unplugged, and that trouble is reported once', async () => {
    const other = join(place, 'Other');
    mkdirSync(other);
    const { told } = await scout({}, [other]);
    renameSync(music, `${music} away`);
    await soon(() => expect(told).toEqual(['trouble file-missing']));
    // The other folder is still scouted.
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
