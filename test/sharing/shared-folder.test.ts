import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { FolderChanges } from '../../client/sharing/folder-listing.ts';
import { type FolderVersion, makeVersion } from '../../client/sharing/folder-version.ts';
import { forgetVersion, loadVersion, saveVersion } from '../../client/sharing/share-store.ts';
import { type SharedFolderOptions, shareFolder } from '../../client/sharing/shared-folder.ts';
import { createTorrent, type Skipped } from '../../torrents/create/create.ts';
import { makeFolder, noise } from '../torrents/folder-fixture.ts';

const threads = 1;
const album = () => makeFolder('album', { '1.flac': 100_000, '2.flac': 50_000, 'cover.jpg': 3_000 });

/** Makes a version and returns it with the number of bytes to hash. */
async function hashedBytes(folder: string, before: FolderVersion) {
  let bytes = 0;
  const control = {
    threads,
    onProgress: (progress: { totalBytes: number }) => (bytes = progress.totalBytes),
  };
  const version = await makeVersion(folder, {}, before, control);
  return { version, bytes };
}

describe('a version', () => {
  it('a version of an unchanged folder hashes nothing and is the same', async () => {
    const folder = album();
    const first = await makeVersion(folder, {}, undefined, { threads });
    const { version, bytes } = await hashedBytes(folder, first);
    expect(bytes).toBe(0);
    expect(version.metainfo.infoHash).toEqual(first.metainfo.infoHash);
  });

  it('a version hashes only new and changed files, and equals one that hashes everything', async () => {
    const folder = album();
    const first = await makeVersion(folder, {}, undefined, { threads });
    writeFileSync(path.join(folder, '2.flac'), noise(50_000, 9));
    writeFileSync(path.join(folder, '3.flac'), noise(20_000, 10));
    rmSync(path.join(folder, 'cover.jpg'));
    const { version, bytes } = await hashedBytes(folder, first);
    expect(bytes).toBeLessThan(100_000);
    const { pieceLength } = first.metainfo;
    const whole = await createTorrent(folder, { pieceLength }, { threads });
    expect(version.metainfo.infoHash).toEqual(whole.infoHash);
  });

  it('a file that was changed with the same size and mtime is detected', async () => {
    const folder = album();
    const file = path.join(folder, '1.flac');
    // Whole seconds, because mtimes cannot be set to the nanosecond.
    const mtime = new Date(1_600_000_000_000);
    utimesSync(file, mtime, mtime);
    const first = await makeVersion(folder, {}, undefined, { threads });
    writeFileSync(file, noise(100_000, 77));
    utimesSync(file, mtime, mtime);
    const { version } = await hashedBytes(folder, first);
    expect(version.metainfo.infoHash).not.toEqual(first.metainfo.infoHash);
  });

  it('a version keeps the name, format and piece length of the one before', async () => {
    const folder = album();
    const first = await makeVersion(folder, { format: 'v2', pieceLength: 32_768, name: 'Other' }, undefined, {
      threads,
    });
    const { version } = await hashedBytes(folder, first);
    expect(version.metainfo).toMatchObject({ format: 'v2', pieceLength: 32_768, name: 'Other' });
  });

  it('a folder that changes while its version is made gives an error', async () => {
    const folder = album();
    const first = await makeVersion(folder, {}, undefined, { threads });
    let isWritten = false;
    const wanted = () => {
      // Called in the second scan of createTorrent(): a known file, which is not read, changes.
      if (!isWritten) appendFileSync(path.join(folder, '1.flac'), 'x');
      isWritten = true;
      return true;
    };
    await expect(
      makeVersion(folder, { wanted: countdown(3, wanted) }, first, { threads }),
    ).rejects.toMatchObject({ code: 'file-changed' });
  });
});

/** Calls `then` when the folder of three files is scanned for the nth time. */
function countdown(looks: number, then: () => boolean): () => boolean {
  let calls = 0;
  return () => (++calls > looks * 3 - 3 ? then() : true);
}

describe('the record of a share', () => {
  const newState = () => path.join(makeFolder('state', {}), 'cicada');

  it('the last version of a share is remembered', async () => {
    const [folder, state] = [album(), newState()];
    const made = await makeVersion(folder, {}, undefined, { threads });
    await saveVersion(state, folder, made);
    const loaded = await loadVersion(state, folder);
    expect(loaded?.listing).toEqual(made.listing);
    expect(loaded?.metainfo.infoHash).toEqual(made.metainfo.infoHash);
    expect(await loadVersion(state, path.dirname(folder))).toBeUndefined();
    await forgetVersion(state, folder);
    expect(await loadVersion(state, folder)).toBeUndefined();
  });

  it('a record that is damaged or of another torrent is ignored', async () => {
    const [folder, state] = [album(), newState()];
    const made = await makeVersion(folder, {}, undefined, { threads });
    await saveVersion(state, folder, made);
    appendFileSync(path.join(folder, '1.flac'), 'x');
    const next = await makeVersion(folder, {}, undefined, { threads });
    // As after a crash between writing the torrent and the record.
    const other = newState();
    await saveVersion(other, folder, next);
    const [torrent] = namesIn(other, '.torrent');
    renameSync(torrent!, namesIn(state, '.torrent')[0]!);
    expect(await loadVersion(state, folder)).toBeUndefined();
    await saveVersion(state, folder, made);
    writeFileSync(namesIn(state, '.json')[0]!, '{"version":1,"files":[[1]]}');
    expect(await loadVersion(state, folder)).toBeUndefined();
  });
});

function namesIn(state: string, ending: string): string[] {
  const folder = path.join(state, 'shares');
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => path.join(folder, name));
}

describe('a shared folder', () => {
  /** `next()`: resolves with the next reported version. */
  async function share(folder: string, stateFolder: string, more: Partial<SharedFolderOptions> = {}) {
    const versions: { version: FolderVersion; changes: FolderChanges }[] = [];
    let wake = () => {};
    const troubles: unknown[] = [];
    const shared = await shareFolder(folder, {
      stateFolder,
      settleMs: 20,
      control: { threads },
      onVersion: async (version, changes) => {
        versions.push({ version, changes });
        wake();
      },
      onTrouble: (error) => troubles.push(error),
      ...more,
    });
    onTestFinished(() => shared.close());
    const next = async () => {
      while (versions.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return versions.shift()!;
    };
    return { shared, versions, next, troubles };
  }
  const newState = () => path.join(makeFolder('state', {}), 'cicada');

  it('a shared folder is reported at first, and when files are added, changed or removed', async () => {
    const folder = album();
    const { shared, next } = await share(folder, newState());
    expect((await next()).changes.added).toHaveLength(3);

    writeFileSync(path.join(folder, '3.flac'), noise(20_000, 10));
    appendFileSync(path.join(folder, '1.flac'), 'x');
    const second = await next();
    expect(second.changes).toEqual({ added: ['3.flac'], changed: ['1.flac'], removed: [] });
    const whole = await createTorrent(
      folder,
      { pieceLength: second.version.metainfo.pieceLength },
      { threads },
    );
    expect(second.version.metainfo.infoHash).toEqual(whole.infoHash);

    mkdirSync(path.join(folder, 'CD2'));
    renameSync(path.join(folder, '3.flac'), path.join(folder, 'CD2', '1.flac'));
    const third = await next();
    expect(third.changes).toEqual({ added: ['CD2/1.flac'], changed: [], removed: ['3.flac'] });
    expect(shared.path).toBe(folder);
  });

  it('a folder that changed between two runs is reported at the start, and an unchanged one is not', async () => {
    const [folder, state] = [album(), newState()];
    const first = await share(folder, state);
    await first.shared.close();
    const second = await share(folder, state);
    await second.shared.close();
    expect(second.versions).toEqual([]);
    rmSync(path.join(folder, '2.flac'));
    const third = await share(folder, state);
    expect((await third.next()).changes).toEqual({ added: [], changed: [], removed: ['2.flac'] });
  });

  it('touched files and files that are not shared give no new version', async () => {
    const folder = album();
    const { shared, versions } = await share(folder, newState());
    versions.length = 0;
    const before = shared.current;
    utimesSync(path.join(folder, '1.flac'), new Date(), new Date());
    writeFileSync(path.join(folder, '.hidden'), 'x');
    writeFileSync(path.join(folder, 'x.flac.part'), 'x');
    writeFileSync(path.join(folder, 'id_rsa'), 'x');
    // Only this file is shared, and reporting it shows that the others were seen and not reported.
    writeFileSync(path.join(folder, '4.flac'), noise(100, 1));
    while (shared.current === before || versions.length === 0) await new Promise(setImmediate);
    expect(versions.flatMap(({ changes }) => changes.added)).toEqual(['4.flac']);
    expect(shared.leftOut.map((file) => path.basename(file.path))).toEqual(['id_rsa']);
  });

  it('an emptied folder is trouble and gives no version', async () => {
    const folder = album();
    const trouble = Promise.withResolvers<unknown>();
    const { versions } = await share(folder, newState(), { onTrouble: trouble.resolve });
    versions.length = 0;
    for (const name of ['1.flac', '2.flac', 'cover.jpg']) rmSync(path.join(folder, name));
    expect(await trouble.promise).toMatchObject({ code: 'share-missing' });
    expect(versions).toEqual([]);
  });

  it('a key that appears later is left out, and reported once', async () => {
    const folder = album();
    const heard: (string | undefined)[] = [];
    let tell = () => {};
    const onLeftOut = (file: Skipped) => {
      heard.push(`${path.basename(file.path)}: ${file.looksLike}`);
      tell();
    };
    const { shared, versions, next } = await share(folder, newState(), { onLeftOut });
    versions.length = 0;
    const told = new Promise<void>((resolve) => (tell = resolve));
    writeFileSync(path.join(folder, 'passwords.kdbx'), 'x');
    await told;
    expect(versions).toEqual([]);
    // A shared file becomes a key, so it is removed from the share.
    writeFileSync(path.join(folder, 'cover.jpg'), '-----BEGIN PRIVATE KEY-----\n');
    expect((await next()).changes).toEqual({ added: [], changed: [], removed: ['cover.jpg'] });
    expect(heard).toEqual(['passwords.kdbx: a store of passwords', 'cover.jpg: a private key']);
    expect(shared.leftOut.map((file) => path.basename(file.path)).sort()).toEqual([
      'cover.jpg',
      'passwords.kdbx',
    ]);
  });

  it('keys are shared when the user allows secrets', async () => {
    const folder = makeFolder('album', { '1.flac': 100, 'passwords.kdbx': 'x' });
    const { next, shared } = await share(folder, newState(), { includeSecrets: true });
    expect((await next()).changes.added).toEqual(['1.flac', 'passwords.kdbx']);
    expect(shared.leftOut).toEqual([]);
  });

  it.each([
    ['a hidden folder', '.secret', 'share-hidden'],
    ['another folder', 'elsewhere', 'share-moved'],
  ])(
    'a folder that was replaced by a link to %s is trouble, and its target is not read',
    async (_, name, code) => {
      const place = makeFolder('place', { 'album/1.flac': 100, [`${name}/2.flac`]: 100 });
      const folder = path.join(place, 'album');
      const trouble = Promise.withResolvers<unknown>();
      const { versions, shared } = await share(folder, newState(), { onTrouble: trouble.resolve });
      versions.length = 0;
      renameSync(folder, path.join(place, 'moved'));
      symlinkSync(path.join(place, name), folder);
      // If the watcher misses this, a look at intervals finds it.
      expect(await trouble.promise).toMatchObject({ code });
      expect(versions).toEqual([]);
      expect([...shared.current.listing.keys()]).toEqual(['1.flac']);
    },
  );

  it('a folder that was moved to a hidden place is trouble and gives no version', async () => {
    const place = makeFolder('place', { 'album/1.flac': 100, '.hidden/x': 1 });
    const trouble = Promise.withResolvers<unknown>();
    const { versions } = await share(path.join(place, 'album'), newState(), { onTrouble: trouble.resolve });
    versions.length = 0;
    renameSync(path.join(place, 'album'), path.join(place, '.hidden', 'album'));
    expect(await trouble.promise).toMatchObject({ code: 'share-missing' });
    expect(versions).toEqual([]);
  });

  it('a folder in a forbidden place is refused', async () => {
    const folder = makeFolder('.secret', { '1.flac': 10 });
    await expect(share(folder, newState())).rejects.toMatchObject({ code: 'share-hidden' });
  });
});
