/**
 * Branches that drawn seeds do not reach, and why that is right. One that can be drawn does not belong here.
 */
export interface Unreached {
  readonly file: string;
  /** What its code begins with. */
  readonly code: string;
  readonly why: string;
}

export const unreached: readonly Unreached[] = [];
