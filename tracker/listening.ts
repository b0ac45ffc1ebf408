/** Listening on a port: the possible errors, and the URL for others to use. */
import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createSecureContext } from 'node:tls';
import { CodedError } from '../torrents/coded-error.ts';
import { packAddress } from './protocol/address.ts';
import { reachOf } from './protocol/address-reach.ts';

export const listenErrorCodes = [
  'certificate-invalid',
  'port-in-use',
  'port-not-permitted',
  'port-invalid',
  'address-not-available',
  'host-not-found',
  'listen-failed',
] as const;
export type ListenErrorCode = (typeof listenErrorCodes)[number];

interface ListenErrorFields {
  readonly host?: string;
  readonly port?: number;
}

export class ListenError extends CodedError<ListenErrorCode, ListenErrorFields> {
  override readonly name = 'ListenError';
}

export function checkPort(port: number): void {
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return;
  throw new ListenError('port-invalid', `${port} is not a port`, { port });
}

/** Checked before anything is opened, so that a bad certificate is reported at once. */
export function checkCertificate(files: { readonly cert: Uint8Array; readonly key: Uint8Array }): void {
  try {
    createSecureContext({ cert: Buffer.from(files.cert), key: Buffer.from(files.key) });
  } catch (error) {
    const message = `the certificate and its key cannot be used (${(error as Error).message})`;
    throw new ListenError('certificate-invalid', message, {}, error);
  }
}

/** The system's error when the tracker tried to listen → a ListenError. */
export function listenError(error: unknown, host: string, port: number): ListenError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const [ours, message]: Explained = explain(code, host, port) ?? [
    'listen-failed',
    `cannot listen on ${host} port ${port}: ${error instanceof Error ? error.message : String(error)}`,
  ];
  return new ListenError(ours, message, { host, port }, error);
}

type Explained = readonly [code: ListenErrorCode, message: string];

function explain(code: string, host: string, port: number): Explained | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return ['port-in-use', `port ${port} on ${host} is taken`];
    case 'EACCES':
      return ['port-not-permitted', `not allowed to use port ${port}`];
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return [
        'address-not-available',
        `cannot listen on ${host} port ${port}: this machine has no such address (0.0.0.0 stands for all it has)`,
      ];
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return ['host-not-found', `cannot listen on ${host} port ${port}: no address is known for that name`];
    default:
      return undefined;
  }
}

/** `http://HOST:PORT` or https, for others. "All addresses" becomes the first outer IPv4 address. */
export function urlOf(host: string, port: number, isSecure = false): string {
  const isWildcard = host === '0.0.0.0' || host === '::' || host === '';
  const reachable = isWildcard ? (outerAddress() ?? '127.0.0.1') : host;
  return `${isSecure ? 'https' : 'http'}://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${port}`;
}

/**
 * Whether a program that listens there has a global address, as far as this machine can tell: port forwarding
 * by a router is not visible. `0.0.0.0` and `::` stand for all addresses of the machine.
 */
export async function isGlobalHost(host: string, interfaces = networkInterfaces()): Promise<boolean> {
  const addresses = await addressesOf(host, interfaces);
  return addresses.some((address) => {
    const packed = packAddress(address);
    return packed !== undefined && reachOf(packed) === 'global';
  });
}

async function addressesOf(
  host: string,
  interfaces: ReturnType<typeof networkInterfaces>,
): Promise<readonly string[]> {
  if (packAddress(host) === undefined && host !== '') {
    // A name without an address is refused later, when the tracker listens.
    const found = await lookup(host, { all: true }).catch(() => []);
    return found.map(({ address }) => address);
  }
  const isEvery = host === '' || /^[0:.]+$/.test(host);
  if (!isEvery) return [host];
  const own = Object.values(interfaces).flatMap((list) => list ?? []);
  return own
    .filter(({ internal, family }) => !internal && (family === 'IPv4' || host !== '0.0.0.0'))
    .map(({ address }) => address);
}

function outerAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ internal, family }) => !internal && family === 'IPv4')?.address;
}
