/**
 * A new version while its release, or its content, is taken down: what waits, what comes back, and what does
 * not.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Album } from '../../catalogue/catalogue-album.ts';
import { type ApiScene, infoHashOf, openApiScene, type Person, publishBody } from './api-scene.ts';

let scene: ApiScene;
let pia: Person;
let mia: Person;
let moritz: Person;
beforeAll(async () => {
  scene = await openApiScene();
  ({ pia, member: mia, moderator: moritz } = scene.people);
});
afterAll(async () => {
  expect(scene.errors).toEqual([]);
  await scene.close();
});

const album = (title: string): Album => ({
  album: title,
  tracks: ['One', 'Two', 'Three'].map((song) => `${title} ${song}`),
});
const takeDown = (id: string) =>
  scene.ask(`PUT /releases/${id}/takedown`, { by: moritz, body: { reason: 'not yours to share' } });
const get = (path: string, by?: Person) => scene.ask(`GET ${path}`, { by });
const isServed = async (of: Album) =>
  !String(await scene.announce(infoHashOf(of))).includes('failure reason');
const approveLast = async () => {
  const [{ id }] = (await get('/waiting?limit=1', moritz)).json.rows;
  const body = { decision: 'approve', reason: 'fine' };
  expect((await scene.ask(`POST /waiting/${id}`, { by: moritz, body })).status).toBe(204);
};

describe('a new version', () => {
  const next = (of: Album, version: number, of_: string, by = pia) => {
    const { releaseId, ...body } = publishBody(of, by, version, of_);
    return scene.ask(`POST /releases/${releaseId}/versions`, { by, body: { version, ...body } });
  };

  it('a new version of a release that was taken down waits for approval, and once approved brings the release back', async () => {
    const id = await scene.publish(album('Older'));
    await scene.ask(`POST /releases/${id}/comments`, { by: mia, body: { text: 'kept' } });
    await takeDown(id);
    const other = album('Newer');
    expect((await next(other, 2, 'Older')).code).toBe('awaits-approval');
    await approveLast();
    expect((await next(other, 2, 'Older')).status).toBe(201);
    expect((await get(`/releases/${id}`, mia)).json).toMatchObject({ album: 'Newer', version: 2 });
    expect((await get(`/releases/${id}/comments`)).json.rows).toMatchObject([{ text: 'kept' }]);
    expect((await get('/search?q=newer%20one')).json.rows[0]).toMatchObject({ releaseId: id });
    // The content that was taken down stays blocked.
    const copy = publishBody(album('Older'), mia);
    expect((await scene.ask('POST /releases', { by: mia, body: copy })).code).toBe('awaits-approval');
  });

  it('an approved new version brings back no earlier version with blocked content, as a file or in a swarm', async () => {
    const of = album('Blocked before');
    const id = await scene.publish(of);
    await takeDown(id);
    const other = album('Harmless after');
    await next(other, 2, of.album);
    await approveLast();
    expect((await next(other, 2, of.album)).status).toBe(201);
    expect((await get(`/releases/${id}/versions`, mia)).json.rows).toMatchObject([{ version: 2 }]);
    expect((await get(`/releases/${id}/torrent?version=1`, mia)).code).toBe('not-found');
    expect([await isServed(of), await isServed(other)]).toEqual([false, true]);
  });

  it('a new version still waits after the block is lifted, and is free once the release is restored', async () => {
    const of = album('Lifted before');
    const id = await scene.publish(of);
    await takeDown(id);
    const other = album('Lifted after');
    await next(other, 2, of.album);
    const [block] = (await get('/takedowns?blocking=true&limit=1', moritz)).json.rows;
    await scene.ask(`DELETE /takedowns/${block.id}/block`, { by: moritz });
    expect((await get('/notices?limit=1', pia)).json.rows).toMatchObject([{ kind: 'takedown' }]);
    expect((await get('/waiting?limit=1', moritz)).json.rows).toMatchObject([{ title: 'Lifted after' }]);
    expect((await next(other, 2, of.album)).code).toBe('awaits-approval');
    await scene.ask(`DELETE /releases/${id}/takedown`, { by: moritz });
    expect((await get('/notices?limit=1', pia)).json.rows).toMatchObject([{ kind: 'approved' }]);
    const left = (await get('/waiting', moritz)).json.rows as { title: string }[];
    expect(left.map(({ title }) => title)).not.toContain('Lifted after');
    expect((await next(other, 2, of.album)).status).toBe(201);
  });

  it('an approved new version keeps earlier versions whose block was lifted', async () => {
    const of = album('Free before');
    const id = await scene.publish(of);
    await takeDown(id);
    const [block] = (await get('/takedowns?blocking=true&limit=1', moritz)).json.rows;
    await scene.ask(`DELETE /takedowns/${block.id}/block`, { by: moritz });
    const other = album('Free after');
    await next(other, 2, of.album);
    await approveLast();
    expect((await next(other, 2, of.album)).status).toBe(201);
    expect((await get(`/releases/${id}/versions`, mia)).json.rows).toHaveLength(2);
    expect(await isServed(of)).toBe(true);
  });

  it('a new version with blocked content waits for approval, and the earlier version stays', async () => {
    const of = album('Smuggled');
    await takeDown(await scene.publish(of));
    const id = await scene.publish(album('Harmless'));
    expect((await next(of, 2, 'Harmless')).code).toBe('awaits-approval');
    expect((await get(`/releases/${id}`)).json).toMatchObject({ album: 'Harmless', version: 1 });
  });
});
