/** Waits until all that is wanted of a transfer is here. */
import type { Session } from '../session.ts';
import type { Transfer } from './transfer.ts';

/** Told where it lies once it has begun, and once more when it is complete. */
export type Remember = (path: string, isComplete: boolean) => Promise<void>;

/** Rejects with why that cannot be, and then it is not in the list: another try begins anew. */
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
