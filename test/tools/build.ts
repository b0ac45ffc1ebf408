/**
 * Builds dist/, which the npm package runs: the source folders as JavaScript with types, and the third-party
 * notices. Starts from an empty folder.
 */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { thirdPartyNotices } from './third-party-notices.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const compiler = fileURLToPath(
  import.meta.resolve('typescript/package.json').replace('package.json', 'bin/tsc'),
);

rmSync(new URL('../../dist', import.meta.url), { recursive: true, force: true });
try {
  execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
  writeFileSync(new URL('../../dist/THIRD-PARTY-NOTICES.txt', import.meta.url), thirdPartyNotices());
} catch {
  // The compiler has printed its errors.
  process.exitCode = 1;
}
