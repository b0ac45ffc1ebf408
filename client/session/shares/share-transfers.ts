/** The transfers of folders, albums or torrent files that are shared as long as they are there. */
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

  /** Those that are seeded now: one list, which changes as they come and go. */
  get all(): readonly Transfer[] {
    return this.#all;
  }

  /** Resolves when it runs. `before` ends first, and it takes its place. Rejects with why it does not run. */
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

  /** It may have ended before: the version that was to follow it could not be started. */
  async #end(transfer: Transfer): Promise<void> {
    if (!transfer.isRemoved) await this.#session.remove(transfer);
  }
}
