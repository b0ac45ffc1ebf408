/**
 * The worker threads that read uploads, and the queue of uploads. Accounts and addresses take turns. If an
 * upload makes its thread exceed its time or memory, or crash, only that upload fails, and the thread is
 * replaced.
 *
 * Invariant: every upload is answered once, also when its thread dies; no upload is read after `close`.
 */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Asker, FairQueue, type QueueFull } from '../../catalogue/search/fair-queue.ts';
import { ApiError } from '../api/context.ts';
import { readerHeapMiB, readersMax, readMsMax, waitingUploads } from './limits.ts';
import type { Upload } from './read-upload.ts';
import type { UploadAnswer, UploadJob } from './upload-worker.ts';

const workerFile = new URL(`./upload-worker${extname(import.meta.url)}`, import.meta.url);

export interface UploadReaders {
  /**
   * Takes over the memory of the blocks. Rejects with ApiError, or an error with a code of catalogue or
   * database.
   */
  read(asker: Asker, job: UploadJob): Promise<Upload>;
  close(): Promise<void>;
}

export interface UploadReaderOptions {
  /** Of the catalogue's torrents. */
  readonly folder: string;
  /** The options below replace the defaults in tests. */
  readonly workerFile?: URL | undefined;
  readonly readMsMax?: number;
  readonly heapMiB?: number;
}

interface Waiting {
  readonly job: UploadJob;
  resolve(upload: Upload): void;
  reject(error: Error): void;
}

interface Reader {
  readonly worker: Worker;
  /** The upload that it reads. */
  current: Waiting | undefined;
  /**
   * True once the thread has started. Its time limit begins then, so that a slow start does not count against
   * the upload.
   */
  isReady: boolean;
  timer: NodeJS.Timeout | undefined;
}

export function openUploadReaders(options: UploadReaderOptions): UploadReaders {
  const { folder, heapMiB = readerHeapMiB } = options;
  const queue = new FairQueue<Waiting>(waitingUploads);
  const readers = new Set<Reader>();
  let isClosed = false;

  function startReader(): Reader {
    const worker = new Worker(options.workerFile ?? workerFile, {
      workerData: { folder },
      resourceLimits: { maxOldGenerationSizeMb: heapMiB },
    });
    const reader: Reader = { worker, current: undefined, isReady: false, timer: undefined };
    worker.on('message', (answer: UploadAnswer) => {
      if ('ready' in answer) {
        reader.isReady = true;
        startTimer(reader);
        return;
      }
      const { current } = reader;
      settle(reader);
      if ('upload' in answer) current?.resolve(answer.upload);
      else current?.reject(refusal(answer.refused));
      readNext();
    });
    worker.on('error', (error) => end(reader, died(error)));
    worker.on('exit', () => end(reader, died(undefined)));
    readers.add(reader);
    return reader;
  }

  function startTimer(reader: Reader): void {
    if (!reader.isReady || reader.current === undefined) return;
    reader.timer = setTimeout(() => end(reader, tooCostly()), options.readMsMax ?? readMsMax);
  }

  function settle(reader: Reader): void {
    clearTimeout(reader.timer);
    reader.current = undefined;
    // An idle thread does not keep the process alive.
    reader.worker.unref();
  }

  /** Ends a thread that has died or must be stopped. */
  function end(reader: Reader, error: Error): void {
    const { current } = reader;
    readers.delete(reader);
    settle(reader);
    void reader.worker.terminate();
    current?.reject(error);
    if (!isClosed) readNext();
  }

  function readNext(): void {
    while (queue.count > 0) {
      const idle = [...readers].find(({ current }) => current === undefined);
      if (idle === undefined && readers.size >= readersMax) return;
      const reader = idle ?? startReader();
      reader.current = queue.next()!;
      reader.worker.ref();
      startTimer(reader);
      const { job } = reader.current;
      const memory = new Set(job.blocks.map(({ buffer }) => buffer as ArrayBuffer));
      reader.worker.postMessage(job, [...memory]);
    }
  }

  return {
    read: (asker, job) =>
      new Promise((resolve, reject) => {
        if (isClosed) return reject(stopped());
        const full = queue.add(asker, { job, resolve, reject });
        if (full !== undefined) reject(busy(full));
        else readNext();
      }),
    async close() {
      isClosed = true;
      for (let waiting = queue.next(); waiting !== undefined; waiting = queue.next()) {
        waiting.reject(stopped());
      }
      const workers = [...readers].map(({ worker }) => worker);
      for (const reader of [...readers]) end(reader, stopped());
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function refusal({ code, message }: { readonly code: string; readonly message: string }): Error {
  const isOurs = code === 'bad-request' || code === 'body-too-complex';
  return isOurs ? new ApiError(400, code, message) : Object.assign(new Error(message), { code });
}

function busy(full: QueueFull): ApiError {
  if (full !== 'all') {
    const whose = full === 'account' ? 'of your account' : 'from your address';
    return new ApiError(
      429,
      'too-often',
      `too many publications ${whose} wait already: wait for one to be done`,
      5,
    );
  }
  return new ApiError(503, 'uploads-busy', 'too many publications wait to be read: try again in a moment', 5);
}

function died(error: (Error & { readonly code?: string }) | undefined): ApiError {
  return error === undefined || error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooCostly() : unreadable();
}

function tooCostly(): ApiError {
  return new ApiError(
    400,
    'upload-too-costly',
    'reading this publication takes more time or memory than one may: publish it in parts',
  );
}

function unreadable(): ApiError {
  return new ApiError(
    400,
    'upload-unreadable',
    'the tracker failed to read this publication; make its torrent anew, or tell those who run the tracker',
  );
}

function stopped(): ApiError {
  return new ApiError(503, 'uploads-busy', 'the tracker is being stopped: try again in a moment', 5);
}
