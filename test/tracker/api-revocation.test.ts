/** A ban, a withdrawal, a new passkey: known to whoever announces from the next call on. And what is kept secret. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseMetainfo } from '../../torrents/metainfo.ts';
import { encodeMetainfo } from '../../torrents/metainfo-encode.ts';
import { type ApiScene, infoHashOf, openApiScene, publishBody } from './api-scene.ts';
import { type Album, albumTorrent } from './catalogue-album.ts';

const album: Album = { album: 'Tide', tracks: ['Ebb', 'Flow'], private: true };
const hash = infoHashOf(album);

let scene: ApiScene;
beforeEach(async () => {
  scene = await openApiScene();
});
afterEach(() => scene.close());

const isServed = async (passkey?: string) =>
  (await scene.announce(hash, passkey)).toString('latin1').includes('8:interval');

describe('who may announce', () => {
  it('ends with a ban, and whoever is banned is not here any more', async () => {
    const { member, owner } = scene.people;
    const id = await scene.publish(album, { visibility: 'members' });
    expect(await isServed(member.passkey)).toBe(true);
    expect((await scene.ask('GET /online', { by: owner })).json.names).toEqual(['Mia']);
    expect((await scene.ask(`GET /releases/${id}`, { by: owner })).json.holders).toMatchObject([
      { name: 'Mia', isSeed: true, version: 1 },
    ]);
    await scene.ask('PUT /accounts/Mia/ban', { by: owner, body: { reason: 'noise' } });
    expect(await isServed(member.passkey)).toBe(false);
    expect((await scene.ask('GET /online', { by: owner })).json).toEqual({ names: [], count: 0 });
    expect((await scene.ask(`GET /releases/${id}`, { by: owner })).json.holders).toEqual([]);
    await scene.ask('DELETE /accounts/Mia/ban', { by: owner });
    expect(await isServed(member.passkey)).toBe(true);
  });

  it('ends with a withdrawal, of whatever version', async () => {
    const { pia } = scene.people;
    const id = await scene.publish(album);
    const second: Album = { ...album, album: 'Tide again' };
    const { releaseId: _, ...body } = publishBody(second, pia, 2, album.album);
    await scene.ask(`POST /releases/${id}/versions`, { by: pia, body: { version: 2, ...body } });
    expect(await isServed()).toBe(true);
    await scene.ask(`DELETE /releases/${id}`, { by: pia });
    expect(await isServed(pia.passkey)).toBe(false);
    expect((await scene.announce(infoHashOf(second))).toString('latin1')).toContain('failure');
  });

  it('ends with a narrower circle, a lower role, and leaving the group', async () => {
    const { pia, member, owner } = scene.people;
    const id = await scene.publish(album);
    const change = (access: object) => scene.ask(`PATCH /releases/${id}`, { by: pia, body: { access } });
    expect(await isServed()).toBe(true);
    await change({ visibility: 'members' });
    expect([await isServed(), await isServed(member.passkey)]).toEqual([false, true]);
    await scene.ask('PATCH /accounts/Mia', { by: owner, body: { role: 'guest' } });
    expect(await isServed(member.passkey)).toBe(false);
    await scene.ask('POST /groups', { by: pia, body: { name: 'Friends' } });
    await scene.ask('PUT /groups/Friends/members/Mia', { by: pia });
    await change({ visibility: 'group', group: 'Friends' });
    expect(await isServed(member.passkey)).toBe(true);
    await scene.ask('DELETE /groups/Friends/members/Mia', { by: member });
    expect(await isServed(member.passkey)).toBe(false);
  });

  it('changes hands with a new passkey', async () => {
    const { member } = scene.people;
    await scene.publish(album, { visibility: 'members' });
    const { json } = await scene.ask('POST /accounts/me/passkey', { by: member });
    expect([await isServed(member.passkey), await isServed(json.passkey)]).toEqual([false, true]);
  });

  it('tells the publisher once of somebody who has finished, however often that is said', async () => {
    const { pia, member } = scene.people;
    await scene.publish(album);
    for (let n = 0; n < 300; n++) await scene.announce(hash, member.passkey, '&event=completed');
    // Written behind the announces: a write of ours is answered after it.
    await scene.ask('POST /rooms/lobby/messages', { by: member, body: { text: 'done' } });
    const { rows } = (await scene.ask('GET /notices', { by: pia })).json;
    expect(rows.map(({ kind, actor }: { kind: string; actor: string }) => [kind, actor])).toEqual([
      ['finished', 'Mia'],
    ]);
  });
});

describe('a torrent that is handed out', () => {
  it('has the announce URL of whoever asks and nothing of whoever published it', async () => {
    const { pia, member } = scene.people;
    const ofPia = `https://tracker.example/${pia.passkey}/announce`;
    const body = publishBody(album, pia);
    const { infoBytes } = parseMetainfo(albumTorrent(album));
    const more = {
      webSeeds: ['http://10.0.0.7/secret'],
      trackers: [[ofPia], ['http://other.example/announce']],
    };
    const torrent = Buffer.from(encodeMetainfo({ infoBytes, ...more })).toString('base64');
    const { json } = await scene.ask('POST /releases', { by: pia, body: { ...body, torrent } });
    for (const [by, passkey] of [
      [undefined, ''],
      [member, `${member.passkey}/`],
      [pia, `${pia.passkey}/`],
    ] as const) {
      const { bytes } = await scene.ask(`GET /releases/${json.id}/torrent`, { by });
      const metainfo = parseMetainfo(bytes);
      expect(metainfo.trackers).toEqual([[`https://tracker.example/${passkey}announce`]]);
      expect(Buffer.from(metainfo.infoBytes)).toEqual(Buffer.from(infoBytes));
      if (by !== pia) expect(bytes.toString('latin1')).not.toContain(pia.passkey);
    }
  });
});

describe('a secret', () => {
  it('is in no answer to others, no page, no feed, no error and no figure', async () => {
    const { people } = scene;
    const id = await scene.publish(album);
    const secrets = Object.values(people).flatMap(({ token, passkey }) => [token, passkey]);
    await scene.announce(hash, people.pia.passkey);
    const read = [
      ...['/server', '/accounts/Pia', '/online', '/releases', `/releases/${id}`, `/releases/${id}/versions`],
      ...['/search?q=ebb', '/rooms', '/openapi.json', '//', `//releases/${id}`, '//metrics', '//health'],
      ...[
        '//rss/search?q=ebb',
        `//rss/users/Pia?key=${people.pia.passkey}`,
        `//${people.pia.passkey}/announce`,
      ],
      ...[
        `//${people.pia.passkey}/announce?x`,
        `//${people.pia.passkey}/%zz`,
        `//${people.pia.passkey}/nothing`,
      ],
    ];
    for (const url of read) {
      const { text, headers } = await scene.ask(`GET ${url}`);
      for (const secret of secrets) expect(text + JSON.stringify(headers), url).not.toContain(secret);
    }
    expect(scene.errors).toEqual([]);
  });
});
