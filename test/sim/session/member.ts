/** A user with a machine and a session on it, over all lives of the program: what is told it, and what its list must be. */

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
  /** What lay of a transfer where its list says, when all was at rest. */
  readonly #content = new Map<string, Platter>();

  constructor(parts: MemberParts) {
    this.#parts = parts;
    this.machine = parts.machine;
  }

  /** Undefined while its program does not run, or reads its list. */
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
      // Its user tries again; a disk that is well has no reason.
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

  /** Something has come to rest, or time has passed. */
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
    // What is wished in the same moment may be saved without what follows.
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

  /** The program ends by itself. */
  close(then: () => void = () => {}): void {
    const life = this.#life;
    if (life === undefined || this.session === undefined) return;
    this.#run(life.close(), then);
  }

  checkEnd(): void {
    this.#life!.checks!.checkEnd();
  }

  /** All that may go wrong is over: it runs, without limits, and all that has failed is tried again. */
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
      // A cut that never came: it has called its disk too rarely.
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

  /** Its files are where the list has them, or are to be moved from or to. */
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

/** Bits of files. */
function choiceOf(mask: number) {
  return ({ index }: { readonly index: number }) => ((mask >> index) & 1) === 1;
}

/** The same for the files of a link, which are not known yet. One of the first is always wanted: it may have no other. */
function numbersOf(mask: number): FilePatterns {
  const numbers = [0, 1, 2, 3].filter((number) => number === 0 || ((mask >> number) & 1) === 1);
  return { numbers: numbers.map((number) => ({ first: number, last: number })) };
}
