/**
 * The shape of one command. A command's file declares its arguments and runs it; program.ts builds the parser
 * and the help from that declaration, so that all commands behave alike.
 */
import type { InferredOptionTypes, Options, PositionalOptions } from 'yargs';
import type { Output } from './screen/output.ts';

export type OptionTable = Readonly<Record<string, Options>>;

/** All commands, for the few commands that describe the others. */
export interface CommandTable {
  readonly names: readonly string[];
  /** Other names of commands. */
  readonly aliases: Readonly<Record<string, string>>;
  /** The command that a word stands for, if any. */
  nameOf(word: string): string | undefined;
  load(name: string): Promise<Command>;
}

/** Options that every command takes. */
export const sharedOptions = {
  json: { type: 'boolean', describe: 'Print JSON' },
  quiet: { type: 'boolean', alias: 'q', describe: 'Print only errors' },
  verbose: { type: 'boolean', alias: 'v', describe: 'Print more details' },
} as const satisfies OptionTable;

export interface CommandSpec<O extends OptionTable, P extends OptionTable> {
  /** In yargs' notation: `create <path..>`. */
  readonly usage: string;
  readonly aliases?: readonly string[];
  /** One line for the help: what the command does. */
  readonly describe: string;
  readonly positionals: P;
  readonly options: O;
  /** Command lines, and what each one does. */
  readonly examples: readonly (readonly [command: string, does: string])[];
  /** Returns the exit code. A code other than 0 means that the command has printed the reason itself. */
  run(
    args: InferredOptionTypes<O> & InferredOptionTypes<P>,
    output: Output,
    table: CommandTable,
  ): Promise<number>;
}

/** A command without the types of its arguments. */
export interface Command {
  readonly usage: string;
  readonly aliases?: readonly string[];
  readonly describe: string;
  readonly positionals: Readonly<Record<string, PositionalOptions>>;
  readonly options: OptionTable;
  readonly examples: readonly (readonly [command: string, does: string])[];
  /** The parser made the arguments from exactly these options. */
  run(args: never, output: Output, table: CommandTable): Promise<number>;
}

export function defineCommand<const O extends OptionTable, const P extends OptionTable>(
  spec: CommandSpec<O, P>,
): Command {
  return spec as unknown as Command;
}
