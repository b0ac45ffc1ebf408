/** The transfers of folders, albums or torrent files that are shared as long as they exist. */
import type { Session } from '../session.ts';
import { startTransfer } from '../transfers/start-transfer.ts';
import type { Transfer } from '../transfers/transfer.ts';
import type { AddRequest } from '../transfers/transfer-settings.ts';

type ShareRequest = Pick<AddRequest, 'wanted' | 'place' | 'verify' | 'trust'>;

export class ShareTransfers {
  readonly #session: Session;
  readonly #all: Transfer[] = [];

  constructor(session: Session) {
    this.#session = session;
  }

  /** The transfers that are seeded now. Always the same array, which changes in place. */
  get all(): readonly Transfer[] {
    return this.#all;
  }

  /**
   * Resolves when the transfer runs. `before` is removed first, and the new transfer takes its place. Rejects
   * with the reason why it does not run.
   */
  async start(request: ShareRequest, signal: AbortSignal, before?: Transfer): Promise<Transfer> {
    try {
      if (before !== undefined) await this.#end(before);
      const transfer = await startTransfer(this.#session, { ...request, kind: 'share' }, signal);
      const at = before === undefined ? -1 : this.#all.indexOf(before);
      if (at < 0) this.#all.push(transfer);
      else this.#all[at] = transfer;
      return transfer;
    } catch (error) {
      if (before !== undefined) this.#drop(before);
      throw error;
    }
  }

  async letGo(transfer: Transfer): Promise<void> {
    this.#drop(transfer);
    await this.#end(transfer);
  }

  #drop(transfer: Transfer): void {
    const at = this.#all.indexOf(transfer);
    if (at >= 0) this.#all.splice(at, 1);
  }

  /** The transfer may be removed already, if the version that should replace it could not be started. */
  async #end(transfer: Transfer): Promise<void> {
    if (!transfer.isRemoved) await this.#session.remove(transfer);
  }
}
