/**
 * Runs all checkers while a world runs: the cheap ones after every fact, the expensive ones now and then
 * between events, and the final ones at the end. The first broken rule ends the run.
 */
import type { SimPeer } from '../world/peer.ts';
import type { Watcher, World } from '../world/world.ts';
import { downloadedIsSomewhere, sentIsReceivedOrInFlight, unreadIsCounted } from './accounts.ts';
import { capsHold } from './caps.ts';
import type { Checker, Disbelief, Turn } from './checker.ts';
import { countsAreRight } from './counts.ts';
import { dialogueIsFair } from './dialogue.ts';
import { Hearing } from './hearing.ts';
import { everybodyIsSomebodyElse } from './identity.ts';
import { liarsStayOut, metadataIsRight, theHonestAreBlameless } from './justice.ts';
import { nobodyIsMisled } from './misled.ts';
import { modelCheckers } from './more.ts';
import { nothingIsLeft } from './nothing-left.ts';
import { offlineIsSilent } from './offline.ts';
import { patienceEnds } from './patience.ts';
import { haveIsOnDisk, oneStateAPiece, recordedIsDurable } from './pieces.ts';
import { askedIsFetched } from './requests.ts';
import { seatsGoToTheUseful } from './seats.ts';
import { servesTheTruth } from './served-bytes.ts';
import { speaksTruly } from './speech.ts';
import { trackersHearTheTruth } from './tracker-talk.ts';
import { theProvenAreBanned } from './verdicts.ts';

/** Made anew for each run, since some have state. */
export const allCheckers: readonly (() => Checker)[] = [
  oneStateAPiece,
  haveIsOnDisk,
  recordedIsDurable,
  askedIsFetched,
  dialogueIsFair,
  countsAreRight,
  capsHold,
  seatsGoToTheUseful,
  patienceEnds,
  speaksTruly,
  servesTheTruth,
  theHonestAreBlameless,
  liarsStayOut,
  everybodyIsSomebodyElse,
  theProvenAreBanned,
  metadataIsRight,
  sentIsReceivedOrInFlight,
  unreadIsCounted,
  downloadedIsSomewhere,
  trackersHearTheTruth,
  offlineIsSilent,
  nobodyIsMisled,
  nothingIsLeft,
  ...modelCheckers,
];

/** A rule was broken: the error that a run fails with. */
export class BrokenRule extends Error {
  readonly checker: string;
  /** Number of the peer whose engine was judged. */
  readonly peer: number;
  readonly atMs: number;

  constructor(checker: string, peer: number, atMs: number, disbelief: string) {
    super(`${checker}: peer ${peer} at ${atMs} ms: ${disbelief}`);
    this.name = 'BrokenRule';
    this.checker = checker;
    this.peer = peer;
    this.atMs = atMs;
  }
}

export interface InspectorOptions {
  readonly checkers?: readonly Checker[];
  /**
   * Interval between full inspections in virtual time, for the first two minutes. Then at least one second.
   */
  readonly everyMs?: number;
}

/** Rare enough to cost less than the run itself, frequent enough to see every phase of a small one. */
const everyMsDefault = 250;
/**
 * Drawn swarms are busy for a minute or two. Then they wait for the end of a ban or a pause, and one
 * inspection a second suffices.
 */
const busyMs = 120_000;
const idleEveryMs = 1_000;
/** Time for the last messages, and for bytes in flight on the slowest link. */
const endMs = 10_000;
/** The handshake timeout (limits.ts) and some ticks: a connection may arrive late over a congested link. */
const lateMs = 15_000;

export class Inspector implements Watcher {
  readonly #world: World;
  readonly #checkers: readonly Checker[];
  /** Selects the checkers that look at each fact. */
  readonly #hearing: Hearing;
  /** Peers with new facts since the last inspection. */
  readonly #stirred = new Set<SimPeer>();
  readonly #everyMs: number;

  /** Inspects from now on. */
  constructor(world: World, { checkers, everyMs = everyMsDefault }: InspectorOptions = {}) {
    this.#world = world;
    this.#checkers = checkers ?? allCheckers.map((make) => make());
    this.#hearing = new Hearing(this.#checkers);
    this.#everyMs = everyMs;
    world.watch(this);
    this.#lookLater();
  }

  readonly onHandled: NonNullable<Watcher['onHandled']> = (peer, fact, actions, nowMs) => {
    const turn: Turn = { world: this.#world, peer, fact, actions, nowMs };
    if (fact.type !== 'woke' || actions.length > 0) this.#stirred.add(peer);
    for (const checker of this.#hearing.of(fact, actions)) {
      const disbelief = checker.onTurn(turn);
      if (disbelief !== undefined) this.#fail(checker, peer, disbelief);
    }
  };

  onCrash(peer: SimPeer): void {
    this.#judge(peer, (checker) => checker.onCrash?.(peer));
  }

  /** Inspects all peers with new facts, between two events. */
  look(): void {
    for (const peer of this.#stirred) {
      if (peer.isAlive && !peer.isFrozen) this.#judge(peer, (checker) => checker.inspect?.(peer));
    }
    this.#stirred.clear();
    // A change to files is no fact until the program notices it, so such a peer is inspected every time.
    for (const peer of this.#world.peers) if (peer.platter.isHarmed) this.#stirred.add(peer);
  }

  /** Stops every peer, and checks a moment later that nothing is left. */
  end(): void {
    // Waits for pending restarts: a peer that restarts after the others have stopped would still be dialing
    // at the end.
    this.#world.runUntil(() => this.#world.peers.every((peer) => !peer.isComingBack), endMs);
    this.look();
    const stopped = this.#world.peers
      .filter((peer) => peer.isAlive)
      .map((peer) => ({ peer, engine: peer.engine }));
    for (const { peer } of stopped) peer.stop();
    this.#world.runFor(endMs);
    this.#world.runUntil(() => stopped.every(({ engine }) => engine.usage.sessions.size === 0), lateMs);
    for (const { peer, engine } of stopped) {
      if (peer.engine === engine) this.#judge(peer, (checker) => checker.atEnd?.(peer));
    }
  }

  #lookLater(): void {
    const { scheduler, nowMs } = this.#world;
    const everyMs = nowMs < busyMs ? this.#everyMs : Math.max(this.#everyMs, idleEveryMs);
    scheduler.after(everyMs, () => {
      this.look();
      this.#lookLater();
    });
  }

  #judge(peer: SimPeer, ask: (checker: Checker) => Disbelief): void {
    for (const checker of this.#checkers) {
      const disbelief = ask(checker);
      if (disbelief !== undefined) this.#fail(checker, peer, disbelief);
    }
  }

  #fail(checker: Checker, peer: SimPeer, disbelief: string): never {
    throw new BrokenRule(checker.name, peer.number, this.#world.nowMs, disbelief);
  }
}
