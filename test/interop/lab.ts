/**
 * Where a peer runs: on loopback, or in a lab of network namespaces, which act as separate hosts on one
 * switch. Some clients (Transmission) refuse loopback peers, and can be tested only in a lab. It needs Linux,
 * root and iproute2.
 */
import { execFileSync } from 'node:child_process';
import process from 'node:process';

export interface Host {
  readonly address: string;
  /** Prepended to a command line, it runs the command on this host. */
  readonly inside: readonly string[];
}

export const loopback: Host = { address: '127.0.0.1', inside: [] };

let labs = 0;

export class Lab implements Disposable {
  readonly hosts: readonly Host[];
  readonly #number = ++labs;
  readonly #namespaces: string[] = [];

  /** Throws if this machine or this user cannot make a lab. */
  constructor(hostCount: number) {
    try {
      this.hosts = this.#build(hostCount);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    // Deleting a namespace deletes every device in it.
    for (const name of this.#namespaces.splice(0)) ip('netns', 'del', name);
  }

  #build(hostCount: number): Host[] {
    const switchName = this.#namespace('switch');
    ip('-n', switchName, 'link', 'add', 'br0', 'type', 'bridge');
    ip('-n', switchName, 'link', 'set', 'br0', 'up');
    return Array.from({ length: hostCount }, (_, i) => {
      const name = this.#namespace(`h${i + 1}`);
      const [address, port] = [`10.77.0.${i + 1}`, `p${i + 1}`];
      ip('-n', name, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', port, 'netns', switchName);
      ip('-n', switchName, 'link', 'set', port, 'master', 'br0', 'up');
      ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
      ip('-n', name, 'link', 'set', 'lo', 'up');
      ip('-n', name, 'link', 'set', 'eth0', 'up');
      return { address, inside: ['ip', 'netns', 'exec', name] };
    });
  }

  /**
   * A unique name, because labs of other tests and other runs exist at the same time, with the same
   * addresses.
   */
  #namespace(suffix: string): string {
    const name = `cicada-${process.pid}-${this.#number}-${suffix}`;
    ip('netns', 'add', name);
    this.#namespaces.push(name);
    return name;
  }
}

/** Why this machine cannot make a lab. Undefined if it can. */
export function labObstacle(): string | undefined {
  if (process.platform !== 'linux') return 'hosts of their own need the network namespaces of Linux';
  if (process.getuid?.() !== 0) return 'hosts of their own (network namespaces) need root';
  try {
    new Lab(1)[Symbol.dispose]();
    return undefined;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return missing
      ? 'hosts of their own need iproute2: apt-get install iproute2'
      : `no network namespaces here: ${(error as Error).message}`;
  }
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
