/**
 * Two trackers with the same public activity; on one of them there is also activity hidden from the viewer.
 * All their answers are equal, except for times and the texts of ids and cursors.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Album } from '../../catalogue/catalogue-album.ts';
import { type Answer, type ApiScene, infoHashOf, openApiScene, type Person } from './api-scene.ts';

const album = (name: string, song = name): Album => ({ album: name, tracks: [song], private: true });

/** Publishes, talks and announces publicly; `hidden` runs in between. */
async function play(scene: ApiScene, hidden: () => Promise<void>): Promise<void> {
  const { pia, member, guest } = scene.people;
  for (const by of [member, guest]) await scene.ask('PUT /accounts/Pia/follow', { by });
  for (const name of ['Tide', 'Ebb', 'Flow']) {
    await hidden();
    const id = await scene.publish(album(name, 'Nocturne'));
    await scene.announce(infoHashOf(album(name, 'Nocturne')), scene.passkey(member, id));
    await scene.ask('POST /rooms/lobby/messages', { by: pia, body: { text: `${name} is out` } });
    await scene.ask('POST /direct/Mia/messages', { by: pia, body: { text: `for you: ${name}` } });
  }
  await hidden();
  const told = async (by: Person) => (await scene.ask('GET /notices', { by })).json.rows.length as number;
  // Three releases, and Pia's direct message to Mia.
  while ((await told(member)) < 4 || (await told(guest)) < 3) await new Promise(setImmediate);
  scene.library.tick();
}

/** Activity that the guest, Mia and strangers may not see. */
function hiddenDoings(scene: ApiScene): () => Promise<void> {
  let round = 0;
  return async () => {
    const { pia, owner } = scene.people;
    round += 1;
    if (round === 1) {
      await scene.ask('POST /groups', { by: pia, body: { name: 'Crypt' } });
      await scene.ask('POST /rooms', {
        by: pia,
        body: { name: 'Vault', visibility: 'group', group: 'Crypt' },
      });
      await scene.ask('PUT /accounts/Pia/follow', { by: owner });
    }
    const accesses = [
      { visibility: 'nobody' },
      { visibility: 'group', group: 'Crypt' },
      { visibility: 'people', people: ['Olga'] },
    ];
    for (const [n, access] of accesses.entries()) {
      const one = album(`Nocturnal ${round} ${n}`, `Nocturna${'abcdefgh'[n]}`);
      const id = await scene.publish(one, access);
      await scene.announce(infoHashOf(one), scene.passkey(pia, id), '&port=7123');
      await scene.ask(`POST /releases/${id}/comments`, { by: pia, body: { text: 'psst' } });
    }
    const gone = await scene.publish(album(`Nocturnes ${round}`, 'Nocturnes'), {
      visibility: 'people',
      people: [],
    });
    await scene.ask(`DELETE /releases/${gone}`, { by: pia });
    await scene.ask('POST /rooms/Vault/messages', { by: pia, body: { text: 'Nocturne, for us' } });
    await scene.ask('POST /direct/Olga/messages', { by: pia, body: { text: 'Nocturne, for you' } });
    await scene.ask('POST /invitations', { by: pia, body: {} });
    await scene.ask('POST /wishes', { by: owner, body: { query: 'nocturne' } });
  };
}

let scenes: { hidden: ApiScene; plain: ApiScene };
beforeAll(async () => {
  scenes = { hidden: await openApiScene(), plain: await openApiScene() };
  await play(scenes.hidden, hiddenDoings(scenes.hidden));
  await play(scenes.plain, async () => {});
});
afterAll(async () => {
  await scenes.hidden.close();
  await scenes.plain.close();
});

const queries = ['nocturne', 'nocturn', 'nocturnx', 'nocturnal', 'octurn', 'tide', 'nocturnes', ''];
const calls = [
  ...queries.flatMap((q) => [`/search?q=${q}&limit=2`, `/search?q=${q}&kind=releases&limit=2`]),
  ...['/search?q=&hasSeeds=true', '/search?q=&user=Pia', '/releases?limit=2', '/releases?user=Pia'],
  ...['/accounts/Pia', '/accounts/Pia/releases', '/online', '/server', '/groups', '/follows', '/wishes'],
  ...['/invitations', '/notices?limit=2', '/accounts/me', '/rooms', '/rooms/lobby/messages?limit=2'],
  ...['/rooms/Vault/messages', '/messages?q=nocturne', '/direct', '/direct/Pia/messages'],
  ...['//', '//?q=nocturne', '//?q=nocturnx', '//metrics', '//health'],
  ...['//rss/search?q=nocturnx', '//rss/users/Pia', '//rss/rooms/lobby', '//rss/rooms/Vault'],
];

it('hidden activity is visible to those who may see it', async () => {
  const { pia, owner } = scenes.hidden.people;
  const rows = async (call: string, by: Person) => (await scenes.hidden.ask(`GET ${call}`, { by })).json.rows;
  expect((await rows('/search?q=nocturnal', pia)).length).toBeGreaterThan(10);
  expect((await rows('/releases', owner)).length).toBe(3 + 4);
  expect((await rows('/direct/Pia/messages', owner)).length).toBe(4);
});

describe.each(['stranger', 'guest', 'member'] as const)('to a %s', (who) => {
  it.each(calls)('%s answers as if nothing were hidden, on every page', async (call) => {
    const [hidden, plain] = [await pages(scenes.hidden, call, who), await pages(scenes.plain, call, who)];
    expect(hidden).toEqual(plain);
  });
});

async function pages(
  scene: ApiScene,
  call: string,
  who: 'stranger' | 'guest' | 'member',
): Promise<unknown[]> {
  const by = who === 'stranger' ? undefined : scene.people[who];
  const all: unknown[] = [];
  for (let page = 0, edge = ''; page < 10; page++) {
    const answer = await scene.ask(`GET ${call}${edge}`, { by });
    all.push([answer.status, shown(answer)]);
    const { next, hasMore, rows } = answer.json ?? {};
    if (next !== undefined) edge = `&after=${next}`;
    else if (hasMore === true) edge = `&before=${rows.at(-1).id}`;
    else break;
  }
  return all;
}

/**
 * The answer without times, addresses and the account's own secrets. Opaque texts are reduced to their
 * length.
 */
function shown({ json, text }: Answer): unknown {
  const plain = (json === undefined ? text : JSON.stringify(json))
    .replaceAll(/\b[a-z2-7]{48}\b/g, 'PASSKEY')
    .replaceAll(/("\w*(?:Ms|requestId|publicKey|host|uptimeSeconds)":)("[^"]*"|\d+)/g, '$1"…"')
    .replaceAll(/("(?:id|next)":)"([a-z2-7]{26,})"/g, (_, key, id) => `${key}${id.length}`)
    .replaceAll(/message-[a-z2-7]{26}/g, 'message')
    .replaceAll(/<pubDate>[^<]*|up for [^<]*/g, '…');
  return json === undefined ? plain : JSON.parse(plain);
}
