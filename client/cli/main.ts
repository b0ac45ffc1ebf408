#!/usr/bin/env node
/** Where the program begins and ends: from arguments to an exit code, whatever happens in between. */
import process from 'node:process';
import { codeOf } from './cli-error.ts';
import { exitCode, exitCodeOf } from './exit-codes.ts';
import { Output } from './output.ts';
import { runProgram } from './program.ts';

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

const code = await runProgram(argv, output).catch(fail);
// Left-over timers and idle connections must not keep a program that is done.
process.stdout.write('', () => process.exit(code));

function fail(error: unknown): number {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  if (process.env.CICADA_DEBUG === '1') console.error(error);
  const stable = codeOf(error);
  const isOurs = stable === 'internal';
  output.failure(
    stable,
    isOurs ? `${message}\nThis should not happen: it is a fault of Cicada. ${debugHint(stack)}` : message,
  );
  return exitCodeOf(error);
}

function debugHint(stack: string | undefined): string {
  return stack === undefined ? '' : 'CICADA_DEBUG=1 shows where.';
}
