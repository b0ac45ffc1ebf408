/** docs/dependencies.md and the third-party notices name every package that is installed with Cicada. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { thirdPartyNotices } from '../tools/third-party-notices.ts';

const root = new URL('../../', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};

it('docs/dependencies.md has one row for every dependency, and no other rows', () => {
  const text = readFileSync(new URL('docs/dependencies.md', root), 'utf8');
  const named = [...text.matchAll(/^\| `([^`]+)` \|/gm)].map((row) => row[1]!).sort();
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).sort();
  expect(named).toEqual(declared);
});

it('the third-party notices have the version and licence of every dependency', () => {
  const notices = thirdPartyNotices();
  for (const [name, version] of Object.entries(manifest.dependencies))
    expect(notices).toContain(`${name} ${version}: `);
});
