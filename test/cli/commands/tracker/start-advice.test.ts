/** The errors of `cicada tracker` when it cannot start: what is wrong, and what to do. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { runHere, temporaryFolder } from '../../run-cicada.ts';

async function refusal(place: string, ...args: string[]): Promise<string> {
  const { stdout } = await runHere(['tracker', ...args, '--json'], place);
  return (JSON.parse(stdout.trim().split('\n').at(-1)!) as { message: string }).message;
}

it('a tracker whose port is taken says to stop the other program or to choose another port', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  expect(await refusal(temporaryFolder(), '--listen', `127.0.0.1:${port}`)).toBe(
    `port ${port} on 127.0.0.1 is taken: stop the program that uses it (perhaps another tracker), or choose another port`,
  );
});

it('a tracker whose key is damaged says to put a backup in its place or to remove it', async () => {
  const place = temporaryFolder();
  mkdirSync(join(place, 'data'));
  const key = join(place, 'data', 'tracker.key');
  writeFileSync(key, 'short', { mode: 0o600 });
  expect(await refusal(place, '--listen', '127.0.0.1:0', '--data', join(place, 'data'))).toBe(
    `${key} is damaged: put a backup in its place, or remove it to begin with a new key`,
  );
});

it('a tracker with an invalid certificate says what the files have to be', async () => {
  const place = temporaryFolder();
  const pem = join(place, 'c.pem');
  writeFileSync(pem, 'no certificate');
  const said = await refusal(place, '--listen', '127.0.0.1:0', '--tls-cert', pem, '--tls-key', pem);
  expect(said).toMatch(
    /^the certificate and its key cannot be used \(.+\): both are PEM files, and belong together$/,
  );
});

it.each([
  ['--public-url', 'x', '--public-url: "x" is no web address; give it like https://music.example.org'],
  [
    '--public-url',
    'https://u:p@e.org',
    '--public-url: a public address has no user and no password: https://e.org',
  ],
  [
    '--public-url',
    'https://e.org/x',
    '--public-url: the tracker stands at the root of its host, and not below /x: give it a host or a port of its own, like https://e.org',
  ],
  [
    '--external-address',
    '10.0.0.1',
    '"10.0.0.1" is known in one network only; give the address that your router has on the internet',
  ],
  [
    '--external-address',
    'x',
    '"x" is no IP address; give the one that your router has on the internet, like 203.0.113.7',
  ],
])('a tracker with %s %s says what address it needs', async (option, value, said) => {
  expect(await refusal(temporaryFolder(), '--listen', '127.0.0.1:0', option, value)).toBe(said);
});
