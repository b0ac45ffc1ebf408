/** A process that runs sessions for seed-pool.ts. Its input is a seed, its output the result. */
import process from 'node:process';
import { runSession } from '../session/run-session.ts';
import type { SeedDone } from './seed-worker.ts';

process.on('message', async (seed: number) => {
  const result = { ...(await runSession(seed)), completed: 0, failed: 0, peers: [] };
  process.send!({ seed, result } satisfies SeedDone);
});
