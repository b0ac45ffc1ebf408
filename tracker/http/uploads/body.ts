/**
 * A large body as it arrives, in blocks that are handed to another thread without being copied again. It must come whole,
 * not longer than announced, and at a pace: what it fills is taken from others.
 */
import type { Readable } from 'node:stream';
import { ApiError } from '../api/context.ts';
import { blockBytes, bodyPace } from './limits.ts';

export interface BodyOptions {
  readonly bytesMax: number;
  /** Another one for tests. */
  readonly pace?: { readonly everyMs: number; readonly bytes: number };
}

/** Rejects with ApiError; the stream is not read any further then. */
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
      // What still arrives is thrown away until the answer is out.
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
