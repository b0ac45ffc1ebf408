/** Which program a peer id names, seen from where it is shown. */
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
])('%s is %s', (id, name) => expect(nameOf(id)).toBe(name));

it.each(['-ZZ0100-', 'exbc', '-TR29', 'constructor', '-toString-'])('%s names nothing that is known', (id) =>
  expect(nameOf(id)).toBeUndefined(),
);

it('never says anything that drives a terminal', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (id) => {
      expect(clientNameOf(id) ?? '').toMatch(/^[\x20-\x7e\xb5]*$/);
    }),
  );
});

it('of ours is the same everywhere, with the name and the version of the package', () => {
  const manifest = createRequire(import.meta.url)('../../package.json') as { name: string; version: string };
  expect({ name: packageName, version }).toEqual({ name: manifest.name, version: manifest.version });
  expect(clientName).toBe(`${programName} ${version}`);
  // A digit a number; BEP 20 has four.
  expect(peerIdPrefix).toBe(`-CI${version.replaceAll('.', '')}0-`);
});
