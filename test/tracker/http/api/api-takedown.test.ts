/**
 * Takedowns: what the publisher is told, what stays and can be restored, and what happens to the same
 * content.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Album } from '../../catalogue/catalogue-album.ts';
import { type ApiScene, infoHashOf, openApiScene, type Person, publishBody } from './api-scene.ts';

let scene: ApiScene;
let pia: Person;
let mia: Person;
let moritz: Person;
let olga: Person;
beforeAll(async () => {
  scene = await openApiScene();
  ({ pia, member: mia, moderator: moritz, owner: olga } = scene.people);
});
afterAll(async () => {
  expect(scene.errors).toEqual([]);
  await scene.close();
});

const reason = 'not yours to share';
const album = (title: string, more: Partial<Album> = {}): Album => ({
  album: title,
  tracks: ['One', 'Two', 'Three'].map((song) => `${title} ${song}`),
  ...more,
});
/** The same files in another torrent. */
const again = (of: Album, title: string): Album => ({
  album: title,
  tracks: of.tracks.map((song) => ({ title: `${song} again`, content: `${of.album}/${song}` })),
});

const takeDown = (id: string, by = moritz) =>
  scene.ask(`PUT /releases/${id}/takedown`, { by, body: { reason } });
const restore = (id: string, by = moritz) => scene.ask(`DELETE /releases/${id}/takedown`, { by });
let releases = 0;
/** Publishes under a new id. */
const publish = (of: Album, by: Person, access?: object) => {
  const body = publishBody(of, by, 1, `new ${++releases}`);
  return scene.ask('POST /releases', { by, body: { ...body, ...(access && { access }) } });
};
const get = (path: string, by?: Person) => scene.ask(`GET ${path}`, { by });
const notices = async (by: Person) => (await get('/notices', by)).json.rows as Record<string, unknown>[];
const isServed = async (of: Album) =>
  !String(await scene.announce(infoHashOf(of))).includes('failure reason');
/** The refusal without its request id. */
const refusal = ({ status, json }: { status: number; json: { error: { requestId: string } } }) => {
  const { requestId: _, ...error } = json.error;
  return { status, ...error };
};

describe('a release that is taken down', () => {
  it('a release that is taken down is gone for everyone, and its publisher is told why', async () => {
    const of = album('Gone');
    const id = await scene.publish(of);
    expect(await isServed(of)).toBe(true);
    expect((await takeDown(id)).status).toBe(204);
    for (const by of [undefined, mia, moritz, olga]) {
      expect((await get(`/releases/${id}`, by)).code).toBe('not-found');
      expect((await get(`/releases/${id}/torrent`, by)).code).toBe('not-found');
    }
    expect((await get('/search?q=gone')).json.rows).toEqual([]);
    expect((await get('/search?q=&kind=releases', mia)).json.rows).toEqual([]);
    expect((await get('/releases', pia)).json.rows).toEqual([]);
    expect(await isServed(of)).toBe(false);
    expect((await notices(pia))[0]).toMatchObject({
      kind: 'takedown',
      releaseId: id,
      title: 'Gone',
      text: reason,
    });
    expect((await notices(pia))[0]).not.toHaveProperty('actor');
    expect((await get(`/releases/${id}`, pia)).json.takenDown).toMatchObject({ reason });
  });

  it('a restored release is as it was before: comments, followers, swarm, search', async () => {
    const of = album('Back');
    const id = await scene.publish(of);
    await scene.ask(`POST /releases/${id}/comments`, { by: mia, body: { text: 'lovely' } });
    await scene.ask(`PUT /releases/${id}/follow`, { by: mia });
    const before = (await get(`/releases/${id}`, mia)).json;
    await takeDown(id);
    expect((await get('/follows', mia)).json.releases).toEqual([]);
    expect((await restore(id)).status).toBe(204);
    expect((await get(`/releases/${id}`, mia)).json).toEqual(before);
    expect((await get(`/releases/${id}/comments`)).json.rows).toMatchObject([{ text: 'lovely' }]);
    expect((await get('/follows', mia)).json.releases).toEqual([id]);
    expect((await get('/search?q=back%20two')).json.rows[0]).toMatchObject({ releaseId: id });
    expect(await isServed(of)).toBe(true);
    expect((await notices(pia))[0]).toMatchObject({ kind: 'restored', releaseId: id });
    expect((await publish(again(of, 'Back again'), mia)).status).toBe(201);
    expect((await restore(id)).code).toBe('not-found');
  });

  it('a takedown needs a reason, which is cleaned to one line without control characters', async () => {
    const id = await scene.publish(album('Reason'));
    for (const bad of ['', ' \u200b ', 'x'.repeat(201)]) {
      const answer = await scene.ask(`PUT /releases/${id}/takedown`, { by: moritz, body: { reason: bad } });
      expect([answer.status, answer.code]).toEqual([400, 'text-invalid']);
    }
    const body = { reason: 'one\ntwo\u202e' };
    expect((await scene.ask(`PUT /releases/${id}/takedown`, { by: moritz, body })).status).toBe(204);
    expect((await notices(pia))[0]).toMatchObject({ text: 'one two' });
  });

  it('a moderator may take down a release that is visible to moderators or was reported', async () => {
    const id = await scene.publish(album('Hidden', { private: true }), {
      visibility: 'people',
      people: ['Mia'],
    });
    expect((await takeDown(id)).code).toBe('not-found');
    const body = { releaseId: id, text: 'stolen' };
    expect((await scene.ask('POST /reports', { by: mia, body })).status).toBe(201);
    expect((await get('/reports', moritz)).json.rows[0]).toMatchObject({ title: 'Hidden', person: 'Pia' });
    expect((await get(`/releases/${id}`, moritz)).code).toBe('not-found');
    expect((await takeDown(id)).status).toBe(204);
    const { json } = await get('/takedowns', moritz);
    expect(json.rows[0]).toMatchObject({ releaseId: id, publisher: 'Pia', moderator: 'Moritz', reason });
    expect(json.rows[0]).not.toHaveProperty('title');
    expect((await get('/audit', olga)).json.rows[1]).not.toHaveProperty('detail');
    expect((await notices(mia))[0]).toMatchObject({ kind: 'report-closed', title: 'Hidden' });
    expect((await get('/reports', moritz)).json.rows).toEqual([]);
  });

  it('a publisher may withdraw a release that was taken down, and its block stays', async () => {
    const of = album('Withdrawn');
    const id = await scene.publish(of);
    await takeDown(id);
    expect((await scene.ask(`DELETE /releases/${id}`, { by: pia })).status).toBe(204);
    expect((await get(`/releases/${id}`, pia)).code).toBe('not-found');
    expect((await publish(of, pia)).code).toBe('awaits-approval');
    expect((await restore(id)).code).toBe('not-found');
  });

  it('a takedown and its block survive a restart of the tracker', async () => {
    const of = album('Restarted');
    const id = await scene.publish(of);
    await takeDown(id);
    const served = await scene.library.catalogue.served();
    expect(served.map(({ releaseId }) => releaseId)).not.toContain(id);
  });
});

describe('the same content', () => {
  it('blocked content waits for a moderator, with the same answer for every account and every torrent of it', async () => {
    const of = album('Blocked');
    await takeDown(await scene.publish(of));
    const hidden = album('Secret', { private: true });
    const secret = await scene.publish(hidden, { visibility: 'people', people: ['Moritz'] });
    await takeDown(secret);
    const answers = [
      await publish(of, pia),
      await publish(of, mia),
      await publish(of, olga),
      await publish(again(of, 'Another name'), mia),
      await publish({ ...again(of, 'Private'), private: true }, mia, { visibility: 'nobody' }),
      await publish(hidden, mia),
      await publish(again(hidden, 'Not secret'), mia),
    ];
    for (const answer of answers) expect(refusal(answer)).toEqual(refusal(answers[0]!));
    expect(answers[0]).toMatchObject({ status: 409, code: 'awaits-approval' });
    expect(answers[0]!.text).not.toMatch(/blocked|secret|moritz|pia|taken|yours/i);
    expect((await notices(moritz))[0]).toMatchObject({ kind: 'waiting' });
  });

  it('moderators see waiting content with its block and publisher, and its title only if it is visible to them', async () => {
    const of = album('Judged');
    await takeDown(await scene.publish(of));
    await publish(again(of, 'Open'), mia);
    await publish({ ...again(of, 'Closed'), private: true }, mia, { visibility: 'nobody' });
    const { json } = await get('/waiting?limit=2', moritz);
    expect(json.rows).toMatchObject([
      { publisher: 'Mia', visibility: 'nobody' },
      { publisher: 'Mia', visibility: 'everyone', title: 'Open', fileCount: 3 },
    ]);
    expect(Object.keys(json.rows[0]).sort()).toEqual([
      'askedAtMs',
      'id',
      'publisher',
      'takedownId',
      'visibility',
    ]);
    const { json: blocks } = await get('/takedowns?blocking=true&limit=1', moritz);
    expect(blocks.rows[0]).toMatchObject({ id: json.rows[0].takedownId, title: 'Judged' });
  });

  it('approved content may be published by that account only, until it is taken down again', async () => {
    const of = album('Approved');
    await takeDown(await scene.publish(of));
    const copy = again(of, 'Approved copy');
    await publish(copy, mia);
    const [{ id }] = (await get('/waiting?limit=1', moritz)).json.rows;
    const body = { decision: 'approve', reason: 'licensed' };
    expect((await scene.ask(`POST /waiting/${id}`, { by: moritz, body })).status).toBe(204);
    expect((await scene.ask(`POST /waiting/${id}`, { by: moritz, body })).code).toBe('not-found');
    expect((await notices(mia))[0]).toMatchObject({
      kind: 'approved',
      title: 'Approved copy',
      text: 'licensed',
    });
    expect((await publish(copy, pia)).code).toBe('awaits-approval');
    const { status, json } = await publish(copy, mia);
    expect(status).toBe(201);
    await takeDown(json.id);
    expect((await publish(copy, mia)).code).toBe('awaits-approval');
  });

  it('content approved twice waits again after another takedown, whichever of its torrents was approved', async () => {
    const of = album('Twice approved');
    await takeDown(await scene.publish(of));
    const decide = async () => {
      const [{ id }] = (await get('/waiting?limit=1', moritz)).json.rows;
      const body = { decision: 'approve', reason: 'licensed' };
      return scene.ask(`POST /waiting/${id}`, { by: moritz, body });
    };
    const [first, second] = [again(of, 'First copy'), again(of, 'Second copy')];
    for (const copy of [first, second]) {
      await publish(copy, mia);
      await decide();
    }
    await takeDown((await publish(first, mia)).json.id);
    expect((await publish(second, mia)).code).toBe('awaits-approval');
    expect((await get('/waiting?limit=1', moritz)).json.rows).toMatchObject([{ publisher: 'Mia' }]);
    await decide();
    expect((await publish(second, mia)).status).toBe(201);
  });

  it("the takedown of a moderator's own content is decided by another moderator: restoring, lifting, approving", async () => {
    const of = album('Of a moderator');
    const { json: release } = await publish(of, moritz);
    await takeDown(release.id, olga);
    await publish(again(of, 'His copy'), moritz);
    const [{ id: waiting }] = (await get('/waiting?limit=1', moritz)).json.rows;
    const [{ id: block }] = (await get('/takedowns?blocking=true&limit=1', moritz)).json.rows;
    const [last] = (await get('/audit?limit=1', olga)).json.rows;
    const body = { decision: 'approve', reason: 'mine' };
    const approve = (by: Person) => scene.ask(`POST /waiting/${waiting}`, { by, body });
    const lift = (by: Person) => scene.ask(`DELETE /takedowns/${block}/block`, { by });
    const deeds = [approve(moritz), lift(moritz), restore(release.id, moritz)];
    for (const deed of deeds) expect((await deed).code).toBe('not-allowed');
    expect((await get(`/releases/${release.id}`, mia)).code).toBe('not-found');
    expect((await get('/audit?limit=1', olga)).json.rows).toEqual([last]);
    expect((await approve(olga)).status).toBe(204);
    expect((await lift(olga)).status).toBe(204);
    expect((await restore(release.id, olga)).status).toBe(204);
  });

  it('refused content does not wait again, and gets the same answer', async () => {
    const of = album('Refused');
    await takeDown(await scene.publish(of));
    await publish(of, mia);
    const [{ id }] = (await get('/waiting?limit=1', moritz)).json.rows;
    await scene.ask(`POST /waiting/${id}`, { by: moritz, body: { decision: 'refuse', reason: 'no' } });
    expect((await notices(mia))[0]).toMatchObject({ kind: 'refused', text: 'no' });
    const count = async () => (await get('/waiting', moritz)).json.rows.length;
    const before = await count();
    expect((await publish(of, mia)).code).toBe('awaits-approval');
    expect(await count()).toBe(before);
  });

  it('content is free when its block is lifted, and the release stays down', async () => {
    const of = album('Lifted');
    const id = await scene.publish(of);
    await takeDown(id);
    await publish(of, mia);
    const [block] = (await get('/takedowns?blocking=true&limit=1', moritz)).json.rows;
    expect((await scene.ask(`DELETE /takedowns/${block.id}/block`, { by: moritz })).status).toBe(204);
    expect((await notices(mia))[0]).toMatchObject({ kind: 'approved', text: 'its block was lifted' });
    expect((await get('/waiting', moritz)).json.rows).not.toContainEqual(
      expect.objectContaining({ takedownId: block.id }),
    );
    expect((await publish(of, mia)).status).toBe(201);
    expect((await get(`/releases/${id}`, mia)).code).toBe('not-found');
  });

  it('a new publication replaces the oldest of an account with a hundred waiting ones', async () => {
    const of = album('Flood');
    await takeDown(await scene.publish(of));
    for (let n = 0; n < 103; n++) await publish(again(of, `Flood ${n}`), olga);
    const rows: { publisher: string; title: string }[] = [];
    for (let before = ''; ; ) {
      const { json } = await get(`/waiting?limit=50${before}`, moritz);
      rows.push(...json.rows);
      if (!json.hasMore) break;
      before = `&before=${json.rows.at(-1).id}`;
    }
    const hers = rows.filter(({ publisher }) => publisher === 'Olga');
    expect([hers.length, hers.at(-1)!.title]).toEqual([100, 'Flood 3']);
  });
});
