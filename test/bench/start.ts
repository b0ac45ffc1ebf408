/**
 * How long commands without work take from start to end, as a user runs them, compared with a bare Node.
 * Processor time varies less than elapsed time. CICADA_BENCH_OTHER names another checkout to compare with:
 * both run in turn.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const rounds = 15;
const commands = [['--version'], ['--help'], ['get', '--help'], ['status']] as const;

export async function benchStart(report: (line: string) => void): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'cicada-start-'));
  try {
    const here = fileURLToPath(new URL('../../', import.meta.url));
    const other = process.env.CICADA_BENCH_OTHER;
    const places = [here, ...(other === undefined ? [] : [other])];
    report('  medians of processor time and of time by the clock, in ms:');
    tell(report, 'node -e 0', [Array.from({ length: rounds }, () => once(['-e', '0'], home))]);
    for (const command of commands) {
      const started = (place: string) => [join(place, 'client/cli/cicada.js'), ...command];
      // The first run fills the cache of compiled code.
      for (const place of places) once(started(place), home);
      const runs: Run[][] = places.map(() => []);
      for (let round = 0; round < rounds; round++)
        for (const [at, place] of places.entries()) runs[at]!.push(once(started(place), home));
      tell(report, `cicada ${command.join(' ')}`, runs);
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

interface Run {
  readonly processorMs: number;
  readonly clockMs: number;
}

/** Processor time of ended child processes. Linux counts it in hundredths of a second. */
function childrenMs(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

function once(args: readonly string[], home: string): Run {
  const env = { ...process.env, HOME: home, XDG_CACHE_HOME: join(home, 'cache') };
  const [beforeMs, startedMs] = [childrenMs(), performance.now()];
  const { status } = spawnSync(process.execPath, args, { env, stdio: 'ignore' });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`);
  return { clockMs: performance.now() - startedMs, processorMs: childrenMs() - beforeMs };
}

function tell(report: (line: string) => void, name: string, runs: readonly (readonly Run[])[]): void {
  const told = runs.map((of) => {
    const [processor, clock] = [
      median(of.map((run) => run.processorMs)),
      median(of.map((run) => run.clockMs)),
    ];
    return `${processor.toFixed(0).padStart(5)} ${clock.toFixed(0).padStart(5)}`;
  });
  report(`  ${name.padEnd(20)} ${told.join('   other: ')}`);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
