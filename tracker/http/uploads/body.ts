/**
 * Collects a large body in blocks that move to another thread without another copy. A body must arrive whole,
 * within its size limit and above a minimum rate, because it occupies a shared budget.
 */
import type { Readable } from 'node:stream';
import { ApiError } from '../api/context.ts';
import { blockBytes, bodyPace } from './limits.ts';

export interface BodyOptions {
  readonly bytesMax: number;
  /** Another rate for tests. */
  readonly pace?: { readonly everyMs: number; readonly bytes: number };
}

/** Rejects with ApiError. The rest of the stream is then discarded. */
export function collectBody(stream: Readable, options: BodyOptions): Promise<Uint8Array[]> {
  const { bytesMax, pace = bodyPace } = options;
  return new Promise((resolve, reject) => {
    const blocks: Uint8Array[] = [];
    let block = new Uint8Array(0);
    let filled = 0;
    let total = 0;
    let totalBefore = 0;

    const add = (chunk: Uint8Array) => {
      for (let at = 0; at < chunk.length; ) {
        if (filled === block.length) {
          if (filled > 0) blocks.push(block);
          block = new Uint8Array(blockBytes);
          filled = 0;
        }
        const part = chunk.subarray(at, at + block.length - filled);
        block.set(part, filled);
        filled += part.length;
        at += part.length;
      }
    };
    const timer = setInterval(() => {
      if (total - totalBefore < pace.bytes) fail(tooSlow(pace));
      totalBefore = total;
    }, pace.everyMs);
    const stop = () => {
      clearInterval(timer);
      stream.off('data', onData).off('end', onEnd).off('close', onCut).off('error', onCut);
    };
    const fail = (error: ApiError) => {
      stop();
      // Discards what still arrives, until the response has been sent.
      stream.on('error', () => {}).resume();
      blocks.length = 0;
      block = new Uint8Array(0);
      reject(error);
    };
    const onData = (chunk: Uint8Array) => {
      total += chunk.length;
      if (total > bytesMax)
        fail(new ApiError(413, 'body-too-large', 'the body is larger than this address takes'));
      else add(chunk);
    };
    const onEnd = () => {
      stop();
      if (filled > 0) blocks.push(block.subarray(0, filled));
      resolve(blocks);
    };
    const onCut = () => fail(new ApiError(400, 'bad-request', 'the body ended before it was whole'));
    stream.on('data', onData).once('end', onEnd).once('close', onCut).once('error', onCut);
  });
}

function tooSlow({ everyMs, bytes }: { readonly everyMs: number; readonly bytes: number }): ApiError {
  const kibibytes = Math.floor(bytes / 1024 / (everyMs / 1000));
  const message = `the body arrives too slowly: a publication needs ${kibibytes} KiB a second`;
  return new ApiError(408, 'body-too-slow', message);
}
