/** The version of this package, from its package.json: in a checkout and in the published package alike. */
import { createRequire } from 'node:module';

const manifest = createRequire(import.meta.url)('cicada/package.json') as { readonly version: string };

export const version = manifest.version;
