/** Waits until everything wanted of a transfer is fetched. */
import type { Session } from '../session.ts';
import type { Transfer } from './transfer.ts';

/** Called with the torrent's path when the transfer has started, and again when it is complete. */
export type Remember = (path: string, isComplete: boolean) => Promise<void>;

/**
 * Rejects with the reason if it cannot be fetched. A failed transfer is removed from the list, so that it can
 * be added again.
 */
export async function whenFetched(
  session: Session,
  transfer: Transfer,
  remember: Remember = async () => {},
): Promise<void> {
  try {
    await transfer.started;
    await remember(transfer.path, false);
    await transfer.completed;
    await remember(transfer.path, true);
  } catch (error) {
    if (transfer.state === 'failed') await session.remove(transfer);
    throw error;
  }
}
