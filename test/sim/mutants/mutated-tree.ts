/**
 * A copy of the source tree in which one mutant at a time is let loose. The tree it was copied from is never touched.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Mutant } from './mutant.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
/** What a simulated run is made of. */
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

  /** The process that hunts it in this tree. */
  workerFor({ isOfSession }: Mutant): URL {
    return pathToFileURL(
      join(this.#folder, 'test/sim/cli', isOfSession ? 'session-worker.ts' : 'seed-worker.ts'),
    );
  }

  /** Whether the source is what the mutant expects. */
  fits({ file, from }: Mutant): boolean {
    return readFileSync(join(this.#folder, file), 'utf8').split(from).length === 2;
  }

  /** Answers how to undo it. Throws a MutantError when it does not fit. */
  apply(mutant: Mutant): () => void {
    if (!this.fits(mutant)) throw new MutantError([mutant]);
    const path = join(this.#folder, mutant.file);
    const text = readFileSync(path, 'utf8');
    // A function, lest a $ in it mean something.
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
