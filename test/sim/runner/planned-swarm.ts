/**
 * A plan on stage: its world, with everybody in it by name. People join and leave when the plan says so; what goes wrong
 * meanwhile is troubles.ts.
 */
import { cast } from '../actors/cast.ts';
import { deadAddresses } from '../actors/crowded-tracker.ts';
import { enter, type StandingActor } from '../actors/enter.ts';
import { playHostileBytes } from '../hostile-bytes/play.ts';
import { type CastMember, callSheet, castOf } from '../plan/cast.ts';
import { bytesOf } from '../plan/files.ts';
import type { SwarmPlan, TrackerPlan } from '../plan/schema.ts';
import { playMembers } from '../tracker/members.ts';
import { playStrangers } from '../tracker/strangers.ts';
import { playWireTalk } from '../wire-talk/play.ts';
import type { SimPeer } from '../world/peer.ts';
import type { SimTracker } from '../world/tracker.ts';
import { World } from '../world/world.ts';
import { wantAllAgain } from './choices.ts';

/** When others at trackers of their own have their turn: early, so that the shortest run sees them. */
const besidesMs = 500;
/** How often people say again whom they know, as discovery on a LAN does. */
const introduceMs = 60_000;

export class PlannedSwarm {
  readonly plan: SwarmPlan;
  readonly world: World;
  readonly cast: readonly CastMember[];
  /** Whoever plays by the rules and has joined, by name. */
  readonly peers = new Map<string, SimPeer>();
  readonly actors = new Map<string, StandingActor>();
  readonly trackers = new Map<string, SimTracker>();
  /** Those that do not want everything, or did not. */
  readonly choosers = new Set<SimPeer>();
  readonly #called: ReadonlyMap<string, readonly string[]>;
  /** By number. */
  readonly #names = new Map<number, string>();

  constructor(plan: SwarmPlan) {
    this.plan = plan;
    const { pieceBytes, files } = plan.torrent;
    this.world = new World({
      seed: plan.seed,
      totalBytes: bytesOf(plan.torrent),
      pieceLength: pieceBytes,
      ...(files && { files }),
    });
    for (const other of plan.torrents ?? [])
      this.world.addTorrent({
        ...{ totalBytes: bytesOf(other), pieceLength: other.pieceBytes },
        ...(other.files && { files: other.files }),
      });
    this.cast = castOf(plan);
    this.#called = callSheet(plan);
    for (const tracker of plan.trackers ?? []) {
      this.#openTracker(tracker);
      this.#crowd(tracker);
    }
    const { scheduler } = this.world;
    for (const member of this.cast) {
      scheduler.after(member.joinMs, () => this.#join(member));
      this.#arrangeParts(member);
      if (member.leaveMs !== undefined) scheduler.after(member.leaveMs, () => this.leave(member.name));
    }
    this.#introduceLater();
    this.#playBesides();
  }

  nameOf({ number }: { readonly number: number }): string {
    return this.#names.get(number)!;
  }

  /** Of those who are called, the honest ones that have joined. */
  peersCalled(names: readonly string[]): SimPeer[] {
    return names.flatMap((name) => this.#called.get(name)!).flatMap((name) => this.peers.get(name) ?? []);
  }

  /** The last moment at which somebody joins or leaves. */
  get settledMs(): number {
    const times = this.cast.flatMap(({ joinMs, leaveMs = 0, parts }) => [
      ...[joinMs, leaveMs],
      ...parts.flatMap(({ stopMs = 0, againMs = 0 }) => [stopMs, againMs]),
    ]);
    return Math.max(...times);
  }

  /** Everything the world can mend is mended; the foes stay, and so do trackers that know too many. */
  heal(): void {
    this.world.heal();
    for (const peer of this.choosers) wantAllAgain(this.world, peer);
    for (const tracker of this.plan.trackers ?? []) this.#crowd(tracker);
    this.#introduceAll();
  }

  leave(name: string): void {
    this.peers.get(name)?.leave();
    this.actors.get(name)?.leave();
  }

  #join(member: CastMember): void {
    const { world } = this;
    const {
      name,
      role,
      link,
      reachability,
      place,
      magnet,
      has,
      limits,
      uploadBpsMax,
      downloadBpsMax,
      mends,
    } = member;
    const trackers = member.trackers.map((tracker) => [urlOf(tracker)]);
    if (role !== 'honest') {
      this.actors.set(
        name,
        enter(world, cast[role](), {
          ...{ name, link, reachability, trackers: trackers.flat() },
          ...(place && { place }),
        }),
      );
      return;
    }
    // It acts before it has joined for good.
    this.#names.set(world.peers.length + 1, name);
    const peer = world.join({
      has,
      magnet,
      link,
      reachability,
      ...(place && { place }),
      trackers,
      limits,
      uploadBpsMax,
      downloadBpsMax,
      mends,
      sides: member.parts.map(({ torrent, has }) => ({ torrent: world.sides[torrent]!, has })),
    });
    this.peers.set(name, peer);
    this.#introduce(member);
  }

  /** Its user stops other torrents, and adds them again. */
  #arrangeParts({ name, parts }: CastMember): void {
    for (const [i, { stopMs, againMs }] of parts.entries()) {
      const turn = (atMs: number | undefined, isWanted: boolean) => {
        if (atMs === undefined) return;
        this.world.scheduler.after(atMs, () => {
          const peer = this.peers.get(name);
          const side = peer?.sides[i];
          if (side !== undefined) peer!.want(side, isWanted);
        });
      };
      turn(stopMs, false);
      turn(againMs, true);
    }
  }

  /** Whoever was told of others by hand is told of them. */
  #introduce({ name, knows }: CastMember): void {
    const peer = this.peers.get(name);
    if (peer === undefined || !peer.isAlive || peer.hasLeft) return;
    for (const known of knows) {
      const other = this.peers.get(known) ?? this.actors.get(known);
      if (other !== undefined) peer.dial(other);
    }
  }

  #introduceAll(): void {
    for (const member of this.cast) if (member.knows.length > 0) this.#introduce(member);
  }

  #introduceLater(): void {
    if (this.cast.every(({ knows }) => knows.length === 0)) return;
    this.world.scheduler.after(introduceMs, () => {
      this.#introduceAll();
      this.#introduceLater();
    });
  }

  /** Others at trackers of their own: what they do takes no time of this world. */
  #playBesides(): void {
    const { scheduler, random, besides } = this.world;
    const { strangers, members, hostileBytes, wireTalk } = this.plan;
    scheduler.after(besidesMs, () => {
      if (strangers !== undefined)
        besides.push({ name: 'strangers', disbelief: playStrangers(strangers, random.of('strangers')) });
      if (members !== undefined)
        besides.push({ name: 'members', disbelief: playMembers(members, random.of('members')) });
      if (hostileBytes !== undefined)
        besides.push({
          name: 'hostile bytes',
          disbelief: playHostileBytes(hostileBytes, random.of('hostile bytes')),
        });
      if (wireTalk !== undefined)
        besides.push({ name: 'wire talk', disbelief: playWireTalk(wireTalk, random.of('wire talk')) });
    });
  }

  #openTracker({
    name,
    intervalSeconds = 60,
    minIntervalSeconds = 10,
    retryMinutes,
    family = 'both',
  }: TrackerPlan): void {
    const tracker = this.world.addTracker(urlOf(name), {
      intervalSeconds,
      minIntervalSeconds: Math.min(minIntervalSeconds, intervalSeconds),
    });
    tracker.retryMinutes = retryMinutes;
    tracker.families = family;
    this.trackers.set(name, tracker);
  }

  /** Some trackers know thousands who are not there, and name them first. */
  #crowd({ name, deadAddresses: count = 0 }: TrackerPlan): void {
    if (count === 0) return;
    const dead = deadAddresses(count, this.world.random.of(`dead addresses of ${name}`));
    this.trackers.get(name)!.distort = (answer) => ({ ...answer, peers: [...dead, ...answer.peers] });
  }
}

function urlOf(tracker: string): string {
  return `http://${tracker}.sim/announce`;
}
