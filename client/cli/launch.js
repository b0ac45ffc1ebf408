/*
 * Starts a program of ours under whatever Node there is: plain JavaScript of 2018, which loads nothing of ours before it
 * has looked at the version, and says in one sentence what to do about an old one.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { constants, homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/* package.json's `engines` says the same: the first with everything we use, and in long-term support. */
const needed = [24, 15];

/*
 * `source`, `built`: URLs of the program in a checkout, where the sources lie, and in the published package, which has
 * what was made of them. `name`: what one types to start it. `purpose`: what it does, in one clause.
 */
export function launch({ source, built, name, purpose }) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const isEnough = major > needed[0] || (major === needed[0] && minor >= needed[1]);
  const isCheckout = existsSync(source);
  /* `npm ci` brings a Node that is new enough. */
  const ownNode = fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url));
  /* That Node could be too old as well; a program that is started in turn begins anew. */
  const isSecondStart = process.env.CICADA_SECOND_START === '1';
  delete process.env.CICADA_SECOND_START;

  if (
    isEnough &&
    name === 'cicada' &&
    process.argv.length === 3 &&
    /^(--version|-V)$/.test(process.argv[2])
  ) {
    /* As main.ts says it: nothing else is loaded for a word that scripts ask for again and again. */
    const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    console.log(`cicada ${JSON.parse(manifest).version}`);
  } else if (isEnough) {
    /* main.ts does so too, when it is started by itself; by then it has been compiled. */
    nodeModule.enableCompileCache(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cicada'));
    import(isCheckout ? source.href : built.href).catch((error) => {
      console.error(error);
      process.exit(1);
    });
  } else if (isCheckout && existsSync(ownNode) && !isSecondStart) {
    goOnWith(ownNode, name);
  } else {
    console.error(
      `${purpose} and needs Node ${needed.join('.')} or newer, and this is Node ${process.versions.node}: ${
        isCheckout
          ? `run \`npm ci\` in its folder, which brings the right one, then \`npx ${name}\`.`
          : 'install a newer one (https://nodejs.org) and try again.'
      }`,
    );
    process.exit(1);
  }
}

/*
 * The same file again under another Node: what is started so knows how it was called. It has our terminal, our signals go
 * on to it, and its end is ours.
 */
function goOnWith(node, name) {
  const child = spawn(node, [process.argv[1], ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, CICADA_SECOND_START: '1' },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`${name}: ${node} cannot be started: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]));
}
