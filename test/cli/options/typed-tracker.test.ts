import { expect, it } from 'vitest';
import { typedTracker } from '../../../client/cli/options/typed-tracker.ts';

it.each([
  ['http://host:6969', 'http://host:6969/announce'],
  ['HTTPS://host/', 'https://host/announce'],
  ['http://[::1]:6969', 'http://[::1]:6969/announce'],
  ['http://host/announce', 'http://host/announce'],
  ['http://host/folder/', 'http://host/folder/'],
  ['http://host/?passkey=x', 'http://host/?passkey=x'],
  ['udp://host:1337', 'udp://host:1337'],
  ['host:6969', undefined],
  ['ftp://host', undefined],
  ['http://', undefined],
])('a typed tracker without a path is asked at /announce, and any other at its own path: %s', (typed, url) =>
  expect(typedTracker(typed, /^(https?|udp)$/i)).toBe(url),
);

it('a typed tracker with a scheme that the option does not take is refused', () => {
  expect(typedTracker('udp://host:1337', /^https?$/i)).toBeUndefined();
});
