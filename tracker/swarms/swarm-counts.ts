/** Reports the sizes of swarms to the search and the public figures: seconds late, many in one call. */
import type { Catalogue, SwarmCount } from '../catalogue/contract.ts';
import type { PublicFigures } from '../public-figures.ts';

/**
 * Search results are ranked by swarm size. A few seconds' delay does no harm and lets one call carry many
 * counts.
 */
const swarmsEveryMs = 2_000;
/** Releases per call. The search worker answers no query in the ten milliseconds that this takes. */
const swarmsAtOnceMax = 2_000;

export interface SwarmCountsOptions {
  readonly catalogue: Pick<Catalogue, 'setSwarms'>;
  readonly publicFigures: Pick<PublicFigures, 'setCounts'>;
  readonly countsOf: (releaseId: string) => SwarmCount;
  readonly onError: (error: unknown) => void;
}

export interface SwarmCounts {
  /** Call it when the swarms of this release have changed. */
  changed(releaseId: string): void;
  /** Undefined: there is nothing to report, or the next report is not due. */
  tellDue(nowMs: number): Promise<void> | undefined;
}

export function openSwarmCounts({
  catalogue,
  publicFigures,
  countsOf,
  onError,
}: SwarmCountsOptions): SwarmCounts {
  const changed = new Set<string>();
  let isTelling = false;
  let dueAtMs = 0;

  async function tell(): Promise<void> {
    const releaseIds = [...changed].slice(0, swarmsAtOnceMax);
    for (const releaseId of releaseIds) changed.delete(releaseId);
    const counts = releaseIds.map(countsOf);
    isTelling = true;
    try {
      publicFigures.setCounts(counts);
      await catalogue.setSwarms(counts);
    } catch (error) {
      for (const { releaseId } of counts) changed.add(releaseId);
      onError(error);
    } finally {
      isTelling = false;
    }
  }

  return {
    changed: (releaseId) => void changed.add(releaseId),
    tellDue(nowMs) {
      if (changed.size === 0 || isTelling || nowMs < dueAtMs) return undefined;
      dueAtMs = nowMs + swarmsEveryMs;
      return tell();
    },
  };
}
