/** The program that a peer id names, as it is shown. */
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clientNameOf } from '../../client/engine/connection/client-name.ts';
import { clientName } from '../../client/engine/swarm/swarm-peers.ts';
import { peerIdPrefix } from '../../client/host/open-client.ts';
import { packageName, programName, version } from '../../torrents/program.ts';

const nameOf = (id: string) => clientNameOf(Buffer.from(id.padEnd(20, 'x'), 'latin1'));

it.each([
  ['-CI0100-', 'Cicada 0.1'],
  ['-TR2940-', 'Transmission 2.94'],
  ['-TR3000-', 'Transmission 3.00'],
  ['-TR4060-', 'Transmission 4.0.6'],
  ['-qB4520-', 'qBittorrent 4.5.2'],
  ['-qB45A0-', 'qBittorrent 4.5.10'],
  ['-DE211s-', 'Deluge 2.1.1'],
  ['-LT20B0-', 'libtorrent 2.0.11'],
  ['A2-1-36-0-', 'aria2 1.36.0'],
  ['M7-10-1--', 'BitTorrent 7.10.1'],
])('peer id %s is shown as %s', (id, name) => expect(nameOf(id)).toBe(name));

it.each(['-ZZ0100-', 'exbc', '-TR29', 'constructor', '-toString-'])(
  'peer id %s names no known program',
  (id) => expect(nameOf(id)).toBeUndefined(),
);

it('a client name never contains characters that control a terminal', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (id) => {
      expect(clientNameOf(id) ?? '').toMatch(/^[\x20-\x7e\xb5]*$/);
    }),
  );
});

it('our own peer id has the name and the version of the package', () => {
  const manifest = createRequire(import.meta.url)('../../package.json') as { name: string; version: string };
  expect({ name: packageName, version }).toEqual({ name: manifest.name, version: manifest.version });
  expect(clientName).toBe(`${programName} ${version}`);
  // One digit per number of the version; BEP 20 has four.
  expect(peerIdPrefix).toBe(`-CI${version.replaceAll('.', '')}0-`);
});
