#!/usr/bin/env node
/* The `cicada-sim` program of the npm package; in a checkout, `npm run sim` does the same. */
import { launch } from '../../client/cli/launch.js';

launch({
  source: new URL('./run.ts', import.meta.url),
  built: new URL('../../dist/test/sim/run.js', import.meta.url),
  name: 'cicada-sim',
  purpose: 'cicada-sim runs BitTorrent swarms in virtual time',
});
