/** The error for an unknown word in a plan lists the known words, at any depth. */
import { expect, it } from 'vitest';
import { nearestOf } from './nearest-word.ts';
import { validatePlan } from './validate.ts';

const plan = {
  seed: 1,
  torrent: { pieces: 4, pieceBytes: 16_384 },
  trackers: [{ name: 'main' }],
  peers: [{ name: 'seed', has: 'all' }],
};
const withPeer = (peer: object) => ({ ...plan, peers: [{ name: 'leech', ...peer }] });
const withFault = (fault: object) => ({ ...plan, faults: [{ atMs: 0, ...fault }] });

it.each<[string, unknown, string[]]>([
  ['a key of the plan', { ...plan, peeers: [] }, ['the plan', 'no "peeers"', 'mean "peers"', '"untilMs"']],
  ['a key of a peer', withPeer({ roll: 'liar' }), ['peers[0]:', 'mean "role"', '"knows"']],
  ['a role', withPeer({ role: 'poisonner' }), ['peers[0].role', 'mean "poisoner"', '"churner"']],
  ['a text where an object may stand', withPeer({ link: 'cabel' }), ['mean "cable"', '"adsl"', '"upBps"']],
  [
    'a number where a text or an object may stand',
    withPeer({ link: 4 }),
    ['4 is none of', '"home"', '"jitterMs"'],
  ],
  [
    'a key of an object where a text may stand',
    withPeer({ link: { latencyms: 3 } }),
    ['peers[0].link:', 'mean "latencyMs"', '"lossPpm"'],
  ],
  ['one of three shapes', withPeer({ has: 'everything' }), ['"all", "none"', 'a list of', '"perMille"']],
  ['a key of one of three shapes', withPeer({ has: { permille: 9 } }), ['no "permille"', 'mean "perMille"']],
  ['an item of one of three shapes', withPeer({ has: [0, 'x'] }), ['peers[0].has[1]', 'integer', '"x"']],
  ['a fault', withFault({ type: 'crsh' }), ['faults[0].type', 'mean "crash"', '"tracker-restart"']],
  ['a key of a fault', withFault({ type: 'reset', peers: ['seed'], forMs: 4 }), ['no "forMs"', '"peers"']],
  ['a kind of a fault', withFault({ type: 'disk', peers: ['seed'], forMs: 4, kind: 'ful' }), ['mean "full"']],
  ['a limit', { ...plan, limits: { connectionMax: 3 } }, ['mean "connectionsMax"', '"keepAliveMs"']],
  ['a name of a peer', withPeer({ knows: ['leach'] }), ['peers[0].knows', 'mean "leech"']],
  ['a name of a tracker', withPeer({ trackers: ['mian'] }), ['peers[0].trackers', 'mean "main"']],
  ['a name that is no name', withPeer({ name: 'A b' }), ['peers[0].name', 'a small letter', '"A b"']],
])('unknown: %s', (_what, wrong, words) => {
  let message = 'it was taken';
  try {
    validatePlan(wrong);
  } catch (error) {
    message = (error as Error).message;
  }
  for (const word of words) expect(message).toContain(word);
});

it('an error lists a few of thousands of names', () => {
  const crowd = { ...plan, peers: [{ name: 'leech', count: 5_000, knows: ['nobody-at-all'] }] };
  expect(() => validatePlan(crowd)).toThrow(/no one is called "nobody-at-all"; there are .* and 4981 more$/);
});

it('a word with one letter added, missing, wrong or swapped is near, and others are not', () => {
  const words = ['poisoner', 'flooder', 'liar'];
  for (const near of ['poisonner', 'poisner', 'poisener', 'piosoner', 'POISONER'])
    expect(nearestOf(near, words)).toBe('poisoner');
  for (const far of ['x', 'peer', 'honest', 'p'.repeat(1_000_000)])
    expect(nearestOf(far, words)).toBeUndefined();
});
