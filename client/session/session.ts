/**
 * Manages transfers for a user interface: one list of torrents in queue order, the settings of each, limits
 * for all, and one stream of events. The command line is one such interface.
 *
 * Invariant: a torrent is in the list once. If the list is stored (list/), the user's settings outlive the
 * program.
 */
import { hex } from '../../torrents/byte-text.ts';
import type { PeerAddress } from '../engine/contract.ts';
import type { RateLimits } from '../host/client.ts';
import type { Timers } from '../host/disk/timers.ts';
import type { ListKeeper } from './list/list-keeper.ts';
import { type QueueLimits, turnsOf } from './queue.ts';
import { SessionError } from './session-error.ts';
import type { TorrentHost } from './torrent-host.ts';
import { Transfer } from './transfers/transfer.ts';
import type { TransferEvent } from './transfers/transfer-event.ts';
import type { AddRequest, Wanted } from './transfers/transfer-settings.ts';
import type { Earlier, TransferWorld } from './transfers/transfer-world.ts';
import { Turns } from './transfers/turns.ts';

export type SessionLimits = RateLimits & QueueLimits;

export const noLimits: SessionLimits = { uploadBpsMax: 0, downloadBpsMax: 0, downloadsMax: 0, sharesMax: 0 };

export interface SessionPorts {
  readonly host: TorrentHost;
  readonly timers: Timers;
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
  /**
   * Resolves the host names in peer addresses of magnet links. Names that cannot be resolved are left out.
   */
  readonly resolvePeers: (named: readonly string[]) => Promise<readonly PeerAddress[]>;
  /** Stores the list. Without it, the session ends with the program. */
  readonly keeper?: ListKeeper | undefined;
  /** Called at the end of close(). */
  readonly onClosed?: () => void;
}

/** Events of the list as a whole. */
export type ListEvent =
  | { readonly type: 'limits-changed'; readonly limits: SessionLimits }
  | { readonly type: 'order-changed' }
  /**
   * The list could not be written. The write is repeated; until it succeeds, a restart would lose the newest
   * changes.
   */
  | { readonly type: 'list-unsaved'; readonly error: Error };

/** `transfer`: the one that the event is about; undefined for events of the list. */
export type SessionListener = (event: TransferEvent | ListEvent, transfer: Transfer | undefined) => void;

/** Twice a second is often enough for the engine's rates. */
const lookEveryMs = 500;
/** A crash loses at most the traffic totals of the last minute. */
const saveEveryMs = 60_000;
/**
 * Content checks at once. Downloads are hashed one after the other. Shares mostly need no hashing, and the
 * hash pool serves the others in turn.
 */
const looksMax = { download: 1, share: 4 } as const;

export class Session {
  readonly #ports: SessionPorts;
  readonly #world: TransferWorld<Transfer>;
  readonly #listeners = new Set<SessionListener>();
  #transfers: Transfer[] = [];
  #limits: SessionLimits;
  /** By the info-hash that the transfer was added by, and by that of its torrent. */
  readonly #byHash = new Map<string, Transfer>();
  #areTurnsDue = false;
  #stopLooking: () => void = () => {};
  /** Index of the next transfer whose traffic is saved. */
  #savedAt = 0;
  #isClosed = false;

  /** To open the list of an earlier run, use openSession (open-session.ts). */
  constructor(ports: SessionPorts, limits: SessionLimits = noLimits) {
    this.#ports = ports;
    this.#limits = limits;
    const { host, timers, wallMs, resolvePeers } = ports;
    this.#world = {
      ...{ host, resolvePeers, wallMs },
      nowMs: () => timers.nowMs(),
      turns: { download: new Turns(looksMax.download), share: new Turns(looksMax.share) },
      emit: (transfer, event) => {
        if (event.type === 'found') this.#byHash.set(transfer.infoHash, transfer);
        this.#tell(event, transfer);
      },
      onChange: (transfer) => this.#onChange(transfer),
      saved: async () => ports.keeper?.written(),
    };
    ports.keeper?.onTrouble((error) => this.#tell({ type: 'list-unsaved', error }));
    this.#lookLater();
  }

  /** The port on which the client listens. */
  get port(): number {
    return this.#ports.host.port;
  }

  /** In queue order. */
  get transfers(): readonly Transfer[] {
    return this.#transfers;
  }

  /** By info-hash, 40 hex digits. */
  find(infoHash: string): Transfer | undefined {
    return this.#byHash.get(infoHash.toLowerCase());
  }

  /** Everything is on disk: a restart would lose nothing. */
  get isSaved(): boolean {
    return this.#ports.keeper?.isIdle ?? false;
  }

  /**
   * Adds a transfer at the end of the list. It starts when the queue allows. Throws a SessionError
   * `already-in-list`.
   */
  add(request: AddRequest): Transfer {
    return this.#take(request, undefined);
  }

  /** Adds a transfer of an earlier run. */
  addAgain(request: AddRequest, earlier: Earlier): Transfer {
    return this.#take(request, earlier);
  }

  /** Resolves when the transfer is removed. Deletes its files if `isErased`; otherwise they stay. */
  async remove(
    transfer: Transfer,
    { isErased = false }: { readonly isErased?: boolean } = {},
  ): Promise<void> {
    if (this.#byHash.get(transfer.id) !== transfer) {
      const { infoHash } = transfer;
      throw new SessionError('not-in-list', `${transfer.name} is not in the list`, { infoHash });
    }
    await transfer.remove(isErased);
  }

  /** Moves a transfer in the queue; place 0 is the first. */
  moveInQueue(transfer: Transfer, place: number): void {
    const others = this.#transfers.filter((other) => other !== transfer);
    this.#transfers = others.toSpliced(Math.max(0, place), 0, transfer);
    this.#saveList();
    this.#tell({ type: 'order-changed' });
    this.#giveTurns();
  }

  get limits(): SessionLimits {
    return this.#limits;
  }

  /** Takes effect at once, for all torrents together. */
  setLimits(change: Partial<SessionLimits>): void {
    this.#limits = { ...this.#limits, ...change };
    const { uploadBpsMax, downloadBpsMax } = this.#limits;
    this.#ports.host.setLimits({ uploadBpsMax, downloadBpsMax });
    this.#saveList();
    this.#tell({ type: 'limits-changed', limits: this.#limits });
    this.#giveTurns();
  }

  /** Events of all torrents and of the list. Returns a function that removes the listener. */
  onEvent(listener: SessionListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Stops every torrent, announces the stop to trackers, and writes the list to disk. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopLooking();
    for (const transfer of this.#transfers) transfer.freeze();
    await this.#ports.host.close();
    // Wait for moves under way, so that the list names the folders where files are.
    await Promise.all(this.#transfers.map((transfer) => transfer.settled()));
    for (const transfer of this.#transfers) {
      transfer.endRun();
      this.#ports.keeper?.onChange(transfer);
    }
    await this.#ports.keeper?.close();
    this.#ports.onClosed?.();
  }

  #take(request: AddRequest, earlier: Earlier | undefined): Transfer {
    const infoHash = infoHashOf(request.wanted);
    const known = this.find(infoHash);
    if (known !== undefined) {
      throw new SessionError('already-in-list', `${known.name} is being fetched or shared already`, {
        infoHash,
      });
    }
    const transfer = new Transfer(infoHash, request, this.#world, earlier);
    this.#transfers.push(transfer);
    this.#byHash.set(infoHash, transfer);
    if (earlier === undefined) {
      this.#ports.keeper?.onChange(transfer);
      this.#saveList();
    }
    this.#tell({ type: 'added' }, transfer);
    this.#giveTurn(transfer);
    return transfer;
  }

  #onChange(transfer: Transfer): void {
    if (transfer.isRemoved) {
      this.#transfers.splice(this.#transfers.indexOf(transfer), 1);
      for (const hash of [transfer.id, transfer.infoHash])
        if (this.#byHash.get(hash) === transfer) this.#byHash.delete(hash);
      this.#ports.keeper?.onRemoved(transfer.id);
      this.#saveList();
    } else this.#ports.keeper?.onChange(transfer);
    this.#giveTurn(transfer);
  }

  /** The transfer may want to run now, or may no longer run. */
  #giveTurn(transfer: Transfer): void {
    const { downloadsMax, sharesMax } = this.#limits;
    // Without queue limits, transfers do not affect each other. With limits, all changes of one moment are
    // handled together.
    if (downloadsMax === 0 && sharesMax === 0)
      return this.#isClosed ? undefined : transfer.setTurn(!transfer.rests);
    if (this.#areTurnsDue) return;
    this.#areTurnsDue = true;
    queueMicrotask(() => this.#giveTurns());
  }

  #giveTurns(): void {
    this.#areTurnsDue = false;
    if (this.#isClosed) return;
    const turns = turnsOf(this.#transfers, this.#limits);
    // Stop first: a stopping transfer may hold a file that a starting one waits for.
    for (const transfer of this.#transfers) if (!turns.has(transfer)) transfer.setTurn(false);
    for (const transfer of turns) transfer.setTurn(true);
  }

  #saveList(): void {
    this.#ports.keeper?.onList(() => ({ order: this.#transfers.map(({ id }) => id), limits: this.#limits }));
  }

  #lookLater(): void {
    this.#stopLooking = this.#ports.timers.after(lookEveryMs, () => {
      for (const transfer of [...this.#transfers]) transfer.look();
      this.#saveTraffic();
      this.#lookLater();
    });
  }

  /** Saves all running transfers once per saveEveryMs, some at each look. */
  #saveTraffic(): void {
    const { keeper } = this.#ports;
    if (keeper === undefined) return;
    const part = Math.ceil((this.#transfers.length * lookEveryMs) / saveEveryMs);
    for (let i = 0; i < part; i++) {
      this.#savedAt = (this.#savedAt + 1) % this.#transfers.length;
      const transfer = this.#transfers[this.#savedAt];
      if (transfer?.run.active !== undefined && transfer.run.hasNewTraffic()) keeper.onChange(transfer);
    }
  }

  #tell(event: TransferEvent | ListEvent, transfer?: Transfer): void {
    for (const listener of [...this.#listeners]) listener(event, transfer);
  }
}

/**
 * 40 hex digits. For a v2-only link, the truncated v2 hash.                                            BEP 52
 */
function infoHashOf(wanted: Wanted): string {
  if ('metainfo' in wanted) return hex(wanted.metainfo.infoHash);
  const { infoHash, infoHashV2 } = wanted.link;
  const bytes = infoHash ?? infoHashV2?.subarray(0, 20);
  if (bytes === undefined) throw new TypeError('a magnet link without an info-hash');
  return hex(bytes);
}
