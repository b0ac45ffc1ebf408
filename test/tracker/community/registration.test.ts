/** Who may register at a tracker that was started without a registration option. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isGlobalHost } from '../../../tracker/listening.ts';
import { startTracker, type TrackerOptions } from '../../../tracker/server.ts';

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'cicada-registration-'));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

const publicUrl = 'https://music.example';
const openFor = { signInRequired: false, newcomerRole: 'member' } as const;
const invited = { signInRequired: false, newcomerRole: undefined };

/** One run of a tracker: its registration setting, and the answer to a stranger who registers. */
async function run(dataFolder: string, options: TrackerOptions, isFirst = false) {
  const tracker = await startTracker({ port: 0, dataFolder, ...options });
  try {
    const at = `http://127.0.0.1:${tracker.port}/api/v1`;
    const register = async (name: string, more = {}) => {
      const body = JSON.stringify({ name, password: 'correct horse battery', ...more });
      const headers = { 'content-type': 'application/json' };
      return (await fetch(`${at}/accounts`, { method: 'POST', headers, body })).status;
    };
    if (isFirst) expect(await register('Olga', { setupToken: tracker.setupToken })).toBe(201);
    const { registration } = (await (await fetch(`${at}/server`)).json()) as { registration: string };
    expect(tracker.registration).toBe(registration);
    return { registration, status: await register(`Nina${Math.floor(performance.now())}`) };
  } finally {
    await tracker.close();
  }
}

describe('open registration', () => {
  const isOpen = { registration: 'open', status: 201 };
  const isInvited = { registration: 'invited', status: 403 };

  it.each([
    ['a new tracker with a public URL requires invitations', { publicUrl }, isInvited],
    ['a new tracker on loopback is open', {}, isOpen],
    [
      'a new tracker with open registration configured is open, even with a public URL',
      { publicUrl, policy: openFor },
      isOpen,
    ],
    [
      'a new tracker with invitations configured requires them, even on loopback',
      { policy: invited },
      isInvited,
    ],
    [
      'a required sign-in does not change who may register',
      { publicUrl, policy: { signInRequired: true } },
      isInvited,
    ],
  ])('%s', async (_rule, options, expected) => {
    expect(await run(await folder(), options, true)).toEqual(expected);
  });

  it('a community keeps its registration setting when its public URL changes', async () => {
    const open = await folder();
    await run(open, {}, true);
    expect(await run(open, { publicUrl })).toEqual(isOpen);
    const closed = await folder();
    await run(closed, { publicUrl }, true);
    expect(await run(closed, {})).toEqual(isInvited);
  });

  it('a registration option is kept for later starts', async () => {
    const data = await folder();
    await run(data, {}, true);
    await run(data, { policy: invited });
    expect(await run(data, {})).toEqual(isInvited);
    await run(data, { policy: openFor });
    expect(await run(data, { publicUrl })).toEqual(isOpen);
  });

  it('a tracker without accounts counts as new', async () => {
    const data = await folder();
    const tried = await startTracker({ port: 0, dataFolder: data });
    await tried.close();
    expect(await run(data, { publicUrl }, true)).toEqual(isInvited);
  });

  it('a community older than this setting stays open', async () => {
    const data = await folder();
    await run(data, { publicUrl }, true);
    const database = new DatabaseSync(join(data, 'tracker.db'));
    database.exec('DELETE FROM settings');
    database.close();
    expect(await run(data, { publicUrl })).toEqual(isOpen);
  });
});

describe('whether a listening address is reachable from the internet', () => {
  const at = (family: 'IPv4' | 'IPv6', address: string, internal = false) =>
    ({ family, address, internal, netmask: '', mac: '', cidr: null, scopeid: 0 }) as const;
  const home = { lo: [at('IPv4', '127.0.0.1', true)], eth0: [at('IPv4', '192.168.1.5')] };
  const server = { ...home, eth1: [at('IPv4', '198.51.100.7')] };
  const modern = { ...home, eth1: [at('IPv6', 'fe80::1'), at('IPv6', '2001:db8::7')] };
  it.each([
    ['a loopback address', '127.0.0.1', server, false],
    ['a private address', '192.168.1.5', server, false],
    ['a private address, IPv6', 'fd00::5', server, false],
    ['an address behind a carrier-grade NAT', '100.64.3.4', server, false],
    ['a link-local address', '169.254.1.1', server, false],
    ['a global address', '198.51.100.7', server, true],
    ['a global address, IPv6', '2001:db8::7', server, true],
    ['a mapped global address', '::ffff:198.51.100.7', server, true],
    ['all addresses, in a private network', '0.0.0.0', home, false],
    ['all addresses, of a server', '0.0.0.0', server, true],
    ['all addresses, with a global IPv6 one', '::', modern, true],
    ['all IPv4 addresses, beside a global IPv6 one', '0.0.0.0', modern, false],
    ['all addresses, of an IPv4 server', '::', server, true],
    ['no address given', '', server, true],
    ['a host name of this machine', 'localhost', server, false],
    ['a host name that does not resolve', 'nowhere.invalid', server, false],
  ])('whether an address is reachable from the internet: %s', async (_what, host, interfaces, expected) => {
    expect(await isGlobalHost(host, interfaces)).toBe(expected);
  });
});
