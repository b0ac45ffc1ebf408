/** Gives both sides of a comparison as folders: an existing checkout, or a clone of a commit. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The checkout that runs the comparison. */
export const ownCheckout = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '');

/** `side`: a commit of this repository, or the path of a checkout. `folder`: where to make a clone. */
export function checkoutOf(side: string, folder: string): string {
  if (existsSync(join(side, 'package.json'))) return resolve(side);
  // A clone, because a worktree would change the repository itself.
  git('clone', '--quiet', '--shared', '--no-checkout', ownCheckout, folder);
  const commit = git(
    '-C',
    ownCheckout,
    'rev-parse',
    '--verify',
    '--end-of-options',
    `${side}^{commit}`,
  ).trim();
  git('-C', folder, 'checkout', '--quiet', '--detach', commit);
  const lock = (checkout: string) => readFileSync(join(checkout, 'package-lock.json'), 'utf8');
  const modules = join(ownCheckout, 'node_modules');
  if (existsSync(modules) && lock(folder) === lock(ownCheckout))
    symlinkSync(modules, join(folder, 'node_modules'));
  else execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: ['ignore', 2, 2] });
  return folder;
}

function git(...args: string[]): string {
  const { GIT_DIR: _, GIT_WORK_TREE: __, GIT_INDEX_FILE: ___, ...env } = process.env;
  return execFileSync('git', args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'inherit'] });
}
