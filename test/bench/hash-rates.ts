/** What OpenSSL hashes here, and what is chosen instead: in a process of its own, since it looks at its environment once. */
import { createHash } from 'node:crypto';
import { chooseBackends } from '../../torrents/hashing/backend.ts';

const forMs = 300;

const backends = chooseBackends(2 ** 30);
const rates = (['sha1', 'sha256'] as const).map((algorithm) => [
  algorithm,
  { rate: opensslRate(algorithm), backend: backends[algorithm] },
]);
console.log(JSON.stringify(Object.fromEntries(rates)));

/** → MiB/s. */
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
