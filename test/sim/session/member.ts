/**
 * A user with a machine and a session on it, over all runs of the program: carries out the user's commands
 * and checks what the list holds.
 */

import type { Session } from '../../../client/session/session.ts';
import { SessionError } from '../../../client/session/session-error.ts';
import type { FilePatterns } from '../../../client/session/transfers/file-patterns.ts';
import type { Transfer } from '../../../client/session/transfers/transfer.ts';
import { magnetOf, parseMagnet } from '../../../torrents/magnet.ts';
import type { Platter } from '../world/platter.ts';
import type { World } from '../world/world.ts';
import { BrokenSession } from './broken-session.ts';
import type { KnownTorrent } from './known-torrent.ts';
import { ListMemory } from './list-memory.ts';
import type { Machine } from './machine.ts';
import { SessionLife } from './session-life.ts';
import { type Deed, sharePlace } from './session-plan.ts';

const retryMs = 1_500;
const refused = { open: 1_000_000, write: 1_000_000, sync: 1_000_000, name: 1_000_000 };

export interface MemberParts {
  readonly world: World;
  readonly number: number;
  readonly machine: Machine;
  readonly torrents: readonly KnownTorrent[];
  readonly onBroken: (error: unknown) => void;
}

export class Member {
  readonly machine: Machine;
  readonly #parts: MemberParts;
  readonly #memory = new ListMemory();
  #life: SessionLife | undefined;
  #lives = 0;
  /** Transfer → its content in the folder that the list names, when no step was under way. */
  readonly #content = new Map<string, Platter>();

  constructor(parts: MemberParts) {
    this.#parts = parts;
    this.machine = parts.machine;
  }

  /** Undefined while the program does not run or reads its list. */
  get session(): Session | undefined {
    return this.#life?.isOver === false && !this.#life.isClosing ? this.#life.opened?.session : undefined;
  }

  get isOff(): boolean {
    return this.#life === undefined || this.#life.isOver;
  }

  get isAtRest(): boolean {
    return this.session?.isSaved === true && this.#life!.host.isAtRest;
  }

  start(): void {
    if (!this.isOff) return;
    const { world, machine, number, onBroken } = this.#parts;
    const life = new SessionLife({
      ...{ world, machine, session: number, life: this.#lives++, onBroken },
      onEvent: (text) => world.trace.mixText(`${number} ${text}`),
    });
    this.#life = life;
    const onRefused = (error: unknown) => {
      // The user tries again. A healthy disk has no reason to refuse.
      const isRefused = Object.keys(machine.driveTemper.failPpm).length > 0;
      if (!isRefused || !(error instanceof SessionError)) throw error;
      life.kill(false);
      world.scheduler.after(retryMs, () => {
        if (this.#life === life) this.start();
      });
    };
    this.#run(
      life.open().then(() => this.#onOpened(life), onRefused),
      () => {},
    );
  }

  /** To be called when all pending work is done, and at intervals. */
  look(): void {
    const life = this.#life;
    if (life === undefined || life.opened === undefined) return;
    if (life.isOver) {
      if (life.program.wasCut && life.opened !== undefined) {
        life.endCut();
        this.#life = undefined;
      }
      return;
    }
    const { session } = life.opened;
    this.#memory.note(session);
    if (life.isClosing) return;
    life.checks!.look(this.#parts.world.nowMs);
    if (life.host.isAtRest) this.#noteContent(session);
  }

  do(deed: Deed, known: KnownTorrent): void {
    const { session } = this;
    if (session === undefined) return;
    this.#do(session, deed, known);
    // A wish may be saved without those that follow at the same moment.
    if (this.session === session) this.#memory.note(session);
  }

  #do(session: Session, deed: Deed, known: KnownTorrent): void {
    const { driveTemper, drive } = this.machine;
    switch (deed.what) {
      case 'add':
        return this.#add(session, deed, known);
      case 'rates':
      case 'queue': {
        const { what, ...limits } = deed;
        return session.setLimits(limits);
      }
      case 'close':
        return this.close(() => this.#restart(deed.restMs));
      case 'kill':
        this.#life!.kill(false);
        return this.#restart(deed.restMs);
      case 'cut':
        this.#life!.program.cutIn(deed.steps);
        return this.#restart(deed.restMs);
      case 'refuse':
        driveTemper.failPpm = refused;
        return void this.#parts.world.scheduler.after(deed.forMs, () => {
          driveTemper.failPpm = {};
        });
      case 'full':
        drive.capacityBytes = 0;
        return void this.#parts.world.scheduler.after(deed.forMs, () => {
          drive.capacityBytes = Number.POSITIVE_INFINITY;
        });
      default: {
        const transfer = session.find(Buffer.from(known.metainfo.infoHash).toString('hex'));
        if (transfer !== undefined) this.#wish(session, transfer, deed);
      }
    }
  }

  /** Closes the session in order. */
  close(then: () => void = () => {}): void {
    const life = this.#life;
    if (life === undefined || this.session === undefined) return;
    this.#run(life.close(), then);
  }

  checkEnd(): void {
    this.#life!.checks!.checkEnd();
  }

  /** Ends all disturbances: the program runs, limits are removed, and failed transfers are retried. */
  heal(): void {
    this.machine.driveTemper.failPpm = {};
    this.machine.drive.capacityBytes = Number.POSITIVE_INFINITY;
    if (this.isOff) this.start();
    const { session } = this;
    if (session === undefined) return;
    session.setLimits({ uploadBpsMax: 0, downloadBpsMax: 0, downloadsMax: 0, sharesMax: 0 });
    for (const transfer of session.transfers) {
      const isLost = transfer.settings.kind === 'share' && transfer.error !== undefined;
      if (isLost) this.#remove(session, transfer, false);
      else if (transfer.rests) {
        transfer.change({ seedLimits: { ratioMax: undefined, secondsMax: undefined } });
        transfer.resume();
      }
    }
  }

  #restart(restMs: number): void {
    const life = this.#life;
    this.#parts.world.scheduler.after(restMs, () => {
      if (this.#life !== life && this.#life !== undefined) return;
      // The planned power cut never happened, because the program made too few disk calls. It happens now.
      if (this.session !== undefined) this.#life!.cutPower();
      this.start();
    });
  }

  #add(session: Session, deed: Extract<Deed, { what: 'add' }>, { metainfo }: KnownTorrent): void {
    const { how, isPaused, mask } = deed;
    const link = { link: parseMagnet(magnetOf(metainfo)) };
    const [isShare, isLink] = [how === 'share', how === 'magnet'];
    const choice = mask === undefined || isShare ? {} : { choice: isLink ? numbersOf(mask) : choiceOf(mask) };
    try {
      session.add({
        ...{ wanted: isLink ? link : { metainfo }, kind: isShare ? 'share' : 'download' },
        ...{ place: isShare ? sharePlace : deed.place, isPaused, ...choice },
      });
    } catch (error) {
      if (!(error instanceof SessionError) || error.code !== 'already-in-list') throw error;
    }
  }

  #wish(session: Session, transfer: Transfer, deed: Deed): void {
    switch (deed.what) {
      case 'pause':
        return transfer.pause();
      case 'resume':
        return transfer.resume();
      case 'recheck':
        return transfer.recheck();
      case 'move':
        return transfer.move(deed.place);
      case 'select':
        if (transfer.settings.kind === 'share') return;
        transfer.select(transfer.link === undefined ? choiceOf(deed.mask) : numbersOf(deed.mask));
        return this.#life!.checks!.onSelected(transfer);
      case 'order':
        return transfer.change({ isSequential: deed.isSequential });
      case 'enough':
        return transfer.change({ seedLimits: { ratioMax: deed.ratioMax, secondsMax: undefined } });
      case 'place':
        return session.moveInQueue(transfer, deed.place);
      case 'remove':
      case 'erase':
        return this.#remove(session, transfer, deed.what === 'erase');
    }
  }

  #remove(session: Session, transfer: Transfer, isErased: boolean): void {
    const life = this.#life!;
    this.#run(session.remove(transfer, { isErased }), () => {
      if (isErased && !life.isOver && !life.isClosing) life.checks!.onErased(transfer);
    });
  }

  #onOpened({ opened, isRefused }: SessionLife): void {
    const { session, damaged } = opened!;
    if (damaged.length > 0 && !isRefused) throw new BrokenSession('list', `damaged: ${damaged[0]!.message}`);
    this.#memory.check(
      session,
      damaged.map(({ infoHash }) => infoHash!),
    );
    if (this.#memory.isExact) for (const transfer of session.transfers) this.#checkContent(transfer);
    this.#content.clear();
  }

  #noteContent(session: Session): void {
    for (const transfer of session.transfers) {
      if (transfer.link !== undefined) continue;
      const platter = this.machine.at(transfer.metainfo, transfer.settings.place);
      if (platter === undefined) this.#content.delete(transfer.id);
      else this.#content.set(transfer.id, platter);
    }
  }

  /** The files must be in the folder that the list names, or in the source or target of its move. */
  #checkContent(transfer: Transfer): void {
    const { id, name, link, settings } = transfer;
    const platter = this.#content.get(id);
    if (platter === undefined || link !== undefined) return;
    const { metainfo } = transfer;
    const { place, moveInto } = settings;
    const places = [place, moveInto].filter((one) => one !== undefined);
    const lie = this.machine.placesOf(metainfo).filter((one) => this.machine.at(metainfo, one) === platter);
    if (lie.length > 0 && !lie.some((one) => places.includes(one)))
      throw new BrokenSession(
        'files-left',
        `${name} lies in ${lie.join()}, and its list says ${places.join()}`,
      );
  }

  #run(work: Promise<unknown>, then: () => void): void {
    work.then(then).catch((error) => {
      const isExpected = error instanceof SessionError && error.code === 'not-in-list';
      if (!isExpected) this.#parts.onBroken(error);
    });
  }
}

/** One bit per file. */
function choiceOf(mask: number) {
  return ({ index }: { readonly index: number }) => ((mask >> index) & 1) === 1;
}

/**
 * The same choice for a magnet link, whose files are not known yet. The first file is always wanted, because
 * the torrent may have only one.
 */
function numbersOf(mask: number): FilePatterns {
  const numbers = [0, 1, 2, 3].filter((number) => number === 0 || ((mask >> number) & 1) === 1);
  return { numbers: numbers.map((number) => ({ first: number, last: number })) };
}
