import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { secretFilter, secretOf } from '../../client/community/secret-files.ts';
import { checkShare, placeFault, type ShareMachine } from '../../client/community/share-rules.ts';
import { createTorrent } from '../../torrents/create.ts';
import { makeFolder } from '../torrents/folder-fixture.ts';

const linux: ShareMachine = {
  platform: 'linux',
  home: '/home/ada',
  privateFolders: ['/home/ada/state/cicada'],
};
const mac: ShareMachine = { platform: 'darwin', home: '/Users/ada', privateFolders: [] };
const windows: ShareMachine = { platform: 'win32', home: 'C:\\Users\\ada', privateFolders: [] };

const codeOf = (real: string, machine: ShareMachine) => placeFault(real, machine)?.code;

describe('a place', () => {
  it.each([
    ['/', 'share-whole-home'],
    ['/home', 'share-whole-home'],
    ['/home/ada', 'share-whole-home'],
    ['/home/bob', 'share-whole-home'],
    ['/etc', 'share-system-folder'],
    ['/etc/ssh', 'share-system-folder'],
    ['/usr/share/music', 'share-system-folder'],
    ['/proc/1', 'share-system-folder'],
    ['/var', 'share-system-folder'],
    ['/tmp', 'share-system-folder'],
    ['/media', 'share-system-folder'],
    ['/home/ada/.ssh', 'share-hidden'],
    ['/home/ada/.config/music', 'share-hidden'],
    ['/home/ada/state', 'share-private-folder'],
    ['/home/ada/state/cicada/resume', 'share-private-folder'],
  ])('on Linux, %s is refused: %s', (real, code) => {
    expect(codeOf(real, linux)).toBe(code);
  });

  it.each([
    ['/Users', 'share-whole-home'],
    ['/Users/ADA', 'share-whole-home'],
    ['/Users/bob', 'share-whole-home'],
    ['/Users/ada/Library/Keychains', 'share-private-folder'],
    ['/System/Library', 'share-system-folder'],
    ['/Volumes', 'share-system-folder'],
    ['/private/etc', 'share-system-folder'],
  ])('on macOS, %s is refused: %s', (real, code) => {
    expect(codeOf(real, mac)).toBe(code);
  });

  it.each([
    ['C:\\', 'share-whole-home'],
    ['c:\\users\\ADA', 'share-whole-home'],
    ['C:\\Users\\bob', 'share-whole-home'],
    ['C:\\Windows\\Media', 'share-system-folder'],
    ['C:\\Program Files', 'share-system-folder'],
    ['C:\\Users\\ada\\AppData\\Roaming', 'share-private-folder'],
  ])('on Windows, %s is refused: %s', (real, code) => {
    expect(codeOf(real, windows)).toBe(code);
  });

  it.each([
    ['/home/ada/Music', linux],
    ['/home/ada/Musik/…And Justice for All', linux],
    ['/home/music/albums', linux],
    ['/srv/music', linux],
    ['/mnt', linux],
    ['/media/ada/disk', linux],
    ['/run/media/ada/disk', linux],
    ['/var/lib/music', linux],
    ['/usrs', linux],
    ['/home/adamant/x', linux],
    ['/Users/Shared', mac],
    ['/Users/ada/Music/Music/Media', mac],
    ['/Volumes/Disk', mac],
    ['D:\\', windows],
    ['D:\\Windows 95 Sounds', windows],
    ['C:\\Users\\ada\\Music', windows],
    ['C:\\Users\\Public\\Music', windows],
    ['\\\\server\\music', windows],
  ])('%s may be shared', (real, machine) => {
    expect(placeFault(real, machine)).toBeUndefined();
  });

  it('around a home is never shared, however deep the home lies', () => {
    const name = fc.stringMatching(/^[a-z]{1,5}$/);
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 5 }), fc.nat(5), (names, depth) => {
        const home = `/${names.join('/')}`;
        const around = `/${names.slice(0, depth).join('/')}`;
        expect(placeFault(around, { ...linux, home, privateFolders: [] })?.code).toBe('share-whole-home');
      }),
    );
  });
});

describe('a share', () => {
  it('is judged by where it really lies', () => {
    const folder = makeFolder('music', { '.keys/a.flac': 'x', 'album/a.flac': 'x' });
    symlinkSync(path.join(folder, '.keys'), path.join(folder, 'link'));
    expect(() => checkShare(path.join(folder, 'link'))).toThrow(
      expect.objectContaining({ code: 'share-hidden', path: path.join(folder, 'link') }),
    );
    symlinkSync(path.join(folder, 'album'), path.join(folder, 'other'));
    expect(path.basename(checkShare(path.join(folder, 'other')))).toBe('album');
  });

  it('that is not there, or is a key, is refused', () => {
    const folder = makeFolder('music', { id_ed25519: 'x', 'song.flac': 'x' });
    expect(() => checkShare(path.join(folder, 'gone'))).toThrow(
      expect.objectContaining({ code: 'share-missing' }),
    );
    expect(() => checkShare(path.join(folder, 'id_ed25519'))).toThrow(
      expect.objectContaining({ code: 'share-secret' }),
    );
    expect(checkShare(path.join(folder, 'song.flac'))).toContain('song.flac');
  });

  it('that holds a home is refused', () => {
    const home = makeFolder('ada', { 'Music/a.flac': 'x' });
    const machine = { home };
    expect(() => checkShare(path.dirname(home), machine)).toThrow(
      expect.objectContaining({ code: 'share-whole-home' }),
    );
    expect(checkShare(path.join(home, 'Music'), machine)).toContain('Music');
  });
});

describe('files of a share', () => {
  it('that are keys or passwords are left out, with the reason', async () => {
    const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n';
    const folder = makeFolder('album', {
      '01 Password.flac': 40_000,
      'server.pem': 'x',
      'Passwords.txt': 'x',
      'notes.txt': key,
      'lyrics.txt': 'la la la',
      'sub/backup.kdbx': 'x',
    });
    mkdirSync(path.join(folder, 'Shadow'));
    const { wanted, refused } = secretFilter(folder);
    const { plan } = await createTorrent(folder, { wanted });
    const names = plan.files.filter((file) => !file.isPad).map((file) => file.components.join('/'));
    expect(names).toEqual(['01 Password.flac', 'lyrics.txt']);
    expect(refused().map((file) => [path.relative(folder, file.path), file.reason])).toEqual(
      expect.arrayContaining([
        ['server.pem', 'a private key'],
        ['notes.txt', 'a private key'],
        ['Passwords.txt', 'a list of passwords'],
        [path.join('sub', 'backup.kdbx'), 'a store of passwords'],
      ]),
    );
    expect(refused()).toHaveLength(4);
  });

  it('that are called like songs stay', () => {
    const songs = [
      'Shadow',
      'Password',
      'Pins and Needles.mp3',
      'Secrets.flac',
      'Cookies.mp3',
      'Key.wav',
      'Login.m4a',
    ];
    for (const song of songs) expect(secretOf(song), song).toBeUndefined();
  });
});
