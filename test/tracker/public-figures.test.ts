import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ReleaseAccess } from '../../tracker/access.ts';
import { openPublicFigures } from '../../tracker/public-figures.ts';

it('figures are the sums over all releases that are public now, after any history', () => {
  const releaseId = fc.constantFrom('a', 'b', 'c');
  const step = fc.oneof(
    fc.record({
      releaseId,
      visibility: fc.constantFrom('everyone', 'members', 'nobody', undefined),
    }),
    fc.record({ releaseId, seeds: fc.nat(9), leechers: fc.nat(9) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const { setRelease, setCounts, figures } = openPublicFigures();
      const open = new Map<string, { seeds: number; leechers: number }>();
      for (const one of steps) {
        if ('seeds' in one) {
          setCounts([one]);
          if (open.has(one.releaseId)) open.set(one.releaseId, one);
          continue;
        }
        const { releaseId, visibility } = one;
        const access: ReleaseAccess | undefined = visibility && { visibility, publisherId: 1 };
        setRelease({ number: 1, releaseId, infoHashes: [], access });
        if (visibility !== 'everyone') open.delete(releaseId);
        else if (!open.has(releaseId)) open.set(releaseId, { seeds: 0, leechers: 0 });
      }
      const sum = (of: 'seeds' | 'leechers') => [...open.values()].reduce((all, one) => all + one[of], 0);
      expect(figures()).toEqual({ releases: open.size, seeds: sum('seeds'), leechers: sum('leechers') });
    }),
  );
});
