#!/usr/bin/env node
/*
 * The first thing that runs, under whatever Node there is: it is plain JavaScript of 2018, loads nothing of ours before
 * it has looked at the version, and says in one sentence what to do about an old one.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { constants, homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/* package.json's `engines` says the same: the first with everything we use, and in long-term support. */
const needed = [24, 15];

const [major, minor] = process.versions.node.split('.').map(Number);
const isEnough = major > needed[0] || (major === needed[0] && minor >= needed[1]);
/* In a checkout the sources lie beside this file; the published package has what was made of them. */
const source = new URL('./main.ts', import.meta.url);
const isCheckout = existsSync(source);
/* `npm ci` brings a Node that is new enough. */
const ownNode = fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url));

/* That Node could be too old as well; those whom we start in turn begin anew. */
const isSecondStart = process.env.CICADA_SECOND_START === '1';
delete process.env.CICADA_SECOND_START;

if (isEnough) {
  /* main.ts does so too, for those who start it themselves; by then it has been compiled. */
  nodeModule.enableCompileCache(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cicada'));
  import(isCheckout ? source.href : new URL('../../dist/client/cli/main.js', import.meta.url).href).catch(
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
} else if (isCheckout && existsSync(ownNode) && !isSecondStart) {
  goOnWith(ownNode);
} else {
  console.error(
    `Cicada shares music folders from computer to computer and needs Node ${needed.join('.')} or newer, and this is ` +
      `Node ${process.versions.node}: ${
        isCheckout
          ? 'run `npm ci` in its folder, which brings the right one, then `npx cicada`.'
          : 'install a newer one (https://nodejs.org) and try again.'
      }`,
  );
  process.exit(1);
}

/*
 * This file again under another Node: what is started so knows how it was called. It has our terminal, our signals go on
 * to it, and its end is ours.
 */
function goOnWith(node) {
  const child = spawn(node, [process.argv[1], ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, CICADA_SECOND_START: '1' },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`cicada: ${node} cannot be started: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]));
}
