/**
 * Opens a session with the list of an earlier run, over any ports. The simulator opens its lists here as
 * well.
 */
import type { FileSystem } from '../../host/disk/file-system.ts';
import { asPromise } from '../../host/disk/steps.ts';
import { noLimits, Session, type SessionLimits, type SessionPorts } from '../session.ts';
import { SessionError } from '../session-error.ts';
import { ListKeeper } from './list-keeper.ts';
import { SavedList } from './saved-list.ts';
import { keptTransfer } from './saved-transfer.ts';

export interface OpenedList {
  readonly session: Session;
  /** Transfers that could not be read from the list. Their files in the list stay where they are. */
  readonly damaged: readonly SessionError[];
}

/**
 * Without a folder, the list is not stored. Rejects with a SessionError `list-damaged` when the list cannot
 * be read from disk. Limits stored in the list override `limits`.
 */
export async function openList(
  ports: Omit<SessionPorts, 'keeper'>,
  folder: string | undefined,
  files: FileSystem,
  limits: SessionLimits,
): Promise<OpenedList> {
  if (folder === undefined) return { session: new Session(ports, limits), damaged: [] };
  const list = new SavedList(folder, files);
  const kept = await asPromise(list.reading()).catch((cause: Error) => {
    throw new SessionError('list-damaged', `the list in ${folder} cannot be read: ${cause.message}`, {
      cause,
    });
  });
  const damaged = [...kept.unreadable].map(([id, error]) => asDamaged(id, error));
  const keeper = new ListKeeper(list, ports.timers);
  const session = new Session({ ...ports, keeper }, { ...limits, ...limitsIn(kept.limits) });
  ports.host.setLimits(session.limits);
  const placeOf = new Map(kept.order.map((id, place) => [id, place]));
  const place = ({ id }: { readonly id: string }) => placeOf.get(id) ?? Number.POSITIVE_INFINITY;
  for (const saved of kept.transfers.toSorted((a, b) => place(a) - place(b) || 0)) {
    try {
      const { request, earlier } = keptTransfer(saved);
      session.addAgain(request, earlier);
    } catch (error) {
      damaged.push(asDamaged(saved.id, error));
    }
  }
  return { session, damaged };
}

function asDamaged(infoHash: string, error: unknown): SessionError {
  if (error instanceof SessionError) return error;
  const message = `what was kept of the torrent ${infoHash} cannot be read: ${(error as Error).message}`;
  return new SessionError('list-damaged', message, { infoHash, cause: error });
}

function limitsIn(value: unknown): Partial<SessionLimits> {
  if (typeof value !== 'object' || value === null) return {};
  const known = Object.entries(value).filter(
    ([name, amount]) => Object.hasOwn(noLimits, name) && Number.isSafeInteger(amount) && amount >= 0,
  );
  return Object.fromEntries(known);
}
