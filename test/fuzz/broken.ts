/** Targets that break the rules, for testing that the runner detects it. */
import type { FuzzTarget } from './fuzz-target.ts';

const hoard: Uint8Array[] = [];

export const targets: readonly FuzzTarget[] = [
  {
    name: 'throws',
    count: 100,
    run(random) {
      if (random.once(10)) throw new Error('on purpose');
    },
  },
  {
    name: 'hangs',
    count: 10,
    run() {
      for (;;);
    },
  },
  {
    name: 'slow',
    count: 1,
    run() {
      const endMs = performance.now() + 60;
      while (performance.now() < endMs);
    },
  },
  {
    name: 'hoards',
    count: 1,
    run() {
      hoard.push(new Uint8Array(32 * 2 ** 20));
    },
  },
];
