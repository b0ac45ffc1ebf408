/** “I may share this”: asked once per account, kept at its tracker, and never assumed. */
import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningTracker, startTracker } from '../../../../tracker/server.ts';
import { TemporaryFolder } from '../../../e2e/shared-folder.ts';
import { noise } from '../../../torrents/folder-fixture.ts';
import { runCicada } from '../../run-cicada.ts';

const place = new TemporaryFolder();
let tracker: RunningTracker;

beforeAll(async () => {
  tracker = await startTracker({ port: 0, dataFolder: place.in('tracker') });
});
afterAll(async () => {
  await tracker?.close();
  place[Symbol.dispose]();
});

/** A user who has not confirmed the rights, at a computer without a terminal. */
const at = (home: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, stdin = '') =>
  runCicada([...args, '--tracker', tracker.url], {
    env: { XDG_STATE_HOME: place.in(home), CICADA_I_MAY_SHARE: undefined, ...env },
    stdin: Buffer.from(stdin),
  });

async function album(name: string): Promise<string> {
  const folder = place.in('music', name);
  await mkdir(folder, { recursive: true });
  writeFileSync(join(folder, '1 Song.flac'), noise(40_000, name.length));
  return folder;
}

it.each([
  ['publish', (folder: string) => ['publish', folder], 'publish'],
  ['share', (folder: string) => ['share', folder, '--publish', '--port', '0'], '--no-publish'],
  ['a yes on stdin', (folder: string) => ['publish', folder], 'CICADA_I_MAY_SHARE'],
])(
  'without a terminal nothing is published before the rights are confirmed: %s',
  async (name, args, words) => {
    await at(`home ${name}`, ['register', `quiet ${name}`]);
    const refused = await at(`home ${name}`, args(await album('Silence')), {}, 'y\n');
    expect(refused.code).toBe(28);
    expect(refused.stderr).toContain(words);
    const { rows } = (await (await fetch(`${tracker.url}/api/v1/releases`)).json()) as { rows: unknown[] };
    expect(rows).toEqual([]);
  },
);

it('--no-i-may-share refuses the rights', async () => {
  await at('nina', ['register', 'nina']);
  expect((await at('nina', ['publish', await album('Silence'), '--no-i-may-share'])).code).toBe(28);
});

it('an option or an environment variable confirms the rights, once for the account', async () => {
  await at('ada', ['register', 'ada']);
  const folder = await album('Low Tide');
  expect((await at('ada', ['publish', folder], { CICADA_I_MAY_SHARE: '0' })).code).toBe(28);
  expect((await at('ada', ['publish', folder], { CICADA_I_MAY_SHARE: '1' })).code).toBe(0);
  expect((await at('ada', ['publish', await album('High Tide')])).code).toBe(0);
  await at('ben', ['register', 'ben']);
  expect((await at('ben', ['publish', await album('Neap Tide'), '--i-may-share'])).code).toBe(0);
}, 120_000);

it('the tracker keeps the confirmed rights: another computer of the same account is not asked', async () => {
  const password = 'correct horse battery';
  await at('cleo', ['register', 'cleo', '--password'], {}, password);
  expect((await at('cleo', ['publish', await album('Ebb'), '--i-may-share'])).code).toBe(0);
  await at('cleo elsewhere', ['login', 'cleo', '--password'], {}, password);
  // The release is signed by the first computer's key, so the second computer fails only after the rights.
  const { stderr } = await at('cleo elsewhere', ['publish', await album('Flood')]);
  expect(stderr).not.toContain('CICADA_I_MAY_SHARE');
}, 120_000);

it('the tracker refuses a publication of an account that has not confirmed its rights, from any client', async () => {
  const api = `${tracker.url}/api/v1`;
  const json = { 'content-type': 'application/json' };
  const body = JSON.stringify({ name: 'dora', password: 'correct horse battery' });
  const made = await fetch(`${api}/accounts`, { method: 'POST', headers: json, body });
  const { session } = (await made.json()) as { session: { token: string } };
  const headers = { ...json, authorization: `Bearer ${session.token}` };
  const publish = async (path: string) => {
    const answer = await fetch(`${api}${path}`, { method: 'POST', headers, body: '{}' });
    return ((await answer.json()) as { error: { code: string } }).error.code;
  };
  expect(await publish('/releases')).toBe('rights-unconfirmed');
  expect(await publish(`/releases/${'a'.repeat(26)}/versions`)).toBe('rights-unconfirmed');
  const confirm = (mayShare: boolean) =>
    fetch(`${api}/accounts/me`, { method: 'PATCH', headers, body: JSON.stringify({ mayShare }) });
  expect((await confirm(false)).status).toBe(400);
  const confirmed = (await (await confirm(true)).json()) as { rightsConfirmedAtMs: number };
  expect(confirmed.rightsConfirmedAtMs).toBeGreaterThan(0);
  const again = (await (await confirm(true)).json()) as { rightsConfirmedAtMs: number };
  expect(again.rightsConfirmedAtMs).toBe(confirmed.rightsConfirmedAtMs);
  expect(await publish('/releases')).toBe('bad-request');
});
