/**
 * A release of many tracks in a whole tracker: the work after its publication runs in slices and is
 * completed.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiScene, openApiScene } from '../api/api-scene.ts';

/** The machine may be busy. */
const soon = { timeout: 20_000 };
let scene: ApiScene;
beforeAll(async () => {
  scene = await openApiScene();
});
afterAll(() => scene.close());

it('a release of many tracks is searchable to its last track, notifies followers once, and matches a wish for any track', async () => {
  const { pia, member } = scene.people;
  await scene.ask('PUT /accounts/Pia/follow', { by: member });
  await scene.ask('POST /wishes', { by: member, body: { query: 'quillwort' } });
  const tracks = Array.from({ length: 1_200 }, (_, n) => (n === 1_150 ? 'Quillwort' : `Interlude ${n}`));
  const id = await scene.publish({ album: 'Archive', tracks }, undefined, pia);
  const found = async (word: string) => {
    const { json } = await scene.ask(`GET /search?q=${word}`);
    return json.rows.map((row: { title: string }) => row.title);
  };
  await expect.poll(() => found('quillwort'), soon).toEqual(['Quillwort']);
  const notices = async () => {
    const { json } = await scene.ask('GET /notices', { by: member });
    return json.rows.map(({ kind }: { kind: string }) => kind).sort();
  };
  await expect.poll(notices, soon).toEqual(['new-release', 'wish']);
  // A moderator takes it down and restores it.
  await scene.ask(`PUT /releases/${id}/takedown`, { by: scene.people.moderator, body: { reason: 'noise' } });
  expect(await found('quillwort')).toEqual([]);
  await scene.ask(`DELETE /releases/${id}/takedown`, { by: scene.people.moderator });
  await expect.poll(() => found('quillwort'), soon).toEqual(['Quillwort']);
  expect(scene.errors).toEqual([]);
});
