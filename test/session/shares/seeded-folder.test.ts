/** All torrents of a folder, seeded by a session: the results are events, without texts. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openSession } from '../../../client/session/open-session.ts';
import { SeededFolder, type SeededFolderPorts } from '../../../client/session/shares/seeded-folder.ts';
import { createTorrent } from '../../../torrents/create/create.ts';
import { parseMetainfo } from '../../../torrents/metainfo/metainfo.ts';
import { temporaryFolder } from '../../cli/run-cicada.ts';

let place: string;
beforeEach(async () => {
  place = temporaryFolder();
  await album('First');
});

function write(path: string, text: string | Uint8Array): void {
  mkdirSync(dirname(join(place, path)), { recursive: true });
  writeFileSync(join(place, path), text);
}

/** Makes an album of one file, and its torrent. */
async function album(name: string, file = '1.flac'): Promise<void> {
  write(`Music/${name}/${file}`, name);
  const { bytes } = await createTorrent(join(place, 'Music', name));
  write(`torrents/${name}.torrent`, bytes);
}

const soon = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 10 });
const codeOf = (error: unknown) => String((error as { readonly code?: string }).code);

/** A seeded folder that looks every few milliseconds, and a log of its events. */
async function seed(ports: Partial<SeededFolderPorts> = {}, privateFolders: readonly string[] = []) {
  const { session } = await openSession({ port: 0, host: '127.0.0.1' });
  const control = new AbortController();
  const { signal } = control;
  const told: string[] = [];
  const tell = (what: string) => (path: string) => void told.push(`${what} ${relative(place, path)}`);
  const options = {
    ...{ torrents: join(place, 'torrents'), path: join(place, 'Music'), verify: true, privateFolders },
    ...{ signal, lookEveryMs: 5 },
  };
  const folder = new SeededFolder(session, options, {
    load: async (path) => ({ metainfo: parseMetainfo(readFileSync(path)), trust: {} }),
    onSecrets: () => {},
    onReading: () => {},
    onStarting: () => {},
    onTried: () => {},
    onSeeding: tell('seeding'),
    onTwin: tell('twin'),
    onMissing: (path, nearest) => tell(`missing ${nearest?.missing ?? 'all'} of`)(path),
    onFailed: (path, error) => tell(codeOf(error))(path),
    onGone: tell('gone'),
    onTrouble: (error, at) => tell(codeOf(error))(at),
    onMusicAway: (error) => told.push(`music ${codeOf(error)}`),
    ...ports,
  });
  let following: Promise<void> | undefined;
  onTestFinished(async () => {
    control.abort();
    await following;
    await session.close();
  });
  const follow = () => {
    following = folder.follow(signal);
  };
  const names = () => session.transfers.map(({ metainfo }) => metainfo.name).sort();
  return { folder, follow, told, names, session };
}

describe('a folder of torrents', () => {
  it('the torrents of a folder that have their content are transfers of the session', async () => {
    await album('Gone');
    rmSync(join(place, 'Music/Gone'), { recursive: true });
    await album('Cut');
    write('Music/Cut/1.flac', 'C');
    const { folder, told, session } = await seed();
    expect(await folder.start()).toBe(3);
    expect(told.sort()).toEqual([
      'missing 1 of torrents/Cut.torrent',
      'missing all of torrents/Gone.torrent',
      'seeding torrents/First.torrent',
    ]);
    expect(folder.transfers).toEqual(session.transfers);
  });

  it('a torrent file that is added is seeded, and one that is removed stops', async () => {
    const { folder, follow, told, names } = await seed();
    await folder.start();
    follow();
    await album('Second');
    await soon(() => expect(names()).toEqual(['First', 'Second']));
    rmSync(join(place, 'torrents/First.torrent'));
    await soon(() => expect(names()).toEqual(['Second']));
    expect(told).toContain('gone torrents/First.torrent');
  });

  it.each(['private', 'hidden'])('content in a %s folder is not seeded', async (kind) => {
    const privateFolders = kind === 'private' ? [join(place, 'Music/First')] : [];
    if (kind === 'hidden') {
      mkdirSync(join(place, 'Music/.hidden'));
      renameSync(join(place, 'Music/First'), join(place, 'Music/.hidden/First'));
    }
    const { folder, told, names } = await seed({}, privateFolders);
    await folder.start();
    expect(told).toEqual([expect.stringMatching(new RegExp(`^share-${kind}`))]);
    expect(names()).toEqual([]);
  });

  it('files that look like secrets are shown to the interface, and their torrent is not seeded if it refuses', async () => {
    await album('Keys', 'id_rsa');
    const asked: string[] = [];
    const refused = Object.assign(new Error('no'), { code: 'share-secret' });
    const { folder, told, names } = await seed({
      onSecrets: (metainfo, secrets) => {
        asked.push(metainfo.name, ...secrets.map(({ path }) => path));
        throw refused;
      },
    });
    await folder.start();
    expect(asked).toEqual(['Keys', 'id_rsa']);
    expect(told).toContain('share-secret torrents/Keys.torrent');
    expect(names()).toEqual(['First']);
  });

  it('a start without torrents or without the music throws a SessionError', async () => {
    rmSync(join(place, 'torrents/First.torrent'));
    const { folder } = await seed();
    await expect(folder.start()).rejects.toMatchObject({ code: 'not-found', name: 'SessionError' });
    await album('First');
    rmSync(join(place, 'Music'), { recursive: true });
    await expect(folder.start()).rejects.toMatchObject({ code: 'not-found', name: 'SessionError' });
    rmSync(join(place, 'torrents'), { recursive: true });
    await expect(folder.start()).rejects.toMatchObject({ code: 'file-unreadable', name: 'SessionError' });
  });
});
