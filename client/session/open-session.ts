/** A session over a real client, with the list of an earlier run where it is kept. */
import { join } from 'node:path';
import { makeFolders } from '../../torrents/make-folders.ts';
import type { PeerAddress } from '../engine/contract.ts';
import { type FileLock, lockFile } from '../host/claims/file-lock.ts';
import type { FileSystem } from '../host/disk/file-system.ts';
import { realFiles } from '../host/disk/real-files.ts';
import { asPromise } from '../host/disk/steps.ts';
import { realTimers } from '../host/disk/timers.ts';
import { type ClientOptions, openClient } from '../host/open-client.ts';
import type { RecordingSummary } from '../host/recording/flight-recorder.ts';
import { ListKeeper } from './list/list-keeper.ts';
import { SavedList } from './list/saved-list.ts';
import { keptTransfer } from './list/saved-transfer.ts';
import { noLimits, Session, type SessionLimits, type SessionPorts } from './session.ts';
import { SessionError } from './session-error.ts';

export interface SessionOptions extends ClientOptions {
  /** The list outlives the program: it lies in the state folder. Without it the session ends with the program. */
  readonly keepsList?: boolean;
  readonly resolvePeers?: (named: readonly string[]) => Promise<readonly PeerAddress[]>;
}

export interface OpenedSession {
  readonly session: Session;
  /** Transfers whose files in the list cannot be read: they are left where they lie. */
  readonly damaged: readonly SessionError[];
  /** What `recordInto` has come to. */
  readonly recording: () => RecordingSummary | undefined;
}

/**
 * Rejects with a ClientError when the port cannot be had, and with a SessionError `list-in-use` when another program has
 * this list open.
 */
export async function openSession(options: SessionOptions = {}): Promise<OpenedSession> {
  const { keepsList = false, stateFolder, resolvePeers = async () => [] } = options;
  const folder = keepsList && stateFolder !== undefined ? join(stateFolder, 'session') : undefined;
  const lock = folder === undefined ? undefined : lockList(folder);
  try {
    const client = await openClient(options);
    const { uploadBpsMax = 0, downloadBpsMax = 0 } = options;
    const limits = { ...noLimits, uploadBpsMax, downloadBpsMax };
    const onClosed = () => lock?.release();
    const ports = { host: client, timers: realTimers, wallMs: Date.now, resolvePeers, onClosed };
    return { ...(await openList(ports, folder, realFiles, limits)), recording: () => client.recording };
  } catch (error) {
    lock?.release();
    throw error;
  }
}

/** The session of a list, over any ports. Limits that the list has are newer than those of `limits`. */
async function openList(
  ports: Omit<SessionPorts, 'keeper'>,
  folder: string | undefined,
  files: FileSystem,
  limits: SessionLimits,
): Promise<Omit<OpenedSession, 'recording'>> {
  if (folder === undefined) return { session: new Session(ports, limits), damaged: [] };
  const list = new SavedList(folder, files);
  const kept = await asPromise(list.reading());
  const damaged: SessionError[] = [];
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

function lockList(folder: string): FileLock {
  makeFolders(folder, 0o700);
  try {
    return lockFile(join(folder, 'lock'), 0o600, 0);
  } catch (error) {
    const message = `another program has the list in ${folder} open`;
    throw new SessionError('list-in-use', message, { cause: error });
  }
}
