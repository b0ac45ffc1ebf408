#!/usr/bin/env node
/** The entry point: runs the command line and turns every outcome into an exit code. */
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { inspect } from 'node:util';
import { withoutCredentials } from '../host/network/web-credentials.ts';
import { codeOf } from './cli-error.ts';
import { errorWords } from './error-words.ts';
import { exitCode, exitCodeOf } from './exit-codes.ts';
import { Output } from './screen/output.ts';

// Compiling unchanged modules again would take longer than most commands do. The cache holds code that will
// run, so it is in the home folder, where other users cannot write. Workers get its path from the
// environment.
process.env.NODE_COMPILE_CACHE ??= join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cicada');
enableCompileCache(process.env.NODE_COMPILE_CACHE);

const argv = process.argv.slice(2);
const output = new Output();
// The command line is not parsed yet: only --json is known.
output.configure({ json: argv.includes('--json'), quiet: false, verbose: false });

// `cicada info … | head`: the reader has closed the pipe.
process.stdout.on('error', () => process.exit(exitCode.unknown));
// A parent process with an IPC channel (the demo) ends this process when it ends, also when it is killed.
if (process.channel !== undefined) {
  process.once('disconnect', () => process.exit(exitCode.stopped));
  process.channel?.unref();
}
process.on('uncaughtException', (error) => process.exit(fail(error)));

const { runProgram } = await import('./program.ts');
const code = await runProgram(argv, output).catch(fail);
// Remaining timers and idle connections must not keep a finished program running.
process.stdout.write('', () => process.exit(code));

function fail(error: unknown): number {
  const message = errorWords(error);
  if (process.env.CICADA_DEBUG === '1') console.error(withoutCredentials(inspect(error)));
  const stable = codeOf(error);
  const ours = 'This should not happen: it is a fault of Cicada (CICADA_DEBUG=1 shows where).';
  output.failure(stable, stable === 'internal' ? `${message}\n${ours}` : message);
  return exitCodeOf(error);
}
