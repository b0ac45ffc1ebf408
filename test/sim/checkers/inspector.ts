/**
 * Keeps all checkers at work while a world runs: the cheap ones after every fact, the dear ones now and then between
 * events, and the last at the end. The first belief that does not hold ends the run.
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

/** Each run has its own: some remember. */
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

/** A belief did not hold: what a run fails with. */
export class BrokenRule extends Error {
  readonly checker: string;
  /** The number of the peer whose engine was looked at. */
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
  /** How often everything is looked at, in virtual time, for the first two minutes; then once a second at most. */
  readonly everyMs?: number;
}

/** Rare enough to cost less than the run itself, often enough to meet every phase of a small one. */
const everyMsDefault = 250;
/** Drawn swarms are at work for a minute or two. Later they wait for the end of a ban or a pause: a look a second will do. */
const busyMs = 120_000;
const idleEveryMs = 1_000;
/** Time for goodbyes, and for what was on its way over the slowest line. */
const endMs = 10_000;
/** The wait for a handshake (limits.ts) and some ticks: a connection may come late over a crowded line. */
const lateMs = 15_000;

export class Inspector implements Watcher {
  readonly #world: World;
  readonly #checkers: readonly Checker[];
  /** Those that look after a fact. */
  readonly #hearing: Hearing;
  /** Something has happened to them since they were looked at. */
  readonly #stirred = new Set<SimPeer>();
  readonly #everyMs: number;

  /** From now on it looks. */
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

  /** Everything about everybody to whom something has happened, between two events. */
  look(): void {
    for (const peer of this.#stirred) {
      if (peer.isAlive && !peer.isFrozen) this.#judge(peer, (checker) => checker.inspect?.(peer));
    }
    this.#stirred.clear();
    // What others do to files is no fact until the program finds it out: it is waited for.
    for (const peer of this.#world.peers) if (peer.platter.isHarmed) this.#stirred.add(peer);
  }

  /** Everybody stops, and a moment later nothing may be left of anything. */
  end(): void {
    // Whoever started again after the others have stopped would dial them, and be in the middle of that at the end.
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
