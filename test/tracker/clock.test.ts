/** A tracker uses no time but that of the clock it was given. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningTracker, startTracker } from '../../tracker/server.ts';

const minuteMs = 60_000;
/** Long before the test runs, and long after. */
const years = [Date.UTC(1999, 11, 31), Date.UTC(2061, 6, 28)] as const;

describe.each(years)('at %d', (startMs) => {
  const clock = { nowMs: 0, wallMs: startMs };
  let folder: string;
  let tracker: RunningTracker;
  let token: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cicada-clock-'));
    const asked = { nowMs: () => clock.nowMs, wallMs: () => clock.wallMs };
    tracker = await startTracker({ port: 0, dataFolder: folder, ...asked });
    token = (await register('Olga', { setupToken: tracker.setupToken })).session.token;
  });

  afterAll(async () => {
    await tracker.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function ask(method: string, path: string, body?: object, by = token) {
    const headers = {
      ...(by !== '' && { authorization: `Bearer ${by}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const url = `http://127.0.0.1:${tracker.port}/api/v1${path}`;
    const response = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, answer: text === '' ? undefined : JSON.parse(text) };
  }

  async function register(name: string, more = {}) {
    return (await ask('POST', '/accounts', { name, password: 'correct horse battery', ...more }, '')).answer;
  }

  it('messages, sessions and challenges have the time of the given clock', async () => {
    expect((await ask('GET', '/server')).answer.nowMs).toBe(clock.wallMs);
    expect((await ask('POST', '/rooms/lobby/messages', { text: 'Noon' })).answer.sentAtMs).toBe(clock.wallMs);
    expect((await ask('GET', '/sessions')).answer.rows).toMatchObject([{ createdAtMs: clock.wallMs }]);
    expect((await ask('GET', '/challenge?name=Olga')).answer.expiresAtMs).toBe(clock.wallMs + minuteMs);
  });

  it('a used-up rate limit recovers only with the given clock', async () => {
    const entering = () => ask('POST', '/sessions', { name: 'Olga', password: 'wrong, all of it' }, '');
    let tries = 0;
    for (; (await entering()).status === 401; tries++) expect(tries).toBeLessThan(100);
    expect((await entering()).status).toBe(429);
    clock.nowMs += 60 * minuteMs;
    expect((await entering()).status).toBe(401);
  });

  it('a ban ends by the given clock', async () => {
    const kim = (await register('Kim')).session.token;
    const ban = { reason: 'a rest', untilMs: clock.wallMs + minuteMs };
    expect(await ask('PUT', '/accounts/Kim/ban', ban)).toMatchObject({ status: 200 });
    expect((await ask('GET', '/accounts/me', undefined, kim)).status).toBe(401);
    clock.wallMs += 2 * minuteMs;
    expect(
      (await ask('POST', '/sessions', { name: 'Kim', password: 'correct horse battery' }, '')).status,
    ).toBe(201);
  });
});
