/**
 * The limits of uploads, each with its reason. Rate limits per account and address:
 * community/sign-in/rate-limits.ts.
 */
import type { FairLimits } from '../../catalogue/search/fair-queue.ts';
import type { BudgetLimits } from '../api/budget.ts';
import type { JsonLimits } from './json-shape.ts';

const mebibyte = 1024 * 1024;

/** A torrent of 8 MiB in base64, a cover, and 8,000 tracks with their names. */
export const publishBytesMax = 20 * mebibyte;
/**
 * Bodies in progress, from their headers to their answer: two of the largest per account, four per address
 * (which users may share), eight in total. A body is in memory once here, and about three times in the one
 * thread that reads it.
 */
export const bodiesOfAccount: BudgetLimits = { perKeyMax: 2 * publishBytesMax, allMax: 8 * publishBytesMax };
export const bodiesOfAddress: BudgetLimits = { perKeyMax: 4 * publishBytesMax, allMax: 8 * publishBytesMax };

/**
 * A body is kept in blocks of this size, so memory grows with the bytes received, not with the announced
 * length.
 */
export const blockBytes = 256 * 1024;
/** A body must bring this many bytes in each interval, because it occupies a shared budget: 256 kbit/s. */
export const bodyPace = { everyMs: 5_000, bytes: 5 * 32 * 1024 };

/** 8,000 tracks with all their fields are 88,000 values. A publication is four levels deep. */
export const publishJson: JsonLimits = { valuesMax: 250_000, depthMax: 16 };

/** Two threads, so that one works while a slow upload occupies the other. */
export const readersMax = 2;
/**
 * Wall time. The largest torrent with 8,000 tracks takes two seconds on an idle machine, but these threads
 * run at the lowest priority.
 */
export const readMsMax = 30_000;
/**
 * Heap of one thread. The text of 20 MiB, 250,000 values and the objects of 100,000 files take about 150 MiB.
 * Buffers are not counted here; the size of the body bounds them.
 */
export const readerHeapMiB = 384;
/** Waiting uploads. At half a second each, the last of 32 waits about ten seconds for two readers. */
export const waitingUploads: FairLimits = { allMax: 32, perAddressMax: 8, perAccountMax: 4 };
