/** All spellings of a tracker's address give the same base URL. */
import { expect, it } from 'vitest';
import { trackerBase } from '../../client/account/tracker-address.ts';

it.each([
  'http://music.example:6969',
  'http://music.example:6969/',
  'music.example:6969',
  'http://music.example:6969/announce',
  `http://music.example:6969/${'b2'.repeat(16)}/announce`,
  `http://music.example:6969/${'b2'.repeat(24)}/announce`,
])('the base URL of %s is http://music.example:6969', (given) => {
  expect(trackerBase(given)).toBe('http://music.example:6969');
});

it('a path that is not a passkey is kept', () => {
  expect(trackerBase('https://music.example/tracker/announce')).toBe('https://music.example/tracker');
});
