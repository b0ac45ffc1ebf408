/** When sharing is enough: so many times its size given, or for so long. Pure. */

export interface SeedLimits {
  /** Given bytes by the bytes of what is shared. */
  readonly ratioMax: number | undefined;
  readonly secondsMax: number | undefined;
}

export const noSeedLimits: SeedLimits = { ratioMax: undefined, secondsMax: undefined };

/** Which of them is reached; undefined while none is. */
export function reachedLimit(
  { ratioMax, secondsMax }: SeedLimits,
  givenBytes: number,
  sharedBytes: number,
  seconds: number,
): 'ratio' | 'time' | undefined {
  if (ratioMax !== undefined && givenBytes >= ratioMax * sharedBytes) return 'ratio';
  return secondsMax !== undefined && seconds >= secondsMax ? 'time' : undefined;
}
