/**
 * Saves a session's list to disk while it changes. One write runs at a time and writes the newest state. A
 * write that the disk refuses is repeated.
 */
import { asPromise } from '../../host/disk/steps.ts';
import type { Timers } from '../../host/disk/timers.ts';
import type { Transfer } from '../transfers/transfer.ts';
import type { SavedList } from './saved-list.ts';
import { savedTransfer } from './saved-transfer.ts';

/** Space may have been freed by then. */
const retryMs = 10_000;

export interface KeptList {
  readonly order: readonly string[];
  readonly limits: object;
}

export class ListKeeper {
  readonly #list: SavedList;
  readonly #timers: Timers;
  /** By id. Undefined: the transfer was removed. */
  readonly #changed = new Map<string, Transfer | undefined>();
  /**
   * By id: how many transfers with this id were removed while its torrent file stayed on the disk. A transfer
   * that is added again may have another torrent file.
   */
  readonly #generations = new Map<string, number>();
  #changedList: (() => KeptList) | undefined;
  #writing: Promise<void> | undefined;
  #cancelRetry: (() => void) | undefined;
  #tell: (error: Error) => void = () => {};
  #isTold = false;

  constructor(list: SavedList, timers: Timers) {
    this.#list = list;
    this.#timers = timers;
  }

  /** Called once when the disk refuses writes, and again only after a write has succeeded in between. */
  onTrouble(tell: (error: Error) => void): void {
    this.#tell = tell;
  }

  onChange(transfer: Transfer): void {
    if (!transfer.isRemoved) this.#note(transfer.id, transfer);
  }

  onRemoved(id: string): void {
    this.#generations.set(id, this.#generationOf(id) + 1);
    this.#note(id, undefined);
  }

  /** `list`: called when the list is written. */
  onList(list: () => KeptList): void {
    this.#changedList = list;
    this.#goOn();
  }

  /** Everything is on disk. */
  get isIdle(): boolean {
    return this.#writing === undefined && this.#changed.size === 0 && this.#changedList === undefined;
  }

  /** Resolves when everything is written, or when a write has failed. */
  async written(): Promise<void> {
    if (!this.isIdle) this.#goOn();
    await this.#writing;
  }

  async close(): Promise<void> {
    await this.written();
    this.#cancelRetry?.();
  }

  #note(id: string, transfer: Transfer | undefined): void {
    this.#changed.set(id, transfer);
    this.#goOn();
  }

  #goOn(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    // Several changes of a transfer at the same moment are one write.
    await undefined;
    try {
      while (this.#changed.size > 0 || this.#changedList !== undefined) {
        const [next] = this.#changed;
        if (next === undefined) await this.#writeList();
        else await this.#writeTransfer(...next);
        this.#isTold = false;
      }
    } catch (error) {
      if (!this.#isTold) this.#tell(error as Error);
      this.#isTold = true;
      this.#cancelRetry = this.#timers.after(retryMs, () => this.#goOn());
    } finally {
      // Cleared together with setting the retry: otherwise a change in between would cancel the retry and
      // start no write.
      this.#writing = undefined;
    }
  }

  async #writeTransfer(id: string, transfer: Transfer | undefined): Promise<void> {
    this.#changed.delete(id);
    try {
      if (transfer === undefined) {
        await asPromise(this.#list.removing(id));
        // No torrent file with this id is left, so the next one is written in any case.
        this.#generations.delete(id);
      } else await asPromise(this.#list.saving(savedTransfer(transfer), this.#generationOf(id)));
    } catch (error) {
      // A newer change of this transfer is kept.
      if (!this.#changed.has(id)) this.#changed.set(id, transfer);
      throw error;
    }
  }

  #generationOf(id: string): number {
    return this.#generations.get(id) ?? 0;
  }

  async #writeList(): Promise<void> {
    const list = this.#changedList;
    if (list === undefined) return;
    this.#changedList = undefined;
    try {
      const { order, limits } = list();
      await asPromise(this.#list.savingList(order, limits));
    } catch (error) {
      this.#changedList ??= list;
      throw error;
    }
  }
}
