/**
 * A thread in place of tracker/http/uploads/upload-worker.ts that does what the first word of a body says: `stuck` for
 * ever, `memory` without end, `dies`; everything else is refused.
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
