/**
 * Completion scripts for three shells, written from the declarations of the commands. They complete commands
 * and flags; every other word is a path, which the shell completes itself.
 */

export interface CompletedFlag {
  /** Without dashes; the long name first. */
  readonly names: readonly string[];
  readonly describe: string;
  readonly takesValue: boolean;
  /** The flag may be given more than once. */
  readonly repeats: boolean;
  readonly choices: readonly string[];
}

export interface CompletedCommand {
  /** The name, then its aliases. */
  readonly names: readonly string[];
  readonly describe: string;
  readonly flags: readonly CompletedFlag[];
  /** The values of its first argument, where these are few: `ban`, `unban` … of `admin`. */
  readonly actions: readonly string[];
}

type Script = (commands: readonly CompletedCommand[]) => string;

export const completionScripts: Readonly<Record<string, Script>> = { bash, zsh, fish };

function bash(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ names, flags, actions }) => {
    const words = flags.flatMap((flag) => flag.names.map(dashed)).join(' ');
    const own = actions.length === 0 ? '' : ` actions=${single(actions.join(' '))}`;
    return `    ${names.join('|')}) words=${single(words)}${own} ;;`;
  });
  const choices = commands.flatMap(({ flags }) =>
    flags
      .filter((flag) => flag.choices.length > 0)
      .map((flag) => `    ${flag.names.map(dashed).join('|')}) words=${single(flag.choices.join(' '))} ;;`),
  );
  return `# bash completion for cicada
_cicada() {
  local current=\${COMP_WORDS[COMP_CWORD]} words= actions=
  COMPREPLY=()
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
  esac
  case \${COMP_WORDS[COMP_CWORD-1]} in
${[...new Set(choices)].join('\n')}
    *) [[ $current == -* ]] || words= ;;
  esac
  [[ $COMP_CWORD -eq 2 && $current != -* ]] && words=$actions
  [[ $COMP_CWORD -eq 1 ]] && words=${single(commands.flatMap(({ names }) => names).join(' '))}
  [[ -n $words ]] && COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _cicada cicada`;
}

function zsh(commands: readonly CompletedCommand[]): string {
  const described = commands.flatMap(({ names, describe }) =>
    names.map((name) => single(`${name}:${describe}`)),
  );
  const cases = commands.map(({ names, flags, actions }) => {
    const specs = flags.flatMap((flag) => flag.names.map((name) => single(zshSpec(name, flag))));
    const first = actions.length === 0 ? '' : ` ${single(`1:action:(${actions.join(' ')})`)}`;
    return `    ${names.join('|')}) _arguments -S${first} '*:path:_files' ${specs.join(' ')} ;;`;
  });
  return `#compdef cicada
_cicada() {
  local -a commands
  commands=(${described.join(' ')})
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == _cicada ]]; then _cicada "$@"; else compdef _cicada cicada; fi`;
}

/** `*--flag[what it does]:value:_files` */
function zshSpec(name: string, { describe, takesValue, repeats, choices }: CompletedFlag): string {
  const words = describe.replace(/[[\]\\:]/g, '\\$&');
  const value = choices.length > 0 ? `(${choices.join(' ')})` : '_files';
  return `${repeats ? '*' : ''}${dashed(name)}[${words}]${takesValue ? `:value:${value}` : ''}`;
}

function fish(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ names, describe, flags, actions }) => [
    ...names.map(
      (name) => `complete -c cicada -f -n __fish_use_subcommand -a ${name} -d ${fishQuoted(describe)}`,
    ),
    ...(actions.length === 0 ? [] : [fishActions(names, actions)]),
    ...flags.map((flag) => {
      const all = flag.names.map((name) => (name.length === 1 ? `-s ${name}` : `-l ${name}`)).join(' ');
      const values = flag.choices.length > 0 ? ` -x -a ${fishQuoted(flag.choices.join(' '))}` : ' -r';
      const condition = fishQuoted(`__fish_seen_subcommand_from ${names.join(' ')}`);
      return `complete -c cicada -n ${condition} ${all}${flag.takesValue ? values : ''} -d ${fishQuoted(flag.describe)}`;
    }),
  ]);
  return `# fish completion for cicada\n${lines.join('\n')}`;
}

/** Offers the actions until the line contains one of them. */
function fishActions(names: readonly string[], actions: readonly string[]): string {
  const words = actions.join(' ');
  const seen = '__fish_seen_subcommand_from';
  const condition = fishQuoted(`${seen} ${names.join(' ')}; and not ${seen} ${words}`);
  return `complete -c cicada -f -n ${condition} -a ${fishQuoted(words)}`;
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

function single(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
