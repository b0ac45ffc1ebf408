import { expect, it } from 'vitest';
import { newReleaseId } from '../../client/sharing/release-id.ts';

it('a release id is base32 of RFC 4648', () => {
  const encoded = (text: string) => newReleaseId(Buffer.from(text));
  // The test vectors of section 10, in lower case and without padding.
  expect(['f', 'fo', 'foo', 'foob', 'fooba', 'foobar'].map(encoded)).toEqual([
    ...['my', 'mzxq', 'mzxw6', 'mzxw6yq', 'mzxw6ytb', 'mzxw6ytboi'],
  ]);
});

it('a release id has 26 characters and is different each time', () => {
  const ids = Array.from({ length: 100 }, () => newReleaseId());
  for (const id of ids) expect(id).toMatch(/^[a-z2-7]{26}$/);
  expect(new Set(ids).size).toBe(ids.length);
});
