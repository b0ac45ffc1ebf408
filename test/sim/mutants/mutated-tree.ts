/**
 * A copy of the source tree, in which one mutant at a time is applied. The original tree is never changed.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Mutant } from './mutant.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
/** The code of simulated runs. */
const parts = ['client', 'tracker', 'torrents', 'test/sim', 'package.json'];

export class MutantError extends Error {
  override readonly name = 'MutantError';
  readonly code = 'mutant-out-of-date';

  constructor(outOfDate: readonly Mutant[]) {
    const list = outOfDate.map(({ name, file }) => `\n  ${file}: ${name}`).join('');
    super(
      `what these replace is not there exactly once any more; bring test/sim/mutants/mutants.ts up to date:${list}`,
    );
  }
}

export class MutatedTree {
  readonly #folder = mkdtempSync(join(tmpdir(), 'cicada-mutants-'));

  constructor() {
    for (const part of parts) cpSync(join(root, part), join(this.#folder, part), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(this.#folder, 'node_modules'), 'dir');
  }

  /** The worker process that runs seeds on this tree. */
  workerFor({ isOfSession }: Mutant): URL {
    return pathToFileURL(
      join(this.#folder, 'test/sim/cli', isOfSession ? 'session-worker.ts' : 'seed-worker.ts'),
    );
  }

  /** Whether the mutant's replaced text occurs exactly once. */
  fits({ file, from }: Mutant): boolean {
    return readFileSync(join(this.#folder, file), 'utf8').split(from).length === 2;
  }

  /** Returns a function that undoes the mutant. Throws a MutantError when the mutant does not fit. */
  apply(mutant: Mutant): () => void {
    if (!this.fits(mutant)) throw new MutantError([mutant]);
    const path = join(this.#folder, mutant.file);
    const text = readFileSync(path, 'utf8');
    // A function, because `$` has a meaning in a replacement text.
    writeFileSync(
      path,
      text.replace(mutant.from, () => mutant.to),
    );
    return () => writeFileSync(path, text);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
