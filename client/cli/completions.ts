/** `cicada completions`: prints the script with which a shell completes our commands and flags. */
import type { Options } from 'yargs';
import { badOption } from './cli-error.ts';
import { defineCommand, sharedOptions } from './command.ts';
import { type CompletedCommand, type CompletedFlag, completionScripts } from './completion-scripts.ts';
import { exitCode } from './exit-codes.ts';

export default defineCommand({
  usage: 'completions <shell>',
  describe: 'Print the completion script for bash, zsh or fish',
  positionals: {
    shell: {
      type: 'string',
      demandOption: true,
      choices: ['bash', 'zsh', 'fish'],
      describe: 'bash, zsh or fish',
    },
  },
  options: {},
  examples: [
    ['completions bash > ~/.local/share/bash-completion/completions/cicada', 'for every bash from now on'],
    ['completions zsh > ~/.zfunc/_cicada', 'for zsh, with fpath+=~/.zfunc before compinit in ~/.zshrc'],
    ['completions fish > ~/.config/fish/completions/cicada.fish', 'for fish'],
  ],

  async run({ shell }, output, table) {
    const script = Object.hasOwn(completionScripts, shell) ? completionScripts[shell] : undefined;
    if (script === undefined) throw badOption(`"${shell}" is no shell we know: bash, zsh or fish`);
    const commands: CompletedCommand[] = [];
    for (const name of table.names) {
      const { describe, options, positionals, aliases = [] } = await table.load(name);
      const actions = (Object.values(positionals)[0]?.choices ?? []).map(String);
      const flags = Object.entries<Options>({ ...options, ...sharedOptions, help });
      commands.push({ names: [name, ...aliases], describe, flags: flags.map(completedFlag), actions });
    }
    const text = script(commands);
    output.document({ shell, script: text });
    output.data(text);
    return exitCode.done;
  },
});

const help: Options = { type: 'boolean', alias: 'h', describe: 'Show the help' };

function completedFlag([name, option]: readonly [string, Options]): CompletedFlag {
  const { type, alias = [], array = false, choices = [], describe = '' } = option;
  return {
    names: [name, ...[alias].flat()],
    describe,
    takesValue: type !== 'boolean',
    repeats: array,
    choices: choices.map(String),
  };
}
