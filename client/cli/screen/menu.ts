/**
 * `cicada` alone on a terminal: a menu of common commands. The chosen command line is shown before it runs,
 * so that the user can type it next time.
 */
import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import { exitCode } from '../exit-codes.ts';
import { completePath, untyped } from '../options/typed-path.ts';
import { commandLine, typed } from './command-line.ts';
import { menuLines, pressed } from './menu-view.ts';
import { type Output, paint } from './output.ts';

export interface Choice {
  readonly key: string;
  readonly title: string;
  readonly what: string;
  /** Asks for arguments and returns the command; undefined leaves the menu. */
  choose(ask: (question: string) => Promise<string>): Promise<readonly string[] | undefined>;
  /** The menu is shown again after the command. */
  readonly returns?: boolean;
}

export const choices: readonly Choice[] = [
  {
    key: 's',
    title: 'Share a folder',
    what: 'make its torrent and seed it',
    choose: async (ask) => command('share', await ask('Which folder? ')),
  },
  {
    key: 'g',
    title: 'Get something',
    what: 'a .torrent file, a web address, a magnet link or an info-hash',
    choose: async (ask) => command('get', await ask('Which torrent? ')),
  },
  {
    key: 'f',
    title: 'Find music',
    what: 'in the catalogue of a tracker: title, artist or album; then "Get something" and the number',
    choose: async (ask) => command('search', await ask('Which words? ')),
    returns: true,
  },
  {
    key: 'l',
    title: 'Sign in',
    what: 'to your account at a tracker; a name that is new there makes an account',
    choose: signIn,
    returns: true,
  },
  {
    key: 'r',
    title: 'Run a tracker',
    what: 'people of this network find each other and what they share; its catalogue is kept in a folder',
    choose: async (ask) => tracker(await ask('Folder for its catalogue (Enter: none, only for now)? ')),
  },
  {
    key: 'i',
    title: 'Inbox',
    what: 'new versions, wishes come true, messages',
    choose: async () => ['inbox'],
    returns: true,
  },
  {
    key: 't',
    title: 'Status',
    what: 'what this machine has fetched and shared',
    choose: async () => ['status'],
    returns: true,
  },
  {
    key: 'd',
    title: 'Demo',
    what: 'a whole swarm on this machine, in under a minute',
    choose: async () => ['demo'],
  },
  { key: 'h', title: 'Help', what: 'every command', choose: async () => ['--help'], returns: true },
  { key: 'q', title: 'Quit', what: '', choose: async () => undefined },
];

/** A user without an account creates one. An empty answer leads back to the menu. */
async function signIn(ask: (question: string) => Promise<string>): Promise<readonly string[]> {
  const name = await ask('Your name there? ');
  if (name === '') return [];
  const at = await ask('Which tracker (Enter: the last one)? ');
  const isNew = /^y/i.test(await ask('Is the name new there (y/n)? '));
  return [isNew ? 'register' : 'login', name, ...(at === '' ? [] : ['--tracker', at])];
}

function tracker(folder: string): string[] {
  return folder === '' ? ['tracker'] : ['tracker', '--data', folder];
}

/** An empty answer makes no command: back to the menu. */
function command(name: string, answer: string): string[] {
  return answer === '' ? [] : [name, answer];
}

/** Returns the exit code of the chosen command. */
export async function runMenu(
  output: Output,
  run: (argv: readonly string[]) => Promise<number>,
): Promise<number> {
  output.result(paint('bold', 'Cicada: share music folders with the people you know'));
  for (let chosen = 0; ; ) {
    const key = await choose(output, chosen);
    if (key === undefined) return exitCode.done;
    chosen = key;
    const { choose: make, returns = false } = choices[chosen]!;
    const argv = await make(ask);
    if (argv === undefined) return exitCode.done;
    if (argv.length === 0) continue;
    typed(argv);
    output.result(paint('dim', `$ ${commandLine(argv)}`));
    const code = await run(argv);
    if (!returns) return code;
  }
}

/** The index of the choice; undefined when the user leaves the menu. */
async function choose(output: Output, first: number): Promise<number | undefined> {
  let at = first;
  const show = () => output.live({ lines: () => menuLines(choices, at), plain: () => '' });
  const { stdin } = process;
  const done = Promise.withResolvers<number | undefined>();
  const onKeys = (keys: Buffer) => {
    const means = pressed(keys.toString(), choices, at);
    if (means === 'leave') return done.resolve(undefined);
    if ('taken' in means) return done.resolve(means.taken);
    at = means.at;
    show();
  };
  stdin.setRawMode(true).on('data', onKeys).resume();
  show();
  try {
    return await done.promise;
  } finally {
    stdin.setRawMode(false).off('data', onKeys).pause();
    output.clearLive();
  }
}

/** Reads one line from the keyboard; Tab completes paths. Ctrl-C and Ctrl-D give an empty answer. */
async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stdout, completer: completePath });
  const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
  lines.once('SIGINT', () => lines.close());
  try {
    return untyped(await Promise.race([lines.question(question), closed]));
  } finally {
    lines.close();
  }
}
