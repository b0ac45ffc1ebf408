import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareNames, comparePaths } from '../../../torrents/paths/natural-order.ts';

test.each([
  [
    ['10.flac', '2.flac', '1.flac'],
    ['1.flac', '2.flac', '10.flac'],
  ],
  [
    ['CD 10', 'CD 2', 'cd 1'],
    ['cd 1', 'CD 2', 'CD 10'],
  ],
  [
    ['a10b2', 'a10b10', 'a9'],
    ['a9', 'a10b2', 'a10b10'],
  ],
  [
    ['01', '1', '001', '2'],
    ['001', '01', '1', '2'],
  ],
  [
    ['b', 'A', 'a', 'B'],
    ['A', 'a', 'B', 'b'],
  ],
  [
    ['track', 'track 1', 'trac'],
    ['trac', 'track', 'track 1'],
  ],
  [
    ['\u{1F600}', '\uFF01', 'z'],
    ['z', '\uFF01', '\u{1F600}'],
  ],
  [
    ['99999999999999999999999', '100000000000000000000000', '7'],
    ['7', '99999999999999999999999', '100000000000000000000000'],
  ],
])('the names %j are sorted to %j', (names, sorted) => expect([...names].sort(compareNames)).toEqual(sorted));

test('paths are compared folder by folder', () => {
  const paths = ['CD 2/1', 'CD 10/1', 'CD 2', 'CD 1/11', 'CD 1/2'].map((path) => path.split('/'));
  expect(paths.sort(comparePaths).map((path) => path.join('/'))).toEqual([
    'CD 1/2',
    'CD 1/11',
    'CD 2',
    'CD 2/1',
    'CD 10/1',
  ]);
});

test('the order is total: it is transitive for any three names, and only equal names compare as 0', () => {
  const name = fc
    .array(fc.constantFrom('a', 'A', 'b', '0', '1', '9', '10', ' ', 'é', '\uFF01', '\u{1F600}'), {
      maxLength: 5,
    })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(name, name, name, (a, b, c) => {
      const order = [compareNames(a, b), compareNames(b, a), compareNames(b, c), compareNames(a, c)].map(
        Math.sign,
      );
      if (order[0] !== -order[1]! && order[0] !== 0) throw new Error('not antisymmetric');
      if ((order[0] === 0) !== (a === b)) throw new Error('equal but different');
      if (order[0]! <= 0 && order[2]! <= 0 && order[3]! > 0) throw new Error('not transitive');
    }),
    { numRuns: 5000 },
  );
});
