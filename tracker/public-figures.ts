/**
 * How much is shared with everyone: the figures of the start page. Only releases that everyone may see, and
 * their swarms, count. Pure: it is updated with releases and swarm counts as they change.
 */
import { isForEveryone } from './access.ts';
import type { ServedRelease, SwarmCount } from './catalogue/contract.ts';

export interface Figures {
  readonly releases: number;
  readonly seeds: number;
  readonly leechers: number;
}

export interface PublicFigures {
  /** Updates the state of a release. */
  setRelease(release: ServedRelease): void;
  setCounts(counts: readonly SwarmCount[]): void;
  figures(): Figures;
}

export function openPublicFigures(): PublicFigures {
  /** Releases for everyone, with their counts that the sums include. */
  const counted = new Map<string, Omit<SwarmCount, 'releaseId'>>();
  let seeds = 0;
  let leechers = 0;

  function set(releaseId: string, now: Omit<SwarmCount, 'releaseId'> | undefined): void {
    const before = counted.get(releaseId);
    seeds += (now?.seeds ?? 0) - (before?.seeds ?? 0);
    leechers += (now?.leechers ?? 0) - (before?.leechers ?? 0);
    if (now === undefined) counted.delete(releaseId);
    else counted.set(releaseId, now);
  }

  return {
    setRelease({ releaseId, access }) {
      if (!isForEveryone(access)) set(releaseId, undefined);
      else if (!counted.has(releaseId)) set(releaseId, none);
    },
    setCounts(counts) {
      for (const { releaseId, seeds, leechers } of counts)
        if (counted.has(releaseId)) set(releaseId, seeds + leechers === 0 ? none : { seeds, leechers });
    },
    figures: () => ({ releases: counted.size, seeds, leechers }),
  };
}

/** One shared object for all releases without peers. */
const none = { seeds: 0, leechers: 0 };
