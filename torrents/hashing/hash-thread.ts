/** The thread of a hashing worker: receives plans and answers each with the files that could not be read. */
import { parentPort } from 'node:worker_threads';
import { HashWorker } from './hash-worker.ts';
import type { SharedPlan } from './plan.ts';

const port = parentPort;
if (port === null) throw new Error('this file is a thread of the pool');
const worker = new HashWorker();
port.on('message', (plan: SharedPlan) => port.postMessage(worker.hash(plan)));
