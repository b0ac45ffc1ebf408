/** Runs `cicada …` as a user would, until it ends. For programs that keep running see test/e2e/child.ts. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, vi } from 'vitest';
import { codeOf } from '../../client/cli/cli-error.ts';
import { errorWords } from '../../client/cli/error-words.ts';
import { exitCodeOf } from '../../client/cli/exit-codes.ts';
import { runProgram } from '../../client/cli/program.ts';
import { Output } from '../../client/cli/screen/output.ts';

export const mainFile = fileURLToPath(new URL('../../client/cli/main.ts', import.meta.url));

/**
 * The programs of one test file share this home, so that they never use the developer's settings and state.
 */
const home = mkdtempSync(join(tmpdir(), 'cicada-home-'));
// One test runs a program as the user `nobody`.
chmodSync(home, 0o755);
process.once('exit', () => rmSync(home, { recursive: true, force: true }));
process.env.XDG_STATE_HOME = join(home, 'state');
process.env.XDG_CONFIG_HOME = join(home, 'config');
/** Users in tests have confirmed that they may share, unless a test is about that. */
export const mayShare = { CICADA_I_MAY_SHARE: '1' };
Object.assign(process.env, mayShare);

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: Uint8Array;
  /** The script in place of main.ts, with the arguments of Node before it. */
  readonly entry?: readonly string[];
  /** Runs as another user; only root may do that. */
  readonly uid?: number;
}

export function runCicada(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { cwd = tmpdir(), env = {}, stdin = new Uint8Array(), entry = [mainFile], uid } = options;
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(CICADA_|npm_|VITEST|NODE_OPTIONS$|FORCE_COLOR$)/.test(name),
  );
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      [...entry, ...args],
      {
        cwd,
        env: { ...Object.fromEntries(kept), ...mayShare, ...env },
        maxBuffer: 64 * 1024 * 1024,
        ...(uid === undefined ? {} : { uid, gid: uid }),
      },
      (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== 'number') return reject(error);
        resolve({ code: Number(error?.code ?? 0), stdout, stderr });
      },
    );
    // A program may end before it has read all of stdin.
    child.stdin!.on('error', () => {});
    child.stdin!.end(stdin);
  });
}

/**
 * Runs a command within this process, as main.ts does: starting a program takes longer than most tests. Only
 * for commands that end by themselves.
 */
export async function runHere(args: readonly string[], cwd: string): Promise<Outcome> {
  const before = process.cwd();
  const printed = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      printed[name] += typeof text === 'string' ? text : Buffer.from(text).toString();
      return true;
    }),
  );
  const output = new Output();
  output.configure({ json: args.includes('--json'), quiet: false, verbose: false });
  process.chdir(cwd);
  try {
    const code = await runProgram(args, output).catch((error: Error) => {
      output.failure(codeOf(error), errorWords(error));
      return exitCodeOf(error);
    });
    return { code, ...printed };
  } finally {
    process.chdir(before);
    for (const spy of spies) spy.mockRestore();
  }
}

/** The help that a command prints, within this process. */
export async function helpOf(...args: string[]): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    expect(await runProgram(args, new Output())).toBe(0);
    return log.mock.calls.flat().join('\n');
  } finally {
    log.mockRestore();
  }
}

/** A new folder, removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cicada-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
