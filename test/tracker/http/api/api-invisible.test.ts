/**
 * What a viewer may not see is answered exactly like what does not exist: status, headers and every byte.
 * Covers every route that names a release, a room or a group, and pages, feeds, announces and scrapes.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nameKey } from '../../../../tracker/community/messages/texts.ts';
import { type Album, releaseIdOf } from '../../catalogue/catalogue-album.ts';
import { hybridBody } from '../../catalogue/hybrid-album.ts';
import { peersIn } from '../announce-calls.ts';
import { callOf, documentedRoutes, matrix } from './api-matrix.table.ts';
import {
  type ApiScene,
  type Asked,
  infoHashOf,
  openApiScene,
  type Person,
  publishBody,
} from './api-scene.ts';

const hiddenAlbum: Album = { album: 'Hidden', tracks: ['Whisper'], private: true };
const v1Album: Album = { ...hiddenAlbum, album: 'Hidden one', format: 'v1' };
const nowhere = releaseIdOf('nowhere');
const nothing = Buffer.alloc(20, 7);

let scene: ApiScene;
let hidden: string;
/** A public release. */
let elsewhere: string;
/** Release ids by the names of their hashes. */
const releases = new Map<string, string>();
/** Info-hashes of hidden releases, under which peers announce. */
const hashes = new Map<string, Uint8Array>();

beforeAll(async () => {
  scene = await openApiScene();
  const { pia, owner } = scene.people;
  const forNobody = { visibility: 'nobody' };
  hidden = await scene.publish(hiddenAlbum, forNobody);
  releases.set('v1', await scene.publish(v1Album, forNobody));
  elsewhere = await scene.publish({ album: 'Elsewhere', tracks: ['Aloud'] });
  for (const which of ['v2', 'the latest version']) releases.set(which, hidden);
  hashes.set('v2', infoHashOf(hiddenAlbum));
  hashes.set('v1', infoHashOf(v1Album));
  // The next version. The older one is still served.
  const second: Album = { ...hiddenAlbum, album: 'Hidden again' };
  const { releaseId: _, ...body } = publishBody(second, pia, 2, hiddenAlbum.album);
  await scene.ask(`POST /releases/${hidden}/versions`, { by: pia, body: { version: 2, ...body } });
  hashes.set('the latest version', infoHashOf(second));
  for (const [which, hash] of await publishHybrid()) hashes.set(which, hash);
  await scene.ask('POST /groups', { by: pia, body: { name: 'Friends' } });
  await scene.ask('POST /rooms', { by: pia, body: { name: 'Attic', visibility: 'group', group: 'Friends' } });
  await scene.ask('POST /rooms/Attic/messages', { by: pia, body: { text: 'whisper' } });
  await scene.ask(`POST /releases/${hidden}/comments`, { by: pia, body: { text: 'whisper' } });
  await scene.ask('POST /rooms/lobby/messages', { by: owner, body: { text: 'aloud' } });
});
afterAll(() => scene.close());

async function publishHybrid(): Promise<[string, Uint8Array][]> {
  const { pia } = scene.people;
  const { body, hashes } = hybridBody('Both', pia);
  const access = { visibility: 'nobody' };
  const answer = await scene.ask('POST /releases', { by: pia, body: { ...body, access } });
  expect(answer.status).toBe(201);
  return ['first', 'second'].map((which, at): [string, Uint8Array] => {
    releases.set(`a hybrid\`s ${which} hash`, body.releaseId);
    return [`a hybrid\`s ${which} hash`, hashes[at]!];
  });
}

/** What the viewer receives, without the request id and the requested name. */
async function seen(call: string, asked: Asked, name: string): Promise<unknown> {
  const { status, text, headers } = await scene.ask(call, asked);
  const { date: _, etag: __, ...told } = headers as Record<string, unknown>;
  const body = text
    .replace(/"requestId":"[^"]*"/, '')
    .replaceAll(name, 'X')
    // The name as stores look it up.
    .replaceAll(nameKey(name), 'X')
    .replaceAll(encodeURIComponent(name), 'X');
  return { status, body, headers: { ...told, 'content-length': body.length } };
}

const askers: (keyof ApiScene['people'] | 'anonymous')[] = [
  'anonymous',
  'guest',
  'member',
  'moderator',
  'owner',
];
const personOf = (who: (typeof askers)[number]): Person | undefined =>
  who === 'anonymous' ? undefined : scene.people[who];

describe('a hidden release', () => {
  const routes = matrix.filter(({ route }) => route.includes('/releases/{id}'));

  it('every route that names a release is in this test', () => {
    const named = documentedRoutes(scene).filter((route) => route.includes('/releases/{id}'));
    expect(routes.map(({ route }) => route).sort()).toEqual(named);
  });

  it.each(routes)('a hidden release does not exist for others: $route', async ({ route, ask }) => {
    const { body } = (await ask?.(scene, `asked ${route}`, undefined)) ?? {};
    for (const who of askers) {
      const by = personOf(who);
      const of = (id: string) => seen(callOf(route, { path: { id } }), { by, body }, id);
      expect(await of(hidden), who).toEqual(await of(nowhere));
    }
  });

  it('a hidden release is visible to its publisher', async () => {
    const { status, json } = await scene.ask(`GET /releases/${hidden}`, { by: scene.people.pia });
    expect([status, json.album, json.version]).toEqual([200, 'Hidden again', 2]);
  });

  it('a hidden release is in no page, feed or search', async () => {
    const page = (id: string) => seen(`GET //releases/${id}`, { headers: { accept: 'text/html' } }, id);
    expect(await page(hidden)).toEqual(await page(nowhere));
    const find = (q: string) => seen(`GET /search?q=${q}`, { by: scene.people.owner }, q);
    expect(await find('whisper')).toEqual(await find('nothingatall'));
    const feed = (q: string) => seen(`GET //rss/search?q=${q}`, {}, q);
    expect(await feed('whisper')).toEqual(await feed('nothingatall'));
    for (const url of ['//', '//?q=hidden', '//rss/users/Pia', '/releases', '/accounts/Pia/releases']) {
      expect((await scene.ask(`GET ${url}`, { by: scene.people.owner })).text).not.toContain('Hidden');
    }
  });

  it('another account can publish the content of a hidden release, and learns nothing from the answer', async () => {
    const body = publishBody(hiddenAlbum, scene.people.member);
    const access = { visibility: 'nobody' };
    expect(
      await scene.ask('POST /releases', { by: scene.people.member, body: { ...body, access } }),
    ).toMatchObject({
      status: 201,
    });
  });
});

describe('what is announced under a hidden hash', () => {
  it.each(['v1', 'v2', 'the latest version', 'a hybrid`s first hash', 'a hybrid`s second hash'])(
    'an announce or scrape of a hidden hash is answered like one of an unknown hash: %s',
    async (which) => {
      const hash = hashes.get(which)!;
      const { pia, guest, moderator, owner, banned } = scene.people;
      const id = releases.get(which)!;
      const ofPia = scene.passkey(pia, id);
      expect((await scene.announce(hash, ofPia)).toString('latin1')).toContain('8:completei1e');
      expect((await scene.scrape(hash, ofPia)).toString('latin1')).toContain('8:completei1e');
      // Passkeys of this release from accounts without access, passkeys of another release, also its
      // publisher's, and invalid ones.
      const lost = [guest, moderator, owner, banned].map((one) => scene.passkey(one, id));
      const ofOthers = [guest, owner, pia].map((one) => scene.passkey(one, elsewhere));
      const { feedKey } = pia;
      for (const passkey of [undefined, ...lost, ...ofOthers, feedKey, 'a'.repeat(32), 'a'.repeat(48)]) {
        for (const more of ['', '&event=started', '&event=stopped', '&event=completed', '&numwant=0']) {
          expect(await scene.announce(hash, passkey, more)).toEqual(
            await scene.announce(nothing, passkey, more),
          );
        }
        const scraped = (bytes: Buffer, of: Uint8Array) =>
          bytes.toString('latin1').replace(Buffer.from(of).toString('latin1'), '');
        expect(scraped(await scene.scrape(hash, passkey), hash)).toBe(
          scraped(await scene.scrape(nothing, passkey), nothing),
        );
      }
    },
  );
});

describe('a hidden release of a torrent that everyone may have', () => {
  const album: Album = { album: 'Twin', tracks: ['Same'], private: true };
  const hash = infoHashOf(album);

  /** Everything that others receive, from a tracker with or without the hidden release and its peers. */
  async function toldIn(hasHidden: boolean): Promise<string[]> {
    await using it = await openApiScene();
    const { pia, member, guest, owner } = it.people;
    const elsewhere = await it.publish({ album: 'Elsewhere', tracks: ['Aloud'] });
    if (hasHidden) {
      const closed = await it.publish(album, { visibility: 'people', people: ['Moritz'] });
      for (const by of [pia, it.people.moderator]) {
        const told = await it.announce(hash, it.passkey(by, closed), '&port=7001&event=completed');
        expect(told.toString('latin1')).toContain('8:interval');
      }
    }
    const open = await it.publish(album, undefined, member);
    const from = '10.77.0.1';
    await peersIn(it, `/${it.passkey(member, open)}/announce`, { infoHash: hash, from });
    it.library.tick();
    // Writes are in order, so after this answer the search knows the counts.
    await it.ask('POST /rooms/lobby/messages', { by: owner, body: { text: 'now' } });
    const answers: string[] = [];
    for (const by of [undefined, guest, member, owner]) {
      for (const path of ['', '/versions', '/comments']) {
        answers.push((await it.ask(`GET /releases/${open}${path}`, { by, from })).text);
      }
      for (const path of ['/search?q=twin', '/search?q=same&kind=releases', '/accounts/Mia/releases']) {
        answers.push((await it.ask(`GET ${path}`, { by, from })).text);
      }
      for (const passkey of [undefined, by && it.passkey(by, open), by && it.passkey(by, elsewhere)]) {
        for (const event of ['started', 'completed', 'stopped']) {
          const url = passkey === undefined ? '/announce' : `/${passkey}/announce`;
          const told = { infoHash: hash, from, port: 7009, left: event === 'started' ? 1 : 0, event };
          answers.push(JSON.stringify(await peersIn(it, url, told)));
        }
        answers.push((await it.scrape(hash, passkey)).toString('latin1'));
      }
    }
    for (const url of [`//releases/${open}`, '//rss/search?q=twin', '//?q=twin', '//rss/users/Mia']) {
      const { text } = await it.ask(`GET ${url}`, { from, headers: { accept: 'text/html' } });
      // Who is online, and how many: test/tracker/http/api/api-pages.test.ts.
      answers.push(text.replace(/<section aria-labelledby="online".*/s, ''));
    }
    // These notices are written after the announces: for those of a guest and of the owner, never for
    // strangers.
    const noticesOf = async (by: Person) => (await it.ask('GET /notices', { by, from })).text;
    await expect.poll(async () => (await noticesOf(member)).match(/"finished"/g)?.length).toBe(2);
    for (const by of [guest, member, owner]) answers.push(await noticesOf(by));
    // Keys, signatures, times and the sealed ids of notices differ between runs.
    return answers.map((text) =>
      text.replaceAll(
        /\b(\d{13}|[a-z2-7]{48})\b|"id":"[a-z2-7]{26}"(?=,"kind":"finished")|"(publicKey|signature|requestId)":"[^"]*"|<pubDate>[^<]*/g,
        '',
      ),
    );
  }

  it('a hidden release of a public torrent changes no byte of what others receive: announces, scrapes, holders, counts, pages, feeds, notices', async () => {
    const without = await toldIn(false);
    expect(await toldIn(true)).toEqual(without);
    expect(without.join('\n')).toContain('"holders":[{"name":"Mia","host":"10.77.0.1"');
    expect(without.join('\n')).toContain('"seeds":1');
  });
});

describe('what is said in a group', () => {
  const inRooms = matrix.filter(({ route }) => route.includes('/rooms/{room}'));

  it.each(inRooms)("a group's room does not exist for others: $route", async ({ route }) => {
    const body = route.startsWith('PATCH')
      ? { topic: 'x' }
      : route.startsWith('POST')
        ? { text: 'x' }
        : undefined;
    for (const who of askers) {
      const of = (room: string) => seen(callOf(route, { path: { room } }), { by: personOf(who), body }, room);
      expect(await of('Attic'), who).toEqual(await of('Cellar'));
    }
  });

  it("messages in a group's room are in no list, feed or search of others, who cannot delete them", async () => {
    const id = (await scene.ask('GET /rooms/Attic/messages', { by: scene.people.pia })).json.rows[0].id;
    for (const who of askers) {
      const by = personOf(who);
      expect((await scene.ask('GET /rooms', { by })).text).not.toContain('Attic');
      expect((await scene.ask('GET /messages?q=whisper', { by })).json.rows).toEqual([]);
      const remove = (message: string) => seen(`DELETE /messages/${message}`, { by }, message);
      expect(await remove(id), who).toEqual(await remove('a'.repeat(26)));
    }
    const feed = (room: string) => seen(`GET //rss/rooms/${room}`, {}, room);
    expect(await feed('Attic')).toEqual(await feed('Cellar'));
  });

  it('a group exists for its members only', async () => {
    for (const who of askers) {
      for (const method of ['PUT', 'DELETE']) {
        const of = (group: string) =>
          seen(`${method} /groups/${group}/members/Mia`, { by: personOf(who) }, group);
        expect(await of('Friends'), who).toEqual(await of('Enemies'));
      }
    }
  });
});
