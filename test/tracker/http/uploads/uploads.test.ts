/**
 * Uploads to a tracker on a real socket: what is refused before it is read, and what is still answered
 * during an upload.
 */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { encodeBytes } from '../../../../tracker/protocol/query.ts';
import { type ApiScene, infoHashOf, openApiScene, type Person, publishBody } from '../api/api-scene.ts';

const oddWorker = new URL('../odd-reader.ts', import.meta.url);
const mebibyte = 2 ** 20;
const announced = { album: 'Noon', tracks: ['Song'] };

let scene: ApiScene;
let port: number;
const sockets: Socket[] = [];
beforeAll(async () => {
  scene = await openApiScene({}, { trustedProxies: ['127.0.0.1'] });
  port = await listen(scene);
  await scene.publish(announced);
});
afterAll(() => scene.close());
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

async function listen({ app, clock }: ApiScene): Promise<number> {
  // The clock stands still, so that rate limits are those of a burst.
  clock.stepMs = 0;
  await app.listen({ port: 0, host: '127.0.0.1' });
  return (app.server.address() as { port: number }).port;
}

interface Sent {
  readonly by?: Person | undefined;
  readonly from?: string;
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
}

/** Writes the request as it is, and returns the status and code of the answer. */
function send(port: number, line: string, { by, from = '10.0.0.1', headers = [], body = '' }: Sent) {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  const lines = [`${line} HTTP/1.1`, 'Host: tracker.example', `X-Forwarded-For: ${from}`, ...headers];
  if (by !== undefined) lines.push(`Authorization: Bearer ${by.token}`);
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  socket.write(body);
  socket.on('error', () => {});
  return (async () => {
    let text = '';
    while (!/\r\n\r\n.*[}e]$/s.test(text)) {
      const [chunk] = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
      if (!Buffer.isBuffer(chunk)) break;
      text += chunk.toString('latin1');
    }
    const [, status] = /^HTTP\/1.1 (\d+)/.exec(text) ?? [];
    const [, code] = /"code":"([a-z-]+)"/.exec(text) ?? [];
    return [status, code].filter((part) => part !== undefined).join(' ');
  })();
}

const publish = 'POST /api/v1/releases';
const json = 'Content-Type: application/json';
const announce = (port: number) =>
  send(
    port,
    `GET /announce?info_hash=${encodeBytes(infoHashOf(announced))}&peer_id=-XX0001-aaaaaaaaaaaa&port=6881&left=0`,
    {},
  );

describe('an announce is answered', () => {
  it('an announce is answered while uploads that never end occupy the reader threads', async () => {
    await using held = await openApiScene({}, { trustedProxies: ['127.0.0.1'], uploadWorker: oddWorker });
    const port = await listen(held);
    const stuck = ['mia', 'pia'].map((name) =>
      send(port, publish, {
        by: held.people[name === 'mia' ? 'member' : 'pia'],
        headers: [json, 'Content-Length: 5'],
        body: 'stuck',
      }),
    );
    expect(await announce(port)).toBe('200');
    await held.app.close();
    // The uploads were not answered before the tracker closed.
    expect(await Promise.all(stuck)).toEqual(['', '']);
  });

  it('an announce is answered while a torrent of a million values is read, which then leaves no file on disk', async () => {
    const torrent = Buffer.from(`d4:infol${'2:xx'.repeat(mebibyte - 100_000)}ee`).toString('base64');
    const body = JSON.stringify({
      ...publishBody({ album: 'Hostile', tracks: ['Song'] }, scene.people.pia),
      torrent,
    });
    const order: string[] = [];
    const upload = send(port, publish, {
      by: scene.people.pia,
      headers: [json, `Content-Length: ${body.length}`],
      body,
    }).then((answer) => void order.push(answer));
    const heard = announce(port).then((answer) => void order.push(answer));
    await Promise.all([upload, heard]);
    expect(order).toEqual(['200', '400 torrent-invalid']);
    expect(readdirSync(`${scene.path}-torrents`).filter((name) => name.startsWith('incoming'))).toEqual([]);
  });
});

describe('a body is refused before it is read', () => {
  const large = [json, `Content-Length: ${20 * mebibyte}`];

  it('a body without a session, or from an account that may not publish, is refused before it is read', async () => {
    expect(await send(port, publish, { headers: large })).toBe('401 not-signed-in');
    expect(await send(port, publish, { headers: large, by: scene.people.guest })).toBe('403 not-allowed');
    const message = 'POST /api/v1/rooms/lobby/messages';
    expect(await send(port, message, { headers: [json, 'Content-Length: 60000'] })).toBe('401 not-signed-in');
  });

  it('a body above the limit of its route is refused before it is read', async () => {
    const by = scene.people.pia;
    const of = (bytes: number) => [json, `Content-Length: ${bytes}`];
    expect(await send(port, publish, { by, headers: of(20 * mebibyte + 1) })).toBe('413 body-too-large');
    const message = 'POST /api/v1/rooms/lobby/messages';
    expect(await send(port, message, { by, headers: of(64 * 1024 + 1) })).toBe('413 body-too-large');
    expect(await send(port, 'POST /api/v1/accounts', { headers: of(13_000) })).toBe('413 body-too-large');
    expect(await send(port, 'PUT /api/v1/accounts/Pia/follow', { by, headers: of(2_000) })).toBe(
      '413 body-too-large',
    );
  });

  it('a body without a length is refused on every path before it is read', async () => {
    const chunked = [json, 'Transfer-Encoding: chunked'];
    for (const line of [publish, 'GET /announce?info_hash=x', 'POST /api/v1/accounts', 'POST /nowhere']) {
      expect(await send(port, line, { headers: chunked })).toBe('411 length-required');
    }
  });

  it('a compressed or non-JSON body is refused before it is read', async () => {
    const by = scene.people.pia;
    const packed = [...large, 'Content-Encoding: gzip'];
    expect(await send(port, publish, { by, headers: packed })).toBe('415 encoding-unknown');
    const form = ['Content-Type: multipart/form-data; boundary=x', 'Content-Length: 9'];
    expect(await send(port, publish, { by, headers: form })).toBe('415 media-type-unknown');
  });

  it('a body is refused while two of the largest of its account, or four of its address, are in progress', async () => {
    const { pia, member, owner, moderator } = scene.people;
    const half = (by: Person, from: string) => send(port, publish, { by, from, headers: large, body: '{' });
    const underWay = [pia, pia, member, member].map((by) => half(by, '10.0.0.1'));
    // The fifth is refused only after four have been accepted, so it is retried.
    await expect.poll(() => half(owner, '10.0.0.1'), { timeout: 20_000 }).toBe('429 too-often');
    await expect.poll(() => half(pia, '10.0.0.2'), { timeout: 20_000 }).toBe('429 too-often');
    for (const socket of sockets.slice(0, 4)) socket.destroy();
    await Promise.all(underWay);
    const small = { by: moderator, headers: [json, 'Content-Length: 2'], body: '{}' };
    expect(await send(port, publish, small)).toBe('400 bad-request');
  });
});

describe('a body that is only partly valid JSON', () => {
  it.each([
    ['of nested lists', `{"tracks":${'['.repeat(mebibyte)}`, '400 body-too-complex'],
    ['of many small fields', `{${'"":1,'.repeat(300_000)}"":1}`, '400 body-too-complex'],
    ['that is truncated', '{"releaseId":"', '400 bad-request'],
    ['that is not UTF-8', Buffer.from([0x22, 0xff, 0x22]), '400 bad-request'],
    ['of another shape', '[]', '400 bad-request'],
  ])('an invalid JSON body is refused: one %s', async (_, body, answer) => {
    const headers = [json, `Content-Length: ${body.length}`];
    expect(await send(port, publish, { by: scene.people.pia, headers, body })).toBe(answer);
    expect(scene.errors).toEqual([]);
  });
});

it('a torrent that the writer refuses leaves no file, and an accepted one leaves one', async () => {
  const again = publishBody(announced, scene.people.pia);
  const body = { ...again, releaseId: again.releaseId.replace(/^./, 'z') };
  const { code } = await scene.ask('POST /releases', { by: scene.people.pia, body });
  expect(code).toBe('signature-invalid');
  expect((await scene.ask('POST /releases', { by: scene.people.pia, body: again })).code).toBe(
    'release-exists',
  );
  const files = readdirSync(`${scene.path}-torrents`, { recursive: true, encoding: 'utf8' });
  expect(files.filter((name) => !/^[0-9a-f]{2}$/.test(name))).toHaveLength(1);
});
