/**
 * Everything a user interface needs of transfers, without a terminal: one list of torrents, in the order of their turns;
 * what is wished of each; limits of all; one stream of events. The command line is one interface above it, others may be.
 *
 * Invariant: a torrent is in the list once. With a list that is kept (list/), what was wished outlives the program.
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
  /** Peers by name, as magnet links may have them; those that lead nowhere are left out. */
  readonly resolvePeers: (named: readonly string[]) => Promise<readonly PeerAddress[]>;
  /** Where the list is kept; without it the session ends with the program. */
  readonly keeper?: ListKeeper | undefined;
  /** The last word of close(). */
  readonly onClosed?: () => void;
}

/** What happens to the list as a whole. */
export type ListEvent =
  | { readonly type: 'limits-changed'; readonly limits: SessionLimits }
  | { readonly type: 'order-changed' }
  /** The disk refuses the list. It is tried again; until then a restart would not know what is new. */
  | { readonly type: 'list-unsaved'; readonly error: Error };

/** `transfer`: whose event it is; undefined where it is the list's. */
export type SessionListener = (event: TransferEvent | ListEvent, transfer: Transfer | undefined) => void;

/** Two looks a second are what the engine's rates are worth. */
const lookEveryMs = 500;
/** What was given is kept for people alone: a minute of it may be lost. */
const saveEveryMs = 60_000;
/** Looks at folders at once. Downloads are compared one after the other; shares are mostly remembered, and hashed in turn. */
const looksMax = { download: 1, share: 4 } as const;

export class Session {
  readonly #ports: SessionPorts;
  readonly #world: TransferWorld<Transfer>;
  readonly #listeners = new Set<SessionListener>();
  #transfers: Transfer[] = [];
  #limits: SessionLimits;
  /** By the info-hash that each was added by, and by that of its torrent. */
  readonly #byHash = new Map<string, Transfer>();
  #areTurnsDue = false;
  #stopLooking: () => void = () => {};
  /** The next whose traffic is looked at. */
  #savedAt = 0;
  #isClosed = false;

  /** The list of an earlier run is opened by openSession (open-session.ts). */
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

  /** Where it listens. */
  get port(): number {
    return this.#ports.host.port;
  }

  /** In the order of their turns. */
  get transfers(): readonly Transfer[] {
    return this.#transfers;
  }

  /** By its info-hash, 40 hex digits. */
  find(infoHash: string): Transfer | undefined {
    return this.#byHash.get(infoHash.toLowerCase());
  }

  /** What a restart would know is all there is to know. */
  get isSaved(): boolean {
    return this.#ports.keeper?.isIdle ?? false;
  }

  /** At the end of the list. It begins by itself when it has its turn. Throws a SessionError `already-in-list`. */
  add(request: AddRequest): Transfer {
    return this.#take(request, undefined);
  }

  /** As it was in an earlier run. */
  addAgain(request: AddRequest, earlier: Earlier): Transfer {
    return this.#take(request, earlier);
  }

  /** Resolves when it is gone; with `isErased` its files are, too. What it has fetched stays otherwise. */
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

  /** Its turn comes before that of those behind it; 0 is the first. */
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

  /** From now on, for all torrents together. */
  setLimits(change: Partial<SessionLimits>): void {
    this.#limits = { ...this.#limits, ...change };
    const { uploadBpsMax, downloadBpsMax } = this.#limits;
    this.#ports.host.setLimits({ uploadBpsMax, downloadBpsMax });
    this.#saveList();
    this.#tell({ type: 'limits-changed', limits: this.#limits });
    this.#giveTurns();
  }

  /** Of all torrents, as they come. Answers how to end it. */
  onEvent(listener: SessionListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Every torrent is stopped, trackers are told, and what is kept is on the disk. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopLooking();
    for (const transfer of this.#transfers) transfer.freeze();
    await this.#ports.host.close();
    // Files under way are where the list will say.
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

  /** It may want a turn now, or none. */
  #giveTurn(transfer: Transfer): void {
    const { downloadsMax, sharesMax } = this.#limits;
    // Without a queue it is nothing to the others; with one, all that happens in one moment is one look at them.
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
    // Those that lose it first: what they hold may be what another one waits for.
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

  /** All of them within saveEveryMs, a part at each look. */
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

/** 40 hex digits: of version 2 alone, the first of its hash.  BEP 52 */
function infoHashOf(wanted: Wanted): string {
  if ('metainfo' in wanted) return hex(wanted.metainfo.infoHash);
  const { infoHash, infoHashV2 } = wanted.link;
  const bytes = infoHash ?? infoHashV2?.subarray(0, 20);
  if (bytes === undefined) throw new TypeError('a magnet link without an info-hash');
  return hex(bytes);
}
