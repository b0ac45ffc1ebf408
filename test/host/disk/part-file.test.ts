/** A part is created, opened and renamed: always the client's own file, and no other program's is touched. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Beneath } from '../../../client/host/disk/beneath.ts';
import { type FileStamp, stampFrom } from '../../../client/host/disk/file-stamp.ts';
import {
  copyIntoPart,
  type DiskFile,
  makePart,
  namePart,
  openKnown,
  removeOwn,
} from '../../../client/host/disk/part-file.ts';
import { TestDrive } from '../test-drive.ts';

const song = Buffer.from('song');
const [part, final] = ['/music/a.flac.part', '/music/a.flac'];
let test: TestDrive;
let beneath: Beneath;
let file: DiskFile;

const stampAt = (at: string): FileStamp => stampFrom(test.fs.lstat(at))!;
const textAt = (at: string) => Buffer.from(test.bytesAt(at) ?? []).toString();

/** An own write: its stamp is known. */
function writeOwn(bytes: Uint8Array, target = file): void {
  makePart(target, beneath);
  test.write(target.partPath, bytes);
  target.seen = stampAt(target.partPath);
}

const name = (replaces?: FileStamp, isChecked = false, bytes = song.length) =>
  namePart(file, bytes, beneath, { replaces, isChecked });

beforeEach(() => {
  test = new TestDrive();
  test.fs.mkdir('/music');
  beneath = new Beneath('/music', test.fs);
  file = { finalPath: final, partPath: part, state: 'part', seen: undefined, lost: undefined };
});

describe('final names', () => {
  it.each([false, true])('a part gets its free final name, also without hard links (%s)', (hasNoLinks) => {
    test.temper.hasNoLinks = hasNoLinks;
    writeOwn(song);
    const { inode } = file.seen!;
    expect(name()).toBe('named');
    expect(test.listing('/music')).toEqual(['a.flac']);
    expect(file).toMatchObject({ state: 'final', seen: { ...stampAt(final), inode } });
  });

  it.each([false, true])(
    'a final name never replaces an existing file, also without hard links (%s)',
    (hasNoLinks) => {
      test.temper.hasNoLinks = hasNoLinks;
      writeOwn(song);
      test.write(final, Buffer.from('mine'));
      expect(() => name()).toThrow(expect.objectContaining({ code: 'EEXIST' }));
      expect([textAt(final), textAt(part), file.state]).toEqual(['mine', 'song', 'part']);
    },
  );

  it('a final name replaces the earlier version while its stamp is unchanged', () => {
    test.write(final, Buffer.from('the old song'));
    const replaces = stampAt(final);
    writeOwn(song);
    expect(name(replaces)).toBe('named');
    expect([textAt(final), test.listing('/music')]).toEqual(['song', ['a.flac']]);
  });

  it('a final name does not replace an earlier version that its owner has changed', () => {
    test.write(final, Buffer.from('the old song'));
    const replaces = stampAt(final);
    test.write(final, Buffer.from('our'));
    writeOwn(song);
    expect(() => name(replaces)).toThrow(expect.objectContaining({ code: 'EWORKEDON' }));
    expect(textAt(final)).toBe('our old song');
  });

  it('a final name is given even if the earlier version is gone', () => {
    test.write(final, Buffer.from('the old song'));
    const replaces = stampAt(final);
    test.fs.remove(final);
    writeOwn(song);
    expect(name(replaces)).toBe('named');
  });

  it('a final name is given only to the client’s own part, not to another file in its place', () => {
    writeOwn(song);
    test.fs.remove(part);
    expect(() => name()).toThrow(
      expect.objectContaining({ code: 'EGONE', message: expect.stringContaining(part) }),
    );
    test.write(part, song);
    expect(() => name()).toThrow(expect.objectContaining({ code: 'EREPLACED' }));
    expect([test.listing('/music'), file.state]).toEqual([['a.flac.part'], 'part']);
  });

  it('a download does not count a final name that another file has right afterwards', () => {
    writeOwn(song);
    test.at('name a.flac.part', () => {
      // The part gets its final name, and another program is quick.
      test.fs.remove(final);
      test.write(final, Buffer.from('mine'));
    });
    expect(() => name()).toThrow(expect.objectContaining({ code: 'EREPLACED' }));
    expect(file.state).toBe('part');
  });

  it.each([
    ['longer', () => test.write(part, Buffer.from('!'), 4)],
    ['written, as long as before,', () => test.write(part, Buffer.from('S'))],
    ['shorter', () => test.fs.truncate(part, 3)],
  ])('a part that is %s since the last own write gets no final name before it was read', (_, change) => {
    writeOwn(song);
    change();
    const before = textAt(part);
    expect(name()).toBe('doubtful');
    expect([test.listing('/music'), textAt(part)]).toEqual([['a.flac.part'], before]);
  });

  it('a part that never had the right length gets no final name before it was read', () => {
    writeOwn(Buffer.from('song and more'));
    expect(name()).toBe('doubtful');
    expect(name(undefined, true)).toBe('named');
    expect(textAt(final)).toBe('song');
  });
});

describe('final names after a read', () => {
  it('a part that was read and is written again since, with the same length, gets no final name', () => {
    writeOwn(song);
    test.write(part, Buffer.from('S'));
    expect(name(undefined, true)).toBe('doubtful');
    expect(test.listing('/music')).toEqual(['a.flac.part']);
  });
});

describe('creating parts', () => {
  it('a part is created once, with its folders, and only for an incomplete file', () => {
    const deep = { ...file, finalPath: '/music/d/b', partPath: '/music/d/b.part' };
    makePart(deep, beneath);
    const { seen } = deep;
    expect(seen).toEqual(stampAt('/music/d/b.part'));
    makePart(deep, beneath);
    expect(deep.seen).toBe(seen);
    for (const state of ['final', 'foreign', 'side'] as const) makePart({ ...file, state }, beneath);
    expect(test.listing('/music')).toEqual(['d']);
  });

  it('a part is not created where another file is', () => {
    test.write(part, Buffer.from('mine'));
    expect(() => makePart(file, beneath)).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    expect([file.seen, textAt(part)]).toEqual([undefined, 'mine']);
  });

  it('a lost part that is back in its place is used again unless it has another hard link', () => {
    writeOwn(song);
    Object.assign(file, { lost: file.seen, seen: undefined });
    test.fs.link(part, '/music/backup');
    expect(() => makePart(file, beneath)).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    test.fs.remove('/music/backup');
    makePart(file, beneath);
    expect(file.seen).toEqual(stampAt(part));
  });

  it('a lost part is not replaced by another file in its place', () => {
    writeOwn(song);
    Object.assign(file, { lost: file.seen, seen: undefined });
    test.fs.rename(part, '/music/aside');
    test.write(part, song);
    expect(() => makePart(file, beneath)).toThrow(expect.objectContaining({ code: 'EEXIST' }));
  });
});

describe('opening files', () => {
  it('a file is opened only if it is the same one, and another one is closed again', () => {
    writeOwn(song);
    test.fs.close(openKnown(test.fs, file));
    test.fs.remove(part);
    expect(() => openKnown(test.fs, file)).toThrow(expect.objectContaining({ code: 'EGONE' }));
    test.write(part, song);
    expect(() => openKnown(test.fs, file)).toThrow(expect.objectContaining({ code: 'EREPLACED' }));
    test.failing.set('look a.flac.part', 'EIO');
    expect(() => openKnown(test.fs, file)).toThrow('EIO');
    expect(test.fs.openPaths).toEqual([]);
  });

  it('a preexisting file without a stamp is opened, a part without one is not', () => {
    test.write(final, song);
    test.write(part, song);
    test.fs.close(openKnown(test.fs, { ...file, state: 'foreign' }));
    expect(() => openKnown(test.fs, file)).toThrow(expect.objectContaining({ code: 'EREPLACED' }));
  });

  it.each(['EMFILE', 'EACCES', 'EIO'])(
    'a failing open passes on the system’s error, and the file does not count as gone: %s',
    (code) => {
      writeOwn(song);
      test.failing.set('open a.flac.part', code);
      expect(() => openKnown(test.fs, file)).toThrow(expect.objectContaining({ code }));
    },
  );
});

describe('copying between own files', () => {
  const side = (): DiskFile => {
    const place = { finalPath: '/music/.side', partPath: '/music/.side', state: 'part' as const };
    const made: DiskFile = { ...place, seen: undefined, lost: undefined };
    writeOwn(Buffer.from('0123456789'), made);
    return made;
  };
  const runs = [
    { source: 2, target: 0, bytes: 3 },
    { source: 7, target: 5, bytes: 3 },
  ];

  it('data is copied run by run, and the stamp of the copy is known', () => {
    const from = side();
    makePart(file, beneath);
    expect(copyIntoPart(test.fs, from, file, runs)).toBe(true);
    expect(textAt(part)).toBe('234\0\x00789');
    expect(file.seen).toEqual(stampAt(part));
  });

  it('a copy reports when another program has written into the source', () => {
    const from = side();
    makePart(file, beneath);
    test.write('/music/.side', Buffer.from('!'));
    expect(copyIntoPart(test.fs, from, file, runs)).toBe(false);
  });

  it('a copy from a source that is too short fails and leaves no file open', () => {
    const from = side();
    makePart(file, beneath);
    test.fs.truncate('/music/.side', 9);
    expect(() => copyIntoPart(test.fs, from, file, runs)).toThrow(
      expect.objectContaining({ code: 'ESHORT' }),
    );
    expect(test.fs.openPaths).toEqual([]);
  });
});

it('a part is removed while it is the client’s, also after foreign writes, and another file is not', () => {
  removeOwn(file, beneath);
  writeOwn(song);
  const { seen } = file;
  test.fs.rename(part, '/music/aside');
  test.write(part, song);
  removeOwn(file, beneath);
  expect(test.listing('/music')).toEqual(['a.flac.part', 'aside']);
  test.fs.rename('/music/aside', part);
  test.write(part, Buffer.from('more'), 4);
  removeOwn({ ...file, seen }, beneath);
  expect(test.listing('/music')).toEqual([]);
});
