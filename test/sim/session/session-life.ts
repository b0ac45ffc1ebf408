/**
 * One run of a program with a session: its disk calls for the list, its engine, its host and its checkers.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import type { OpenedList } from '../../../client/session/list/open-list.ts';
import { openList } from '../../../client/session/list/open-list.ts';
import { noLimits } from '../../../client/session/session.ts';
import { Program } from '../storage/program.ts';
import { Life } from '../world/life.ts';
import { homeLink } from '../world/link.ts';
import { lonePlace } from '../world/place.ts';
import type { World } from '../world/world.ts';
import { BrokenSession } from './broken-session.ts';
import { listFolder, type Machine } from './machine.ts';
import { SessionChecks } from './session-checks.ts';
import { SimTorrentHost } from './sim-torrent-host.ts';

/** Sessions are numbered after all peers of a world. */
const firstNumber = 500;
const syncMsMax = 8;
/** 1 January 2025, the start of virtual time. */
const epochMs = 1_735_689_600_000;

export interface LifeParts {
  readonly world: World;
  readonly machine: Machine;
  readonly session: number;
  readonly life: number;
  readonly onBroken: (error: unknown) => void;
  readonly onEvent: (text: string) => void;
}

export class SessionLife {
  readonly program: Program;
  readonly host: SimTorrentHost;
  opened: OpenedList | undefined;
  checks: SessionChecks | undefined;
  /** The session is being closed in order. */
  isClosing = false;
  readonly #life: Life;
  readonly #parts: LifeParts;
  readonly #random: Prng;

  constructor(parts: LifeParts) {
    const { world, machine, session, life, onBroken } = parts;
    const name = `session ${session}.${life}`;
    this.#parts = parts;
    this.#random = world.random.of(`${name} disk`);
    this.program = new Program({
      ...{ scheduler: world.scheduler, drive: machine.drive, random: this.#random },
      ...{ temper: machine.driveTemper, descriptorsArePaths: false, syncMsMax, jobMsMax: 1 },
      ...{ cutAtStep: undefined, cutAtRecord: undefined, onNamed: () => {}, onWrite: () => {} },
      ...{ onCall: () => {}, onThrown: onBroken },
    });
    const number = firstNumber + session;
    this.#life = new Life({
      ...{
        internet: world.internet,
        trackers: world.trackers,
        name,
        number,
        place: lonePlace(number, 'ipv4'),
      },
      ...{ link: homeLink, reachability: 'open', temper: machine.diskTemper, limits: {}, clockAheadMs: 0 },
      ...{ uploadBpsMax: 0, downloadBpsMax: 0, onHandled: () => {}, onTurn: () => {} },
      onReport: (report) => this.host.onReport(report),
    });
    const random = world.random.of(`${name} host`);
    const after = (ms: number, run: () => void) => this.program.after(ms, run);
    this.host = new SimTorrentHost({ life: this.#life, machine, random, after, onBroken });
  }

  /** The disk refused something while the list was read. */
  isRefused = false;

  /** Rejects as openList does. */
  async open(): Promise<void> {
    const { world, machine, onBroken, onEvent } = this.#parts;
    const ports = {
      ...{ host: this.host, timers: this.program.timers, resolvePeers: async () => [] },
      wallMs: () => epochMs + world.nowMs,
    };
    this.isRefused = machine.refusesList;
    const opened = await openList(ports, listFolder, this.program.fs, noLimits);
    this.isRefused ||= machine.refusesList;
    const checks = new SessionChecks(opened.session, this.host, machine);
    opened.session.onEvent((event, transfer) => {
      if (this.program.isOver) return;
      const state = event.type === 'state' ? event.state : undefined;
      onEvent(`${transfer?.name ?? 'list'} ${state ?? event.type}`);
      try {
        if (transfer !== undefined) checks.onEvent(event.type, state, transfer);
      } catch (error) {
        onBroken(error);
      }
    });
    this.opened = opened;
    this.checks = checks;
  }

  get isOver(): boolean {
    return this.program.isOver;
  }

  async close(): Promise<void> {
    this.isClosing = true;
    await this.opened?.session.close();
    if (!this.isOver && !this.host.isAtRest)
      throw new BrokenSession('work-after-close', 'files are moved or deleted, and the session is closed');
    this.program.kill();
  }

  /** Ends the program at once. `silently`: the whole machine goes down, so connections are not closed. */
  kill(silently: boolean): void {
    this.program.kill();
    this.#life.host.crash(silently);
  }

  cutPower(): void {
    this.kill(true);
    this.#parts.machine.cutPower(this.#random);
  }

  /** The power was cut during a disk call: ends the rest of this run. */
  endCut(): void {
    this.#life.host.crash(true);
    this.#parts.machine.cutPower(this.#random);
  }
}
