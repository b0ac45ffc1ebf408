/** When sharing is enough: so many times its size given, or so many minutes. */
import type { Options } from 'yargs';
import { badOption } from './cli-error.ts';
import { duration } from './wording.ts';

export interface SeedLimits {
  /** Given bytes by the bytes of what is shared. */
  readonly ratioMax: number | undefined;
  readonly secondsMax: number | undefined;
}

export const noSeedLimits: SeedLimits = { ratioMax: undefined, secondsMax: undefined };

export const seedLimitOptions = {
  'seed-ratio': {
    type: 'string',
    requiresArg: true,
    describe: 'Share until so many times its size was given: 1.5; 0 for no end',
    coerce: (text: string) => numberFrom(text, '--seed-ratio', '1.5'),
  },
  'seed-time': {
    type: 'string',
    requiresArg: true,
    describe: 'Share for so many minutes; whichever comes first ends it',
    coerce: (text: string) => numberFrom(text, '--seed-time', '90'),
  },
} as const satisfies Record<string, Options>;

interface LimitArgs {
  readonly 'seed-ratio'?: number | undefined;
  readonly 'seed-time'?: number | undefined;
}

export function seedLimits(args: LimitArgs): SeedLimits {
  const ratio = args['seed-ratio'] ?? 0;
  const minutes = args['seed-time'] ?? 0;
  return {
    ratioMax: ratio > 0 ? ratio : undefined,
    secondsMax: minutes > 0 ? minutes * 60 : undefined,
  };
}

/** Why it is enough, in words; undefined while it is not. */
export function reachedLimit(
  { ratioMax, secondsMax }: SeedLimits,
  givenBytes: number,
  sharedBytes: number,
  seconds: number,
): string | undefined {
  if (ratioMax !== undefined && givenBytes >= ratioMax * sharedBytes) return `ratio ${ratioMax} is reached`;
  if (secondsMax !== undefined && seconds >= secondsMax) return `${duration(secondsMax)} are over`;
  return undefined;
}

/** Negative, endless and unreadable numbers are refused; a million of either is for ever. */
function numberFrom(text: string, what: string, example: string): number {
  const number = /^\d{1,6}(\.\d{1,4})?$/.test(text) ? Number(text) : Number.NaN;
  if (number >= 0) return number;
  throw badOption(`${what}: "${text}" is not a number; give it like ${example}, or 0 for no end`);
}
