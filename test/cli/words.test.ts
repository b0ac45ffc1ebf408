import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseListen } from '../../client/cli/options/endpoints.ts';
import { nearestWord } from '../../client/cli/options/nearest-word.ts';
import { quoted } from '../../client/cli/screen/command-line.ts';
import { dropReason } from '../../client/cli/swarm-view/drop-reasons.ts';
import { fileFilter } from '../../torrents/paths/file-filter.ts';

describe('suggestions for unknown words', () => {
  const known = ['create', 'download', 'seed', 'tracker', 'info'];
  it.each([
    ['crate', 'create'],
    ['donwload', 'download'],
    ['dowload', 'download'],
    ['trakcer', 'tracker'],
    ['down', 'download'],
    ['sed', 'seed'],
  ])('for %s the suggestion is %s', (word, meant) => expect(nearestWord(word, known)).toBe(meant));

  it.each(['xyz', 'remove', 'q'])('nothing is suggested for %s', (word) =>
    expect(nearestWord(word, known)).toBeUndefined(),
  );
});

describe('words on a line to copy', () => {
  it('a printed command line quotes what a shell would interpret, and nothing else', () => {
    expect(quoted('Album/01.flac')).toBe('Album/01.flac');
    expect(quoted('My Album')).toBe("'My Album'");
    expect(quoted("It's $HOME")).toBe("'It'\\''s $HOME'");
    expect(quoted('')).toBe("''");
    expect(quoted('~/x')).toBe("'~/x'");
  });

  it('a quoted word is always one word to the shell', () => {
    fc.assert(
      fc.property(fc.string(), (word) => {
        const inner = /^'(.*)'$/s.exec(quoted(word))?.[1];
        expect(inner === undefined ? quoted(word) : inner.replaceAll(`'\\''`, `'`)).toBe(word);
      }),
    );
  });
});

describe('addresses to listen on', () => {
  it.each([
    ['127.0.0.1:6969', { host: '127.0.0.1', port: 6969 }],
    ['[::1]:0', { host: '::1', port: 0 }],
    ['tracker.example:80', { host: 'tracker.example', port: 80 }],
  ])('a listen address is parsed: %s', (text, expected) =>
    expect(parseListen(text, '--listen')).toEqual(expected),
  );

  it('a listen port without a host means every address', () => {
    expect(['::', '0.0.0.0']).toContain(parseListen('6969', '--listen').host);
    expect(parseListen(':6969', '--listen').port).toBe(6969);
  });

  it.each(['', 'host', 'host:', 'host:99999', '::1:6969', '1:2:3'])(
    'the listen address "%s" is refused',
    (text) => {
      expect(() => parseListen(text, '--listen')).toThrow(/^--listen: /);
    },
  );
});

describe('the choice of files by pattern', () => {
  const wanted = (include: string[], exclude: string[], path: string) =>
    fileFilter(include, exclude)(path.split('/'));

  it('all files are wanted without a filter', () => expect(wanted([], [], 'CD1/a.flac')).toBe(true));
  it('a pattern without a slash matches a name in any folder', () =>
    expect(wanted(['*.flac'], [], 'CD1/a.flac')).toBe(true));
  it('a file that no --include matches is not wanted', () =>
    expect(wanted(['*.flac'], [], 'CD1/a.log')).toBe(false));
  it('--exclude has priority over --include', () =>
    expect(wanted(['*.flac'], ['a*'], 'CD1/a.flac')).toBe(false));
  it('a pattern with a slash matches the whole path', () => {
    expect(wanted([], ['CD1/**'], 'CD1/a.flac')).toBe(false);
    expect(wanted([], ['CD1/**'], 'CD2/a.flac')).toBe(true);
  });
});

describe('why a connection ended', () => {
  it('frequent reasons have words, and an unknown code is shown', () => {
    expect(dropReason('sent-corrupt-data')).toMatch(/does not match its hash/);
    expect(dropReason('bitfield-late')).toContain('bitfield-late');
    expect(dropReason('made-room')).toBe('its place went to a newcomer');
    expect(dropReason('too-many-half-open')).not.toContain('protocol');
  });
});
