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
    if (before !== undefined) await this.#session.remove(before);
    const transfer = await startTransfer(this.#session, { ...request, kind: 'share' }, signal);
    if (before === undefined) this.#all.push(transfer);
    else this.#all[this.#all.indexOf(before)] = transfer;
    return transfer;
  }

  async letGo(transfer: Transfer): Promise<void> {
    const at = this.#all.indexOf(transfer);
    if (at >= 0) this.#all.splice(at, 1);
    await this.#session.remove(transfer);
  }
}
