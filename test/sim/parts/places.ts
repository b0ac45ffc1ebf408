/**
 * Parts that judge addresses: households and networks, bans, half-open connections, and our own addresses.
 */
import { householdOf, isLoopbackHost, networkOf } from '../../../client/engine/peers/address-groups.ts';
import { HalfOpenTable } from '../../../client/engine/peers/half-open.ts';
import { HostBans } from '../../../client/engine/peers/host-bans.ts';
import { OwnAddresses } from '../../../client/engine/peers/own-addresses.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import { addressText } from '../../../tracker/protocol/address.ts';
import * as plain from '../world/place.ts';
import { differ, limitsWith, oneOf, type Part, rarely } from './part.ts';

/** Few hosts, close to each other: of both families, sometimes in one network or household. */
export function drawHost(random: Prng): string {
  if (rarely(random, 12)) return oneOf(random, ['127.0.0.1', '127.0.3.1', '::1']);
  if (rarely(random, 2)) return `${oneOf(random, [10, 12, 110])}.0.${random.below(2)}.${1 + random.below(3)}`;
  const bytes = new Uint8Array(16);
  bytes.set([0x20, 0x01, 0x0d, 0xb8]);
  // Bytes that distinguish households and networks, and one beyond them.
  for (const at of [5, 7, 9, 15]) bytes[at] = random.below(2);
  if (rarely(random, 4)) bytes.fill(1, 10, 15);
  return addressText(bytes);
}

const isLoopback = (host: string) => host === '::1' || /^127\./.test(host);

function playGroups(random: Prng): string | undefined {
  for (let step = 0; step < 20; step++) {
    const [a, b] = [drawHost(random), drawHost(random)];
    const wrong =
      differ(
        'one household',
        householdOf(a) === householdOf(b),
        plain.householdOf(a) === plain.householdOf(b),
      ) ??
      differ('one network', networkOf(a) === networkOf(b), plain.networkOf(a) === plain.networkOf(b)) ??
      differ('this machine', isLoopbackHost(a), isLoopback(a));
    if (wrong !== undefined) return `${a}, ${b}: ${wrong}`;
  }
  return undefined;
}

/** How many lies came from a household, and until when it is banned. */
interface Record {
  lies: number;
  untilMs: number;
}

function playBans(random: Prng): string | undefined {
  const banMs = 1_000 + random.below(60_000);
  const hostBanFirstMs = 1 + random.below(5_000);
  const bans = new HostBans(limitsWith({ banMs, hostBanFirstMs }));
  const households = new Map<string, Record>();
  const liars = new Map<string, number>();
  let nowMs = random.below(1_000_000);
  for (let step = 0; step < 50; step++) {
    nowMs += random.below(oneOf(random, [10, 3_000, 3_000, 2 * banMs]));
    const host = drawHost(random);
    const id = `id${random.below(3)}`;
    const household = plain.householdOf(host);
    if (rarely(random, 3)) {
      const isNamed = !rarely(random, 4);
      bans.ban(host, isNamed ? id : undefined, nowMs);
      if (isLoopback(host)) continue;
      if (isNamed) liars.set(`${household} ${id}`, nowMs + banMs);
      const before = households.get(household);
      // Lies are forgotten once the ban has been over for as long as a full ban lasts.
      const lies = before === undefined || nowMs >= before.untilMs + banMs ? 1 : before.lies + 1;
      households.set(household, { lies, untilMs: nowMs + Math.min(banMs, hostBanFirstMs * 2 ** (lies - 1)) });
    }
    const { untilMs = 0, lies = 0 } = households.get(household) ?? {};
    const wrong =
      differ(`${host} is shut out after ${lies} lies`, bans.isBannedHost(host, nowMs), untilMs > nowMs) ??
      differ(
        `${id} at ${host} is banned until`,
        bans.bannedUntilMs(host, id),
        liars.get(`${household} ${id}`) ?? 0,
      );
    if (wrong !== undefined) return `at ${nowMs}: ${wrong}`;
  }
  return undefined;
}

interface Entry {
  readonly connection: number;
  readonly household: string;
  readonly network: string;
  readonly sinceMs: number;
}

function playHalfOpen(random: Prng): string | undefined {
  const max = 1 + random.below(6);
  const table = new HalfOpenTable(max);
  let entries: Entry[] = [];
  let nowMs = 0;
  const leave = (connection: number) => {
    const wasHere = entries.some((entry) => entry.connection === connection);
    entries = entries.filter((entry) => entry.connection !== connection);
    return differ(`connection ${connection} was here`, table.leave(connection), wasHere);
  };
  for (let connection = 1; connection < 30; connection++) {
    nowMs += random.below(2_000);
    const host = drawHost(random);
    const perHouseholdMax = 1 + random.below(max);
    const household = plain.householdOf(host);
    const leaving = whoLeaves(entries, household, perHouseholdMax, max);
    const left = table.enter(connection, host, perHouseholdMax, nowMs);
    entries.push({ connection, household, network: plain.networkOf(host), sinceMs: nowMs });
    const ms = random.below(6_000);
    const wrong =
      differ(`leaves for ${host}`, left, leaving) ??
      (leaving === undefined ? undefined : leave(leaving)) ??
      (rarely(random, 3) ? leave(1 + random.below(connection)) : undefined) ??
      differ('half-open connections', table.size, entries.length) ??
      differ(
        `here for ${ms} ms`,
        table.countSince(ms, nowMs),
        entries.filter((e) => nowMs - e.sinceMs >= ms).length,
      );
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function whoLeaves(entries: readonly Entry[], household: string, perHouseholdMax: number, max: number) {
  const same = entries.filter((entry) => entry.household === household);
  if (same.length >= perHouseholdMax) return same[0]!.connection;
  if (entries.length < max) return undefined;
  const inNetwork = ({ network }: Entry) => entries.filter((other) => other.network === network).length;
  const most = Math.max(...entries.map(inNetwork));
  return entries.find((entry) => inNetwork(entry) === most)!.connection;
}

function playOwn(random: Prng): string | undefined {
  const port = 6_881 + random.below(2);
  const own = new OwnAddresses(port);
  const found = new Set<string>();
  const draw = () => ({ host: drawHost(random), port: 6_881 + random.below(2) });
  for (let step = 0; step < 12; step++) {
    const peers = Array.from({ length: random.below(6) }, draw);
    const ownHost = rarely(random, 2) ? drawHost(random) : undefined;
    const expected = peers.filter(
      (peer) => !(peer.port === port && peer.host === ownHost) && !found.has(`${peer.host} ${peer.port}`),
    );
    const wrong = differ('others', textOf(own.others(peers, ownHost)), textOf(expected));
    if (wrong !== undefined) return wrong;
    const here = draw();
    own.add(here);
    found.add(`${here.host} ${here.port}`);
  }
  return undefined;
}

function textOf(peers: readonly { readonly host: string; readonly port: number }[]): string {
  return peers.map(({ host, port }) => `${host} ${port}`).join(', ');
}

export const places: readonly Part[] = [
  { name: 'households', play: playGroups },
  { name: 'bans', play: playBans },
  { name: 'half-open', play: playHalfOpen },
  { name: 'own addresses', play: playOwn },
];
