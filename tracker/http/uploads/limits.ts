/**
 * What uploads may cost, each with its reason. How often one account or address may send any: community/rate-limits.ts.
 */
import type { FairLimits } from '../../catalogue/search/fair-queue.ts';
import type { BudgetLimits } from '../api/budget.ts';
import type { JsonLimits } from './json-shape.ts';

const mebibyte = 1024 * 1024;

/** A torrent of 8 MiB in base64, a cover, and 8,000 tracks with their names. */
export const publishBytesMax = 20 * mebibyte;
/**
 * Bodies under way, from their headers to their answer: two of the largest for an account, four for an address (people
 * behind one), eight for all. Each is in memory once here, and some three times in the one thread that reads it.
 */
export const bodiesOfAccount: BudgetLimits = { perKeyMax: 2 * publishBytesMax, allMax: 8 * publishBytesMax };
export const bodiesOfAddress: BudgetLimits = { perKeyMax: 4 * publishBytesMax, allMax: 8 * publishBytesMax };

/** A body is kept in blocks of this size, so that memory grows with what has arrived, not with what was announced. */
export const blockBytes = 256 * 1024;
/** In each of these a body must bring so much, since it takes room from others: a line of 256 kbit/s. */
export const bodyPace = { everyMs: 5_000, bytes: 5 * 32 * 1024 };

/** 8,000 tracks with every field of theirs are 88,000 values. A publication is four levels deep. */
export const publishJson: JsonLimits = { valuesMax: 250_000, depthMax: 16 };

/** Threads that read uploads: one goes on while another is held by what takes long. */
export const readersMax = 2;
/**
 * Wall time. The largest torrent and 8,000 tracks take two seconds of a machine that does nothing else; these threads come
 * last where others compute as well.
 */
export const readMsMax = 30_000;
/**
 * Of one thread's heap: the text of 20 MiB, 250,000 values and the objects of 100,000 files take some 150 MiB. Buffers are
 * not counted there, and bounded by the body.
 */
export const readerHeapMiB = 384;
/** Waiting: at half a second each, the last of 32 waits for some ten seconds with two readers. */
export const waitingUploads: FairLimits = { allMax: 32, perAddressMax: 8, perAccountMax: 4 };
