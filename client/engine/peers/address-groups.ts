/**
 * Groups of addresses. One user can hold all addresses of a group, so tables of peers are shared out by
 * group.
 *
 * A household is one IPv4 address or one IPv6 /64: what a home router hands out. A network is an IPv4 /24 or
 * an IPv6 /48: what one customer of a hosting provider rents.
 */

/** `host`: an IP address in its usual text form. */
export function householdOf(host: string): string {
  return host.includes(':') ? ipv6Groups(host, 4) : host;
}

export function networkOf(host: string): string {
  return host.includes(':') ? ipv6Groups(host, 3) : host.slice(0, host.lastIndexOf('.'));
}

export function isLoopbackHost(host: string): boolean {
  return host === '::1' || host.startsWith('127.');
}

/** The first `count` groups of an IPv6 address, with `::` expanded to zeros. */
function ipv6Groups(host: string, count: number): string {
  const [head = '', tail] = host.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length;
  return [...first, ...Array<string>(Math.max(0, zeros)).fill('0'), ...last].slice(0, count).join(':');
}
