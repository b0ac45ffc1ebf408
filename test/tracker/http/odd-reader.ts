/**
 * Replaces tracker/http/uploads/upload-worker.ts. It does what the first word of a body says: `stuck` loops
 * endlessly, `memory` allocates without end, `dies` throws. Any other body is refused.
 */
import { parentPort } from 'node:worker_threads';
import type { UploadAnswer, UploadJob } from '../../../tracker/http/uploads/upload-worker.ts';

parentPort!.on('message', ({ blocks }: UploadJob) => {
  const said = Buffer.concat(blocks).toString();
  if (said.startsWith('stuck')) for (;;);
  if (said.startsWith('dies')) throw new Error('what was read is stronger');
  if (said.startsWith('memory')) for (const all: object[] = []; ; ) all.push({ n: all.length });
  parentPort!.postMessage({ refused: { code: 'torrent-invalid', message: said } } satisfies UploadAnswer);
});
parentPort!.postMessage({ ready: true } satisfies UploadAnswer);
