/** A ban, a withdrawal or a new passkey takes effect at the next announce. Also: secrets stay secret. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseMetainfo } from '../../../../torrents/metainfo/metainfo.ts';
import { encodeMetainfo } from '../../../../torrents/metainfo/metainfo-encode.ts';
import { type Album, albumTorrent } from '../../catalogue/catalogue-album.ts';
import { type ApiScene, infoHashOf, openApiScene, type Person, publishBody } from './api-scene.ts';

const album: Album = { album: 'Tide', tracks: ['Ebb', 'Flow'], private: true };
const hash = infoHashOf(album);

let scene: ApiScene;
beforeEach(async () => {
  scene = await openApiScene();
});
afterEach(() => scene.close());

const isServed = async (passkey?: string) =>
  (await scene.announce(hash, passkey)).toString('latin1').includes('8:interval');
const passkeyOf = (releaseId: string) => (by: Person) => scene.passkey(by, releaseId);

describe('permission to announce', () => {
  it('a banned account can no longer announce, and is no longer online', async () => {
    const { member, owner } = scene.people;
    const id = await scene.publish(album, { visibility: 'members' });
    const passkey = passkeyOf(id)(member);
    expect(await isServed(passkey)).toBe(true);
    expect((await scene.ask('GET /online', { by: owner })).json.names).toEqual(['Mia']);
    expect((await scene.ask(`GET /releases/${id}`, { by: owner })).json.holders).toMatchObject([
      { name: 'Mia', isSeed: true, version: 1 },
    ]);
    await scene.ask('PUT /accounts/Mia/ban', { by: owner, body: { reason: 'noise' } });
    expect(await isServed(passkey)).toBe(false);
    expect((await scene.ask('GET /online', { by: owner })).json).toEqual({ names: [], count: 0 });
    expect((await scene.ask(`GET /releases/${id}`, { by: owner })).json.holders).toEqual([]);
    await scene.ask('DELETE /accounts/Mia/ban', { by: owner });
    expect(await isServed(passkey)).toBe(true);
  });

  it('after a withdrawal no version of the release can be announced', async () => {
    const { pia } = scene.people;
    const id = await scene.publish(album);
    const passkey = passkeyOf(id)(pia);
    const second: Album = { ...album, album: 'Tide again' };
    const { releaseId: _, ...body } = publishBody(second, pia, 2, album.album);
    await scene.ask(`POST /releases/${id}/versions`, { by: pia, body: { version: 2, ...body } });
    expect(await isServed()).toBe(true);
    await scene.ask(`DELETE /releases/${id}`, { by: pia });
    expect(await isServed(passkey)).toBe(false);
    expect((await scene.announce(infoHashOf(second))).toString('latin1')).toContain('failure');
  });

  it('narrower access, a lower role, and leaving the group end the permission to announce', async () => {
    const { pia, member, owner } = scene.people;
    const id = await scene.publish(album);
    const passkey = passkeyOf(id)(member);
    const change = (access: object) => scene.ask(`PATCH /releases/${id}`, { by: pia, body: { access } });
    expect(await isServed()).toBe(true);
    await change({ visibility: 'members' });
    expect([await isServed(), await isServed(passkey)]).toEqual([false, true]);
    await scene.ask('PATCH /accounts/Mia', { by: owner, body: { role: 'guest' } });
    expect(await isServed(passkey)).toBe(false);
    await scene.ask('POST /groups', { by: pia, body: { name: 'Friends' } });
    await scene.ask('PUT /groups/Friends/members/Mia', { by: pia });
    await change({ visibility: 'group', group: 'Friends' });
    expect(await isServed(passkey)).toBe(true);
    await scene.ask('DELETE /groups/Friends/members/Mia', { by: member });
    expect(await isServed(passkey)).toBe(false);
  });

  it('renewing passkeys ends all announce URLs and the feed key of the account', async () => {
    const { member } = scene.people;
    const id = await scene.publish(album, { visibility: 'members' });
    const open = await scene.publish({ album: 'Moon', tracks: ['Rise'] });
    const [before, ofOpen] = [passkeyOf(id)(member), passkeyOf(open)(member)];
    expect(await isServed(before)).toBe(true);
    expect((await scene.ask(`GET //rss/search?q=ebb&key=${member.feedKey}`)).text).toContain('Tide');
    const { json } = await scene.ask('POST /accounts/me/passkey', { by: member });
    expect([await isServed(before), await isServed(passkeyOf(id)(member))]).toEqual([false, true]);
    const refused = await scene.announce(infoHashOf({ album: 'Moon', tracks: ['Rise'] }), ofOpen);
    expect(refused.toString()).toContain('fetch the torrent again');
    expect(refused).toEqual(await scene.announce(Buffer.alloc(20, 7), ofOpen));
    expect(await scene.ask(`GET //rss/search?q=ebb&key=${member.feedKey}`)).toMatchObject({ status: 401 });
    expect((await scene.ask(`GET //rss/search?q=ebb&key=${json.feedKey}`)).text).toContain('Tide');
  });

  it('the publisher is told once that an account has finished, however often the client says so', async () => {
    const { pia, member } = scene.people;
    const passkey = passkeyOf(await scene.publish(album))(member);
    for (let n = 0; n < 300; n++) await scene.announce(hash, passkey, '&event=completed');
    // The notice is written after the announces, and before the answer to this message.
    await scene.ask('POST /rooms/lobby/messages', { by: member, body: { text: 'done' } });
    const { rows } = (await scene.ask('GET /notices', { by: pia })).json;
    expect(rows.map(({ kind, actor }: { kind: string; actor: string }) => [kind, actor])).toEqual([
      ['finished', 'Mia'],
    ]);
  });
});

it('the id of a withdrawn release can be reused by its publisher only, and others cannot read its comments', async () => {
  const { ask, publish, people } = scene;
  const { pia, member: mia } = people;
  const of = { album: 'Withdrawn id', tracks: ['Song'], private: true };
  const id = await publish(of, { visibility: 'people', people: ['Mia'] });
  await ask(`POST /releases/${id}/comments`, { by: mia, body: { text: 'for two' } });
  await ask(`DELETE /releases/${id}`, { by: pia });
  const take = (by: typeof pia) =>
    ask('POST /releases', { by, body: publishBody(of, { ...by, name: pia.name }) });
  expect((await take(people.moderator)).code).toBe('release-exists');
  expect((await ask(`GET /releases/${id}/comments`, { by: people.moderator })).code).toBe('not-found');
  expect((await take(pia)).status).toBe(201);
});

describe('a torrent that is handed out', () => {
  it("a torrent is handed out with the fetching account's announce URL and without the trackers and web seeds of the upload", async () => {
    const { pia, member } = scene.people;
    const other = await scene.publish({ album: 'Moon', tracks: ['Rise'] });
    const ofPia = `https://tracker.example/${passkeyOf(other)(pia)}/announce`;
    const body = publishBody(album, pia);
    const { infoBytes } = parseMetainfo(albumTorrent(album));
    const more = {
      webSeeds: ['http://10.0.0.7/secret'],
      trackers: [[ofPia], ['http://other.example/announce']],
    };
    const torrent = Buffer.from(encodeMetainfo({ infoBytes, ...more })).toString('base64');
    const { json } = await scene.ask('POST /releases', { by: pia, body: { ...body, torrent } });
    // The stored file contains none of them either.
    const stored = `${scene.path}-torrents`;
    const files = readdirSync(stored, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    const bytes = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'));
    expect(bytes.length).toBeGreaterThan(1);
    for (const file of bytes) expect(file).not.toMatch(/announce|other\.example/);
    const passkey = passkeyOf(json.id);
    for (const [by, own] of [
      [undefined, ''],
      [member, `${passkey(member)}/`],
      [pia, `${passkey(pia)}/`],
    ] as const) {
      const { bytes } = await scene.ask(`GET /releases/${json.id}/torrent`, { by });
      const metainfo = parseMetainfo(bytes);
      expect(metainfo.trackers).toEqual([[`https://tracker.example/${own}announce`]]);
      expect(Buffer.from(metainfo.infoBytes)).toEqual(Buffer.from(infoBytes));
      expect((await scene.ask(`GET /releases/${json.id}`, { by })).json.announceUrl).toBe(
        `https://tracker.example/${own}announce`,
      );
      expect(bytes.toString('latin1')).not.toContain(ofPia);
      if (by !== pia) expect(bytes.toString('latin1')).not.toContain(passkey(pia));
    }
  });
});

describe('a secret', () => {
  it('no answer to others, page, feed, error or metric contains a secret', async () => {
    const { people } = scene;
    const id = await scene.publish(album);
    const passkey = passkeyOf(id);
    const secrets = Object.values(people).flatMap((one) => [one.token, one.feedKey, passkey(one)]);
    await scene.announce(hash, passkey(people.pia));
    const read = [
      ...['/server', '/accounts/Pia', '/online', '/releases', `/releases/${id}`, `/releases/${id}/versions`],
      ...['/search?q=ebb', '/rooms', '/openapi.json', '//', `//releases/${id}`, '//metrics', '//health'],
      ...[
        '//rss/search?q=ebb',
        `//rss/users/Pia?key=${people.pia.feedKey}`,
        `//${passkey(people.pia)}/announce`,
      ],
      ...[
        `//${passkey(people.pia)}/announce?x`,
        `//${passkey(people.pia)}/%zz`,
        `//${passkey(people.pia)}/nothing`,
      ],
    ];
    for (const url of read) {
      const { text, headers } = await scene.ask(`GET ${url}`);
      // A feed with a key contains URLs with that key and with the account's passkey, and no other secret.
      const asker = Object.values(people).find(({ feedKey }) => url.endsWith(`?key=${feedKey}`));
      const own = asker === undefined ? [] : [asker.feedKey, passkey(asker)];
      const kept = secrets.filter((secret) => !own.includes(secret));
      for (const secret of kept) expect(text + JSON.stringify(headers), url).not.toContain(secret);
    }
    expect(scene.errors).toEqual([]);
  });
});
