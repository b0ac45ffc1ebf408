/**
 * Chooses the hash implementation for this machine: OpenSSL, one message at a time, or our SIMD kernels, four
 * messages at once. With the processor's SHA instructions OpenSSL is two to three times as fast as without,
 * and no vector code comes close. Without SHA instructions the kernels are about 1.6 times as fast as
 * OpenSSL.
 *
 * Left to others: using the implementations (hasher.ts).
 */
import { createHash } from 'node:crypto';
import { type Algorithm, Lanes, laneBytes, lanes } from './lanes.ts';

export type Backend = 'openssl' | 'simd';

export interface Backends {
  readonly sha1: Backend;
  readonly sha256: Backend;
}

/** For fewer bytes the measurement takes longer than the better choice saves. */
const worthMeasuringBytes = 256 * 2 ** 20;
const messageBytes = 64 * 1024;
/** V8 compiles the kernels again, optimised, during the first 2 to 15 ms. */
const warmUpMs = 12;
const roundMs = 2;
const rounds = 3;
/** The lead that SIMD needs, because copies and idle lanes cost it time. */
const leadMin = 1.1;

/**
 * The backends for hashing this many bytes. A check takes about 2 ms. If that leaves doubt, a race takes
 * about 30 ms for each wanted algorithm.
 */
export function chooseBackends(bytes: number, wanted: readonly Algorithm[] = ['sha1', 'sha256']): Backends {
  const undecided = bytes >= worthMeasuringBytes && !hasShaInstructions();
  const choose = (algorithm: Algorithm) =>
    undecided && wanted.includes(algorithm) ? race(algorithm) : 'openssl';
  return { sha1: choose('sha1'), sha256: choose('sha256') };
}

/**
 * In software SHA-256 takes OpenSSL at least twice as long as SHA-1. In hardware both take about the same
 * time. A short measurement shows which, without a list of processors.
 */
function hasShaInstructions(): boolean {
  const message = new Uint8Array(messageBytes);
  const fastest = { sha1: Number.POSITIVE_INFINITY, sha256: Number.POSITIVE_INFINITY };
  for (let round = 0; round < 5; round++) {
    for (const algorithm of ['sha1', 'sha256'] as const) {
      const startedMs = performance.now();
      createHash(algorithm).update(message).digest();
      fastest[algorithm] = Math.min(fastest[algorithm], performance.now() - startedMs);
    }
  }
  return fastest.sha256 < 1.6 * fastest.sha1;
}

function race(algorithm: Algorithm): Backend {
  const memory = new WebAssembly.Memory({ initial: 1 + (lanes * messageBytes) / 65536 });
  const offsets = Array.from({ length: lanes }, (_, lane) => 65536 + lane * messageBytes);
  const bytes = new Uint8Array(memory.buffer);
  const hasher = new Lanes(algorithm, memory, 65536 - Math.ceil(laneBytes / 16) * 16);
  const digests = new Uint8Array(lanes * 32);
  const runs = {
    simd: () => hasher.hash(offsets, messageBytes, digests),
    openssl: () => {
      for (const offset of offsets)
        createHash(algorithm)
          .update(bytes.subarray(offset, offset + messageBytes))
          .digest();
    },
  };
  rate(runs.simd, warmUpMs);
  // The best round of each counts: other programs on this machine can only slow a round down.
  const best = { simd: 0, openssl: 0 };
  for (let round = 0; round < rounds; round++) {
    for (const backend of ['openssl', 'simd'] as const)
      best[backend] = Math.max(best[backend], rate(runs[backend], roundMs));
  }
  return best.simd > leadMin * best.openssl ? 'simd' : 'openssl';
}

function rate(run: () => void, forMs: number): number {
  const startedMs = performance.now();
  let count = 0;
  let elapsedMs = 0;
  do {
    run();
    count++;
    elapsedMs = performance.now() - startedMs;
  } while (elapsedMs < forMs);
  return count / elapsedMs;
}
