/** Live events over real sockets: who receives which, catching up after a break, and when a stream ends. */
import { once } from 'node:events';
import { get, type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SentEvent, sentEvents } from '../../../../client/account/live-news.ts';
import { type ApiScene, openApiScene, type Person } from './api-scene.ts';

let scene: ApiScene;
let port: number;
beforeAll(async () => {
  scene = await openApiScene();
  await scene.app.listen({ port: 0, host: '127.0.0.1' });
  port = (scene.app.server.address() as { port: number }).port;
});
afterAll(() => scene.close());

interface Stream {
  readonly response: IncomingMessage;
  /** The next event with data. Rejects when the tracker has ended the stream. */
  next(): Promise<SentEvent>;
  close(): void;
}

async function listen(by?: Person, lastEventId?: string): Promise<Stream> {
  const headers = {
    ...(by !== undefined && { authorization: `Bearer ${by.token}` }),
    ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
  };
  const asking = get({ port, path: '/api/v1/events', agent: false, headers });
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  response.setEncoding('utf8');
  const events = sentEvents(response as AsyncIterable<string>);
  const next = async () => {
    for (;;) {
      const { value, done } = await events.next();
      if (done) throw new Error('the stream has ended');
      if (value.data !== '' || value.type === 'reload') return value;
    }
  };
  // The first event of a stream, after which no event is missed.
  if (response.statusCode === 200) await events.next();
  return { response, next, close: () => response.destroy() };
}

const say = (by: Person, text: string, room = 'lobby') =>
  scene.ask(`POST /rooms/${room}/messages`, { by, body: { text } });
const textOf = ({ data }: SentEvent): string => JSON.parse(data).message.text;
const streams = (count: number) => Array.from({ length: count });

describe('a stream of news', () => {
  it('a stream of events sends a message to everyone who may read the room, and to no other account', async () => {
    const { pia, member, owner } = scene.people;
    await scene.ask('POST /groups', { by: pia, body: { name: 'Band' } });
    await scene.ask('PUT /groups/Band/members/Mia', { by: pia });
    await scene.ask('POST /rooms', { by: pia, body: { name: 'Studio', visibility: 'group', group: 'Band' } });
    const [mias, owners, strangers] = [await listen(member), await listen(owner), await listen()];
    await say(pia, 'for us', 'Studio');
    await scene.ask('POST /direct/Mia/messages', { by: pia, body: { text: 'for you' } });
    await say(pia, 'for all');
    expect(textOf(await mias.next())).toBe('for us');
    expect(textOf(await mias.next())).toBe('for you');
    expect(JSON.parse((await mias.next()).data).notice.kind).toBe('direct');
    for (const stream of [mias, owners, strangers]) expect(textOf(await stream.next())).toBe('for all');
    for (const stream of [mias, owners, strangers]) stream.close();
  });

  it('a stream of events continues after a break where it stopped, in order and without gaps', async () => {
    const { pia, owner } = scene.people;
    const first = await listen(owner);
    await say(pia, 'one');
    const { id } = await first.next();
    first.close();
    for (const text of ['two', 'three', 'four']) await say(pia, text);
    const second = await listen(owner, id);
    await say(pia, 'five');
    const texts = [];
    for (let n = 0; n < 4; n++) texts.push(await second.next());
    expect(texts.map(textOf)).toEqual(['two', 'three', 'four', 'five']);
    expect(new Set(texts.map((event) => event.id)).size).toBe(4);
    second.close();
  });

  it('a stream of events can be resumed by a client that was cut off before the first event', async () => {
    const asking = get({ port, path: '/api/v1/events', agent: false });
    const [response] = (await once(asking, 'response')) as [IncomingMessage];
    response.setEncoding('utf8');
    let id: string | undefined;
    for await (const event of sentEvents(response as AsyncIterable<string>)) {
      id = event.id;
      if (id !== undefined) break;
    }
    await say(scene.people.pia, 'missed');
    const again = await listen(undefined, id);
    expect(textOf(await again.next())).toBe('missed');
    again.close();
  });

  it.each(['999999999', 'a'.repeat(26), 'x y'])(
    'a stream of events after the unknown id %s begins with a reload and continues',
    async (id) => {
      // Here the first event of the stream is `reload` itself.
      const asking = get({ port, path: '/api/v1/events', agent: false, headers: { 'last-event-id': id } });
      const [response] = (await once(asking, 'response')) as [IncomingMessage];
      response.setEncoding('utf8');
      const events = sentEvents(response as AsyncIterable<string>);
      const types = [];
      let last: SentEvent | undefined;
      for (const wanted of ['reload', 'message']) {
        while (last?.type !== wanted || last.id === undefined)
          last = (await events.next()).value as SentEvent;
        types.push(last.type);
        if (wanted === 'reload') await say(scene.people.pia, 'from now on');
        last = wanted === 'reload' ? undefined : last;
      }
      expect([types, textOf(last!)]).toEqual([['reload', 'message'], 'from now on']);
      response.destroy();
    },
  );

  it('streams and answers name messages and notices by opaque ids that reveal no count', async () => {
    const { pia, member } = scene.people;
    const stream = await listen(member);
    const said = (await say(pia, 'a first one')).json;
    for (let n = 0; n < 3; n++)
      await scene.ask('POST /direct/Olga/messages', { by: pia, body: { text: 'psst' } });
    const direct = (await scene.ask('POST /direct/Mia/messages', { by: pia, body: { text: 'and you' } }))
      .json;
    const told = [await stream.next(), await stream.next(), await stream.next()];
    const rows = (await scene.ask('GET /rooms/lobby/messages?limit=1', { by: member })).json.rows;
    const inbox = (await scene.ask('GET /notices?limit=1', { by: member })).json.rows;
    // The same message has the same id in every answer and for every reader.
    expect(rows[0].id).toBe(said.id);
    expect(told.map(({ data }) => JSON.parse(data).message?.id ?? JSON.parse(data).notice.id)).toEqual([
      ...[said.id, direct.id, inbox[0].id],
    ]);
    expect(told.map(({ id }) => id)).toEqual([said.id, direct.id, inbox[0].id]);
    for (const id of [said.id, direct.id, inbox[0].id]) expect(id).toMatch(/^[a-z2-7]{26}$/);
    const newer = await scene.ask(`GET /rooms/lobby/messages?after=${said.id}`, { by: member });
    expect(newer.json.rows).toEqual([]);
    for (const [query, code] of [
      [`before=${'b'.repeat(26)}`, 'cursor-invalid'],
      ['before=12', 'bad-request'],
    ]) {
      expect((await scene.ask(`GET /rooms/lobby/messages?${query}`, { by: member })).code).toBe(code);
    }
    stream.close();
  });

  it("a stream of events ends with its session, with a ban, and with any change of the account's access", async () => {
    const [first, second, third] = [
      await scene.register('Sid'),
      await scene.register('Ben'),
      await scene.register('Rol'),
    ];
    const opened = [await listen(first), await listen(second), await listen(third)];
    await scene.ask('DELETE /sessions/current', { by: first });
    await scene.ask('PUT /accounts/Ben/ban', { by: scene.people.owner, body: { reason: 'noise' } });
    await scene.ask('PATCH /accounts/Rol', { by: scene.people.owner, body: { role: 'guest' } });
    for (const stream of opened) await expect(stream.next()).rejects.toThrow('the stream has ended');
    expect((await listen(first)).response.statusCode).toBe(401);
    expect((await listen(second)).response.statusCode).toBe(401);
  });

  it('a stream of events sends no message of an account that its viewer has muted, live or missed', async () => {
    const { pia, owner, moderator } = scene.people;
    const before = await listen(owner);
    await scene.ask('PUT /accounts/Pia/mute', { by: owner });
    // The mute changes what the stream may show, so it ends and the client reconnects.
    await expect(before.next()).rejects.toThrow('ended');
    const { json } = await say(moderator, 'a beginning');
    const muted = await listen(owner, json.id);
    await say(pia, 'muted');
    await say(moderator, 'heard');
    expect(textOf(await muted.next())).toBe('heard');
    const missed = await listen(owner, json.id);
    expect(textOf(await missed.next())).toBe('heard');
    await scene.ask('DELETE /accounts/Pia/mute', { by: owner });
    const whole = await listen(owner, json.id);
    expect([textOf(await whole.next()), textOf(await whole.next())]).toEqual(['muted', 'heard']);
    for (const stream of [muted, missed, whole]) stream.close();
  });

  it('a takedown reaches its publisher, even if the publisher has muted the moderator', async () => {
    const { pia, moderator } = scene.people;
    const id = await scene.publish({ album: 'Down' });
    await scene.ask('PUT /accounts/Moritz/mute', { by: pia });
    const stream = await listen(pia);
    await scene.ask(`PUT /releases/${id}/takedown`, { by: moderator, body: { reason: 'not hers' } });
    const { notice } = JSON.parse((await stream.next()).data);
    expect(notice).toMatchObject({ kind: 'takedown', releaseId: id, text: 'not hers' });
    stream.close();
  });

  it('ten streams may be open per address, and a closed one makes room', async () => {
    const open = await Promise.all(streams(10).map(() => listen()));
    const refused = await listen();
    expect([refused.response.statusCode, refused.response.headers['retry-after']]).toEqual([429, '30']);
    // The tracker has noticed the end of a stream when it has closed its socket.
    const sockets = () =>
      new Promise<number>((resolve) => scene.app.server.getConnections((_, n) => resolve(n)));
    const before = await sockets();
    open[0]!.close();
    while ((await sockets()) >= before) await new Promise(setImmediate);
    const next = await listen();
    expect(next.response.statusCode).toBe(200);
    for (const stream of [...open, refused, next]) stream.close();
  });

  it('a stream of events that its client does not read is cut off, and its buffer stays small', async () => {
    const asking = request({ port, path: '/api/v1/events', agent: false }).end();
    const [response] = (await once(asking, 'response')) as [IncomingMessage];
    response.pause();
    const served = await servedSocket(response.socket.localPort!);
    let writes = 0;
    const text = '\u266b'.repeat(4_000);
    const { pia } = scene.people;
    while (!served.destroyed && writes < 2_000) {
      await Promise.all(streams(20).map(() => say(pia, text)));
      writes += 20;
      expect(served.writableLength).toBeLessThan(1024 * 1024);
    }
    expect(served.destroyed).toBe(true);
    response.destroy();
  });
});

/** The tracker's end of a connection. */
async function servedSocket(remotePort: number) {
  const handles = (
    process as unknown as { _getActiveHandles(): import('node:net').Socket[] }
  )._getActiveHandles();
  return handles.find((handle) => handle.remotePort === remotePort && handle.localPort === port)!;
}
