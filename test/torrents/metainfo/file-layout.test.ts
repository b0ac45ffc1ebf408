import { win32 } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FileLayout, type LayoutEntry } from '../../../torrents/metainfo/file-layout.ts';
import { foldName } from '../../../torrents/paths/name-folding.ts';
import { componentFault, type PathPlatform } from '../../../torrents/paths/path-rules.ts';

const platforms: readonly PathPlatform[] = ['linux', 'darwin', 'win32'];
const entry = (path: string, bytes = 1): LayoutEntry => ({ components: path.split('/'), bytes });
const layout = (paths: string[], platform: PathPlatform = 'linux') =>
  new FileLayout(
    paths.map((path) => entry(path)),
    { name: 'Album', isSingleFile: false, platform },
  );
const diskPaths = (paths: string[], platform: PathPlatform) =>
  layout(paths, platform).files.map((file) => file.diskPath.join('/'));

describe('bytes and files', () => {
  const four = new FileLayout([entry('a', 10), entry('b', 0), entry('c', 5), entry('d', 20)], {
    name: 'Album',
    isSingleFile: false,
    platform: 'linux',
  });

  test('a run of bytes has one segment per file, and empty files have none', () => {
    expect(four.totalBytes).toBe(35);
    expect(four.segments(8, 10)).toEqual([
      { fileIndex: 0, offset: 8, bytes: 2 },
      { fileIndex: 2, offset: 0, bytes: 5 },
      { fileIndex: 3, offset: 0, bytes: 3 },
    ]);
    expect(four.segments(10, 5)).toEqual([{ fileIndex: 2, offset: 0, bytes: 5 }]);
    expect(four.segments(34, 1)).toEqual([{ fileIndex: 3, offset: 19, bytes: 1 }]);
    expect(four.segments(5, 0)).toEqual([]);
  });

  test('every byte is in one file', () => {
    expect([0, 9, 10, 14, 15, 34, 35, -1].map((offset) => four.fileAt(offset))).toEqual([
      0,
      0,
      2,
      2,
      3,
      3,
      undefined,
      undefined,
    ]);
  });

  test('aligned files leave gaps that belong to no file', () => {
    const aligned = new FileLayout([entry('a', 10), entry('b', 0), entry('c', 16), entry('d', 1)], {
      name: 'Album',
      isSingleFile: false,
      platform: 'linux',
      alignment: 16,
    });
    expect(aligned.files.map((file) => file.offset)).toEqual([0, 10, 16, 32]);
    expect(aligned.totalBytes).toBe(33);
    expect(aligned.fileAt(12)).toBeUndefined();
    expect(aligned.segments(0, 33)).toEqual([
      { fileIndex: 0, offset: 0, bytes: 10 },
      { fileIndex: 2, offset: 0, bytes: 16 },
      { fileIndex: 3, offset: 0, bytes: 1 },
    ]);
  });

  test('the segments of any run of bytes add up to that run', () => {
    const sizes = fc.array(fc.nat(20), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(sizes, fc.nat(200), fc.nat(200), (bytes, from, length) => {
        const files = new FileLayout(
          bytes.map((size, index) => entry(String(index), size)),
          { name: 'x', isSingleFile: false, platform: 'linux' },
        );
        const offset = Math.min(from, files.totalBytes);
        const wanted = Math.min(length, files.totalBytes - offset);
        let at = offset;
        for (const segment of files.segments(offset, wanted)) {
          expect(files.files[segment.fileIndex]!.offset + segment.offset).toBe(at);
          expect(files.fileAt(at)).toBe(segment.fileIndex);
          at += segment.bytes;
        }
        expect(at).toBe(offset + wanted);
      }),
    );
  });
});

describe('disk paths', () => {
  test("files are placed in the torrent's folder, and a single file has the torrent's name", () => {
    expect(diskPaths(['CD 1/01.flac', 'cover.jpg'], 'linux')).toEqual([
      'Album/CD 1/01.flac',
      'Album/cover.jpg',
    ]);
    const single = new FileLayout([{ components: ['x'], bytes: 1 }], {
      name: 'a?b',
      isSingleFile: true,
      platform: 'win32',
    });
    expect(single.files[0]!.diskPath).toEqual(['a_b']);
  });

  test('where case does not distinguish names, only the later of two equal names gets a number', () => {
    const paths = ['A.flac', 'a.flac', 'a (2).flac', 'É', 'e\u0301'];
    expect(diskPaths(paths, 'linux')).toEqual(paths.map((path) => `Album/${path}`));
    expect(diskPaths(paths, 'darwin')).toEqual([
      'Album/A.flac',
      'Album/a (3).flac',
      'Album/a (2).flac',
      'Album/É',
      'Album/e\u0301 (2)',
    ]);
    expect(layout(paths, 'linux').renamedOn('win32')).toBe(2);
    expect(layout(paths, 'linux').renamedOn('linux')).toBe(0);
  });

  test('the same path twice gives two files', () => {
    expect(diskPaths(['x/a.mp3', 'x/a.mp3'], 'linux')).toEqual(['Album/x/a.mp3', 'Album/x/a (2).mp3']);
  });

  test('folders whose names differ only in case are one folder where the system compares them so', () => {
    expect(diskPaths(['Live/1', 'LIVE/2', 'live/1'], 'win32')).toEqual([
      'Album/Live/1',
      'Album/Live/2',
      'Album/Live/1 (2)',
    ]);
  });

  test('a file is renamed to make way for a folder with its name', () => {
    expect(diskPaths(['a', 'a/b', 'A/c'], 'win32')).toEqual(['Album/a (2)', 'Album/a/b', 'Album/a/c']);
  });

  test('20,000 names that differ only in case take linear time', () => {
    const paths = Array.from({ length: 20_000 }, (_, index) =>
      'aA'.repeat(20).replaceAll('A', (_, at) => ((index >> (at / 2)) & 1 ? 'A' : 'a')),
    );
    expect(new Set(diskPaths(paths, 'win32')).size).toBe(paths.length);
  });

  test('pad files have no disk path', () => {
    const padded = new FileLayout([entry('a', 1), { components: ['.pad', '15'], bytes: 15, isPad: true }], {
      name: 'x',
      isSingleFile: false,
      platform: 'linux',
    });
    expect(padded.files[1]!.diskPath).toEqual([]);
  });
});

describe('a file under way', () => {
  test('a part file is named NAME.part', () =>
    expect(layout(['a/b.flac']).partPath(0)).toEqual(['Album', 'a', 'b.flac.part']));

  test('a part file never takes the place of another file', () => {
    const paths = layout(['b.flac', 'B.FLAC.part', 'b.flac.0.part'], 'darwin');
    const part = paths.partPath(0).join('/');
    expect(paths.files.map((file) => foldName(file.diskPath.join('/')))).not.toContain(foldName(part));
    expect(part).toBe('Album/b.flac.0.part.part');
  });

  test('a part file avoids names that differ only by a joiner, which macOS ignores', () => {
    const paths = layout(['x', 'X.PART\u200d'], 'darwin');
    expect(paths.partPath(0).at(-1)).toBe('x.0.part');
  });

  test('part files of long names fit the name limit and differ from each other', () => {
    const long = 'x'.repeat(253);
    const paths = layout([`${long}a`, `${long}b`]);
    const [a, b] = [paths.partPath(0).at(-1)!, paths.partPath(1).at(-1)!];
    expect(a.length).toBeLessThanOrEqual(255);
    expect(a).not.toBe(b);
  });
});

test('on every platform, no tree of names leaves its folder or gives two files one place', () => {
  const component = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }),
    fc.constantFrom(
      'a',
      'A',
      'a.',
      'a:',
      'a?',
      'a (2)',
      'con',
      'CON',
      '...',
      'é',
      'e\u0301',
      'É',
      'x.part',
      'x',
      'C:',
    ),
  );
  const tree = fc.array(fc.array(component, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(tree, (trees) => {
      const entries = trees.filter((path) => path.every((part) => componentFault(part) === undefined));
      for (const platform of platforms) {
        const files = new FileLayout(
          entries.map((components) => ({ components, bytes: 1 })),
          { name: 'Album', isSingleFile: false, platform },
        );
        const keyOf = (path: readonly string[]) =>
          platform === 'linux' ? path.join('/') : foldName(path.join('/'));
        const keys = files.files.map((file) => keyOf(file.diskPath));
        expect(new Set([...keys, ...files.files.map((file) => keyOf(files.partPath(file.index)))]).size).toBe(
          2 * keys.length,
        );
        for (const { diskPath } of files.files) {
          expect(diskPath[0]).toBe('Album');
          for (const part of diskPath) expect(componentFault(part)).toBeUndefined();
          if (platform === 'win32')
            expect(win32.join('C:\\r', ...diskPath)).toBe(`C:\\r\\${diskPath.join('\\')}`);
          const parts = files.files.map((file) => keyOf(files.partPath(file.index)));
          for (let depth = 1; depth < diskPath.length; depth++)
            expect(parts).not.toContain(keyOf(diskPath.slice(0, depth)));
          for (let depth = 1; depth < diskPath.length; depth++)
            expect(keys).not.toContain(keyOf(diskPath.slice(0, depth)));
        }
      }
    }),
    { numRuns: 150 },
  );
});

describe('a hidden name at the top', () => {
  test.each(platforms)(
    '%s: a torrent folder with a hidden name is renamed, and the names in it stay',
    (platform) => {
      const hidden = new FileLayout([entry('.covers/a.jpg'), entry('b')], {
        name: '.ssh',
        isSingleFile: false,
        platform,
      });
      expect(hidden.files.map((file) => file.diskPath.join('/'))).toEqual(['_ssh/.covers/a.jpg', '_ssh/b']);
      expect(hidden.partPath(1)).toEqual(['_ssh', 'b.part']);
      expect([hidden.rootName, hidden.ownRootName]).toEqual(['_ssh', '.ssh']);
    },
  );

  test.each(platforms)(
    '%s: a single file with a hidden name is renamed, and so is its part file',
    (platform) => {
      const hidden = new FileLayout([entry('.bash_profile')], {
        name: '.bash_profile',
        isSingleFile: true,
        platform,
      });
      expect(hidden.files[0]!.diskPath).toEqual(['_bash_profile']);
      expect(hidden.partPath(0)).toEqual(['_bash_profile.part']);
    },
  );
});
