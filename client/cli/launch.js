/*
 * Starts one of our programs under any version of Node. It is plain JavaScript of 2018 and loads none of our
 * modules before it has checked the version. For an old Node it prints one sentence with the remedy.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { constants, homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/* The same as `engines` in package.json: the first long-term support release with everything that we use. */
const needed = [24, 15];

/*
 * `source`, `built`: URLs of the program, as source in a checkout and as compiled file in the published
 * package. `name`: the command that the user types. `purpose`: what the program does, in one clause.
 */
export function launch({ source, built, name, purpose }) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const isEnough = major > needed[0] || (major === needed[0] && minor >= needed[1]);
  const isCheckout = existsSync(source);
  /* `npm ci` brings a Node that is new enough. */
  const ownNode = fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url));
  /*
   * That Node could be too old as well. The variable stops a second restart; it is deleted so that child
   * processes do not inherit it.
   */
  const isSecondStart = process.env.CICADA_SECOND_START === '1';
  delete process.env.CICADA_SECOND_START;

  if (
    isEnough &&
    name === 'cicada' &&
    process.argv.length === 3 &&
    /^(--version|-V)$/.test(process.argv[2])
  ) {
    /*
     * The same output as main.ts gives. Scripts ask for the version often, so nothing else is loaded for it.
     */
    const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    console.log(`cicada ${JSON.parse(manifest).version}`);
  } else if (isEnough) {
    /* main.ts does the same when it is started directly, but is compiled by then. */
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
 * Runs the same file under another Node. The child shares our terminal and receives our signals; we exit as
 * it exits.
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
