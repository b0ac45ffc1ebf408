import { describe, expect, it } from 'vitest';
import { addressKind } from '../../../client/host/network/address-kind.ts';

describe('address kinds', () => {
  it.each([
    ...['127.0.0.1', '127.255.0.3', '10.1.2.3', '192.168.0.1', '172.16.0.1', '172.31.255.255', '100.64.0.1'],
    ...['::1', '0:0:0:0:0:0:0:1', 'fd00::1', 'fc00::1', 'fec0::1', '2001::1', '64:ff9b:1::7f00:1'],
    // IPv4 addresses within IPv6: mapped, compatible, NAT64, 6to4, ISATAP.
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '::fFfF:10.0.0.1', '::127.0.0.1', '::7f00:1'],
    ...['64:ff9b::7f00:1', '64:ff9b::192.168.1.1', '2002:7f00:1::', '2002:c0a8:101::1'],
    ...['2001:db8::5efe:10.0.0.1', '2001:db8::200:5efe:127.0.0.1'],
  ])('%s is a private address', (address) => expect(addressKind(address)).toBe('private'));

  it.each([
    ...['169.254.169.254', '169.254.0.1', 'fe80::1', 'fe80::1%eth0', 'febf::1', '10.0.0.1%eth0'],
    ...['0.0.0.0', '0.1.2.3', '::', '224.0.0.1', '239.1.2.3', '255.255.255.255', '240.0.0.1', 'ff02::1'],
    ...['100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254', 'fd20:ce::254'],
    ...['::ffff:169.254.169.254', '::169.254.169.254', '64:ff9b::a9fe:a9fe', '64:ff9b:1::a9fe:a9fe'],
    ...['2002:a9fe:a9fe::1', '::ffff:0.0.0.0', '2001:db8::5efe:169.254.169.254'],
    ...['nonsense', '', '127.1', '0x7f.0.0.1', '127.0.0.01', '1.2.3', ':::1'],
  ])('%j is an address that no torrent may lead to', (address) =>
    expect(addressKind(address)).toBe('forbidden'),
  );

  it.each([
    ...['8.8.8.8', '172.15.0.1', '172.32.0.1', '100.63.0.1', '100.128.0.1', '192.167.1.1', '223.255.255.1'],
    ...['2606:4700::1', '::ffff:8.8.8.8', '64:ff9b::808:808', '2002:808:808::1', '2001:4860::8888'],
  ])('%s is a public address', (address) => expect(addressKind(address)).toBe('public'));
});
