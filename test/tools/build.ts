/**
 * Makes dist/, what the npm package runs: the three rooms as JavaScript with their types, in the same folders. From a
 * clean folder, so that nothing of an older build is left in it.
 */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const compiler = fileURLToPath(
  import.meta.resolve('typescript/package.json').replace('package.json', 'bin/tsc'),
);

rmSync(new URL('../../dist', import.meta.url), { recursive: true, force: true });
try {
  execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
} catch {
  // The compiler has said what is wrong.
  process.exitCode = 1;
}
