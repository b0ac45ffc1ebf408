#!/usr/bin/env node
/* The `cicada` program. */
import { launch } from './launch.js';

launch({
  source: new URL('./main.ts', import.meta.url),
  built: new URL('../../dist/client/cli/main.js', import.meta.url),
  name: 'cicada',
  purpose: 'Cicada shares music folders from computer to computer',
});
