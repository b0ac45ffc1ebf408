/**
 * One torrent of a session, from adding to removal. A command changes the settings at once. The resulting
 * steps (next-step.ts) are taken one after the other in the background.
 */
import type { ActiveTorrent } from '../../host/active-torrent.ts';
import { ClientError } from '../../host/client-error.ts';
import type { PendingMagnet } from '../../host/pending-magnet.ts';
import { Following } from '../following/following.ts';
import { type Choice, choiceFor, choiceOfLink } from './file-patterns.ts';
import { paced } from './move-progress.ts';
import type { Step, TransferState } from './next-step.ts';
import { moveTarget, placedIn, wishedInto } from './relocation.ts';
import { findTorrent, type StartPorts, startTorrent } from './starting.ts';
import { StepLoop } from './step-loop.ts';
import type { TransferEvent } from './transfer-event.ts';
import { TransferRun } from './transfer-run.ts';
import type { AddRequest, TransferSettings } from './transfer-settings.ts';
import { TransferView } from './transfer-view.ts';
import type { Earlier, TransferWorld } from './transfer-world.ts';

export class Transfer extends TransferView {
  readonly run: TransferRun;
  readonly #world: TransferWorld<Transfer>;
  readonly #onTurn: AddRequest['onTurn'];
  readonly #loop: StepLoop;
  #toldState: TransferState | undefined;

  constructor(id: string, request: AddRequest, world: TransferWorld<Transfer>, earlier?: Earlier) {
    const { onTurn, wanted, ...settings } = request;
    super(id, wanted, settings);
    this.#onTurn = onTurn;
    this.#world = world;
    const before = { isComplete: request.kind === 'share', dates: { addedMs: world.wallMs() }, ...earlier };
    this.run = new TransferRun(this.#follow(), world, before);
    this.#loop = new StepLoop({
      next: () => this.standing.next(this.moment),
      take: (step, signal) => this.#take(step, signal),
      onFailed: (error) => this.#fail(error),
      onStep: () => this.#tellState(),
    });
  }

  protected get step(): Step | undefined {
    return this.#loop.step;
  }

  pause(): void {
    this.#wish({ isPaused: true });
  }

  /** Also retries a failed transfer. */
  resume(): void {
    this.#tryAgain();
    this.#wish({ isPaused: false });
  }

  /** Hashes all files, even if they were verified before. */
  recheck(): void {
    this.#tryAgain();
    this.standing.isDoubted = true;
    this.#wish({});
  }

  /** Moves the files into another folder and continues there. */
  move(into: string): void {
    this.#tryAgain();
    this.#wish(wishedInto(this.current, into));
  }

  /**
   * Changes the wanted files and their priorities. Throws a ClientError when the disk refuses, or a
   * SessionError `nothing-chosen`. After an error nothing has changed.
   */
  select(choice: Choice): void {
    const chosen = 'metainfo' in this.wanted ? choiceFor(this.metainfo, choice) : undefined;
    const active = this.#loop.step === 'stop' ? undefined : this.run.active;
    if (chosen !== undefined) active?.select(chosen);
    this.run.refresh();
    if (active === undefined || !this.run.isComplete) {
      this.onMoreWanted();
      this.run.reopen();
    }
    this.#wish({ choice });
    if (active !== undefined) this.#awaitCompletion(active);
  }

  /** Changes other settings that may change at any time. */
  change(change: Pick<Partial<TransferSettings>, 'isSequential' | 'seedLimits' | 'spaceCheck'>): void {
    if (change.isSequential !== undefined) this.run.active?.setSequential(change.isSequential);
    this.#wish(change);
  }

  setTurn(hasTurn: boolean): void {
    this.standing.hasTurn = hasTurn;
    this.#loop.goOn();
  }

  /**
   * Resolves when the transfer is removed, with its files if `isErased`. Rejects when the files cannot be
   * deleted: then the transfer stays.
   */
  async remove(isErased: boolean): Promise<void> {
    this.standing.removal = { isErased: isErased || this.standing.removal?.isErased === true };
    this.#loop.goOn();
    this.#tellState();
    await this.#loop.settled();
    if (!this.isRemoved && this.standing.error !== undefined) throw this.standing.error;
  }

  /** Resolves when no step is under way. */
  settled(): Promise<void> {
    return this.#loop.settled();
  }

  /** The session closes: no further step begins, and the end of the torrent is not a failure. */
  freeze(): void {
    this.standing.end ??= 'closed';
    this.#loop.goOn();
  }

  /** The host has stopped the torrent. */
  endRun(): void {
    if (this.run.active !== undefined) this.run.end(this.run.active);
  }

  /** To be called a few times a second, for changes that depend on time alone. */
  look(): void {
    this.run.following.look();
    const { seedLimits } = this.current;
    const limit = seedLimits && this.run.reachedLimit(seedLimits);
    if (limit === undefined) return;
    this.#world.emit(this, { type: 'limit-reached', limit });
    this.pause();
  }

  #wish(change: Partial<TransferSettings>): void {
    this.current = { ...this.current, ...change };
    this.#world.onChange(this);
    this.#loop.goOn();
    this.#tellState();
  }

  #tryAgain(): void {
    if (this.standing.error === undefined) return;
    this.standing.error = undefined;
    this.onMoreWanted();
  }

  #follow(): Following {
    const { nowMs, host, emit } = this.#world;
    const freeBytes = () => host.freeBytes(this.current.place);
    const tell = (event: TransferEvent) => {
      if (event.type === 'pieces-lost') this.#onLost();
      emit(this, event);
    };
    return new Following(tell, { nowMs, freeBytes });
  }

  #onLost(): void {
    this.run.refresh();
    this.#world.onChange(this);
    this.#tellState();
  }

  #take(step: Step, signal: AbortSignal): Promise<void> {
    const { onReport } = this.run.following;
    const ports = { signal, onReport, emit: (event: TransferEvent) => this.#world.emit(this, event) };
    const steps: Readonly<Record<Step, () => Promise<void>>> = {
      find: () => this.#find(ports),
      start: () => this.#start(ports),
      stop: () => this.#stop(),
      forget: () => this.#forget(),
      move: () => this.#move(),
      remove: () => this.#remove(),
    };
    return steps[step]();
  }

  async #find(ports: StartPorts): Promise<void> {
    const { link } = this;
    if (link === undefined) return;
    const onPending = (search: PendingMagnet | undefined) => {
      this.run.search = search;
    };
    const { metainfo, peers } = await findTorrent(link, this.current, this.#world, ports, onPending);
    this.wanted = { metainfo };
    const isPaused = this.current.pausesWhenFound ?? this.current.isPaused ?? false;
    const choice = this.current.choice ?? choiceOfLink(link);
    this.current = { ...this.current, peers, isPaused, choice };
    // Peers reported during the metadata search are reported again for the download.
    this.run.following = this.#follow();
    this.onFound();
    ports.emit({ type: 'found' });
    this.#world.onChange(this);
  }

  async #start(ports: StartPorts): Promise<void> {
    const started = await startTorrent(this.metainfo, this.current, this.#world, ports, this.#onTurn);
    const { active } = started;
    const wasComplete = this.run.isComplete;
    this.run.begin(started);
    if (this.run.isComplete !== wasComplete) this.#world.onChange(this);
    if (this.current.isSequential) active.setSequential(true);
    this.onStarted();
    ports.emit({ type: 'started' });
    this.#awaitCompletion(active);
  }

  #awaitCompletion(active: ActiveTorrent): void {
    active.completed.then(
      () => {
        // The selection may have grown since. A later call waits for that.
        if (this.run.active !== active || !active.status().complete) return;
        const isNews = this.run.onCompleted();
        this.onCompleted();
        if (isNews) this.#world.emit(this, { type: 'completed' });
        this.#world.onChange(this);
        this.#tellState();
      },
      (error: Error) => {
        // A rejection caused by this transfer's own stop is not a failure.
        if (this.standing.end !== undefined || this.run.active !== active || this.#loop.step === 'stop')
          return;
        this.#endRun(active);
        this.#fail(error);
      },
    );
  }

  async #stop(): Promise<void> {
    const { active } = this.run;
    if (active === undefined) return;
    const stopped = this.standing.removal === undefined ? active.stop() : active.remove();
    // Also when the last resume record could not be written, because the torrent no longer runs.
    await stopped.finally(() => this.#endRun(active));
  }

  #endRun(active: ActiveTorrent): void {
    this.run.end(active);
    this.#world.onChange(this);
  }

  async #forget(): Promise<void> {
    this.standing.isDoubted = false;
    if ('metainfo' in this.wanted) await this.#world.host.forget(this.metainfo, this.path);
  }

  async #move(): Promise<void> {
    const { place } = this.current;
    const into = moveTarget(this.current);
    if (into === undefined) return;
    let next = place;
    try {
      this.current = { ...this.current, moveBegun: into };
      this.#world.onChange(this);
      await this.#world.saved();
      next = 'metainfo' in this.wanted ? await this.#moveFiles(place, into) : into;
    } finally {
      // Set only at the end, so that a restart finishes an interrupted move. After a failure the files are
      // where they were.
      this.current = { ...this.current, ...placedIn(this.current, next) };
    }
    this.#world.emit(this, { type: 'moved', place: next });
    this.#world.onChange(this);
  }

  #moveFiles(place: string, into: string): Promise<string> {
    const { nowMs, host, emit } = this.#world;
    const tell = paced(nowMs, (progress) => emit(this, { type: 'moving', ...progress }));
    return host.move(this.metainfo, place, into, tell);
  }

  async #remove(): Promise<void> {
    const isErased = this.standing.removal?.isErased === true;
    if (isErased && 'metainfo' in this.wanted)
      await this.#world.host.erase(this.metainfo, this.current.place);
    this.standing.end = 'removed';
    this.onEnd(new ClientError('stopped', `${this.name} was removed`));
    this.#world.onChange(this);
    this.#world.emit(this, { type: 'removed', isErased });
  }

  #fail(error: Error): void {
    this.standing.error = error;
    this.standing.removal = undefined;
    this.onEnd(error);
    this.#world.emit(this, { type: 'failed', error });
    this.#world.onChange(this);
  }

  #tellState(): void {
    const { state } = this;
    if (state === this.#toldState) return;
    this.#toldState = state;
    this.#world.emit(this, { type: 'state', state });
  }
}
