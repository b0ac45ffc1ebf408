/**
 * Errors as users see them: one message that says what, where and what to do, and the documented exit code.
 */
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { runCicada, runHere, temporaryFolder } from './run-cicada.ts';

let place: string;
const cicada = (...args: string[]) => runHere(args, place);
beforeEach(() => {
  place = temporaryFolder();
});

async function expectFailure(args: string[], code: number, sentence: RegExp): Promise<void> {
  const { stderr, ...outcome } = await runHere(args, place);
  expect(stderr).toMatch(sentence);
  expect(outcome.code).toBe(code);
}

describe('an invalid torrent', () => {
  it.each<[string, string | Uint8Array, RegExp]>([
    ['empty', '', /x\.torrent: this file is empty/],
    ['a web page', '<!doctype html><html>', /x\.torrent: this is a web page and no torrent/],
    ['truncated', 'd4:infod4:name5:Al', /x\.torrent: .*end/],
    ['not bencoded', 'hello', /x\.torrent: /],
    ['endless for other decoders', 'd4:infol-3:ee', /x\.torrent: /],
    ['without an info dictionary', 'd8:announce3:urle', /x\.torrent: this is no torrent: it has no `info`/],
  ])('an invalid torrent is refused: %s', async (_, content, sentence) => {
    writeFileSync(join(place, 'x.torrent'), content);
    await expectFailure(['info', 'x.torrent'], 26, sentence);
  });

  it('a folder given as a torrent is refused', async () => {
    mkdirSync(join(place, 'Album'));
    await expectFailure(
      ['get', 'Album'],
      17,
      /Album is a folder and no torrent; to share it: cicada share Album/,
    );
  });

  it('a torrent file that does not exist is reported with exit code 3', async () => {
    await expectFailure(['seed', 'nope.torrent', '.'], 3, /there is no file nope\.torrent/);
  });

  it('the word help after a command is an argument like any other', async () => {
    await expectFailure(['info', 'help'], 3, /^cicada: there is no file help$/m);
    await expectFailure(['info', 'help', 'help'], 28, /"help" is one argument too many/);
  });

  it.each([
    [['create', '--', '-nope'], 3, /-nope does not exist/],
    [['create', '--format', 'v1', '--', '--help', '-x'], 3, /--help does not exist/],
    [['info', '--', '-M-.torrent'], 3, /there is no file -M-\.torrent/],
    [['verify', '--', '--json', '--quiet'], 3, /--json/],
  ] as const)('a word after -- is not a flag: %j', async (args, code, sentence) => {
    await expectFailure([...args], code, sentence);
  });

  it('a search word that begins with a dash is refused with the advice to type --', async () => {
    await expectFailure(['search', '-M-'], 28, /begins with a dash goes behind --/);
  });

  it('an endless file given as a torrent is refused', async () => {
    await expectFailure(['info', '/dev/zero'], 26, /\/dev\/zero is larger than 256 MiB/);
  });

  it.each([
    ['magnet:?dn=x', /magnet link/],
    ['magnet:?xt=urn:btih:0123', /info-hash is 40 hex digits/],
    ['magnet:xt', /begins with `magnet:\?`/],
  ])('a broken magnet link is refused: %s', async (link, sentence) => {
    await expectFailure(['get', link], 27, sentence);
    await expectFailure(['info', link], 27, sentence);
  });

  it('an info-hash without a peer or a tracker is refused', async () => {
    const hash = '0123456789abcdef0123456789abcdef01234567';
    for (const given of [hash, `magnet:?xt=urn:btih:${hash}`, `${hash}0123456789abcdef01234567`]) {
      await expectFailure(['get', given], 28, /add one with --tracker http:.* or --peer HOST:PORT/);
    }
  });

  it('an info-hash is refused where the files of the torrent are needed', async () => {
    const hash = '0123456789abcdef0123456789abcdef01234567';
    await expectFailure(
      ['seed', hash, '.'],
      28,
      /info-hash names no files: here the \.torrent file is needed/,
    );
    await expectFailure(['verify', `magnet:?xt=urn:btih:${hash}`, '.'], 28, /magnet link names no files/);
  });
});

describe('a torrent at a web address', () => {
  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    onTestFinished(() => void server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it.each<[number, string, number, RegExp]>([
    [404, '', 3, /there is nothing \(HTTP 404\); check the address/],
    [403, '', 24, /not allowed \(HTTP 403\); it may need a login/],
    [500, '', 6, /the server answered HTTP 500/],
    [200, '<html>please log in</html>', 26, /a web page and no torrent: the address may need a login/],
  ])('an unusable HTTP response is reported: %d %s', async (status, body, code, sentence) => {
    const url = await serve((_, response) => response.writeHead(status).end(body));
    await expectFailure(['get', `${url}/x.torrent`], code, sentence);
  });

  it('a web address without a server is reported as such', async () => {
    await expectFailure(['get', 'http://127.0.0.1:9/x.torrent'], 6, /no program listens there/);
  });

  it('a web address that is neither http nor https is refused', async () => {
    for (const url of ['ftp://a.example/x.torrent', 'SFTP://a.example/x', 'udp://a.example:6969'])
      await expectFailure(
        ['info', url],
        28,
        /torrents come over http and https, and not over (ftp|sftp|udp)/,
      );
  });

  it('a web address that redirects to itself is refused', async () => {
    const url = await serve((_, response) => response.writeHead(302, { location: '/again' }).end());
    await expectFailure(['get', url], 6, /leads on more than 3 times, or in a circle/);
  });

  it('a web address with endless redirects is refused', async () => {
    let redirects = 0;
    const url = await serve((_, response) => response.writeHead(302, { location: `/${redirects++}` }).end());
    await expectFailure(['get', url], 6, /leads on more than 3 times/);
  });

  it('a web address with an endless body is refused', async () => {
    const url = await serve((_, response) => {
      const megabyte = Buffer.alloc(1024 * 1024);
      const more = () => {
        while (!response.destroyed && response.write(megabyte));
      };
      response.on('drain', more);
      more();
    });
    await expectFailure(['get', url], 26, /larger than 256 MiB/);
  });
});

describe('a folder that cannot be shared', () => {
  it('a folder that does not exist cannot be shared', () =>
    expectFailure(['create', 'nope'], 3, /nope does not exist/));

  it('an empty folder cannot be shared', async () => {
    mkdirSync(join(place, 'Empty'));
    await expectFailure(['create', 'Empty'], 3, /Empty holds nothing to share/);
  });

  it('an unreadable folder cannot be shared', async (context) => {
    const isRoot = process.getuid?.() === 0;
    const asNobody = { cwd: '/', ...(isRoot ? { uid: 65_534 } : {}) };
    // No other user can run a checkout below /root.
    const canRun = await runCicada(['--version'], asNobody).catch(() => undefined);
    if (canRun?.code !== 0) context.skip();
    const folder = join(place, 'Private');
    mkdirSync(folder);
    chmodSync(place, 0o755);
    chmodSync(folder, 0o000);
    const { code, stderr } = await runCicada(['create', folder, '--dry-run'], asNobody);
    expect(stderr).toMatch(/Private cannot be read \(EACCES\)/);
    expect(code).toBe(17);
  });
});

describe('a place that cannot be used', () => {
  beforeEach(async () => {
    mkdirSync(join(place, 'Album'));
    writeFileSync(join(place, 'Album/a.flac'), 'the real thing');
    await cicada('create', 'Album', '-q');
  });

  it('a download whose folder holds a different file is refused, and no file is touched', async () => {
    mkdirSync(join(place, 'out/Album'), { recursive: true });
    writeFileSync(join(place, 'out/Album/a.flac'), 'another thing!');
    await expectFailure(
      ['get', 'Album.torrent', '-o', 'out', '--port', '0'],
      13,
      /a\.flac .*differs from the torrent/,
    );
    expect(readdirSync(join(place, 'out/Album'))).toEqual(['a.flac']);
  });

  it('a download whose folder is a file is refused', async () => {
    writeFileSync(join(place, 'file'), '');
    await expectFailure(['get', 'Album.torrent', '-o', 'file', '--port', '0'], 17, /is not a folder/);
  });

  it('files that do not match the torrent are not seeded', async () => {
    writeFileSync(join(place, 'Album/a.flac'), 'the fake thing');
    await expectFailure(
      ['seed', 'Album.torrent', 'Album', '--port', '0'],
      32,
      /a\.flac differs.*"verify" tells which/,
    );
  });

  it('a port that another program uses is refused', async () => {
    const server = createServer().listen(0, '::');
    await new Promise((resolve) => server.once('listening', resolve));
    onTestFinished(() => void server.close());
    const port = String((server.address() as AddressInfo).port);
    await expectFailure(
      ['seed', 'Album.torrent', 'Album', '--port', port],
      6,
      new RegExp(`port ${port} is in use.*--port`),
    );
    await expectFailure(['tracker', '--listen', port], 6, new RegExp(`port ${port} .* is taken`));
  });

  it('a listen address that this machine does not have is refused', async () => {
    await expectFailure(['tracker', '--listen', '203.0.113.1:0'], 6, /no such address/);
  });
});
