/**
 * Runs production sessions in a simulated world: their engines connect to each other and to two seeds over
 * simulated links, and their lists are on simulated disks. Users give commands, programs are closed and
 * killed. Then all disturbances end, and everything wanted must be completed. Promises are run between two
 * events (kernel/microtasks.ts), so that one seed gives one run.
 */
import { guardedWithPromises } from '../kernel/guard.ts';
import { Microtasks } from '../kernel/microtasks.ts';
import { Randomness } from '../kernel/randomness.ts';
import type { Failure } from '../runner/result.ts';
import { homeLink } from '../world/link.ts';
import { World } from '../world/world.ts';
import { BrokenSession } from './broken-session.ts';
import { drawTorrent, type KnownTorrent } from './known-torrent.ts';
import { Machine } from './machine.ts';
import { Member } from './member.ts';
import { drawSessionPlan, type SessionPlan, sharePlace, type TimedDeed } from './session-plan.ts';

const trackerUrl = 'http://tracker.sim/announce';
/** The longest time between two looks at the sessions. */
const lookEveryMs = 100;
/** Failed transfers are retried at this interval. */
const healEveryMs = 5_000;
const healedMsMax = 15 * 60_000;

export interface SessionResult {
  readonly seed: number;
  readonly traceHash: string;
  readonly events: number;
  readonly virtualSeconds: number;
  readonly failure: Failure | undefined;
}

/** The same seed gives the same result on every machine. Only one run at a time. */
export async function runSession(seed: number): Promise<SessionResult> {
  return await guardedWithPromises(() => new SessionRun(drawSessionPlan(seed)).toEnd());
}

class SessionRun {
  readonly #plan: SessionPlan;
  readonly #world: World;
  readonly #members: readonly Member[];
  readonly #torrents: readonly KnownTorrent[];
  readonly #microtasks = new Microtasks();
  readonly #done: string[] = [];
  #broken: unknown;

  constructor(plan: SessionPlan) {
    const { seed, torrents, seedUp, owned, drive } = plan;
    this.#plan = plan;
    const random = new Randomness(seed).of('session torrents');
    const drawn = Array.from({ length: torrents }, (_, i) => drawTorrent(random, i, [trackerUrl]));
    const [first, ...others] = drawn as [(typeof drawn)[0], ...typeof drawn];
    const world = new World({ seed, keepsReports: false, ...first.shape });
    this.#world = world;
    const sides = others.map(({ shape }) => world.addTorrent(shape));
    this.#torrents = drawn.map(({ metainfo }, i) => ({ metainfo, torrent: [world.torrent, ...sides][i]! }));
    for (let i = 0; i < 2; i++)
      world.join({
        has: 'all',
        link: { ...homeLink, up: seedUp },
        sides: sides.map((torrent) => ({ torrent, has: () => true })),
      });
    this.#members = owned.map((owns, number) => {
      const machine = new Machine(drive, () => world.nowMs, this.#torrents);
      for (const [i, { metainfo }] of this.#torrents.entries())
        if (owns[i]) machine.own(metainfo, sharePlace);
      const onBroken = (error: unknown) => (this.#broken ??= error);
      return new Member({ world, number, machine, torrents: this.#torrents, onBroken });
    });
  }

  async toEnd(): Promise<SessionResult> {
    let failure: Failure | undefined;
    try {
      for (const member of this.#members) member.start();
      await this.#pass(500);
      for (const deed of this.#plan.deeds) await this.#do(deed);
      await this.#pass(5_000);
      await this.#heal();
      await this.#again();
    } catch (error) {
      failure = this.#failureOf(error as Error);
    } finally {
      this.#microtasks.end();
    }
    const { seed } = this.#plan;
    const { trace, scheduler, nowMs } = this.#world;
    return { seed, traceHash: trace.hash, events: scheduler.events, virtualSeconds: nowMs / 1000, failure };
  }

  async #do({ afterMs, session, torrent, deed }: TimedDeed): Promise<void> {
    if (afterMs > 0) await this.#pass(afterMs);
    this.#done.push(`${this.#world.nowMs} ms: ${session} ${torrent} ${JSON.stringify(deed)}`);
    this.#members[session]!.do(deed, this.#torrents[torrent]!);
    // A command without a pause is not settled, so the next one may come before its effects.
    if (afterMs > 0) await this.#settle();
  }

  /** Everything wanted must be completed, with an event for each torrent. */
  async #heal(): Promise<void> {
    await this.#untilWell();
    for (const member of this.#members) member.checkEnd();
  }

  /** Closes and restarts all sessions, which must find all their transfers. */
  async #again(): Promise<void> {
    const told = this.#members.map(({ session }) => session!.transfers.length);
    for (const member of this.#members) member.close();
    await this.#until(() => this.#members.every(({ isOff }) => isOff), 60_000, 'close');
    await this.#untilWell();
    // Entries that the disk could not read at the last start must be readable now.
    for (const [i, { session }] of this.#members.entries())
      if (session!.transfers.length < told[i]!) throw new BrokenSession('list', 'not as it was at the close');
  }

  async #untilWell(): Promise<void> {
    const endMs = this.#world.nowMs + healedMsMax;
    const isWell = () =>
      this.#members.every(
        ({ session, isAtRest }) => isAtRest && session!.transfers.every(({ state }) => state === 'sharing'),
      );
    for (;;) {
      for (const member of this.#members) member.heal();
      if (await this.#runUntil(isWell, healEveryMs)) return;
      if (this.#world.nowMs > endMs) throw new BrokenSession('stuck', this.#members.map(stateOf).join('; '));
    }
  }

  async #until(isDone: () => boolean, ms: number, what: string): Promise<void> {
    if (!(await this.#runUntil(isDone, ms))) throw new BrokenSession('stuck', what);
  }

  async #pass(ms: number): Promise<void> {
    await this.#runUntil(() => false, ms);
  }

  /** False when it takes longer. */
  async #runUntil(isDone: () => boolean, ms: number): Promise<boolean> {
    const { scheduler } = this.#world;
    const endMs = scheduler.nowMs + ms;
    await this.#settle();
    while (!isDone()) {
      const lookMs = Math.min(endMs, scheduler.nowMs + lookEveryMs);
      this.#microtasks.begin();
      scheduler.run(() => this.#microtasks.areDue || this.#broken !== undefined, lookMs);
      await this.#settle();
      if (scheduler.nowMs >= endMs) return isDone();
    }
    return true;
  }

  async #settle(): Promise<void> {
    await this.#microtasks.done();
    if (this.#broken === undefined) for (const member of this.#members) member.look();
    if (this.#broken !== undefined) throw this.#broken;
  }

  #failureOf(error: Error): Failure {
    const checker = `session: ${error instanceof BrokenSession ? error.checker : 'threw'}`;
    const where = error instanceof BrokenSession ? '' : ` ${error.stack?.split('\n').slice(1, 4).join(' ←')}`;
    const { nowMs: atMs } = this.#world;
    return { checker, message: `${error.message}${where}`, atMs, peer: undefined, lastEvents: this.#done };
  }
}

function stateOf({ session }: Member): string {
  if (session === undefined) return 'it does not run';
  const states = session.transfers.map(
    ({ name, state, error }) => `${name} ${state} ${error?.message ?? ''}`,
  );
  return `${states.join(', ')} ${session.isSaved ? '' : 'and it is not saved'}`;
}
