/**
 * The hash rate of OpenSSL on this machine, and the back end that Cicada chooses. In its own process, because
 * OpenSSL reads its environment only once.
 */
import { createHash } from 'node:crypto';
import { chooseBackends } from '../../torrents/hashing/backend.ts';

const forMs = 300;

const backends = chooseBackends(2 ** 30);
const rates = (['sha1', 'sha256'] as const).map((algorithm) => [
  algorithm,
  { rate: opensslRate(algorithm), backend: backends[algorithm] },
]);
console.log(JSON.stringify(Object.fromEntries(rates)));

/** Returns MiB/s. */
function opensslRate(algorithm: string): number {
  const message = new Uint8Array(2 ** 20);
  const startedMs = performance.now();
  let count = 0;
  while (performance.now() - startedMs < forMs) {
    createHash(algorithm).update(message).digest();
    count++;
  }
  return (count / (performance.now() - startedMs)) * 1000;
}
