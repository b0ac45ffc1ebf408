/** Opens a session over a real client, with the list of an earlier run if it is stored. */
import { join } from 'node:path';
import { makeFolders } from '../../torrents/make-folders.ts';
import type { PeerAddress } from '../engine/contract.ts';
import { type FileLock, lockFile } from '../host/claims/file-lock.ts';
import { realFiles } from '../host/disk/real-files.ts';
import { realTimers } from '../host/disk/timers.ts';
import { type ClientOptions, openClient } from '../host/open-client.ts';
import type { RecordingSummary } from '../host/recording/flight-recorder.ts';
import { type OpenedList, openList } from './list/open-list.ts';
import { noLimits } from './session.ts';
import { SessionError } from './session-error.ts';

export interface SessionOptions extends ClientOptions {
  /**
   * Stores the list in the state folder, so that it outlives the program. Without this, the session ends with
   * the program.
   */
  readonly keepsList?: boolean;
  readonly resolvePeers?: (named: readonly string[]) => Promise<readonly PeerAddress[]>;
}

export interface OpenedSession extends OpenedList {
  /** A summary of the recording that `recordInto` has made. */
  readonly recording: () => RecordingSummary | undefined;
}

/**
 * Rejects with a ClientError when the port cannot be opened, and with a SessionError: `list-in-use` when
 * another process has this list open, `list-damaged` when the list cannot be read.
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
    const opened = await openList(ports, folder, realFiles, limits).catch(async (error) => {
      await client.close();
      throw error;
    });
    return { ...opened, recording: () => client.recording };
  } catch (error) {
    lock?.release();
    throw error;
  }
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
