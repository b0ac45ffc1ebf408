/**
 * Asks for a password: on a terminal without echo, otherwise from the first line of stdin.
 *
 * Invariant: the password is never printed, and never an argument: all users of the machine can see
 * arguments.
 */
import process from 'node:process';
import { CliError } from '../cli-error.ts';
import { Interrupted } from './interruption.ts';

/** The tracker's limit. */
const charactersMax = 1024;

/** Throws CliError `password-missing`, or Interrupted. */
export async function askPassword(question: string): Promise<string> {
  const password = process.stdin.isTTY ? await askTerminal(question) : await readLine();
  if (password !== '' && password.length <= charactersMax) return password;
  const why =
    password === '' ? 'no password was given' : `a password has at most ${charactersMax} characters`;
  throw new CliError('password-missing', why);
}

async function readLine(): Promise<string> {
  let text = '';
  for await (const part of process.stdin.setEncoding('utf8')) {
    text += part;
    if (text.includes('\n') || text.length > charactersMax) break;
  }
  return text.split(/\r?\n/, 1)[0]!;
}

async function askTerminal(question: string): Promise<string> {
  const { stdin, stderr } = process;
  const done = Promise.withResolvers<string>();
  let typed = '';
  const onKeys = (keys: string) => {
    for (const key of keys) {
      if (key === '\x03' || key === '\x04') return done.reject(new Interrupted());
      if (key === '\r' || key === '\n') return done.resolve(typed);
      if (key === '\x7f' || key === '\b') typed = [...typed].slice(0, -1).join('');
      else if (key >= ' ' && typed.length <= charactersMax) typed += key;
    }
  };
  stderr.write(question);
  stdin.setEncoding('utf8').setRawMode(true).on('data', onKeys).resume();
  try {
    return await done.promise;
  } finally {
    stdin.setRawMode(false).off('data', onKeys).pause();
    stderr.write('\n');
  }
}
