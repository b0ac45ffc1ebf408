/** `HOST:PORT` as people type it. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { badOption, CliError } from '../cli-error.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** `6969`, `:6969`, `127.0.0.1:6969`, `[::1]:6969`. Without a host: all addresses of this machine. */
export function parseListen(text: string, what: string): HostPort {
  const match = /^(?:(?<host>.*):)?(?<port>\d{1,5})$/.exec(text);
  if (match === null)
    throw badOption(`${what}: "${text}" is not HOST:PORT; give it like 0.0.0.0:6969 or 6969`);
  return {
    host: withoutBrackets(match.groups?.host ?? '', text, what) || everyAddress(),
    port: parsePort(match.groups!.port!, what),
  };
}

/** The wildcard address: IPv4 and IPv6 where the machine has both. */
export function everyAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.some(({ family }) => family === 'IPv6') ? '::' : '0.0.0.0';
}

/** 0 means any free port. */
export function parsePort(text: string, what: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65535) return port;
  throw badOption(`${what}: "${text}" is not a port; give a number from 1 to 65535, or 0 for any free one`);
}

/**
 * A peer by address or by host name. Throws CliError `host-not-found`. `what` names the flag in the message.
 */
export async function resolvePeer(text: string, what = '--peer'): Promise<HostPort> {
  const match = /^(?<host>.+):(?<port>\d{1,5})$/.exec(text);
  if (match === null) throw badOption(`${what}: "${text}" is not HOST:PORT; give it like 192.168.1.5:6881`);
  const host = withoutBrackets(match.groups!.host!, text, what);
  const port = parsePort(match.groups!.port!, what);
  if (port === 0) throw badOption(`${what}: "${text}" has no port to connect to`);
  if (isIP(host) !== 0) return { host, port };
  try {
    return { host: (await lookup(host)).address, port };
  } catch (error) {
    throw new CliError('host-not-found', `${what}: no address is known for "${host}"`, error);
  }
}

function withoutBrackets(host: string, text: string, what: string): string {
  const inner = /^\[(.*)\]$/.exec(host)?.[1];
  if (inner === undefined && host.includes(':')) {
    throw badOption(`${what}: "${text}": an IPv6 address goes in brackets, like [::1]:6969`);
  }
  return inner ?? host;
}
