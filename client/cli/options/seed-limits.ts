/** When seeding stops: at an upload ratio, or after a time. */
import type { Options } from 'yargs';
import { duration } from '../../../torrents/wording.ts';
import type { SeedLimits } from '../../session/transfers/seed-limits.ts';
import { badOption } from '../cli-error.ts';
import { parseDuration } from './duration-parser.ts';

export const seedLimitOptions = {
  'seed-ratio': {
    type: 'string',
    requiresArg: true,
    describe: 'Stop at this ratio of upload to size: 1.5; 0: never',
    coerce: parseRatio,
  },
  'seed-time': {
    type: 'string',
    requiresArg: true,
    describe:
      'Stop after this time: 90s, 45min, 2h; a plain number is minutes; the first limit reached counts',
    coerce: (text: string) => parseDuration(text, '--seed-time', { bare: 'min', example: '90' }),
  },
} as const satisfies Record<string, Options>;

interface LimitArgs {
  readonly 'seed-ratio'?: number | undefined;
  /** In seconds. */
  readonly 'seed-time'?: number | undefined;
}

export function seedLimits(args: LimitArgs): SeedLimits {
  const ratio = args['seed-ratio'] ?? 0;
  const seconds = args['seed-time'] ?? 0;
  return {
    ratioMax: ratio > 0 ? ratio : undefined,
    secondsMax: seconds > 0 ? seconds : undefined,
  };
}

/** Which limit was reached, in words. */
export function limitWords({ ratioMax, secondsMax = 0 }: SeedLimits, reached: 'ratio' | 'time'): string {
  return reached === 'ratio' ? `ratio ${ratioMax} is reached` : `${duration(secondsMax)} are over`;
}

/**
 * Negative, infinite and unreadable numbers are refused. The limit is just under a million, which is never
 * reached.
 */
function parseRatio(text: string): number {
  const number = /^\d{1,6}(\.\d{1,4})?$/.test(text) ? Number(text) : Number.NaN;
  if (number >= 0) return number;
  throw badOption(`--seed-ratio: "${text}" is not a number; give it like 1.5, or 0 for no end`);
}
