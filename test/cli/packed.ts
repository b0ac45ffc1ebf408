/** The packed package, and programs run with the Node that runs the tests. */
import { execFile } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const checkout = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Returns stdout. npm and npx run under our Node as well; the variables of npm are removed unless `npm` is
 * set.
 */
export async function runIn(
  cwd: string,
  program: string,
  args: readonly string[],
  { npm = true, env = {} }: { readonly npm?: boolean; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD|CICADA_|VITEST)/.test(name));
  const path = `${dirname(process.execPath)}${delimiter}${process.env.PATH}`;
  const quiet = npm ? { npm_config_update_notifier: 'false' } : {};
  const { stdout } = await promisify(execFile)(program, args, {
    cwd,
    env: { ...Object.fromEntries(kept), ...quiet, ...env, PATH: path },
  });
  return stdout;
}

/** Builds and packs this checkout. Returns the path of the tarball. */
export async function packedInto(folder: string): Promise<string> {
  await runIn(checkout, 'npm', ['pack', '--silent', '--pack-destination', folder]);
  return join(folder, 'cicada-swarm-0.1.0.tgz');
}
