/**
 * The swarm of a restricted release stays closed when the same torrent is published again. Requested over
 * HTTP, with the announce URLs that the tracker hands out.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Album } from '../catalogue/catalogue-album.ts';
import { hybridBody } from '../catalogue/hybrid-album.ts';
import { fetchedUrl, peersIn, saidIn, type Told } from '../http/announce-calls.ts';
import { type ApiScene, infoHashOf, openApiScene, type Person } from '../http/api/api-scene.ts';

const nothing = Buffer.alloc(20, 7);
const publicUrl = 'https://tracker.example/announce';

let scene: ApiScene;
/** New for each test: a torrent, a group, and people, all in the group except Greta. */
let album: Album;
let hash: Uint8Array;
let friends: string;
let pia: Person;
let mia: Person;
let moritz: Person;
let greta: Person;
let tests = 0;

beforeAll(async () => {
  scene = await openApiScene();
});
afterAll(() => scene.close());
beforeEach(async () => {
  tests += 1;
  album = { album: `Tide ${tests}`, tracks: ['Ebb', 'Flow'], private: true };
  hash = infoHashOf(album);
  friends = `Friends ${tests}`;
  const names = ['Pia', 'Mia', 'Moritz', 'Greta'].map((name) => `${name}${tests}`);
  [pia, mia, moritz, greta] = (await Promise.all(names.map((name) => scene.register(name)))) as [
    ...[Person, Person, Person, Person],
  ];
  await scene.ask('POST /groups', { by: pia, body: { name: friends } });
  for (const { name } of [mia, moritz]) await toGroup('PUT', name, pia);
});
afterEach(() => expect(scene.errors).toEqual([]));

const toGroup = (method: 'PUT' | 'DELETE', name: string, by: Person) =>
  scene.ask(`${method} /groups/${encodeURIComponent(friends)}/members/${name}`, { by });
const forFriends = () => ({ visibility: 'group', group: friends });
const ofGroup = () => scene.publish(album, forFriends(), pia);
const ofEveryone = (by: Person) => scene.publish(album, undefined, by);
const url = (releaseId: string, by?: Person) => fetchedUrl(scene, releaseId, by);
const announce = (to: string, from: string, more: Partial<Told> = {}) =>
  peersIn(scene, to, { infoHash: hash, from, ...more });
const counts = async (releaseId: string, by?: Person) => {
  scene.library.tick();
  // Writes are in order, so the counts are stored after this answer.
  await scene.ask('POST /rooms/lobby/messages', { by: scene.people.owner, body: { text: 'later' } });
  const { seeds, leechers, holders } = (await scene.ask(`GET /releases/${releaseId}`, { by })).json;
  const names = holders.map(({ name }: { name: string }) => name.replace(String(tests), ''));
  return { seeds, leechers, holders: names.sort() };
};

describe('a member who was removed and publishes the same torrent for everyone', () => {
  it('a removed member who publishes the same torrent for everyone opens a new swarm that shows nothing of the group', async () => {
    const closed = await ofGroup();
    const [ofPia, ofMia] = [await url(closed, pia), await url(closed, mia)];
    await announce(ofPia, '10.1.0.1');
    expect(await announce(ofMia, '10.1.0.2', { left: 5 })).toEqual(['10.1.0.1:6881']);
    await toGroup('DELETE', mia.name, pia);
    expect(await announce(ofMia, '10.1.0.2')).toEqual(
      await announce(ofMia, '10.1.0.2', { infoHash: nothing }),
    );

    const open = await ofEveryone(mia);
    expect(await announce(publicUrl, '10.9.0.1', { left: 5 })).toEqual([]);
    expect(await announce(await url(open, mia), '10.1.0.2')).toEqual(['10.9.0.1:6881']);
    expect(await announce(publicUrl, '10.9.0.2', { left: 5 })).toEqual(['10.1.0.2:6881', '10.9.0.1:6881']);
    expect(await saidIn(scene, publicUrl, [hash])).toEqual([[1, 2]]);
    expect(await saidIn(scene, ofPia, [hash])).toEqual([[1, 0]]);
    const [page, feed] = [
      await scene.ask(`GET //releases/${open}`),
      await scene.ask(`GET //rss/search?q=tide+${tests}`),
    ];
    expect(page.text).toContain('Mia');
    for (const { text } of [page, feed]) expect(text).not.toContain('Pia');
    expect(await counts(open)).toEqual({ seeds: 1, leechers: 2, holders: ['Mia'] });
    expect(await counts(closed, pia)).toEqual({ seeds: 1, leechers: 0, holders: ['Pia'] });
    expect((await scene.ask('GET /search?q=tide')).text).not.toContain('10.1.0.1');
  });
});

describe('the same torrent, for a group and for everyone', () => {
  it('a torrent of a group and of everyone has two swarms, and the passkey selects one in announces and scrapes', async () => {
    const [closed, open] = [await ofGroup(), await ofEveryone(greta)];
    // The same account is in both, from one address and port.
    await announce(await url(closed, mia), '10.1.0.2');
    await announce(await url(open, mia), '10.1.0.2');
    await announce(await url(open, greta), '10.1.0.3');
    expect(await announce(await url(closed, pia), '10.1.0.1', { left: 5 })).toEqual(['10.1.0.2:6881']);
    expect(await announce(publicUrl, '10.9.0.1', { left: 5 })).toEqual(['10.1.0.2:6881', '10.1.0.3:6881']);
    // Several hashes in one scrape: only those of the passkey's release are answered.
    const ofMia = [await saidIn(scene, await url(closed, mia), [hash, nothing])];
    expect(ofMia).toEqual([
      [
        [1, 1],
        [0, 0],
      ],
    ]);
    expect(await saidIn(scene, await url(open, mia), [nothing, hash])).toEqual([
      [0, 0],
      [2, 1],
    ]);
    // `stopped` in one of them does not affect the other.
    await announce(await url(open, mia), '10.1.0.2', { event: 'stopped' });
    expect(await announce(publicUrl, '10.9.0.1', { left: 5 })).toEqual(['10.1.0.3:6881']);
    expect(await announce(await url(closed, pia), '10.1.0.1', { left: 5 })).toEqual(['10.1.0.2:6881']);
    expect(await counts(closed, pia)).toEqual({ seeds: 1, leechers: 1, holders: ['Mia', 'Pia'] });
    expect(await counts(open)).toMatchObject({ seeds: 1, leechers: 1, holders: ['Greta'] });
  });

  it('a hybrid torrent of a group and of everyone has two swarms per hash, and a peer in both hashes counts once', async () => {
    const publish = async (by: Person, access?: object) => {
      const { body, hashes } = hybridBody(`Both ${tests}`, by);
      const whole = access === undefined ? body : { ...body, access };
      expect(await scene.ask('POST /releases', { by, body: whole })).toMatchObject({ status: 201 });
      return { id: body.releaseId, hashes };
    };
    const { id: closed, hashes } = await publish(pia, forFriends());
    const { id: open } = await publish(greta);
    for (const infoHash of hashes) {
      await announce(await url(closed, mia), '10.1.0.2', { infoHash });
      await announce(await url(open, mia), '10.1.0.9', { infoHash });
      expect(await announce(publicUrl, '10.9.0.1', { infoHash, left: 5 })).toEqual(['10.1.0.9:6881']);
      expect(await announce(await url(closed, moritz), '10.1.0.3', { infoHash, left: 5 })).toEqual([
        '10.1.0.2:6881',
      ]);
    }
    expect(await saidIn(scene, await url(closed, pia), [...hashes, nothing])).toEqual([
      [1, 1],
      [1, 1],
      [0, 0],
    ]);
    expect(await counts(closed, pia)).toEqual({ seeds: 1, leechers: 1, holders: ['Mia', 'Moritz'] });
    expect(await counts(open)).toEqual({ seeds: 1, leechers: 1, holders: ['Mia'] });
    // A removed member leaves the group's swarms of both hashes at once.
    await toGroup('DELETE', mia.name, pia);
    for (const infoHash of hashes) {
      expect(await announce(await url(closed, moritz), '10.1.0.3', { infoHash, left: 5 })).toEqual([]);
    }
  });

  it('a torrent published for everyone by several accounts has one swarm', async () => {
    const [one, other] = [await ofEveryone(greta), await ofEveryone(mia)];
    await announce(await url(one, greta), '10.1.0.1');
    await announce(await url(other, mia), '10.1.0.2');
    expect(await announce(await url(one, moritz), '10.1.0.3', { left: 5 })).toEqual([
      '10.1.0.1:6881',
      '10.1.0.2:6881',
    ]);
    for (const id of [one, other]) {
      expect(await counts(id)).toEqual({ seeds: 2, leechers: 1, holders: ['Greta', 'Mia', 'Moritz'] });
    }
    // One of them is withdrawn: peers that came through it leave, the others stay.
    await scene.ask(`DELETE /releases/${one}`, { by: greta });
    expect(await announce(publicUrl, '10.9.0.1', { left: 5 })).toEqual(['10.1.0.2:6881']);
  });
});

describe('peers that are listed when access changes', () => {
  const change = (id: string, access: object) =>
    scene.ask(`PATCH /releases/${id}`, { by: pia, body: { access } });
  const next = (to: string, from: string) => announce(to, from, { left: 5 });

  it('everyone → group: others leave the swarm, and members return with their next announce', async () => {
    const id = await ofEveryone(pia);
    const [ofPia, ofMia, ofGreta] = [await url(id, pia), await url(id, mia), await url(id, greta)];
    await announce(ofPia, '10.1.0.1');
    await announce(ofGreta, '10.1.0.3');
    await announce(publicUrl, '10.9.0.1');
    await change(id, forFriends());
    expect(await next(ofMia, '10.1.0.2')).toEqual([]);
    expect(await counts(id, pia)).toEqual({ seeds: 0, leechers: 1, holders: ['Mia'] });
    expect(await next(ofPia, '10.1.0.1')).toEqual(['10.1.0.2:6881']);
    for (const gone of [ofGreta, publicUrl]) {
      expect(await next(gone, '10.1.0.3')).toBe('this tracker does not serve that torrent');
    }
    // Public again: peers of the group's swarm are listed only after their next announce, at the same URL.
    await change(id, { visibility: 'everyone' });
    expect(await next(publicUrl, '10.9.0.1')).toEqual([]);
    await next(ofPia, '10.1.0.1');
    expect(await next(ofGreta, '10.1.0.3')).toEqual(['10.1.0.1:6881', '10.9.0.1:6881']);
  });

  it('group → people: peers of other accounts leave at once, the others stay listed', async () => {
    const id = await ofGroup();
    for (const [by, from] of [
      [pia, '10.1.0.1'],
      [mia, '10.1.0.2'],
      [moritz, '10.1.0.3'],
    ] as const) {
      await announce(await url(id, by), from);
    }
    await change(id, { visibility: 'people', people: [mia.name] });
    expect(await next(await url(id, pia), '10.1.0.9')).toEqual(['10.1.0.1:6881', '10.1.0.2:6881']);
    expect((await counts(id, mia)).holders).toEqual(['Mia', 'Pia', 'Pia']);
  });

  it.each([
    ['removed from the group', () => toGroup('DELETE', mia.name, pia)],
    [
      'banned',
      () => scene.ask(`PUT /accounts/${mia.name}/ban`, { by: scene.people.owner, body: { reason: 'x' } }),
    ],
    ['with new passkeys', () => scene.ask('POST /accounts/me/passkey', { by: mia })],
  ])('an account that is %s leaves at once, and its URL is refused', async (_, lose) => {
    const id = await ofGroup();
    const ofMia = await url(id, mia);
    await announce(ofMia, '10.1.0.2');
    expect((await lose()).status).toBeLessThan(300);
    expect(await next(await url(id, pia), '10.1.0.1')).toEqual([]);
    expect(await counts(id, pia)).toEqual({ seeds: 0, leechers: 1, holders: ['Pia'] });
    expect(typeof (await next(ofMia, '10.1.0.2'))).toBe('string');
    expect((await scene.ask('GET /online')).json.names).not.toContain(mia.name);
  });

  it('a withdrawn release lists no peers, and its torrent has an empty swarm when published again', async () => {
    const id = await ofEveryone(pia);
    for (const to of [publicUrl, await url(id, pia)]) await announce(to, '10.1.0.1');
    await scene.ask(`DELETE /releases/${id}`, { by: pia });
    expect(typeof (await next(publicUrl, '10.9.0.1'))).toBe('string');
    await ofEveryone(mia);
    expect(await next(publicUrl, '10.9.0.1')).toEqual([]);
  });
});

it('a finished download is reported to the publisher of the release that was fetched, and to no other', async () => {
  const [closed, open] = [await ofGroup(), await ofEveryone(greta)];
  await announce(await url(open, mia), '10.1.0.2', { event: 'completed' });
  await announce(await url(closed, moritz), '10.1.0.3', { event: 'completed' });
  const told = async (by: Person) =>
    (await scene.ask('GET /notices', { by })).json.rows.map((row: { kind: string; actor: string }) => [
      row.kind,
      row.actor.replace(String(tests), ''),
    ]);
  await expect.poll(() => told(greta)).toEqual([['finished', 'Mia']]);
  await expect.poll(() => told(pia)).toEqual([['finished', 'Moritz']]);
});

it('where sign-in is required, a public torrent has one swarm without strangers', async () => {
  await using closed = await openApiScene({ signInRequired: true });
  const { pia, member } = closed.people;
  const id = await closed.publish(album);
  const of = (by: Person) => `/${closed.passkey(by, id)}/announce`;
  await peersIn(closed, of(pia), { infoHash: hash, from: '10.1.0.1' });
  expect(await peersIn(closed, of(member), { infoHash: hash, from: '10.1.0.2', left: 5 })).toEqual([
    '10.1.0.1:6881',
  ]);
  const stranger = await peersIn(closed, '/announce', { infoHash: hash, from: '10.1.0.3' });
  expect(stranger).toBe(await peersIn(closed, '/announce', { infoHash: nothing, from: '10.1.0.3' }));
});
