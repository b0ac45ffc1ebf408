import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { secretName, secretOf } from '../../client/sharing/secret-files.ts';
import { checkShare, placeFault, type ShareMachine } from '../../client/sharing/share-rules.ts';
import { createTorrent } from '../../torrents/create/create.ts';
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
    ['/run/secrets/music', 'share-system-folder'],
    ['/run/user/1000/gvfs/smb-share:server=nas', 'share-system-folder'],
    ['/run/media', 'share-system-folder'],
    ['/home/ada/.local/share/Music', 'share-hidden'],
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
    ['\\\\server\\c$', 'share-system-folder'],
    ['\\\\server\\D$\\Music', 'share-system-folder'],
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

  it('a folder around a home is never shared, at any depth of the home', () => {
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

describe('a refusal', () => {
  it.each([
    ['/etc', /belongs to the system$/, 'own-folder'],
    ['/home/ada', /holds your whole home$/, 'folder-within'],
    ['/home/ada/.local/share/Music', /\.local is hidden, and meant to be$/, 'own-folder'],
    ['/run/user/1000/gvfs/smb-share:server=nas', /^\/run belongs to the system$/, 'own-mount'],
    ['/home/ada/state', /^Cicada keeps keys and records in .*cicada$/, 'folder-within'],
  ])('the refusal of %s has its reason and a suggestion', (real, words, instead) =>
    expect(placeFault(real, linux)).toMatchObject({ reason: expect.stringMatching(words), instead }),
  );
});

describe('a share', () => {
  it('a share is judged by its real path', () => {
    const folder = makeFolder('music', { '.keys/a.flac': 'x', 'album/a.flac': 'x' });
    symlinkSync(path.join(folder, '.keys'), path.join(folder, 'link'));
    expect(() => checkShare(path.join(folder, 'link'))).toThrow(
      expect.objectContaining({ code: 'share-hidden', path: path.join(folder, 'link') }),
    );
    symlinkSync(path.join(folder, 'album'), path.join(folder, 'other'));
    expect(path.basename(checkShare(path.join(folder, 'other')))).toBe('album');
  });

  it('a share that does not exist or is a key is refused', () => {
    const folder = makeFolder('music', { id_ed25519: 'x', 'song.flac': 'x' });
    expect(() => checkShare(path.join(folder, 'gone'))).toThrow(
      expect.objectContaining({ code: 'share-missing' }),
    );
    expect(() => checkShare(path.join(folder, 'id_ed25519'))).toThrow(
      expect.objectContaining({ code: 'share-secret' }),
    );
    expect(checkShare(path.join(folder, 'song.flac'))).toContain('song.flac');
  });

  it('a key is shared when the user allows secrets, but its folder is judged all the same', () => {
    const folder = makeFolder('music', { id_ed25519: 'x', '.keys/id_rsa': 'x' });
    const options = { includeSecrets: true };
    expect(checkShare(path.join(folder, 'id_ed25519'), {}, options)).toContain('id_ed25519');
    expect(() => checkShare(path.join(folder, '.keys/id_rsa'), {}, options)).toThrow(
      expect.objectContaining({ code: 'share-hidden' }),
    );
    symlinkSync(path.join(folder, 'id_ed25519'), path.join(folder, 'song.flac'));
    expect(() => checkShare(path.join(folder, 'song.flac'))).toThrow(
      expect.objectContaining({ code: 'share-secret' }),
    );
  });

  it("a folder with Cicada's own files is refused, also if a link names it or it does not exist yet", () => {
    const folder = makeFolder('music', { 'state/x': 'x', 'a.flac': 'x' });
    symlinkSync(path.join(folder, 'state'), path.join(folder, 'link'));
    for (const own of ['link', 'link/cicada', 'link/cicada/deep'])
      expect(() =>
        checkShare(path.join(folder, 'state'), { privateFolders: [path.join(folder, own)] }),
      ).toThrow(expect.objectContaining({ code: 'share-private-folder' }));
  });

  it('a folder that contains a home is refused', () => {
    const home = makeFolder('ada', { 'Music/a.flac': 'x' });
    const machine = { home };
    expect(() => checkShare(path.dirname(home), machine)).toThrow(
      expect.objectContaining({ code: 'share-whole-home' }),
    );
    expect(checkShare(path.join(home, 'Music'), machine)).toContain('Music');
  });
});

describe('files of a share', () => {
  it('keys and password files are left out of a share, with the reason', async () => {
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
    const { plan } = await createTorrent(folder, { secretOf });
    const names = plan.files.filter((file) => !file.isPad).map((file) => file.components.join('/'));
    expect(names).toEqual(['01 Password.flac', 'lyrics.txt']);
    expect(
      plan.skipped.map((file) => [path.relative(folder, file.path), file.reason, file.looksLike]).sort(),
    ).toEqual(
      [
        ['server.pem', 'secret', 'a private key'],
        ['notes.txt', 'secret', 'a private key'],
        ['Passwords.txt', 'secret', 'a list of passwords'],
        [path.join('sub', 'backup.kdbx'), 'secret', 'a store of passwords'],
      ].sort(),
    );
  });

  it('keys are recognised by their content', () => {
    const key = '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n';
    const folder = makeFolder('texts', {
      'mark.txt': `\ufeff${key}`,
      'remarks.txt': `Bag Attributes\n    friendlyName: ada\n${key}`,
      'chain.txt': `-----BEGIN CERTIFICATE-----\n${'MIIF'.repeat(400)}\n-----END CERTIFICATE-----\n${key}`,
      'service.txt': `{\n  "type": "service_account",\n  "private_key": "-----BEGIN PRIVATE KEY-----\\nMIIE"\n}`,
      'pgp.txt': '-----BEGIN PGP PRIVATE KEY BLOCK-----\n',
      'age.txt': '# created: 2026\nAGE-SECRET-KEY-1QQ\n',
      'putty.txt': 'PuTTY-User-Key-File-3: ssh-ed25519\n',
      'certificate.txt': '-----BEGIN CERTIFICATE-----\nMIIF\n',
      'story.txt': 'It said BEGIN PRIVATE KEY, and nobody knew why.\n',
    });
    const found = (name: string) => secretOf(path.join(folder, name));
    for (const name of ['mark', 'remarks', 'chain', 'service', 'pgp', 'age', 'putty'])
      expect(found(`${name}.txt`), name).toBe('a private key');
    expect([found('certificate.txt'), found('story.txt'), found('not there.txt')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it.each([
    'id_rsa',
    'ID_RSA',
    'id_ed25519.pub',
    'bitwarden_export_2026.json',
    'lastpass export.csv',
    'x.kdbx',
  ])('a file called %s is a secret by its name alone', (name) => expect(secretName(name)).toBeDefined());

  it('secrets and hidden files are not included by a link with another name', async () => {
    const folder = makeFolder('album', {
      ...{ '1.flac': 10, 'x/passwords.kdbx': 'x', '.hidden/2.flac': 10, 'x/3.flac': 10 },
    });
    symlinkSync(path.join(folder, 'x/passwords.kdbx'), path.join(folder, 'bonus.flac'));
    symlinkSync(path.join(folder, '.hidden/2.flac'), path.join(folder, 'bonus2.flac'));
    symlinkSync(path.join(folder, '.hidden'), path.join(folder, 'more'));
    symlinkSync(path.join(folder, 'x/3.flac'), path.join(folder, 'bonus3.flac'));
    const { plan } = await createTorrent(folder, { secretOf, followSymlinks: true });
    const names = plan.files.filter((file) => !file.isPad).map((file) => file.components.join('/'));
    expect(names).toEqual(['1.flac', 'bonus3.flac', 'x/3.flac']);
    const linked = plan.skipped.filter(({ path: at }) => /bonus|more/.test(at));
    expect(linked.map(({ reason }) => reason).sort()).toEqual(['hidden', 'hidden', 'secret']);
  });

  it('a share with no files but secrets gives no torrent', async () => {
    const folder = makeFolder('keys', { id_rsa: 'x' });
    symlinkSync(path.join(folder, 'id_rsa'), path.join(folder, 'song.flac'));
    for (const name of ['id_rsa', 'song.flac'])
      await expect(createTorrent(path.join(folder, name), { secretOf })).rejects.toMatchObject({
        code: 'create-secret',
      });
    expect((await createTorrent(path.join(folder, 'id_rsa'))).plan.files).toHaveLength(1);
  });

  it('files with names of songs are not secrets', () => {
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
