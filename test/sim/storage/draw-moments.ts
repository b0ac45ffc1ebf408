/** Draws the actions at chosen moments of a life, by theme (draw-themed.ts). */
import type { Prng } from '../../../client/engine/prng.ts';
import { type CallKind, failures } from '../world/file-system/drive-temper.ts';
import type { Moment, MomentDeed, PlaceKind } from './moments.ts';
import { type Deed, deeds } from './strangers.ts';

/**
 * `others-at-flush`: other programs act while the journal syncs files; `others-at-name`: while a file gets
 * its final name; `others-at-rest`: between two lives; `others-between-writes`: while no write is under way;
 * `sync-fails`: fsync fails and drops the data it should have saved; `choices`: the user selects other files;
 * `calls-fail`: calls of one kind fail; `fails-at-stop`: they fail while the program stops; `ends`: lives end
 * at the worst moments; `goes-on`: killed lives alternate with lives that resume and may have nothing to
 * download.
 */
export const themes = [
  'others-at-flush',
  'others-at-name',
  'others-at-rest',
  'others-between-writes',
  'sync-fails',
  'sync-fails',
  'choices',
  'calls-fail',
  'fails-at-stop',
  'ends',
  'goes-on',
] as const;
export type Theme = (typeof themes)[number];

export const anyOf = <T>(random: Prng, list: readonly T[]): T => list[random.below(list.length)]!;

const when = (
  random: Prng,
  call: Moment['call'],
  on: PlaceKind,
  nthMax: number,
  act: MomentDeed,
): Moment => ({
  call,
  on,
  nth: 1 + random.below(nthMax),
  delayMs: random.below(2) === 0 ? random.below(4) : random.below(40),
  act,
});

/** One moment, or several that belong together. */
export function drawMoments(random: Prng, theme: Theme): readonly Moment[] {
  switch (theme) {
    case 'others-at-flush': {
      // The journal opens a file, inspects it, syncs it, and begins its record.
      const [call, on] = anyOf(random, [
        ['open', 'part'],
        ['look', 'part'],
        ['sync', 'part'],
        ['open', 'record'],
        ['sync', 'record'],
        ['sync', 'side'],
        ['sync', 'home'],
      ] as const);
      const deed = anyOf<Deed>(random, [...deeds, 'delete', 'disguise', 'change', 'return']);
      return [when(random, call, on, 8, { what: 'deed', deed, isThere: random.below(4) > 0 })];
    }
    case 'others-at-name': {
      const usual = ['put', 'put', 'replace', 'recreate', 'append', 'change', 'move', 'return'] as const;
      const deed = anyOf<Deed>(random, usual);
      const call = anyOf(random, ['write', 'open', 'look'] as const);
      const on = anyOf(random, ['part', 'part', 'home'] as const);
      return [when(random, call, on, 20, { what: 'deed', deed, isThere: true })];
    }
    case 'others-between-writes': {
      // The first action makes the program read the file in vain. After that it waits a second before it
      // reads the file again.
      const moment = when(random, 'write', 'part', 6, { what: 'deed', deed: 'touch', isThere: true });
      const deed = anyOf<Deed>(random, ['change', 'change', 'disguise', 'append']);
      const later = { ...moment, delayMs: moment.delayMs + 20 + random.below(200) };
      return [moment, { ...later, act: { what: 'deed', deed, isThere: true } }];
    }
    case 'sync-fails': {
      const call = anyOf(random, ['open', 'write', 'sync'] as const);
      const on = anyOf(random, ['part', 'record'] as const);
      return [when(random, call, on, 10, { what: 'fail', kind: 'sync', forMs: 1 + random.below(60) })];
    }
    case 'choices': {
      const call = anyOf(random, ['open', 'write', 'sync', 'look'] as const);
      const on = anyOf(random, ['part', 'side', 'side', 'record'] as const);
      return [when(random, call, on, 8, { what: 'select', perMille: anyOf(random, [300, 700, 1_000]) })];
    }
    case 'calls-fail': {
      const kind = anyOf(random, Object.keys(failures) as CallKind[]);
      const call = anyOf(random, ['open', 'write', 'sync', 'look', 'name'] as const);
      const on = anyOf(random, ['part', 'record'] as const);
      const forMs = 1 + random.below(100);
      const act: MomentDeed = random.below(4) === 0 ? { what: 'full', forMs } : { what: 'fail', kind, forMs };
      return [when(random, call, on, 15, act)];
    }
    case 'fails-at-stop': {
      const call = anyOf(random, ['write', 'sync', 'name'] as const);
      const stop = when(random, call, anyOf(random, ['part', 'part', 'home'] as const), 10, { what: 'stop' });
      const kind = anyOf<CallKind>(random, ['open', 'open', 'sync', 'look', 'name']);
      const delayMs = stop.delayMs + random.below(20);
      return [stop, { ...stop, delayMs, act: { what: 'fail', kind, forMs: 5 + random.below(100) } }];
    }
    case 'ends':
    case 'goes-on': {
      const on = anyOf(random, ['part', 'home', 'side', 'record'] as const);
      const call = anyOf(random, ['open', 'write', 'sync', 'name', 'look'] as const);
      const how = theme === 'goes-on' ? 'kill' : anyOf(random, ['cut', 'cut', 'kill', 'stop'] as const);
      const act = how === 'cut' ? { what: how, steps: 1 + random.below(4) } : { what: how };
      return [when(random, call, on, 12, act)];
    }
    case 'others-at-rest':
      return [];
  }
}
