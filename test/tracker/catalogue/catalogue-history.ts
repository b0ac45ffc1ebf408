/**
 * Histories of small catalogues: random steps of publishing, changing and withdrawing, played on a real one.
 * With `only`, a catalogue is built that was only ever given what is visible at the end, in its final state.
 */
import fc from 'fast-check';
import type { Viewer } from '../../../tracker/access.ts';
import type { reads, writes } from '../../../tracker/catalogue/catalogue-stores.ts';
import type { SwarmCount, WantedAccess } from '../../../tracker/catalogue/contract.ts';
import { type Album, publication, releaseIdOf } from './catalogue-album.ts';

export interface CatalogueStores {
  readonly write: ReturnType<typeof writes>;
  readonly read: ReturnType<typeof reads>;
}

export const as = (accountId: number, groupIds: number[] = []): Viewer => ({
  ...{ accountId, role: 'member', groupIds },
});
export const anonymous: Viewer = { role: 'anonymous', groupIds: [] };

/** Many words one typo or one part apart, more than the eight places for similar words. */
const alike = [
  ...[...'abcdefghijklmnopqrstuvwxyz'].map((letter) => `lov${letter}`),
  ...['love', 'love', 'glove', 'lover', 'lovve', 'lve', 'clover', 'lovely', 'live'],
];
const others = [
  'Hoppípolla',
  'hopipolla',
  'ночь',
  'ночью',
  'ноч',
  '愛の歌',
  '愛',
  'U2',
  '!!!',
  '1999',
  '1998',
];

export const word = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...alike) },
  { weight: 1, arbitrary: fc.constantFrom(...others) },
);
const text = fc.array(word, { minLength: 1, maxLength: 3 }).map((all) => all.join(' '));
export const account = fc.integer({ min: 1, max: 4 });
const group = fc.integer({ min: 7, max: 8 });
export const access: fc.Arbitrary<WantedAccess> = fc.oneof(
  fc.constantFrom<WantedAccess>(
    { visibility: 'everyone' },
    { visibility: 'members' },
    { visibility: 'nobody' },
  ),
  group.map((groupId): WantedAccess => ({ visibility: 'group', groupId })),
  fc.array(account, { maxLength: 3 }).map((peopleIds): WantedAccess => ({ visibility: 'people', peopleIds })),
);
const track = fc.record({
  ...{ title: text, codec: fc.constantFrom('flac', 'mp3'), artist: text },
  ...{ durationMs: fc.constantFrom(1_000, 200_000), bitRate: fc.constantFrom(128_000, 900_000) },
});
const album: fc.Arbitrary<Album> = fc.record(
  {
    ...{ album: text, artist: text, genre: fc.constantFrom('Rock', 'love') },
    year: fc.integer({ min: 1998, max: 2001 }),
    tracks: fc.array(track, { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: ['album', 'tracks'] },
);
export const slotCount = 14;
const slot = fc.nat(slotCount - 1);
export const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant('publish' as const), slot, by: account, album, access }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ do: fc.constant('version' as const), slot, album },
      access: fc.option(access, { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('access' as const), slot, access }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('withdraw' as const), slot }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('swarm' as const), slot, seeds: fc.nat(2) }) },
);
export type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

export const viewer: fc.Arbitrary<Viewer> = fc.oneof(
  fc.constant(anonymous),
  fc.record({
    accountId: fc.integer({ min: 1, max: 5 }),
    // A publisher may be a guest now, or may have left the group.
    role: fc.constantFrom('guest' as const, 'member' as const, 'moderator' as const, 'owner' as const),
    groupIds: fc.subarray([7, 8]),
  }),
);
export interface Kept {
  readonly access: WantedAccess & { readonly publisherId: number };
  readonly version: number;
  readonly made: number;
}

/** Plays the steps. Returns the releases left at the end, by slot. */
export function play(
  bench: CatalogueStores,
  steps: readonly Step[],
  only?: ReadonlyMap<number, Kept>,
): Map<number, Kept> {
  const kept = new Map<number, Kept>();
  /** An id belongs to its first publisher, even after a withdrawal. */
  const publishers = new Map<number, number>();
  const counts = new Map<number, SwarmCount>();
  for (const [made, one] of steps.entries()) {
    const known = kept.get(one.slot);
    const releaseId = releaseIdOf(`slot ${one.slot}`);
    // With `only`, a release is published with the access that it has at the end.
    const final = only?.get(one.slot)?.access;
    if (one.do === 'publish' && !publishers.has(one.slot)) publishers.set(one.slot, one.by);
    if (one.do === 'publish' && known === undefined) {
      const by = publishers.get(one.slot)!;
      if (only !== undefined && only.get(one.slot)?.made !== made) continue;
      const wanted = final ?? one.access;
      bench.write.publish(input(releaseId, by, one.album, `${made}`, wanted));
      kept.set(one.slot, { access: { ...wanted, publisherId: by }, version: 1, made });
    } else if (known === undefined) {
    } else if (one.do === 'version') {
      const { access, made: since } = known;
      const version = known.version + 1;
      const given = input(releaseId, access.publisherId, one.album, `${made}`, access);
      const wanted = only === undefined ? one.access : undefined;
      bench.write.addVersion({ ...given, version, access: wanted });
      kept.set(one.slot, { access: { ...access, ...changed(wanted) }, version, made: since });
    } else if (one.do === 'access') {
      if (only !== undefined) continue;
      const viewer = as(known.access.publisherId);
      bench.write.changeAccess({ viewer, releaseId, access: one.access, nowMs: 1 });
      kept.set(one.slot, { ...known, access: { ...known.access, ...changed(one.access) } });
    } else if (one.do === 'withdraw') {
      if (only !== undefined) continue;
      bench.write.withdraw({ viewer: as(known.access.publisherId), releaseId });
      kept.delete(one.slot);
      counts.delete(one.slot);
    } else if (one.do === 'swarm') {
      counts.set(one.slot, { releaseId, seeds: one.seeds, leechers: 0 });
      bench.read.setSwarms([counts.get(one.slot)!]);
    }
  }
  // A change of access starts a new swarm with zero counts. The tracker soon reports its counts.
  bench.read.setSwarms([...counts.values()]);
  return kept;
}

function changed(access: WantedAccess | undefined) {
  return access && { groupId: undefined as never, peopleIds: undefined as never, ...access };
}

/** `tag` makes the torrent a new one. */
function input(releaseId: string, by: number, one: Album, tag: string, access: WantedAccess) {
  const tracks = one.tracks.map((track, n) => ({
    ...(typeof track === 'string' ? { title: track } : track),
    content: `${tag} ${n}`,
  }));
  const { publisherId: _, ...wanted } = access as WantedAccess & { publisherId?: number };
  return publication(releaseId, as(by), { ...one, tracks, private: true, access: wanted });
}
