/** Who is online, how much is shared, and what the metrics count: none of it reveals a hidden release. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Album } from '../../catalogue/catalogue-album.ts';
import { type ApiScene, infoHashOf, openApiScene, type Person } from './api-scene.ts';

let scene: ApiScene;
beforeEach(async () => {
  scene = await openApiScene();
});
afterEach(() => scene.close());

const album = (name: string): Album => ({ album: name, tracks: [`${name} song`], private: true });
const online = async (by?: Person) => (await scene.ask('GET /online', { by })).json;
const isOnline = async (name: string, by?: Person) =>
  (await scene.ask(`GET /accounts/${name}`, { by })).json.isOnline;
const homePage = async () => (await scene.ask('GET //')).text;

describe('an account that announces', () => {
  it('an account that announces a hidden release is online only for those who see the release', async () => {
    const { pia, member, owner } = scene.people;
    const hidden = album('Hidden');
    const id = await scene.publish(hidden, { visibility: 'people', people: ['Mia'] });
    await scene.announce(infoHashOf(hidden), scene.passkey(pia, id));
    for (const by of [pia, member]) {
      expect(await online(by)).toEqual({ names: ['Pia'], count: 1 });
      expect(await isOnline('Pia', by)).toBe(true);
    }
    for (const by of [owner, undefined]) {
      expect(await online(by)).toEqual({ names: [], count: 0 });
      expect(await isOnline('Pia', by)).toBe(false);
    }
    expect(await homePage()).toContain('Nobody is sharing just now.');
  });

  it('an account that announces a public release is online for everyone until the release is hidden', async () => {
    const { pia, guest } = scene.people;
    const open = album('Open');
    const id = await scene.publish(open);
    await scene.announce(infoHashOf(open), scene.passkey(pia, id));
    expect(await online()).toEqual({ names: ['Pia'], count: 1 });
    expect(await homePage()).toContain('<p>Pia</p>');
    await scene.ask(`PATCH /releases/${id}`, { by: pia, body: { access: { visibility: 'members' } } });
    for (const by of [guest, undefined]) expect(await online(by)).toEqual({ names: [], count: 0 });
  });
});

it('the home page counts public releases and their peers only', async () => {
  const { pia } = scene.people;
  const [open, hidden] = [album('Open'), album('Hidden')];
  const id = await scene.publish(open);
  const closed = await scene.publish(hidden, { visibility: 'members' });
  await scene.announce(infoHashOf(open), scene.passkey(pia, id));
  await scene.announce(infoHashOf(hidden), scene.passkey(pia, closed));
  const figures = async () => {
    scene.library.tick();
    const text = await homePage();
    return ['Releases', 'Seeds', 'Downloading'].map((name) =>
      Number(new RegExp(`<dt>${name}</dt><dd>(\\d+)</dd>`).exec(text)?.[1]),
    );
  };
  expect(await figures()).toEqual([1, 1, 0]);
  await scene.ask(`PATCH /releases/${id}`, { by: pia, body: { access: { visibility: 'nobody' } } });
  expect(await figures()).toEqual([0, 0, 0]);
  expect(await homePage()).not.toContain('/metrics');
});

describe('the metrics of a tracker with a catalogue', () => {
  const metrics = (asked: Parameters<ApiScene['ask']>[1] = {}) => scene.ask('GET //metrics', asked);
  const own = { from: '127.0.0.1', headers: { host: 'localhost:6969' } };

  it("the metrics are readable from the tracker's own machine and by moderators and owners only", async () => {
    const { guest, member, moderator, owner } = scene.people;
    for (const by of [moderator, owner])
      expect((await metrics({ by })).text).toContain('cicada_tracker_seeds');
    expect((await metrics(own)).text).toContain('cicada_tracker_seeds');
    expect((await metrics({ from: '::1', headers: { host: '[::1]:6969' } })).status).toBe(200);
    for (const by of [guest, member]) expect(await metrics({ by })).toMatchObject({ status: 403 });
    for (const by of [undefined, { token: 'x'.repeat(43) }]) {
      const answer = await metrics({ by });
      expect([answer.status, answer.code]).toEqual([401, 'not-signed-in']);
    }
  });

  it("the metrics are refused through a proxy on the tracker's machine, and for a foreign Host header", async () => {
    for (const headers of [
      { 'x-forwarded-for': '127.0.0.1' },
      { forwarded: 'for=127.0.0.1' },
      { via: '1.1 proxy' },
      { 'x-real-ip': '127.0.0.1' },
      { host: 'evil.example' },
      { host: '127.0.0.1.evil.example' },
    ]) {
      const asked = { ...own, headers: { ...own.headers, ...headers } };
      expect((await metrics(asked)).status, JSON.stringify(headers)).toBe(401);
    }
  });
});

it('a trusted proxy that does not name its client cannot read the metrics', async () => {
  const behind = await openApiScene({}, { trustedProxies: ['127.0.0.1'] });
  const asked = { from: '127.0.0.1', headers: { host: 'localhost' } };
  expect((await behind.ask('GET //metrics', asked)).status).toBe(401);
  await behind.close();
});
