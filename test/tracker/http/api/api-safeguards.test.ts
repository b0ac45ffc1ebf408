/** Muting, blocking and reporting through the API, and the tracker's contact. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkContact } from '../../../../tracker/http/pages/contact.ts';
import { type ApiScene, openApiScene, type Person } from './api-scene.ts';

let scene: ApiScene;
let pia: Person;
let mia: Person;
let moritz: Person;
beforeAll(async () => {
  scene = await openApiScene({}, { contact: 'olga@music.example' });
  ({ pia, member: mia, moderator: moritz } = scene.people);
});
afterAll(async () => {
  expect(scene.errors).toEqual([]);
  await scene.close();
});

describe('a report', () => {
  const report = (by: Person, body: object) =>
    scene.ask('POST /reports', { by, body: { text: 'wrong', ...body } });

  it('a report names exactly one subject', async () => {
    for (const body of [
      {},
      { account: 'Pia', messageId: 1 },
      { account: 'Pia', releaseId: 'a'.repeat(26) },
    ]) {
      expect(await report(mia, body)).toMatchObject({ status: 400, code: 'bad-request' });
    }
  });

  it('a report of something invisible to the reporter is answered like one of something missing', async () => {
    const id = await scene.publish({ album: 'Own', private: true }, { visibility: 'nobody' });
    const { json } = await scene.ask(`POST /releases/${id}/comments`, { by: pia, body: { text: 'mine' } });
    const direct = await scene.ask('POST /direct/Moritz/messages', { by: pia, body: { text: 'for you' } });
    const answers = [
      await report(mia, { releaseId: id }),
      await report(mia, { releaseId: 'a'.repeat(26) }),
      await report(mia, { messageId: json.id }),
      await report(mia, { messageId: direct.json.id }),
      await report(mia, { messageId: 'a'.repeat(26) }),
      await report(mia, { account: 'Nemo' }),
    ];
    for (const { status, code } of answers) expect([status, code]).toEqual([404, 'not-found']);
    expect((await report(moritz, { messageId: direct.json.id })).status).toBe(201);
  });

  it('a report of a comment is a report of a message, which moderators can delete by its id', async () => {
    const id = await scene.publish({ album: 'Open' });
    const said = await scene.ask(`POST /releases/${id}/comments`, { by: pia, body: { text: 'insult' } });
    await report(mia, { messageId: said.json.id });
    const { json } = await scene.ask('GET /reports?limit=1', { by: moritz });
    expect(json.rows[0]).toMatchObject({ kind: 'message', messageId: said.json.id, quoted: 'insult' });
    expect((await scene.ask(`DELETE /messages/${said.json.id}`, { by: moritz })).status).toBe(204);
  });
});

it('the audit list names a message by its public opaque id', async () => {
  const { json } = await scene.ask('POST /rooms/lobby/messages', { by: mia, body: { text: 'out of line' } });
  await scene.ask(`DELETE /messages/${json.id}`, { by: moritz });
  const audit = await scene.ask('GET /audit?limit=1', { by: moritz });
  expect(audit.json.rows).toMatchObject([{ action: 'delete-message', about: json.id }]);
});

describe('a mute', () => {
  it('a mute also applies to feeds, comments, direct messages and the count of unread notices', async () => {
    const id = await scene.publish({ album: 'Muted' }, undefined, mia);
    await scene.ask('PUT /accounts/Pia/mute', { by: mia });
    await scene.ask('POST /rooms/lobby/messages', { by: pia, body: { text: 'earwig' } });
    await scene.ask(`POST /releases/${id}/comments`, { by: pia, body: { text: 'earwig' } });
    await scene.ask('POST /direct/Mia/messages', { by: pia, body: { text: 'earwig' } });
    const own = await scene.ask('GET /accounts/me', { by: mia });
    const unread = (await scene.ask('GET /notices', { by: mia })).json.rows.filter(
      ({ isRead }: { isRead: boolean }) => !isRead,
    );
    expect(own.json.unreadNotices).toBe(unread.length);
    for (const path of [
      '/rooms/lobby/messages',
      '/messages?q=earwig',
      `/releases/${id}/comments`,
      '/direct',
      '/direct/Pia/messages',
      '/notices',
      `//rss/rooms/lobby?key=${mia.feedKey}`,
    ]) {
      expect(
        (await scene.ask(`GET ${path}`, { by: path.startsWith('//') ? undefined : mia })).text,
        path,
      ).not.toContain('earwig');
    }
    expect((await scene.ask('GET /rooms/lobby/messages', { by: pia })).text).toContain('earwig');
  });
});

describe('the contact of a tracker', () => {
  it("the contact is on pages, in the server's description, and in refusals that only a moderator can resolve", async () => {
    const id = await scene.publish({ album: 'Page' });
    for (const page of ['//', `//releases/${id}`]) {
      expect((await scene.ask(`GET ${page}`)).text).toContain('<a href="mailto:olga@music.example">');
    }
    expect((await scene.ask('GET /server')).json.contact).toBe('olga@music.example');
    const guest = await scene.ask('POST /releases', { by: scene.people.guest, body: {} });
    expect(guest.json.error.message).toBe(
      'you may not publish here: ask a moderator (contact: olga@music.example)',
    );
    expect((await scene.ask('GET /openapi.json')).json.info.contact).toEqual({ name: 'olga@music.example' });
  });

  it.each(['olga@music.example', 'https://music.example/help?x=1', 'HTTP://music.example'])(
    'a contact may be %s',
    (text) => {
      expect(checkContact(text)).toBe(text);
    },
  );

  it.each([
    ...[
      '',
      'olga',
      'javascript:alert(1)',
      'a@b@c',
      'a b@c',
      '"><b>@x',
      'https://',
      'mailto:a@b',
      'ö@x.example',
    ],
    ...['data:text/html,x', `a@${'x'.repeat(200)}`, 'a@b?subject=x', 'https://x.example/\n'],
  ])('the contact %j is refused', (text) => {
    expect(() => checkContact(text)).toThrow(RangeError);
  });
});
