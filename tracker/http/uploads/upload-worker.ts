/**
 * A worker thread that reads uploads one by one, at low priority, so that announces do not wait for it. It
 * may be terminated at any point (upload-readers.ts).
 */
import { setPriority } from 'node:os';
import process from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import { codedError } from '../../database/database-error.ts';
import { readUpload, type Upload, type UploadFrame } from './read-upload.ts';

export interface UploadJob {
  readonly frame: UploadFrame;
  /** The body, in order. */
  readonly blocks: readonly Uint8Array[];
}

/** `ready`: sent once, before all others. */
export type UploadAnswer =
  | { readonly ready: true }
  | { readonly upload: Upload }
  | { readonly refused: { readonly code: string; readonly message: string } };

const { folder } = workerData as { readonly folder: string };

// On Linux the priority applies to this thread only; elsewhere it would apply to the whole process.
if (process.platform === 'linux') setPriority(10);

const port = parentPort;
if (port === null) throw new Error('this file is a thread of the upload readers');
port.on('message', ({ frame, blocks }: UploadJob) => {
  try {
    const upload = readUpload(Buffer.concat(blocks), frame, folder);
    port.postMessage({ upload } satisfies UploadAnswer, [upload.parcel.buffer as ArrayBuffer]);
  } catch (error) {
    const { code, message } = codedError(error);
    port.postMessage({ refused: { code, message } } satisfies UploadAnswer);
  }
});
port.postMessage({ ready: true } satisfies UploadAnswer);
