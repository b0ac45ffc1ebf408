/**
 * Starts each of the other clients with a torrent and a folder. The client checks existing files and
 * downloads the rest, then seeds until it is killed.
 *
 * Invariant: every way to find peers except Cicada's tracker is off, and so are uTP and encryption. The tests
 * are about Cicada's tracker and peer protocol.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from '../e2e/child.ts';
import type { Host } from './lab.ts';

export interface PeerOrder {
  readonly host: Host;
  /** A .torrent file or a magnet link. */
  readonly torrent: string;
  /** Contains the torrent's own folder, or the place to make it in. */
  readonly folder: string;
  /** A folder for the client's settings and state. */
  readonly scratch: string;
}

export interface ForeignClient {
  readonly name: string;
  /** The name of its Debian package. */
  readonly debianPackage: string;
  /** True if it refuses loopback addresses. */
  readonly needsLab: boolean;
  isInstalled(): boolean;
  /** It does not create empty files. */
  readonly leavesOutEmptyFiles?: true;
  /** The info-hash that the client computes, in hex. Undefined if it cannot read the file. */
  infoHashOf?(torrent: string): string | undefined;
  start(order: PeerOrder): Promise<Child>;
}

/** Debian's own Python: the package is not installed for other Pythons. */
const python = '/usr/bin/python3';
const libtorrentPeer = fileURLToPath(new URL('./libtorrent-peer.py', import.meta.url));

export const aria2: ForeignClient = {
  name: 'aria2',
  debianPackage: 'aria2',
  needsLab: false,
  isInstalled: () => isOnPath('aria2c'),
  infoHashOf: (torrent) => /Info Hash: (\w{40})/.exec(outputOf('aria2c', '--no-conf', '-S', torrent))?.[1],
  start: async ({ host, torrent, folder }) => {
    const listen = ['--listen-port', String(await freePort()), '--disable-ipv6', ...aria2Quiet];
    const stay = ['--seed-ratio=0.0', '--check-integrity=true'];
    return new Child([...host.inside, 'aria2c', ...listen, ...stay, '-d', folder, torrent]);
  },
};

/** Shared with the benchmarks. */
export const aria2Quiet = [
  ...['--no-conf', '--file-allocation=none', '--summary-interval=0', '--enable-color=false'],
  ...['--enable-dht=false', '--enable-dht6=false', '--enable-peer-exchange=false', '--bt-enable-lpd=false'],
];

export const libtorrent: ForeignClient = {
  name: 'libtorrent',
  debianPackage: 'python3-libtorrent',
  needsLab: false,
  isInstalled: () => spawnSync(python, ['-c', 'import libtorrent']).status === 0,
  start: async ({ host, torrent, folder }) =>
    new Child([...host.inside, ...libtorrentCommand('stay', torrent, folder, host.address)]),
};

/** Shared with the benchmarks. `seed` trusts the folder. `stay` checks it, downloads the rest, and seeds. */
export function libtorrentCommand(
  mode: 'seed' | 'stay',
  torrent: string,
  folder: string,
  address: string,
  preset: 'default' | 'fast' = 'default',
): string[] {
  return [python, libtorrentPeer, mode, preset, torrent, folder, address];
}

export const transmission: ForeignClient = {
  name: 'Transmission',
  debianPackage: 'transmission-cli',
  needsLab: true,
  isInstalled: () => isOnPath('transmission-cli'),
  leavesOutEmptyFiles: true,
  infoHashOf: (torrent) => /Hash: (\w{40})/.exec(outputOf('transmission-show', torrent))?.[1],
  start: async ({ host, torrent, folder, scratch }) => {
    const settings = {
      'utp-enabled': false,
      'dht-enabled': false,
      'lpd-enabled': false,
      'pex-enabled': false,
    };
    const config = join(scratch, `transmission-${host.address}`);
    mkdirSync(config, { recursive: true });
    writeFileSync(join(config, 'settings.json'), JSON.stringify(settings));
    const options = ['-g', config, '-w', folder, '-et', '-M', '-v'];
    return new Child([...host.inside, 'transmission-cli', ...options, torrent]);
  },
};

function outputOf(program: string, ...args: string[]): string {
  return spawnSync(program, args, { encoding: 'utf8' }).stdout ?? '';
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}

/** A port that is free at this moment, for programs that cannot choose one themselves. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
