/**
 * IP addresses, text ⇄ packed: 4 bytes for IPv4, 16 for IPv6, in network byte order. Replies (BEP 7, 23, 24)
 * and the registry use the packed form.
 *
 * Invariant: an IPv4 address has one packed form. A dual-stack socket shows it IPv6-mapped (::ffff:1.2.3.4),
 * which becomes 4 bytes too.
 */

/** An IPv6 address has at most 45 characters. The rest leaves space for a zone (`%eth0`). */
const textLengthMax = 64;

/** Text from a socket, a header or a hostile reply → packed bytes; undefined: not an IP address. */
export function packAddress(text: string): Uint8Array | undefined {
  if (text.length > textLengthMax) return undefined;
  return text.includes(':') ? packIpv6(text) : packIpv4(text);
}

/** 4 or 16 packed bytes → the usual text; IPv6 as in RFC 5952. */
export function addressText(packed: Uint8Array): string {
  return packed.length === 4 ? packed.join('.') : ipv6Text(packed);
}

/** 127.0.0.0/8 and ::1: the machine itself. */
export function isLoopback(packed: Uint8Array): boolean {
  if (packed.length === 4) return packed[0] === 127;
  for (let at = 0; at < 15; at++) if (packed[at] !== 0) return false;
  return packed[15] === 1;
}

/**
 * Four decimal numbers. Leading zeros are refused: some parsers read them as octal, so the host would be
 * ambiguous.
 */
const ipv4Pattern = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;

function packIpv4(text: string): Uint8Array | undefined {
  const match = ipv4Pattern.exec(text);
  if (match === null) return undefined;
  const packed = new Uint8Array(4);
  for (let at = 0; at < 4; at++) {
    const number = Number(match[at + 1]);
    if (number > 255) return undefined;
    packed[at] = number;
  }
  return packed;
}

function packIpv6(text: string): Uint8Array | undefined {
  const zone = text.indexOf('%');
  const halves = (zone < 0 ? text : text.slice(0, zone)).split('::');
  const [before = '', behind] = halves;
  const head = groupsOf(before, behind === undefined);
  const tail = behind === undefined ? [] : groupsOf(behind, true);
  if (head === undefined || tail === undefined || halves.length > 2) return undefined;
  // `::` stands for at least one group of zeros.
  const zeros = 8 - head.length - tail.length;
  if (halves.length === 1 ? zeros !== 0 : zeros < 1) return undefined;
  const packed = new Uint8Array(16);
  head.forEach((group, index) => {
    writeGroup(packed, index, group);
  });
  tail.forEach((group, index) => {
    writeGroup(packed, head.length + zeros + index, group);
  });
  return isMapped(packed) ? packed.slice(12) : packed;
}

/**
 * Colon-separated groups of 16 bits. The last part of the address may be an IPv4 address, which counts as two
 * groups.
 */
function groupsOf(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const ipv4 = isEnd && index === parts.length - 1 ? packIpv4(part) : undefined;
    if (ipv4 === undefined) return undefined;
    const view = new DataView(ipv4.buffer, ipv4.byteOffset);
    groups.push(view.getUint16(0), view.getUint16(2));
  }
  return groups;
}

function writeGroup(packed: Uint8Array, index: number, group: number): void {
  packed[2 * index] = group >> 8;
  packed[2 * index + 1] = group & 0xff;
}

/** ::ffff:0:0/96 */
function isMapped(packed: Uint8Array): boolean {
  for (let at = 0; at < 10; at++) if (packed[at] !== 0) return false;
  return packed[10] === 0xff && packed[11] === 0xff;
}

function ipv6Text(packed: Uint8Array): string {
  const groups: number[] = [];
  const view = new DataView(packed.buffer, packed.byteOffset);
  for (let at = 0; at < 16; at += 2) groups.push(view.getUint16(at));
  const zeros = longestZeroRun(groups);
  const text = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  if (zeros.length < 2) return text(groups);
  return `${text(groups.slice(0, zeros.start))}::${text(groups.slice(zeros.start + zeros.length))}`;
}

/** RFC 5952: `::` replaces the longest run of zero groups; if several are equally long, the first. */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  let start = 0;
  for (const [index, group] of groups.entries()) {
    if (group !== 0) start = index + 1;
    else if (index + 1 - start > longest.length) longest = { start, length: index + 1 - start };
  }
  return longest;
}
