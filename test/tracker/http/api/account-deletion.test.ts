/** Deleting an account: what remains of it, who may delete and export it, and what an export contains. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openLibrary } from '../../../../tracker/library.ts';
import { Registry } from '../../../../tracker/registry.ts';
import { type ApiScene, openApiScene, type Person } from './api-scene.ts';

let scene: ApiScene;
let olga: Person;
beforeAll(async () => {
  scene = await openApiScene();
  olga = scene.people.owner;
});
afterAll(() => scene?.close());

const remove = (by: Person | undefined, name: string) =>
  scene.ask('DELETE /accounts/me', { ...(by && { by }), body: { name } });
const say = (by: Person, place: string, text: string) =>
  scene.ask(`POST ${place}/messages`, { by, body: { text } });
/** Releases and messages are removed after the answer. */
const emptied = () =>
  vi.waitFor(async () => expect(await scene.library.community.unfinishedDepartures()).toEqual([]));
/** The rows of an export, and those of one kind. */
async function exported(by: Person) {
  const { text, status } = await scene.ask('GET /accounts/me/export', { by });
  expect(status).toBe(200);
  const lines = text.trimEnd().split('\n');
  const rows = lines.map((line) => JSON.parse(line) as { kind: string; [field: string]: unknown });
  expect(rows.at(-1)).toEqual({ kind: 'end', lines: lines.length - 1 });
  return { text, rows, of: (kind: string) => rows.filter((row) => row.kind === kind) };
}

describe('a deleted account', () => {
  it('a deleted account leaves no release, text, session, passkey or name', async () => {
    const [lea, tom] = [await scene.register('Lea'), await scene.register('Tom')];
    const open = await scene.publish({ album: 'Leaving' }, undefined, lea);
    const hidden = await scene.publish({ album: 'Hidden', private: true }, { visibility: 'nobody' }, lea);
    const down = await scene.publish({ album: 'Down' }, undefined, lea);
    await scene.ask(`PUT /releases/${down}/takedown`, { by: olga, body: { reason: 'a test' } });
    const toms = await scene.publish({ album: 'Staying' }, undefined, tom);
    const passkey = scene.passkey(lea, toms);
    const hash = scene.library.served(toms)!.infoHashes[0]!;
    await say(lea, '/rooms/lobby', 'words of lea in the lobby');
    await say(lea, '/direct/Tom', 'words of lea to tom');
    await say(tom, '/direct/Lea', 'words of tom to lea');
    await scene.ask(`POST /releases/${toms}/comments`, { by: lea, body: { text: 'a comment of lea' } });
    await scene.ask('PUT /accounts/Lea/follow', { by: tom });

    expect((await remove(lea, 'lea')).status).toBe(204);
    await emptied();

    expect(await scene.ask('GET /accounts/me', { by: lea })).toMatchObject({ code: 'session-invalid' });
    expect(await scene.ask('GET /accounts/Lea')).toMatchObject({ status: 404 });
    expect(await scene.ask('GET /accounts/Lea/releases')).toMatchObject({ status: 404 });
    for (const id of [open, hidden, down]) {
      for (const by of [tom, olga]) expect((await scene.ask(`GET /releases/${id}`, { by })).status).toBe(404);
    }
    // A moderator cannot restore one either.
    expect((await scene.ask(`DELETE /releases/${down}/takedown`, { by: olga })).status).toBe(404);
    expect(String(await scene.announce(hash, passkey))).toContain('failure reason');
    expect((await scene.ask(`GET //rss/search?key=${lea.feedKey}`)).status).toBe(401);
    const places = ['/rooms/lobby/messages', `/releases/${toms}/comments`, '/direct', '/messages?q=lea'];
    const read = await Promise.all(places.map((place) => scene.ask(`GET ${place}`, { by: tom })));
    for (const { text, status } of read) {
      expect(status).toBe(200);
      expect(text).not.toContain('of lea');
    }
    const members = await scene.ask('GET /moderation/members', { by: olga });
    expect(members.text).not.toMatch(/Lea|deleted/);
    const follows = await scene.ask('GET /follows', { by: tom });
    expect(follows.text).not.toContain('Lea');
    // Tom can still read his own messages, under the deleted account's new name.
    const gone = `[deleted ${lea.accountId}]`;
    const talk = await scene.ask(`GET /direct/${encodeURIComponent(gone)}/messages`, { by: tom });
    expect(talk.text).toContain('words of tom to lea');
    expect((await say(tom, `/direct/${encodeURIComponent(gone)}`, 'still there?')).status).toBe(404);
    expect(scene.errors).toEqual([]);
  });

  it('the name of a deleted account stays reserved in every spelling', async () => {
    const nora = await scene.register('Nora');
    await remove(nora, 'Nora');
    for (const name of ['Nora', 'NORA', 'ｎora', '[deleted 1]', '[Deleted 9999]']) {
      const body = { name, password: 'correct horse battery' };
      expect((await scene.ask('POST /accounts', { body })).status, name).toBeOneOf([400, 409]);
    }
    await emptied();
  });

  it("deleting a founder's account passes a group to its oldest member and removes an empty one", async () => {
    const [gus, ida] = [await scene.register('Gus'), await scene.register('Ida')];
    for (const name of ['friends', 'alone']) await scene.ask('POST /groups', { by: gus, body: { name } });
    await scene.ask('PUT /groups/friends/members/Ida', { by: gus });
    expect((await remove(gus, 'Gus')).status).toBe(204);
    expect((await scene.ask('GET /groups', { by: ida })).json.rows).toEqual([
      { name: 'friends', founder: 'Ida', members: ['Ida'] },
    ]);
    await emptied();
  });

  it("a deletion that the tracker's end interrupted is completed at the next start", async () => {
    const dataFolder = await mkdtemp(join(tmpdir(), 'cicada-deletion-'));
    const open = () =>
      openLibrary({
        ...{ dataFolder, registry: new Registry({ hashSeed: 1 }), peerTimeoutMs: 1e12 },
        ...{ nowMs: () => 0, wallMs: Date.now, onError: (error: unknown) => expect.fail(String(error)) },
      });
    const before = await open();
    const { account, session } = await before.community.register({
      name: 'Kim',
      password: 'long enough, yes',
    });
    const kim = { ...account, groupIds: [] };
    await before.community.say(kim, 'lobby', 'never to be read again');
    await before.community.deleteAccount(kim, { name: 'Kim', sessionId: session.id });
    await before.close();
    const after = await open();
    await vi.waitFor(async () => expect(await after.community.unfinishedDepartures()).toEqual([]));
    const { rows } = await after.community.messages({ role: 'anonymous', groupIds: [] }, 'lobby');
    expect(rows).toMatchObject([{ text: '', isDeleted: true, author: `[deleted ${account.accountId}]` }]);
    await after.close();
    await rm(dataFolder, { recursive: true });
  });
});

describe('deleting an account', () => {
  it('deleting an account needs its own session and its own name', async () => {
    const { pia, member, banned } = scene.people;
    expect(await remove(undefined, 'Pia')).toMatchObject({ status: 401 });
    expect(await remove(member, 'Pia')).toMatchObject({ status: 400, code: 'name-invalid' });
    expect(await remove(olga, 'Pia')).toMatchObject({ status: 400, code: 'name-invalid' });
    expect(await remove(banned, 'Bert')).toMatchObject({ status: 401 });
    for (const token of [pia.feedKey, 'x'.repeat(43)]) {
      expect(await scene.ask('DELETE /accounts/me', { by: { token }, body: { name: 'Pia' } })).toMatchObject({
        status: 401,
      });
    }
    expect((await scene.ask('GET /accounts/Pia')).status).toBe(200);
  });

  it('deleting an account needs a recent sign-in: a session that was left open is not enough', async () => {
    const una = await scene.register('Una');
    const database = new DatabaseSync(scene.path, { timeout: 5_000 });
    const older = database.prepare(
      'UPDATE sessions SET created_ms = created_ms - 660000 WHERE account_id = ?',
    );
    older.run(una.accountId);
    database.close();
    expect(await remove(una, 'Una')).toMatchObject({ status: 403, code: 'session-old' });
    expect((await scene.ask('GET /accounts/Una')).status).toBe(200);
  });

  it('the account of the last owner cannot be deleted', async () => {
    expect(await remove(olga, 'Olga')).toMatchObject({ status: 409, code: 'last-owner' });
  });
});

describe('an export', () => {
  it("an export contains the account's own data and the direct messages sent to it", async () => {
    const [ava, bo] = [await scene.register('Ava'), await scene.register('Bo')];
    const id = await scene.publish(
      { album: 'Mine', tracks: ['One', 'Two'], private: true },
      { visibility: 'nobody' },
      ava,
    );
    await say(ava, '/rooms/lobby', 'said by ava');
    await say(bo, '/direct/Ava', 'said to ava');
    await say(bo, '/rooms/lobby', 'said by bo');
    await scene.ask('POST /wishes', { by: ava, body: { text: 'evening call' } });
    await scene.ask('PUT /accounts/Bo/follow', { by: ava });
    const mine = await exported(ava);
    expect(mine.of('account')).toMatchObject([{ name: 'Ava', role: 'member' }]);
    expect(mine.of('release')).toMatchObject([{ id, tracks: [{ title: 'One' }, { title: 'Two' }] }]);
    expect(mine.of('message').map(({ text }) => text)).toEqual(['said by ava', 'said to ava']);
    expect(mine.of('follow')).toEqual([{ kind: 'follow', account: 'Bo' }]);
    expect(mine.of('notice')).toMatchObject([{ actor: 'Bo' }]);
    const others = await exported(bo);
    expect(others.text).not.toMatch(/Mine|said by ava|evening call/);
  });

  it('an export contains no token, feed key or announce URL', async () => {
    const cy = await scene.register('Cy');
    const id = await scene.publish({ album: 'Keys' }, undefined, cy);
    await scene.ask('POST /invitations', { by: cy, body: {} });
    const { text } = await exported(cy);
    for (const secret of [cy.token, cy.feedKey, scene.passkey(cy, id)]) expect(text).not.toContain(secret);
    expect(text).not.toMatch(/announce|"password"|token|feedKey/);
  });

  it('an account is exported only with its own session', async () => {
    expect(await scene.ask('GET /accounts/me/export')).toMatchObject({ status: 401 });
    expect(await scene.ask('GET /accounts/Pia/export', { by: olga })).toMatchObject({ status: 404 });
    const token = scene.people.pia.feedKey;
    expect(await scene.ask('GET /accounts/me/export', { by: { token } })).toMatchObject({ status: 401 });
    expect(await scene.ask(`GET /accounts/me/export?key=${token}`)).toMatchObject({ status: 401 });
  });
});
