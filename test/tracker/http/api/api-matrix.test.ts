/** Every route of the API requested by every role, on an open tracker and on one that requires sign-in. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callOf, codes, documentedRoutes, feeds, type MatrixRow, matrix } from './api-matrix.table.ts';
import { type ApiScene, openApiScene, type Person, roleNames } from './api-scene.ts';

const forged = { token: 'A'.repeat(43) };

describe.each([
  ['open', false],
  ['for signed-in users only', true],
])('a tracker that is %s', (_, signInRequired) => {
  let scene: ApiScene;
  let questions = 0;
  beforeAll(async () => {
    scene = await openApiScene({ signInRequired });
  });
  afterAll(() => scene.close());

  async function answerTo(
    { route, ask }: MatrixRow,
    by: Person | typeof forged | undefined,
  ): Promise<string> {
    questions += 1;
    const person = by !== undefined && 'name' in by ? by : undefined;
    const question = (await ask?.(scene, `n${signInRequired} ${questions}`, person)) ?? {};
    const { status, code, json } = await scene.ask(callOf(route, question), { by, body: question.body });
    if (status < 400) return String(status);
    expect(json).toEqual({
      error: { code: expect.any(String), message: expect.any(String), requestId: expect.any(String) },
    });
    return `${status}:${code}`;
  }

  const expectedOf = ({ answers, isDoor }: MatrixRow) => {
    const roles = answers.split(' ').map((answer) => {
      const code = codes[answer];
      return code === undefined ? answer : `${answer}:${code}`;
    });
    if (signInRequired && isDoor === undefined) roles[0] = '401:not-signed-in';
    return [...roles, '401:session-invalid', '401:session-invalid'];
  };

  it.each(matrix)('$route answers each role as the table says', async (row) => {
    const { people } = scene;
    const askers = [undefined, ...roleNames.map((role) => people[role]), people.banned, forged];
    const answers: string[] = [];
    for (const by of askers) answers.push(await answerTo(row, by));
    expect(answers).toEqual(expectedOf(row));
    expect(scene.errors).toEqual([]);
  });

  it.each(feeds)('$route answers each feed key as the table says', async ({ url, answers }) => {
    const { people } = scene;
    const me = await Promise.all(
      roleNames.map((role) => scene.ask('GET /accounts/me', { by: people[role] })),
    );
    const own = me.map(({ json }) => json.feedKey as string);
    const statuses: string[] = [];
    for (const key of [undefined, ...own, people.banned.feedKey, 'a'.repeat(32)]) {
      const mark = url.includes('?') ? '&' : '?';
      const { status } = await scene.ask(`GET ${url}${key === undefined ? '' : `${mark}key=${key}`}`);
      statuses.push(String(status));
    }
    expect(statuses.join(' ')).toBe(signInRequired ? answers.replace(/^\d+/, '401') : answers);
  });

  it('the table contains every route of the API', () => {
    const written = [...matrix, ...feeds].map(({ route }) => route);
    expect(documentedRoutes(scene)).toEqual(written.sort());
  });

  it('an unsupported method is answered with the supported ones, without reading its body', async () => {
    const { status, code, headers } = await scene.ask('DELETE /search', { headers: { 'content-type': 'x' } });
    expect([status, code, headers.allow]).toEqual([405, 'method-not-allowed', 'GET, HEAD']);
    expect(await scene.ask('PUT /accounts/me', { body: {} })).toMatchObject({ status: 405 });
    expect(await scene.ask('OPTIONS /releases')).toMatchObject({ status: 405 });
    expect(await scene.ask('HEAD /events')).toMatchObject({ status: 405 });
    expect(await scene.ask('HEAD /server')).toMatchObject({ status: 200, text: '' });
  });

  it('the API documents the shape of every refusal', () => {
    const { paths = {} } = scene.app.swagger() as unknown as {
      paths?: Record<string, Record<string, object>>;
    };
    for (const [path, methods] of Object.entries(paths).filter(([path]) => path.startsWith('/api/'))) {
      for (const [method, operation] of Object.entries(methods)) {
        expect(operation, `${method} ${path}`).toMatchObject({
          summary: expect.any(String),
          tags: [expect.any(String)],
          responses: { '4XX': { content: { 'application/json': { schema: { required: ['error'] } } } } },
        });
      }
    }
  });
});
