/** A public URL is valid for every link of the tracker, or is refused at the start. */
import { expect, it } from 'vitest';
import { checkPublicUrl } from '../../../../tracker/http/addresses/public-url.ts';
import { startTracker } from '../../../../tracker/server.ts';

it.each([
  ['https://music.example', 'https://music.example'],
  ['https://music.example/', 'https://music.example'],
  ['HTTP://Music.Example:8080//', 'http://music.example:8080'],
  ['http://[2001:db8::7]:6969', 'http://[2001:db8::7]:6969'],
  ['https://music.example:443', 'https://music.example'],
])('%s is a valid public URL', (text, expected) => {
  expect(checkPublicUrl(text)).toBe(expected);
});

it.each([
  ['a path', 'https://music.example/cicada'],
  ['a path with a slash at its end', 'https://music.example/a/b/'],
  ['a query', 'https://music.example/?a=b'],
  ['a fragment', 'https://music.example/#top'],
  ['a password', 'https://ada:secret@music.example'],
  ['another scheme', 'udp://music.example:6969'],
  ['no scheme', 'music.example'],
  ['no host', 'https://'],
])('a public URL with %s is refused, also at the start of a tracker', async (_what, publicUrl) => {
  const refused = expect.objectContaining({ code: 'public-url-invalid' });
  expect(() => checkPublicUrl(publicUrl)).toThrow(refused);
  await expect(startTracker({ port: 0, publicUrl })).rejects.toEqual(refused);
});

it('the password in a public URL is not repeated in the error', () => {
  expect(() => checkPublicUrl('https://ada:secret@music.example')).toThrow(/^(?!.*secret)/);
});
