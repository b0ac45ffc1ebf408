/**
 * These tests take gigabytes and minutes. They run in CI and with `CICADA_LARGE_TESTS=1 npm test --
 * test/large`, so that the everyday run stays short.
 */
import { describe } from 'vitest';

export const large = describe.skipIf(process.env.CICADA_LARGE_TESTS !== '1');

export const MiB = 1024 * 1024;
