/** A file under way is made, opened and named: always the one that is ours, and no other program's is touched. */
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

/** Our own writing: its looks are known. */
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

describe('a name is given', () => {
  it.each([false, true])('when it is free, also where there are no hard links: %s', (hasNoLinks) => {
    test.temper.hasNoLinks = hasNoLinks;
    writeOwn(song);
    const { inode } = file.seen!;
    expect(name()).toBe('named');
    expect(test.listing('/music')).toEqual(['a.flac']);
    expect(file).toMatchObject({ state: 'final', seen: { ...stampAt(final), inode } });
  });

  it.each([false, true])(
    'never to replace what has it, also where there are no hard links: %s',
    (hasNoLinks) => {
      test.temper.hasNoLinks = hasNoLinks;
      writeOwn(song);
      test.write(final, Buffer.from('mine'));
      expect(() => name()).toThrow(expect.objectContaining({ code: 'EEXIST' }));
      expect([textAt(final), textAt(part), file.state]).toEqual(['mine', 'song', 'part']);
    },
  );

  it('in the place of the earlier version, while that looks as it did', () => {
    test.write(final, Buffer.from('the old song'));
    const replaces = stampAt(final);
    writeOwn(song);
    expect(name(replaces)).toBe('named');
    expect([textAt(final), test.listing('/music')]).toEqual(['song', ['a.flac']]);
  });

  it('and not in the place of an earlier version that its owner has worked on', () => {
    test.write(final, Buffer.from('the old song'));
    const replaces = stampAt(final);
    test.write(final, Buffer.from('our'));
    writeOwn(song);
    expect(() => name(replaces)).toThrow(expect.objectContaining({ code: 'EWORKEDON' }));
    expect(textAt(final)).toBe('our old song');
  });

  it('also when the earlier version has gone', () => {
    test.write(final, Buffer.from('the old song'));
    const replaces = stampAt(final);
    test.fs.remove(final);
    writeOwn(song);
    expect(name(replaces)).toBe('named');
  });

  it('to the file that is ours alone: not to another one in its place, and not when it is gone', () => {
    writeOwn(song);
    test.fs.remove(part);
    expect(() => name()).toThrow(
      expect.objectContaining({ code: 'EGONE', message: expect.stringContaining(part) }),
    );
    test.write(part, song);
    expect(() => name()).toThrow(expect.objectContaining({ code: 'EREPLACED' }));
    expect([test.listing('/music'), file.state]).toEqual([['a.flac.part'], 'part']);
  });

  it('and when another file has it right afterwards, the download does not count it', () => {
    writeOwn(song);
    test.at('name a.flac.part', () => {
      // Our name is given; another program is quick.
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
  ])('not to a file that is %s since our last write, before it was read', (_, change) => {
    writeOwn(song);
    change();
    const before = textAt(part);
    expect(name()).toBe('doubtful');
    expect([test.listing('/music'), textAt(part)]).toEqual([['a.flac.part'], before]);
  });

  it('not to a file that never had the right length, before it was read', () => {
    writeOwn(Buffer.from('song and more'));
    expect(name()).toBe('doubtful');
    expect(name(undefined, true)).toBe('named');
    expect(textAt(final)).toBe('song');
  });
});

describe('a name is not given either', () => {
  it('to a file that was read and is written again since, as long as before', () => {
    writeOwn(song);
    test.write(part, Buffer.from('S'));
    expect(name(undefined, true)).toBe('doubtful');
    expect(test.listing('/music')).toEqual(['a.flac.part']);
  });
});

describe('a part is made', () => {
  it('once, in folders that are made with it, and only while it is under way', () => {
    const deep = { ...file, finalPath: '/music/d/b', partPath: '/music/d/b.part' };
    makePart(deep, beneath);
    const { seen } = deep;
    expect(seen).toEqual(stampAt('/music/d/b.part'));
    makePart(deep, beneath);
    expect(deep.seen).toBe(seen);
    for (const state of ['final', 'foreign', 'side'] as const) makePart({ ...file, state }, beneath);
    expect(test.listing('/music')).toEqual(['d']);
  });

  it('not where something else is', () => {
    test.write(part, Buffer.from('mine'));
    expect(() => makePart(file, beneath)).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    expect([file.seen, textAt(part)]).toEqual([undefined, 'mine']);
  });

  it('again of one that was lost and is back in its place, and has no other name', () => {
    writeOwn(song);
    Object.assign(file, { lost: file.seen, seen: undefined });
    test.fs.link(part, '/music/backup');
    expect(() => makePart(file, beneath)).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    test.fs.remove('/music/backup');
    makePart(file, beneath);
    expect(file.seen).toEqual(stampAt(part));
  });

  it('again, but not in the place of the lost one by another file', () => {
    writeOwn(song);
    Object.assign(file, { lost: file.seen, seen: undefined });
    test.fs.rename(part, '/music/aside');
    test.write(part, song);
    expect(() => makePart(file, beneath)).toThrow(expect.objectContaining({ code: 'EEXIST' }));
  });
});

describe('a file is opened', () => {
  it('when it is the one that it was; and nothing stays open when it is not', () => {
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

  it('when a share could not be looked at before, but never so one under way', () => {
    test.write(final, song);
    test.write(part, song);
    test.fs.close(openKnown(test.fs, { ...file, state: 'foreign' }));
    expect(() => openKnown(test.fs, file)).toThrow(expect.objectContaining({ code: 'EREPLACED' }));
  });

  it.each(['EMFILE', 'EACCES', 'EIO'])(
    'or the system says why not, and it is not said to be gone: %s',
    (code) => {
      writeOwn(song);
      test.failing.set('open a.flac.part', code);
      expect(() => openKnown(test.fs, file)).toThrow(expect.objectContaining({ code }));
    },
  );
});

describe('what lies in one file of ours is copied into another', () => {
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

  it('run by run, and what it looks like then is known', () => {
    const from = side();
    makePart(file, beneath);
    expect(copyIntoPart(test.fs, from, file, runs)).toBe(true);
    expect(textAt(part)).toBe('234\0\x00789');
    expect(file.seen).toEqual(stampAt(part));
  });

  it('and it is said when others have written into the first', () => {
    const from = side();
    makePart(file, beneath);
    test.write('/music/.side', Buffer.from('!'));
    expect(copyIntoPart(test.fs, from, file, runs)).toBe(false);
  });

  it('but not when the first is shorter than it was; and nothing stays open', () => {
    const from = side();
    makePart(file, beneath);
    test.fs.truncate('/music/.side', 9);
    expect(() => copyIntoPart(test.fs, from, file, runs)).toThrow(
      expect.objectContaining({ code: 'ESHORT' }),
    );
    expect(test.fs.openPaths).toEqual([]);
  });
});

it('a file under way is removed while it is ours, however it was written since, and another one is not', () => {
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
