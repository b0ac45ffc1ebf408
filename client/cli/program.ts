/**
 * Runs a command line: one parser for all commands. It reports every fault of a command line, with the
 * probable correction.
 */
import process from 'node:process';
import type { Argv, Options } from 'yargs';
import { version } from '../../torrents/program.ts';
import { badOption, type CliError } from './cli-error.ts';
import { type Command, sharedOptions } from './command.ts';
import { commandTable } from './commands.ts';
import { exitCode } from './exit-codes.ts';
import { readConfig } from './options/config-file.ts';
import { nearestWord } from './options/nearest-word.ts';
import { environmentName, standIn } from './options/stand-ins.ts';
import { configFile } from './options/user-folders.ts';
import { calledAs, quoted } from './screen/command-line.ts';
import type { Output } from './screen/output.ts';

const versionLine = `cicada ${version}`;

/** Runs the command that the arguments name; returns the exit code. Throws every error. */
export async function runProgram(argv: readonly string[], output: Output): Promise<number> {
  const [word, ...rest] = argv;
  if (word === '--version' || word === '-V') {
    output.data(versionLine);
    return exitCode.done;
  }
  if (word === 'help') return await runProgram([...rest, '--help'], output);
  if (word === undefined && process.stdin.isTTY && process.stdout.isTTY && output.isLive) {
    const { runMenu } = await import('./screen/menu.ts');
    return await runMenu(output, (chosen) => runProgram(chosen, output));
  }
  if (word === undefined || word.startsWith('-')) return await runOverview(argv, output);
  const name = commandTable.nameOf(word);
  if (name === undefined) throw unknownCommand(word);
  const command = await commandTable.load(name);
  const args = await parse(name, command, argv);
  if (args === undefined) return exitCode.done;
  output.configure({ json: args.json === true, quiet: args.quiet === true, verbose: args.verbose === true });
  // The parser was made of this command's own options.
  return await command.run(args as never, output, commandTable);
}

/** `cicada` alone, `--help` and `--version`: no command is loaded for these. */
async function runOverview(argv: readonly string[], output: Output): Promise<number> {
  refuseUnknownFlag({ argv, names: [], usage: 'COMMAND', help: `${calledAs} --help` });
  const asks = (...flags: string[]) => argv.some((word) => flags.includes(word));
  if (argv.length === 0 || asks('--help', '-h')) {
    const { overviewText } = await import('./overview.ts');
    output.data(overviewText());
  } else if (asks('--version', '-V')) output.data(versionLine);
  else throw badOption(`say which command first: ${calledAs} --help lists them`);
  return exitCode.done;
}

/** Undefined when help or the version was asked for; it has been printed then. */
async function parse(
  name: string,
  command: Command,
  argv: readonly string[],
): Promise<Record<string, unknown> | undefined> {
  const options: Record<string, Options> = { ...command.options, ...sharedOptions };
  // Help is shown even when the configuration file is invalid.
  const isHelp = argv.includes('--help') || argv.includes('-h');
  const settings = isHelp ? new Map() : await readConfig(configFile(), name, options, commandTable);
  const parser = (await parserBase()).command({
    command: [command.usage, ...(command.aliases ?? [])],
    describe: command.describe,
    builder: (builder: Argv) => {
      for (const [key, { describe }] of Object.entries(command.positionals)) {
        builder.positional(key, { type: 'string', describe });
      }
      for (const [key, option] of Object.entries(options))
        builder.option(key, checked(key, option, settings));

      builder.group(Object.keys(command.options), 'Options:');
      builder.group([...Object.keys(sharedOptions), 'help', 'version'], 'With every command:');
      const [first] = Object.keys(options);
      const environment = `Every flag has an environment variable too, ${environmentName(first!)} for --${first}, and a key in\n${configFile()}`;
      return builder.epilogue(`${examples(command.examples)}\n\n${environment}`);
    },
    handler: () => {},
  });
  const args: Record<string, unknown> = await inOurWords(() => parser.strict().parseAsync(disguised(argv)), {
    argv,
    names: Object.entries(options).flatMap(([key, { alias = [] }]) => [key, ...[alias].flat()]),
    usage: command.usage,
    help: `${calledAs} ${command.usage.split(' ', 1)[0]} --help`,
  });
  if (args.help === true || args.version === true) return undefined;
  for (const key of Object.keys(command.positionals)) args[key] = undisguised(args[key]);
  return args;
}

/**
 * Words that yargs would treat specially: it drops a lone `-`, which stands for stdin or stdout, and takes
 * `help` as the last word for `--help`, so that `say lobby I need help` would send nothing.
 */
const keptWords: ReadonlySet<unknown> = new Set(['-', 'help']);
/** The NUL character: no argument can contain it. */
const disguise = '\0';

/**
 * Words after `--` are never flags. yargs loses `--` for positionals that take several words, so these words
 * are disguised.
 */
function disguised(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  const before = end < 0 ? argv : argv.slice(0, end);
  const behind = end < 0 ? [] : argv.slice(end + 1);
  return [
    ...before.map((word) => (keptWords.has(word) ? `${disguise}${word}` : word)),
    ...behind.map((word) => `${disguise}${word}`),
  ];
}

function undisguised(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(undisguised);
  return typeof value === 'string' ? value.replace(disguise, '') : value;
}

/** yargs is loaded only where a command line is parsed: `--version` and the overview do not need it. */
async function parserBase(): Promise<Argv> {
  const { default: yargs } = await import('yargs');
  return yargs()
    .scriptName(calledAs)
    .locale('en')
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'strip-aliased': true,
    })
    .help('help', 'Show this help')
    .alias('help', 'h')
    .version('version', 'Show the version', versionLine)
    .alias('version', 'V')
    .wrap(Math.min(100, process.stdout.columns || 100))
    .exitProcess(false)
    .fail(false);
}

function examples(lines: readonly (readonly [command: string, does: string])[]): string {
  return `Examples:\n${lines.map(([line, does]) => `  ${calledAs} ${line}\n      ${does}`).join('\n')}`;
}

/**
 * Adds the value of the environment or the configuration file for a flag that is not given, and refuses a
 * single-value flag that is given twice.
 */
function checked(key: string, option: Options, settings: ReadonlyMap<string, unknown>): Options {
  const { coerce } = option;
  const isList = option.array === true;
  return {
    ...option,
    ...standIn(key, option, settings),
    coerce: (given: unknown) => {
      const value = undisguised(given);
      if (Array.isArray(value) && !isList) throw badOption(`--${key} is given more than once`);
      // yargs passes an absent list as a list of undefined.
      if (value === undefined || (Array.isArray(value) && value[0] === undefined)) return undefined;
      return coerce === undefined ? value : coerce(value);
    },
  };
}

interface Syntax {
  readonly argv: readonly string[];
  /** The command's flags, without dashes. */
  readonly names: readonly string[];
  readonly usage: string;
  /** The command line that prints more help. */
  readonly help: string;
}

/** Turns an error of the parser into a CliError that says what to type instead. */
async function inOurWords<T>(parsing: () => Promise<T>, syntax: Syntax): Promise<T> {
  refuseUnknownFlag(syntax);
  try {
    return await parsing();
  } catch (error) {
    throw refusal((error as Error).message.replaceAll(disguise, ''), syntax);
  }
}

/**
 * Runs before the parser: to the parser the word after an unknown flag is the flag's value, so it would
 * report a missing argument.
 */
function refuseUnknownFlag({ argv, names, usage, help }: Syntax): void {
  const known = new Set([...names, 'help', 'h', 'version', 'V']);
  const end = argv.indexOf('--');
  for (const word of end < 0 ? argv : argv.slice(0, end)) {
    const [, long, short] = /^(?:--([^=]+)|-([^\d=])(?:=|$))/.exec(word) ?? [];
    const name = long ?? short;
    if (name === undefined || known.has(name) || known.has(name.replace(/^no-/, ''))) continue;
    const meant = nearestWord(
      name,
      [...known].filter((other) => other.length > 1),
    );
    const hint = meant === undefined ? '' : `; did you mean --${meant}?`;
    const isWord = usage.includes('<words')
      ? '; what is searched for and begins with a dash goes behind --'
      : '';
    throw badOption(`there is no ${flagOf(name)}${hint} (${help} lists all${isWord})`);
  }
}

/** A hint for commands that take any words: `-M-` is a band. */
function dashHint(usage: string): string {
  return usage.includes('<words') ? '; a word that begins with a dash goes behind --' : '';
}

function flagOf(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

function refusal(message: string, { argv, usage, help }: Syntax): CliError {
  const unknown = /^Unknown arguments?: ([^,]+)/.exec(message)?.[1];
  if (unknown !== undefined) {
    return argv.includes(unknown)
      ? badOption(`"${unknown}" is one argument too many; it goes like this: ${calledAs} ${usage}`)
      : badOption(`there is no ${flagOf(unknown)} (${help} lists all)`);
  }
  const valueless = /^Not enough arguments following: (.+)/.exec(message)?.[1];
  if (valueless !== undefined) return badOption(`${flagOf(valueless)} needs a value (${help} tells which)`);
  if (message.startsWith('Not enough non-option arguments')) {
    const hint = argv.some((word) => word.startsWith('-') && word !== '--') ? dashHint(usage) : '';
    return badOption(`something is missing; it goes like this: ${calledAs} ${usage}${hint}`);
  }
  return badOption(message);
}

function unknownCommand(word: string): CliError {
  if (/^magnet:|^https?:|\.torrent$/i.test(word)) {
    return badOption(`${word} is no command; to fetch it: ${calledAs} get ${quoted(word)}`);
  }
  const meant = nearestWord(word, [...commandTable.names, ...Object.keys(commandTable.aliases)]);
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
  return badOption(`there is no command "${word}"${hint} (${calledAs} --help lists all)`);
}
