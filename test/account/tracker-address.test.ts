/** A tracker's address is the same, however a person names it. */
import { expect, it } from 'vitest';
import { trackerBase } from '../../client/account/tracker-address.ts';

it.each([
  'http://music.example:6969',
  'http://music.example:6969/',
  'music.example:6969',
  'http://music.example:6969/announce',
  `http://music.example:6969/${'b2'.repeat(16)}/announce`,
  `http://music.example:6969/${'b2'.repeat(24)}/announce`,
])('%s is http://music.example:6969', (given) => {
  expect(trackerBase(given)).toBe('http://music.example:6969');
});

it('a path that is no passkey stays', () => {
  expect(trackerBase('https://music.example/tracker/announce')).toBe('https://music.example/tracker');
});
