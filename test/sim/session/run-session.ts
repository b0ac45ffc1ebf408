/**
 * Production sessions in a simulated world: their engines meet each other and two seeds over simulated lines, their lists lie
 * on simulated disks. Users do this and that, programs are closed and killed; then everything heals, and all that is wanted
 * has to come. Promises are driven between two events (kernel/microtasks.ts): one seed is one run.
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
/** Sessions are looked at so often, whatever happens. */
const lookEveryMs = 100;
/** What has failed is tried again. */
const healEveryMs = 5_000;
const healedMsMax = 15 * 60_000;

export interface SessionResult {
  readonly seed: number;
  readonly traceHash: string;
  readonly events: number;
  readonly virtualSeconds: number;
  readonly failure: Failure | undefined;
}

/** The same seed gives the same result, always and everywhere. One at a time. */
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
    // Some users are faster than what follows from their last wish.
    if (afterMs > 0) await this.#settle();
  }

  /** All of it comes, and is told of. */
  async #heal(): Promise<void> {
    await this.#untilWell();
    for (const member of this.#members) member.checkEnd();
  }

  /** All are closed, and find all that they had. */
  async #again(): Promise<void> {
    const told = this.#members.map(({ session }) => session!.transfers.length);
    for (const member of this.#members) member.close();
    await this.#until(() => this.#members.every(({ isOff }) => isOff), 60_000, 'close');
    await this.#untilWell();
    // What the disk had not given back at the start before comes again.
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
