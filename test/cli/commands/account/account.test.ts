/** `cicada account`: exporting one's data, and deleting the account. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type RunningTracker, startTracker } from '../../../../tracker/server.ts';
import { TemporaryFolder } from '../../../e2e/shared-folder.ts';
import { noise } from '../../../torrents/folder-fixture.ts';
import { runCicada } from '../../run-cicada.ts';

const place = new TemporaryFolder();
let tracker: RunningTracker;
const at = (home: string, ...args: string[]) =>
  runCicada([...args, '--tracker', tracker.url], { env: { XDG_STATE_HOME: place.in(home) } });
const releases = async () =>
  ((await (await fetch(`${tracker.url}/api/v1/releases`)).json()) as { rows: unknown[] }).rows.length;

beforeAll(async () => {
  tracker = await startTracker({ port: 0, dataFolder: place.in('tracker') });
  const folder = place.in('Low Tide');
  mkdirSync(folder);
  writeFileSync(join(folder, '1 Song.flac'), noise(40_000, 1));
  await at('ada', 'register', 'ada');
  await at('ada', 'publish', folder);
  await at('ben', 'register', 'ben');
  await at('ben', 'say', '@ada', 'how are you?');
}, 120_000);
afterAll(async () => {
  await tracker?.close();
  place[Symbol.dispose]();
});

it('an export is a complete file that only its owner can read, and replaces no other file', async () => {
  const file = place.in('ada.ndjson');
  expect(await at('ada', 'account', 'export', '-o', file)).toMatchObject({ code: 0 });
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const kinds = lines.map((line) => (JSON.parse(line) as { kind: string }).kind);
  expect(kinds).toEqual(
    expect.arrayContaining(['account', 'session', 'release', 'message', 'notice', 'end']),
  );
  expect(statSync(file).mode & 0o077).toBe(0);
  expect(await at('ada', 'account', 'export', '-o', file)).toMatchObject({ code: 13 });
  const { code, stdout } = await at('ada', 'account', 'export');
  expect(code).toBe(0);
  expect(stdout.trimEnd().split('\n').length).toBe(lines.length);
}, 120_000);

it('deleting an account says first what happens to releases and messages; without a terminal it needs --yes', async () => {
  const asked = await at('ada', 'account', 'delete');
  expect(asked.code).toBe(28);
  expect(asked.stderr).toContain('--yes');
  expect(asked.stderr).toMatch(/releases there are withdrawn/);
  expect(asked.stderr).toMatch(/messages and comments lose their texts/);
  expect(await releases()).toBe(1);

  const deleted = await at('ada', 'account', 'delete', '--yes');
  expect(deleted).toMatchObject({ code: 0 });
  expect(deleted.stderr.indexOf('withdrawn')).toBeGreaterThanOrEqual(0);
  await vi.waitFor(async () => expect(await releases()).toBe(0));
  expect(await at('ada', 'whoami')).toMatchObject({ code: 24 });
  expect(await at('ada', 'register', 'ada')).toMatchObject({ code: 13 });
  expect(await at('ben', 'browse', 'ada')).toMatchObject({ code: 3 });
}, 120_000);

it('an account without the key of this computer is deleted by its password', async () => {
  const password = 'correct horse battery';
  const by = (home: string, ...args: string[]) =>
    runCicada([...args, '--password', '--tracker', tracker.url], {
      env: { XDG_STATE_HOME: place.in(home) },
      stdin: Buffer.from(password),
    });
  await by('cleo', 'register', 'cleo');
  await by('cleo elsewhere', 'login', 'cleo');
  const refused = await at('cleo elsewhere', 'account', 'delete', '--yes');
  expect(refused).toMatchObject({ code: 24 });
  expect(refused.stderr).toContain('--password');
  expect(await by('cleo elsewhere', 'account', 'delete', '--yes')).toMatchObject({ code: 0 });
  expect(await at('cleo', 'whoami')).toMatchObject({ code: 24 });
}, 120_000);

it.each([
  ['account', 'export', '--yes'],
  ['account', 'delete', '--output', 'x'],
  ['account', 'rename'],
])('an option of the other action, or an unknown action, is refused: %s %s %s', async (...args) => {
  expect((await at('ben', ...args.filter((arg) => arg !== undefined))).code).toBe(28);
});
