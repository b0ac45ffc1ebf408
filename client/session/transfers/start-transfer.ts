/** Adds a transfer and waits until it runs. */
import type { Session } from '../session.ts';
import type { Transfer } from './transfer.ts';
import type { AddRequest } from './transfer-settings.ts';

/**
 * Rejects with the reason why it does not run; the transfer is then removed from the list. If the signal is
 * aborted first, rejects with its reason; the caller then has to close the session.
 */
export async function startTransfer(
  session: Session,
  request: AddRequest,
  signal: AbortSignal,
): Promise<Transfer> {
  signal.throwIfAborted();
  const transfer = session.add(request);
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    await Promise.race([transfer.started, stopped]);
    return transfer;
  } catch (error) {
    if (!signal.aborted) await session.remove(transfer);
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
