#!/usr/bin/env node
/** Where the program begins and ends: from arguments to an exit code, whatever happens in between. */
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

// Compiling what has not changed since the last time takes longer than most commands. The cache is code that will be
// run: it lies in the home folder, where nobody else can put something into it. Workers are told by the environment.
process.env.NODE_COMPILE_CACHE ??= join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cicada');
enableCompileCache(process.env.NODE_COMPILE_CACHE);

const argv = process.argv.slice(2);
const output = new Output();
// Until the command line is understood this is all that is known of it.
output.configure({ json: argv.includes('--json'), quiet: false, verbose: false });

// `cicada info … | head`: whoever read us has seen enough.
process.stdout.on('error', () => process.exit(exitCode.unknown));
// A program that started us with a channel (the demo does) takes us with it, however it ends.
if (process.channel !== undefined) {
  process.once('disconnect', () => process.exit(exitCode.stopped));
  process.channel?.unref();
}
process.on('uncaughtException', (error) => process.exit(fail(error)));

const { runProgram } = await import('./program.ts');
const code = await runProgram(argv, output).catch(fail);
// Left-over timers and idle connections must not keep a program that is done.
process.stdout.write('', () => process.exit(code));

function fail(error: unknown): number {
  const message = errorWords(error);
  if (process.env.CICADA_DEBUG === '1') console.error(withoutCredentials(inspect(error)));
  const stable = codeOf(error);
  const ours = 'This should not happen: it is a fault of Cicada (CICADA_DEBUG=1 shows where).';
  output.failure(stable, stable === 'internal' ? `${message}\n${ours}` : message);
  return exitCodeOf(error);
}
