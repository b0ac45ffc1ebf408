/**
 * What one command is made of. A command's file says what can be typed and does it; program.ts makes the parser and the
 * help out of that, so that every command behaves alike.
 */
import type { InferredOptionTypes, Options, PositionalOptions } from 'yargs';
import type { Output } from './screen/output.ts';

export type OptionTable = Readonly<Record<string, Options>>;

/** All commands, for those few that are about the others. */
export interface CommandTable {
  readonly names: readonly string[];
  /** Other words for some of them. */
  readonly aliases: Readonly<Record<string, string>>;
  /** The command that a word stands for, if any. */
  nameOf(word: string): string | undefined;
  load(name: string): Promise<Command>;
}

/** Of every command. */
export const sharedOptions = {
  json: { type: 'boolean', describe: 'Print JSON' },
  quiet: { type: 'boolean', alias: 'q', describe: 'Print only errors' },
  verbose: { type: 'boolean', alias: 'v', describe: 'Print more details' },
} as const satisfies OptionTable;

export interface CommandSpec<O extends OptionTable, P extends OptionTable> {
  /** In yargs' notation: `create <path..>`. */
  readonly usage: string;
  readonly aliases?: readonly string[];
  /** One line: what it does for whoever types it. */
  readonly describe: string;
  readonly positionals: P;
  readonly options: O;
  /** What to type, and what that does. */
  readonly examples: readonly (readonly [command: string, does: string])[];
  /** Answers the exit code; another than 0 when all there is to say has been said. */
  run(
    args: InferredOptionTypes<O> & InferredOptionTypes<P>,
    output: Output,
    table: CommandTable,
  ): Promise<number>;
}

/** A command whatever its arguments are. */
export interface Command {
  readonly usage: string;
  readonly aliases?: readonly string[];
  readonly describe: string;
  readonly positionals: Readonly<Record<string, PositionalOptions>>;
  readonly options: OptionTable;
  readonly examples: readonly (readonly [command: string, does: string])[];
  /** The arguments are what the parser made of exactly these options. */
  run(args: never, output: Output, table: CommandTable): Promise<number>;
}

export function defineCommand<const O extends OptionTable, const P extends OptionTable>(
  spec: CommandSpec<O, P>,
): Command {
  return spec as unknown as Command;
}
