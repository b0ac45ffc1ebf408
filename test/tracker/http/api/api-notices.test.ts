/** Notices about a release whose access becomes narrower: excluded accounts get none, then or later. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Album } from '../../catalogue/catalogue-album.ts';
import { type ApiScene, openApiScene, type Person, publishBody } from './api-scene.ts';

let scene: ApiScene;
beforeAll(async () => {
  scene = await openApiScene();
});
afterAll(() => scene.close());

const numbered = (album: string, version: number): Album => ({
  album: `${album} ${version}`,
  tracks: ['Song'],
  private: true,
});

async function addVersion(of: string, id: string, version: number, access?: object): Promise<void> {
  const { pia: by } = scene.people;
  const { releaseId: _, ...body } = publishBody(numbered(of, version), by, version, `${of} 1`);
  const sent = { version, ...body, ...(access && { access }) };
  expect((await scene.ask(`POST /releases/${id}/versions`, { by, body: sent })).status).toBe(201);
}

const inbox = async (by: Person, query = '') => {
  const { json } = await scene.ask(`GET /notices${query}`, { by });
  return json as { rows: { id: string; title: string; version: number }[]; hasMore: boolean };
};
const titles = async (by: Person) => (await inbox(by)).rows.map(({ title }) => title);
const told = (by: Person, title: string) => expect.poll(() => titles(by)).toContain(title);

it('a version with narrower access is announced to no account that it excludes', async () => {
  const { pia, member, moderator } = scene.people;
  const id = await scene.publish(numbered('Inner', 1), { visibility: 'members' });
  for (const by of [member, moderator]) await scene.ask(`PUT /releases/${id}/follow`, { by });
  await addVersion('Inner', id, 2, { visibility: 'people', people: [moderator.name] });
  await told(moderator, 'Inner 2');
  // An account that had been notified would see the notice once it has access again.
  const body = { access: { visibility: 'members' } };
  await scene.ask(`PATCH /releases/${id}`, { by: pia, body });
  expect(await titles(member)).not.toContain('Inner 2');
});

it('a release is public until a private version restricts it', async () => {
  const { pia, member } = scene.people;
  const id = await scene.publish({ album: 'Turning 1', tracks: ['Song'] });
  await addVersion('Turning', id, 2, { visibility: 'nobody' });
  expect((await scene.ask(`GET /releases/${id}`, { by: member })).status).toBe(404);
  expect((await scene.ask(`GET /releases/${id}`, { by: pia })).json.visibility).toBe('nobody');
});

it('a release that is no longer visible is not in the inbox, nor counted as unread, nor in follows, and pages have no gaps', async () => {
  const { pia, guest: by } = scene.people;
  await scene.ask('PUT /accounts/Pia/follow', { by });
  const ids: string[] = [];
  for (const n of [1, 2, 3, 4, 5]) ids.push(await scene.publish(numbered(`Page${n}`, 1)));
  await scene.ask(`PUT /releases/${ids[1]}/follow`, { by });
  await told(by, 'Page5 1');
  const unread = async () => (await scene.ask('GET /accounts/me', { by })).json.unreadNotices;
  expect(await unread()).toBe(5);
  const hide = { body: { access: { visibility: 'members' } }, by: pia };
  for (const id of [ids[1], ids[3]]) await scene.ask(`PATCH /releases/${id}`, hide);
  expect(await titles(by)).toEqual(['Page5 1', 'Page3 1', 'Page1 1']);
  expect(await unread()).toBe(3);
  expect((await scene.ask('GET /follows', { by })).json.releases).toEqual([]);
  const first = await inbox(by, '?limit=2');
  expect([first.rows.map(({ title }) => title), first.hasMore]).toEqual([['Page5 1', 'Page3 1'], true]);
  const last = await inbox(by, `?limit=2&before=${first.rows.at(-1)!.id}`);
  expect([last.rows.map(({ title }) => title), last.hasMore]).toEqual([['Page1 1'], false]);
  const onwards = await inbox(by, `?limit=2&after=${last.rows[0]!.id}`);
  expect(onwards.rows.map(({ title }) => title)).toEqual(['Page5 1', 'Page3 1']);
});
