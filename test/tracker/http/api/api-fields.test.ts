/**
 * Sends hostile values in every field of every route, generated from the schemas that the tracker publishes.
 * Each answer is a success or a proper refusal, no answer contains control characters, and the database stays
 * intact.
 */
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  hostileTexts,
  hostileValues,
  type JsonSchema,
  placesIn,
  put,
  steeringText,
} from './api-hostile-values.ts';
import { callOf, type MatrixRow, matrix } from './api-matrix.table.ts';
import { type Answer, type ApiScene, openApiScene } from './api-scene.ts';

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: {
    readonly content: { readonly 'application/json': { readonly schema: JsonSchema } };
  };
}

let scene: ApiScene;
let questions = 0;
beforeAll(async () => {
  scene = await openApiScene();
});
afterAll(() => scene.close());

function operationOf(route: string): Operation {
  const [method = '', path = ''] = route.split(' ');
  const { paths = {} } = scene.app.swagger() as unknown as {
    paths?: Record<string, Record<string, Operation>>;
  };
  return paths[`/api/v1${path}`]![method.toLowerCase()]!;
}

/** Asked by the publisher and by the owner in turn. */
async function asked({ route, ask }: MatrixRow) {
  questions += 1;
  const by = questions % 2 === 0 ? scene.people.owner : scene.people.pia;
  return { by, question: (await ask?.(scene, `f ${questions}`, by)) ?? {}, route };
}

function expectAnswer({ status, json, headers }: Answer, what: string): void {
  if (status < 400) expect(steeringText(json), what).toBeUndefined();
  else {
    expect(status, `${what} ${JSON.stringify(json)}`).toBeLessThan(500);
    expect(json, what).toEqual({
      error: {
        code: expect.stringMatching(/^[a-z-]+$/),
        message: expect.any(String),
        requestId: expect.any(String),
      },
    });
    expect(json.error.message.length, what).toBeLessThan(400);
  }
  if (headers['content-type'] !== undefined) expect(headers['content-type'], what).not.toContain('html');
}

const shown = (value: unknown) => JSON.stringify(value)?.slice(0, 60);

describe('a field of any kind', () => {
  it.each(matrix)(
    'a hostile value in the body of $route is accepted or properly refused',
    async (row) => {
      const schema = operationOf(row.route).requestBody?.content['application/json'].schema;
      if (schema === undefined) return;
      for (const place of placesIn(schema)) {
        let { by, question } = await asked(row);
        for (const value of hostileValues) {
          const body = JSON.stringify(put(question.body, place, value));
          const answer = await scene.ask(callOf(row.route, question), {
            by,
            body,
            headers: { 'content-type': 'application/json' },
          });
          expectAnswer(answer, `${row.route} ${place.join('.')} = ${shown(value)}`);
          if (answer.status < 300) ({ by, question } = await asked(row));
        }
      }
      // Thousands of requests, and publications are read by threads of low priority.
    },
    180_000,
  );

  it.each(matrix)('a hostile value in the URL of $route is accepted or properly refused', async (row) => {
    for (const { in: where, name } of operationOf(row.route).parameters ?? []) {
      const { by, question } = await asked(row);
      for (const text of hostileTexts) {
        const call =
          where === 'path'
            ? callOf(row.route.replace(`{${name}}`, '~'), question).replace('~', text)
            : callOf(row.route, { ...question, query: `${question.query ?? ''}&${name}=${text}` });
        // A stream of events stays open, so there is no answer to wait for.
        if (row.route === 'GET /events' && /^\d+$/.test(text)) continue;
        const answer = await scene.ask(call, { by, body: question.body });
        expectAnswer(answer, `${call.slice(0, 200)}`);
      }
    }
  });

  it("a field with an unknown name, or with the name of an object's property, is refused", async () => {
    const { owner } = scene.people;
    const json = { 'content-type': 'application/json' };
    for (const body of [
      '{"__proto__":{"role":"owner"}}',
      '{"constructor":{"prototype":{}}}',
      '{"role":"owner"}',
    ]) {
      const answer = await scene.ask('PATCH /accounts/me', { by: owner, body, headers: json });
      expect([answer.status, answer.code], body).toEqual([400, 'bad-request']);
    }
    expect(({} as { role?: string }).role).toBeUndefined();
  });
});

describe('a body', () => {
  const by = () => ({ by: scene.people.owner });

  it.each([
    ['incomplete JSON', 'application/json', '{"name":', 400, 'bad-request'],
    ['empty', 'application/json', '', 400, 'bad-request'],
    ['a number', 'application/json', '7', 400, 'bad-request'],
    ['a form', 'application/x-www-form-urlencoded', 'name=x', 415, 'media-type-unknown'],
    ['text', 'text/plain', '{"name":"x"}', 415, 'media-type-unknown'],
    ['multipart', 'multipart/form-data; boundary=x', '--x--', 415, 'media-type-unknown'],
    ['too large', 'application/json', `{"name":"${'x'.repeat(70_000)}"}`, 413, 'body-too-large'],
    ['deeply nested', 'application/json', '['.repeat(30_000) + ']'.repeat(30_000), 400, 'bad-request'],
  ])('a body of another kind is refused with its code: %s', async (_, type, body, status, code) => {
    const answer = await scene.ask('POST /groups', { ...by(), body, headers: { 'content-type': type } });
    expect([answer.status, answer.code]).toEqual([status, code]);
  });

  it('a body may hold the longest message with every character escaped', async () => {
    const text = '\u00e9'.repeat(4_000);
    const body = `{"text":"${'\\u00e9'.repeat(4_000)}"}`;
    const headers = { 'content-type': 'application/json' };
    const answer = await scene.ask('POST /rooms/lobby/messages', { ...by(), body, headers });
    expect([answer.status, answer.json.text]).toEqual([201, text]);
  });

  it('the body of a publication is not read from an account that may not publish', async () => {
    const body = 'x'.repeat(21 * 1024 * 1024);
    const headers = { 'content-type': 'application/json' };
    for (const [person, status] of [
      [undefined, 401],
      [scene.people.guest, 403],
      [scene.people.pia, 413],
    ] as const) {
      expect(await scene.ask('POST /releases', { by: person, body, headers })).toMatchObject({ status });
    }
  });
});

describe('after all hostile values', () => {
  it('the database is intact after all hostile values, and the tracker reported no fault', () => {
    const db = new DatabaseSync(scene.path, { readOnly: true });
    expect(db.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    expect(db.prepare('PRAGMA foreign_key_check').all()).toEqual([]);
    db.close();
    expect(scene.errors).toEqual([]);
  });

  it('lists contain no control characters, and pages no active content', async () => {
    for (const path of [
      '/releases',
      '/rooms',
      '/groups',
      '/wishes',
      '/invitations',
      '/sessions',
      '/notices',
      '/direct',
      '/mutes',
      '/reports',
      '/reports?closed=true',
      '/takedowns',
      '/waiting',
      '/accounts',
      '/audit',
    ]) {
      const { status, json } = await scene.ask(`GET ${path}`, { by: scene.people.owner });
      expect([status, steeringText(json)], path).toEqual([200, undefined]);
    }
    for (const url of [
      '//',
      '//?q=script',
      '//?q=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E',
      '//rss/rooms/lobby',
    ]) {
      const { status, text } = await scene.ask(`GET ${url}`);
      expect([status, /<script|<img src=x|="javascript:/i.test(text)], url).toEqual([200, false]);
    }
  });
});
