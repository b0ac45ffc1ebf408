/**
 * The cast of a plan: every peer by itself, with defaults filled in. Groups are split, links looked up, and
 * the pieces that each peer has at first are drawn.
 */
import type { Limits } from '../../../client/engine/limits.ts';
import { Randomness } from '../kernel/randomness.ts';
import { homeLink, type Link, links, type Reachability } from '../world/link.ts';
import {
  commonFamily,
  type Families,
  type Family,
  housePlace,
  lonePlace,
  type Place,
} from '../world/place.ts';
import type { HousePlan, PartPlan, PeerPlan, Role, SwarmPlan } from './schema.ts';

export interface CastMember {
  readonly name: string;
  readonly role: Role;
  has(pieceIndex: number): boolean;
  readonly parts: readonly CastPart[];
  readonly magnet: boolean;
  readonly link: Link;
  readonly reachability: Reachability;
  /** Undefined: the next free IPv4 address. */
  readonly place: Place | undefined;
  readonly families: Families;
  readonly house: HousePlan | undefined;
  /**
   * By which address family each tracker knows this peer, by tracker name. Trackers that it cannot reach are
   * missing.
   */
  readonly listings: ReadonlyMap<string, Family>;
  readonly trackers: readonly string[];
  /** Names of single peers; groups are split. */
  readonly knows: readonly string[];
  readonly joinMs: number;
  readonly leaveMs: number | undefined;
  readonly uploadBpsMax: number;
  readonly downloadBpsMax: number;
  readonly limits: Partial<Limits>;
  readonly mends: boolean;
}

export interface CastPart extends Pick<PartPlan, 'stopMs' | 'againMs'> {
  /** The index of the torrent among the plan's other torrents. */
  readonly torrent: number;
  has(pieceIndex: number): boolean;
}

/** In the order of the plan, which is the order in which addresses are assigned. */
export function castOf(plan: SwarmPlan): CastMember[] {
  const called = callSheet(plan);
  const trackers = (plan.trackers ?? []).map(({ name }) => name);
  const randomness = new Randomness(plan.seed);
  const placeOf = placesOf(plan);
  return plan.peers.flatMap((peer) =>
    called.get(peer.name)!.map((name) => ({
      ...placeOf(peer),
      name,
      role: peer.role ?? 'honest',
      has: possession(peer, plan.torrent.pieces, () => randomness.of(`has ${name}`)),
      parts: (peer.parts ?? []).map(({ torrent, has, ...times }) => {
        const number = plan.torrents!.findIndex((other) => other.name === torrent);
        const { pieces } = plan.torrents![number]!;
        const random = () => randomness.of(`has ${torrent} ${name}`);
        return { torrent: number, has: possession({ has }, pieces, random), ...times };
      }),
      magnet: peer.magnet ?? false,
      link: linkOf(peer, plan.streams === 'recut'),
      reachability: peer.reachability ?? 'open',
      trackers: peer.trackers ?? trackers,
      knows: (peer.knows ?? []).flatMap((known) => called.get(known)!).filter((known) => known !== name),
      joinMs: peer.joinMs ?? 0,
      leaveMs: peer.leaveMs,
      uploadBpsMax: peer.uploadBpsMax ?? 0,
      downloadBpsMax: peer.downloadBpsMax ?? 0,
      limits: { ...plan.limits, ...peer.limits },
      mends: peer.mends ?? false,
    })),
  );
}

type Stead = Pick<CastMember, 'place' | 'families' | 'house' | 'listings'>;

/** Assigns a place to each peer, in order. */
function placesOf(plan: SwarmPlan): (peer: PeerPlan) => Stead {
  const houses = plan.houses ?? [];
  const members = houses.map(() => 0);
  let lone = 0;
  const trackers = new Map((plan.trackers ?? []).map(({ name, family = 'both' }) => [name, family]));
  return ({ family, house: houseName, trackers: asked = [...trackers.keys()] }) => {
    const families = family ?? 'ipv4';
    const number = houses.findIndex(({ name }) => name === houseName);
    const house = houses[number];
    const place =
      house !== undefined
        ? housePlace(number, members[number]!++, families, house.hairpin ?? false)
        : family === undefined
          ? undefined
          : lonePlace(0x10000 + lone++, families);
    const listings = new Map<string, Family>();
    for (const tracker of asked) {
      const common = commonFamily(families, trackers.get(tracker)!);
      if (common !== undefined) listings.set(tracker, common);
    }
    return { place, families, house, listings };
  };
}

/** Names → peers. A group's name means all of its members; a member has the group's name with a number. */
export function callSheet({ peers }: Pick<SwarmPlan, 'peers'>): ReadonlyMap<string, readonly string[]> {
  const called = new Map<string, readonly string[]>();
  for (const { name, count } of peers) {
    const members = count === undefined ? [name] : Array.from({ length: count }, (_, i) => `${name}-${i}`);
    for (const member of members) called.set(member, [member]);
    called.set(name, members);
  }
  return called;
}

function linkOf({ link = 'home' }: PeerPlan, recut: boolean): Link {
  if (typeof link === 'string') return { ...(link === 'home' ? homeLink : links[link]), recut };
  const { upBps, downBps, ...rest } = link;
  return {
    ...homeLink,
    ...rest,
    ...(upBps !== undefined && { up: upBps / 1_000 }),
    ...(downBps !== undefined && { down: downBps / 1_000 }),
    recut,
  };
}

function possession(
  { has = 'none' }: { readonly has?: PeerPlan['has'] | undefined },
  pieceCount: number,
  random: () => { below(bound: number): number },
): (pieceIndex: number) => boolean {
  if (typeof has === 'string') return () => has === 'all';
  if (Array.isArray(has)) {
    const listed = new Set(has);
    return (pieceIndex) => listed.has(pieceIndex);
  }
  if ('lacks' in has) {
    const lacking = new Set(has.lacks);
    return (pieceIndex) => !lacking.has(pieceIndex);
  }
  const generator = random();
  const drawn = Array.from({ length: pieceCount }, () => generator.below(1000) < has.perMille);
  return (pieceIndex) => drawn[pieceIndex]!;
}
