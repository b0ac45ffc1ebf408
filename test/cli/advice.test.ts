/**
 * The command line's advice about errors: the libraries know no options and commands, so their messages have
 * none.
 */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ShareError } from '../../client/account/share-error.ts';
import { TrackerError } from '../../client/account/tracker-error.ts';
import { errorWords, trackerReason, whilePublishing } from '../../client/cli/error-words.ts';
import { ClaimError } from '../../client/host/claims/claim-error.ts';
import { ClientError } from '../../client/host/client-error.ts';
import { privateAddressWords } from '../../client/host/network/web-error.ts';
import { SessionError } from '../../client/session/session-error.ts';
import { runHere, temporaryFolder } from './run-cicada.ts';

let place: string;
beforeEach(async () => {
  place = temporaryFolder();
  mkdirSync(join(place, 'Album'));
  writeFileSync(join(place, 'Album', '1.flac'), 'music '.repeat(1000));
  await runHere(['create', 'Album', '-o', 'x.torrent'], place);
});

/** The last line of stderr, with the temporary folder as `.`. */
async function failureOf(...args: string[]): Promise<string> {
  const { stderr, stdout } = await runHere(args, place);
  const said = args.includes('--json')
    ? (JSON.parse(stdout.trim().split('\n').at(-1)!) as { message: string }).message
    : stderr
        .trim()
        .split('\n')
        .at(-1)!
        .replace(/^cicada: /, '');
  return said.replaceAll(place, '.');
}

describe('the program says what happened, where, and what to do', () => {
  const peer = ['--peer', '127.0.0.1:1', '--port', '0'];

  it('a file in the place of a folder is refused with the advice to use another --out', async () => {
    writeFileSync(join(place, 'file'), '');
    const said = './file is not a folder: choose another place with --out';
    expect(await failureOf('get', 'x.torrent', '-o', 'file', ...peer)).toBe(said);
    expect(await failureOf('get', 'x.torrent', '-o', 'file', ...peer, '--json')).toBe(said);
  });

  it('a link out of the output folder is refused with the advice to remove it', async () => {
    mkdirSync(join(place, 'out'));
    symlinkSync(place, join(place, 'out', 'Album'));
    expect(await failureOf('get', 'x.torrent', '-o', 'out', ...peer)).toBe(
      'out/Album is a link that leads elsewhere: remove it or choose another --out',
    );
  });

  it('a port in use is refused with the advice to use another --port', async () => {
    const server = createServer().listen(0);
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const args = ['seed', 'x.torrent', 'Album', '--port', String(port)];
    expect(await failureOf(...args)).toBe(
      `port ${port} is in use by another program: choose one with --port, or 0 for any`,
    );
  });

  it('files that do not match the torrent are refused with the command that tells which', async () => {
    writeFileSync(join(place, 'Album', '1.flac'), 'other '.repeat(1000));
    expect(await failureOf('seed', 'x.torrent', 'Album', '--port', '0')).toBe(
      './Album/1.flac differs: the command "verify" tells which files; a changed folder needs a new torrent (the command "create")',
    );
  });

  it('an archive given as a torrent is refused with the advice to unpack it, music with the advice to share it', async () => {
    writeFileSync(join(place, 'x.zip'), 'PK\x03\x04 and more');
    expect(await failureOf('info', 'x.zip')).toMatch(/^x\.zip: this is .* and no torrent: unpack it first$/);
    writeFileSync(join(place, 'x.flac'), 'fLaC and more');
    expect(await failureOf('info', 'x.flac')).toMatch(/ and no torrent; to share it: cicada share x\.flac$/);
  });

  it('a file that looks like a secret is refused with the option that shares it', async () => {
    writeFileSync(join(place, 'id_rsa'), '-----BEGIN OPENSSH PRIVATE KEY-----\n');
    expect(await failureOf('share', 'id_rsa', '--tracker', 'http://127.0.0.1:1')).toMatch(
      /^\.\/id_rsa is not shared: it looks like .*; --include-secrets shares it all the same$/,
    );
  });

  it('an invalid tracker address is refused with a valid example', async () => {
    expect(await failureOf('search', 'x', '--tracker', 'ftp://host')).toBe(
      '--tracker: "ftp://host" is no tracker; give it like http://HOST:6969',
    );
  });
});

describe('where a code has several pieces of advice, the error fields choose the right one', () => {
  const holder = { name: 'Album', infoHash: '0'.repeat(40), processId: 7 };

  it.each([
    [new ClaimError('claimed', 'X is taken', { path: 'X', holder }), /^X is taken; choose another --out/],
    [
      new ClaimError('claimed', 'X is taken', { path: 'X', holder, isOfSelection: true }),
      /^X is taken: choose it when that is done$/,
    ],
    [new ClientError('exists', 'X is there', { path: 'X', obstacle: 'newcomer' }), /: move it away$/],
    [new ClientError('exists', 'X is there', { path: 'X', obstacle: 'recording' }), /: name another file/],
    [new ClientError('folder-not-writable', 'X', { path: 'X', system: 'EROFS' }), /^X$/],
    [new ShareError('share-secret', 'X', { path: 'X', isInTorrent: true }), /^X: a torrent is shared whole/],
    [new ShareError('share-hidden', 'X', { path: 'X', instead: 'own-folder' }), /^X; move the music/],
    [new SessionError('not-found', 'X', { path: 'X', isTooMany: true }), /^X: name its folders$/],
    [new SessionError('not-found', 'X', { path: 'X' }), /^X$/],
    [new TrackerError('session-invalid', 'X', 401, { account: 'ada' }), /^X: sign in again/],
  ])('the fields choose the advice: %s', (error, words) => expect(errorWords(error)).toMatch(words));

  it('a tracker error with an unknown code, or one of another library, gets no advice', () => {
    for (const code of ['unheard-of', 'constructor', 'share-secret', 'port-in-use'])
      expect(errorWords(new TrackerError(code, 'no', 400))).toBe('no');
  });

  it('an error while a folder is published says that it can be shared without publishing', () => {
    const away = new TrackerError('tracker-unreachable', 'http://host: no such host', 0, {
      system: 'ENOTFOUND',
    });
    expect(errorWords(away)).toMatch(/no such host; check the address$/);
    expect(errorWords(whilePublishing(away))).toMatch(
      /; check the address \(--no-publish shares without it\)$/,
    );
    expect(whilePublishing(away)).toMatchObject({ code: 'tracker-unreachable', cause: away });
    const banned = new TrackerError('account-banned', 'no', 403);
    expect(whilePublishing(banned)).toBe(banned);
  });

  it('a refused tracker in a private network is reported with the advice to type it with --tracker', () => {
    expect(trackerReason(privateAddressWords)).toMatch(/--tracker is asked$/);
    expect(trackerReason('no answer in time')).toBe('no answer in time');
  });
});
