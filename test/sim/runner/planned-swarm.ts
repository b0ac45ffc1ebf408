/**
 * Builds the swarm of a plan: the world, its trackers and all participants by name. Participants join and
 * leave when the plan says so. Faults are in troubles.ts.
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

/**
 * When tests that run beside the swarm on trackers of their own start: early, so that the shortest run
 * includes them.
 */
const besidesMs = 500;
/** How often peers dial their known peers again, as local peer discovery would. */
const introduceMs = 60_000;

export class PlannedSwarm {
  readonly plan: SwarmPlan;
  readonly world: World;
  readonly cast: readonly CastMember[];
  /** Honest peers that have joined, by name. */
  readonly peers = new Map<string, SimPeer>();
  readonly actors = new Map<string, StandingActor>();
  readonly trackers = new Map<string, SimTracker>();
  /** Peers that have selected pieces at least once. */
  readonly choosers = new Set<SimPeer>();
  readonly #called: ReadonlyMap<string, readonly string[]>;
  /** By the number of the peer. */
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

  /** The honest peers with these names or group names that have joined. */
  peersCalled(names: readonly string[]): SimPeer[] {
    return names.flatMap((name) => this.#called.get(name)!).flatMap((name) => this.peers.get(name) ?? []);
  }

  /** The time of the last planned join, leave, stop or restart. */
  get settledMs(): number {
    const times = this.cast.flatMap(({ joinMs, leaveMs = 0, parts }) => [
      ...[joinMs, leaveMs],
      ...parts.flatMap(({ stopMs = 0, againMs = 0 }) => [stopMs, againMs]),
    ]);
    return Math.max(...times);
  }

  /**
   * Heals everything that the world can heal. Hostile peers stay, and so do the dead addresses of trackers.
   */
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
    // Set before the join, since the peer acts while it joins.
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

  /** Stops side torrents of a peer and adds them again, as its user would. */
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

  /** A peer dials the peers that its plan says it knows. */
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

  /** Runs the tests beside the swarm, on trackers of their own. They take no virtual time. */
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

  /** Makes a tracker list dead addresses before the live peers. */
  #crowd({ name, deadAddresses: count = 0 }: TrackerPlan): void {
    if (count === 0) return;
    const dead = deadAddresses(count, this.world.random.of(`dead addresses of ${name}`));
    this.trackers.get(name)!.distort = (answer) => ({ ...answer, peers: [...dead, ...answer.peers] });
  }
}

function urlOf(tracker: string): string {
  return `http://${tracker}.sim/announce`;
}
