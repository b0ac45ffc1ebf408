/** Limits after which a torrent stops seeding: a share ratio or a time. Pure. */

export interface SeedLimits {
  /** Uploaded bytes divided by the wanted bytes of the torrent. */
  readonly ratioMax: number | undefined;
  readonly secondsMax: number | undefined;
}

export const noSeedLimits: SeedLimits = { ratioMax: undefined, secondsMax: undefined };

/** Which limit is reached; undefined if neither is. */
export function reachedLimit(
  { ratioMax, secondsMax }: SeedLimits,
  givenBytes: number,
  sharedBytes: number,
  seconds: number,
): 'ratio' | 'time' | undefined {
  if (ratioMax !== undefined && givenBytes >= ratioMax * sharedBytes) return 'ratio';
  return secondsMax !== undefined && seconds >= secondsMax ? 'time' : undefined;
}
