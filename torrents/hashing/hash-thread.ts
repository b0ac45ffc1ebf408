/** The thread of a hashing worker: a plan comes in, the files that could not be read go out, until it is ended. */
import { parentPort } from 'node:worker_threads';
import { HashWorker } from './hash-worker.ts';
import type { SharedPlan } from './plan.ts';

const worker = new HashWorker();
parentPort!.on('message', (plan: SharedPlan) => parentPort!.postMessage(worker.hash(plan)));
