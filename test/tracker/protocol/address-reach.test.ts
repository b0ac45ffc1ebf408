/** The reach of an address, by the registries of special addresses (RFC 6890 and its successors). */
import { expect, it } from 'vitest';
import { packAddress } from '../../../tracker/protocol/address.ts';
import { type Reach, reachOf } from '../../../tracker/protocol/address-reach.ts';

const table: Record<Reach, readonly string[]> = {
  loopback: ['127.0.0.1', '127.255.0.9', '::1'],
  link: ['169.254.0.1', '169.254.255.255', 'fe80::1', 'febf::1'],
  private: [
    ...['10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.1', '192.168.0.1', '::ffff:192.168.9.9'],
    ...['fc00::1', 'fdff::1', 'fec0::1', 'feff::1'],
  ],
  shared: ['100.64.0.1', '100.127.255.1'],
  none: ['0.0.0.0', '0.1.2.3', '224.0.0.1', '240.0.0.1', '255.255.255.255', '::', 'ff02::1'],
  global: [
    ...[
      '1.1.1.1',
      '9.255.0.1',
      '11.0.0.1',
      '100.63.0.1',
      '100.128.0.1',
      '126.0.0.1',
      '128.0.0.1',
      '169.253.1.1',
    ],
    ...['169.255.1.1', '172.15.0.1', '172.32.0.1', '192.167.0.1', '192.169.0.1', '223.0.0.1'],
    ...['::2', '1::1', '2001:db8::1', 'fbff::1', 'fe00::1', 'fe7f::1'],
  ],
};

it('an address has the reach of its range, to both ends of the range', () => {
  for (const [reach, addresses] of Object.entries(table))
    for (const address of addresses) expect(reachOf(packAddress(address)!), address).toBe(reach);
});
