/** Name and version of this package, from its package.json: in a checkout and in the published package alike. */
import { createRequire } from 'node:module';

const manifest = createRequire(import.meta.url)('cicada-swarm/package.json') as {
  readonly name: string;
  readonly version: string;
};

export const { name: packageName, version } = manifest;
