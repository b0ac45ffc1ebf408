import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClientError } from '../../../client/host/client-error.ts';
import { prepareDownload } from '../../../client/host/preparing/download-folder.ts';
import { ResumeStore } from '../../../client/host/resume/resume-store.ts';
import { StoragePool } from '../../../client/host/storage/storage-pool.ts';
import { createTorrent } from '../../../torrents/create/create.ts';
import type { TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { noise } from '../../torrents/folder-fixture.ts';

const pieceLength = 16 * 1024;
let root: string;
let source: string;
let metainfo: Metainfo;
let folder: string;
let album: string;

beforeEach(async () => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'cicada-download-'));
  source = path.join(root, 'source', 'album');
  folder = path.join(root, 'download');
  album = path.join(folder, 'album');
  fs.mkdirSync(path.join(source, 'cover'), { recursive: true });
  fs.mkdirSync(folder);
  const sizes = { 'a.flac': 40_000, 'b.txt': 10, 'cover/c.jpg': 20_000, 'empty.log': 0 };
  for (const [name, bytes] of Object.entries(sizes)) {
    fs.writeFileSync(path.join(source, name), noise(bytes, bytes + 1));
  }
  ({ metainfo } = await createTorrent(source, { format: 'v1', pieceLength }));
});

afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

const prepare = (into = folder) => prepareDownload(metainfo, into);
const copy = (name: string, as = name) => {
  fs.mkdirSync(path.dirname(path.join(album, as)), { recursive: true });
  fs.copyFileSync(path.join(source, name), path.join(album, as));
};
const write = (name: string, content: string | Uint8Array) => {
  fs.mkdirSync(path.dirname(path.join(album, name)), { recursive: true });
  fs.writeFileSync(path.join(album, name), content);
};

/** Everything below the folder: names, kinds, sizes, times, contents. */
function snapshot(): unknown {
  const names = (fs.readdirSync(folder, { recursive: true }) as string[]).sort();
  return names.map((name) => {
    const at = path.join(folder, name);
    const { mode, size, ino, nlink, mtimeNs } = fs.lstatSync(at, { bigint: true });
    return [
      name,
      mode,
      size,
      ino,
      nlink,
      mtimeNs,
      (mode & 0o170000n) === 0o100000n && fs.readFileSync(at, 'hex'),
    ];
  });
}

/** Expects a refusal with this code and a message that names the path, and that nothing was touched. */
async function expectRefused(code: string, at: string): Promise<void> {
  const before = snapshot();
  const error = await prepare().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ClientError);
  expect(error).toMatchObject({ code, path: at });
  expect((error as ClientError).message).toContain(at);
  expect(snapshot()).toEqual(before);
}

const bits = (have: Uint8Array) =>
  [...metainfo.geometry.pieces()].map((i) => ((have[i >> 3]! & (0x80 >> (i & 7))) !== 0 ? 1 : 0)).join('');

describe('an empty folder', () => {
  it('an empty folder has no pieces and is not touched', async () => {
    const { have, files } = await prepare();
    expect(bits(have)).toBe('0000');
    expect(files.files.map((f) => [f!.state, f!.missingBytes])).toEqual([
      ['part', 40_000],
      ['part', 10],
      ['part', 20_000],
      ['part', 0],
    ]);
    expect(files.rootPath).toBe(album);
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it('a folder that does not exist yet has no pieces', async () => {
    const { have } = await prepare(path.join(folder, 'new', 'newer'));
    expect(bits(have)).toBe('0000');
    expect(fs.readdirSync(folder)).toEqual([]);
  });
});

describe('preexisting files with right content', () => {
  it('a whole preexisting copy is adopted with every piece, and nothing is touched', async () => {
    fs.cpSync(source, album, { recursive: true });
    const before = snapshot();
    const { have, files } = await prepare();
    expect(bits(have)).toBe('1111');
    expect(files.files.every((f) => f!.state === 'foreign' && f!.missingBytes === 0)).toBe(true);
    expect(snapshot()).toEqual(before);
  });

  it('a single preexisting file is adopted with the pieces that lie in it alone', async () => {
    copy('a.flac');
    const { have, files } = await prepare();
    // 40,000 bytes hold two pieces. The third also holds b.txt and the beginning of the cover.
    expect(bits(have)).toBe('1100');
    expect(files.files.map((f) => f!.state)).toEqual(['foreign', 'part', 'part', 'part']);
  });

  it('an interrupted download is adopted', async () => {
    const part = fs.readFileSync(path.join(source, 'a.flac')).subarray(0, 20_000);
    write('a.flac.part', part);
    const { have, files } = await prepare();
    expect(bits(have)).toBe('1000');
    expect(files.files[0]).toMatchObject({ state: 'part', missingBytes: 40_000 - pieceLength });
  });

  it('a sparse part whose end was stored first is adopted', async () => {
    const whole = fs.readFileSync(path.join(source, 'a.flac'));
    const part = Buffer.alloc(2 * pieceLength);
    whole.copy(part, pieceLength, pieceLength, 2 * pieceLength);
    write('a.flac.part', part);
    expect(bits((await prepare()).have)).toBe('0100');
  });
});

describe('preexisting files with other content', () => {
  it('a preexisting file of another size is refused by name', async () => {
    write('b.txt', 'longer than ten bytes');
    await expectRefused('exists', path.join(album, 'b.txt'));
  });

  it('a preexisting file of the same size with other bytes is refused by name', async () => {
    const other = fs.readFileSync(path.join(source, 'a.flac'));
    other[5] = other[5]! ^ 1;
    write('a.flac', other);
    await expectRefused('exists', path.join(album, 'a.flac'));
  });

  it('a folder in the place of a file is refused by name', async () => {
    fs.mkdirSync(path.join(album, 'a.flac'), { recursive: true });
    await expectRefused('exists', path.join(album, 'a.flac'));
  });

  it('a file in the place of a folder is refused by name', async () => {
    write('cover', 'I am a file');
    await expectRefused('exists', path.join(album, 'cover'));
  });

  it('a file in the place of the torrent’s own folder is refused by name', async () => {
    fs.writeFileSync(album, 'I am a file');
    await expectRefused('exists', album);
  });

  it('a part longer than its file is refused by name', async () => {
    write('b.txt.part', 'longer than ten bytes');
    await expectRefused('exists', path.join(album, 'b.txt.part'));
  });

  it('a part of another program without a right piece is refused by name', async () => {
    write('a.flac.part', noise(20_000, 99));
    await expectRefused('exists', path.join(album, 'a.flac.part'));
  });

  it('a part of another program that is smaller than a piece and wrong is refused by name', async () => {
    write('b.txt.part', 'theirs');
    await expectRefused('exists', path.join(album, 'b.txt.part'));
  });

  it('a part of another program with bytes only where a neighbour shares a piece is refused by name', async () => {
    write('cover/c.jpg.part', noise(1_000, 99));
    await expectRefused('exists', path.join(album, 'cover/c.jpg.part'));
  });

  it('a part of another program in the place of an unwanted file is left alone', async () => {
    write('a.flac.part', noise(20_000, 99));
    const pool = new StoragePool(1);
    const isWanted = ({ index }: TorrentFile) => index !== 0;
    const { files } = await prepareDownload(metainfo, folder, { wanted: { isWanted, pool } });
    await pool.stop();
    expect(files.files[0]).toMatchObject({ state: 'side', seen: undefined });
  });

  it('a part of zeros is adopted, and so is any part that an earlier run may have begun', async () => {
    const pool = new StoragePool(1);
    const store = new ResumeStore(path.join(root, 'state'));
    write('a.flac.part', Buffer.alloc(20_000));
    const prepareAgain = () => prepareDownload(metainfo, folder, { memory: { store, pool } });
    expect((await prepareAgain()).files.files[0]).toMatchObject({ state: 'part', missingBytes: 40_000 });
    // It was killed while it wrote its first piece.
    write('a.flac.part', noise(5_000, 99));
    write('b.txt.part', 'to');
    expect((await prepareAgain()).files.files[0]).toMatchObject({ state: 'part', missingBytes: 40_000 });
    await pool.stop();
  });

  it('a part of another program that was there before is left alone after a crash, too', async () => {
    write('a.flac.part', noise(20_000, 99));
    const pool = new StoragePool(1);
    const store = new ResumeStore(path.join(root, 'state'));
    const isWanted = ({ index }: TorrentFile) => index !== 0;
    const prepareAgain = () =>
      prepareDownload(metainfo, folder, { memory: { store, pool }, wanted: { isWanted, pool } }).then(
        ({ files }) => files.files,
      );
    const before = await prepareAgain();
    // It was killed: its record says that it had begun, and which files were not its own.
    expect(before[0]).toMatchObject({ state: 'side' });
    expect((await prepareAgain())[0]).toMatchObject({ state: 'side', seen: undefined });
    // Another file is in its place: after a crash it may be the client's.
    fs.rmSync(path.join(album, 'a.flac.part'));
    write('other', '');
    write('a.flac.part', noise(20_001, 98));
    expect((await prepareAgain())[0]).toMatchObject({ state: 'part' });
    await pool.stop();
  });

  it('a part with a second hard link is refused by name', async () => {
    write('b.txt.part', 'x');
    fs.linkSync(path.join(album, 'b.txt.part'), path.join(folder, 'other-name'));
    await expectRefused('exists', path.join(album, 'b.txt.part'));
  });

  it('files beside those of the torrent are ignored', async () => {
    write('notes.txt', 'mine');
    const before = snapshot();
    expect(bits((await prepare()).have)).toBe('0000');
    expect(snapshot()).toEqual(before);
  });
});

describe('links and special files', () => {
  const elsewhere = () => {
    const at = path.join(root, 'elsewhere');
    fs.mkdirSync(at, { recursive: true });
    return at;
  };

  it('a torrent folder that is a link to elsewhere is refused', async () => {
    fs.mkdirSync(album);
    fs.symlinkSync(elsewhere(), path.join(album, 'cover'));
    await expectRefused('unsafe-link', path.join(album, 'cover'));
  });

  it('the torrent’s own folder is refused when it is a link to elsewhere', async () => {
    fs.symlinkSync(elsewhere(), album);
    await expectRefused('unsafe-link', album);
  });

  it('a file that is a link is refused, even if it leads to the right bytes', async () => {
    fs.mkdirSync(album);
    fs.symlinkSync(path.join(source, 'b.txt'), path.join(album, 'b.txt'));
    await expectRefused('exists', path.join(album, 'b.txt'));
  });

  it('a part that is a link is refused, even if it leads nowhere', async () => {
    fs.mkdirSync(album);
    fs.symlinkSync(path.join(folder, 'nowhere'), path.join(album, 'a.flac.part'));
    await expectRefused('exists', path.join(album, 'a.flac.part'));
  });

  it('a link chosen by the user as the folder is followed', async () => {
    const link = path.join(folder, 'link');
    fs.symlinkSync(elsewhere(), link);
    expect(bits((await prepare(link)).have)).toBe('0000');
  });
});

it.runIf(fs.existsSync('/proc/self'))(
  'a folder that the system refuses to create is refused with the system’s message',
  async () => {
    const refused = {
      code: 'folder-not-writable',
      message: expect.stringMatching(/proc.*(ENOENT|EACCES|EROFS)/),
    };
    await expect(prepare('/proc/cicada/a')).rejects.toMatchObject(refused);
  },
);

describe('a folder that cannot be used', () => {
  it('a chosen folder that is a file is refused', async () => {
    const at = path.join(folder, 'file');
    fs.writeFileSync(at, '');
    await expect(prepare(at)).rejects.toMatchObject({ code: 'not-a-folder', path: at });
    await expect(prepare(path.join(at, 'below'))).rejects.toMatchObject({ code: 'not-a-folder', path: at });
  });

  it.skipIf(process.getuid?.() === 0)('a folder that cannot be written to is refused', async () => {
    fs.chmodSync(folder, 0o500);
    await expect(prepare()).rejects.toMatchObject({ code: 'folder-not-writable', path: folder });
    await expect(prepare(path.join(folder, 'new'))).rejects.toMatchObject({ code: 'folder-not-writable' });
    fs.chmodSync(folder, 0o700);
  });
});

describe('hidden folders', () => {
  const named = async (name: string) => {
    const at = path.join(root, 'source', name);
    fs.renameSync(source, at);
    source = at;
    album = path.join(folder, name);
    ({ metainfo } = await createTorrent(at, { format: 'v1', pieceLength }));
  };

  it('a torrent with a hidden name leaves the folder of that name alone', async () => {
    await named('.ssh');
    write('authorized_keys', 'mine');
    const { files } = await prepare();
    expect(files.rootPath).toBe(path.join(folder, '_ssh'));
    for (const file of files.files) expect(file?.finalPath.startsWith(path.join(folder, '_ssh/'))).toBe(true);
  });

  it('a hidden folder with other content is not entered for a title that begins with three dots', async () => {
    await named('...And Justice for All');
    write('key', 'mine');
    const before = snapshot();
    await expect(prepare()).rejects.toMatchObject({
      code: 'exists',
      message: expect.stringMatching(/hidden.*key/),
    });
    expect(snapshot()).toEqual(before);
  });

  it('a hidden folder that holds only the torrent is continued', async () => {
    await named('...And Justice for All');
    copy('a.flac');
    copy('b.txt', 'b.txt.part');
    copy('cover/c.jpg', 'cover/c.jpg.part');
    expect([...(await prepare()).have].some((bits) => bits > 0)).toBe(true);
  });
});
