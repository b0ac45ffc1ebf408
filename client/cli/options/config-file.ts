/**
 * The user's configuration: a JSON file whose keys are names of flags, for every command with that flag, and
 * sections named after commands for a single command. An unknown key is refused by name: a setting that
 * silently does nothing is worse than an error.
 */
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Options } from 'yargs';
import { badOption, type CliError } from '../cli-error.ts';
import { type CommandTable, type OptionTable, sharedOptions } from '../command.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import { errorWords } from '../error-words.ts';
import { nearestWord } from './nearest-word.ts';

/** 1 MiB: far more than a configuration written by hand. */
const bytesMax = 1024 * 1024;

/** Values by the names of the flags of `command`, as if typed. Throws CliError `option-invalid`. */
export async function readConfig(
  file: string,
  command: string,
  options: OptionTable,
  table: CommandTable,
): Promise<ReadonlyMap<string, unknown>> {
  const settings = new Map<string, unknown>();
  const root = await readObject(file);
  if (root === undefined) return settings;
  const strangers: string[] = [];
  let section: Readonly<Record<string, unknown>> = {};
  for (const [key, value] of Object.entries(root)) {
    // A section is an object, and no flag takes an object: `tracker` may be both.
    if (table.names.includes(key) && isObject(value)) {
      if (key === command) section = value;
    } else if (Object.hasOwn(options, key)) settings.set(key, settingOf(file, key, value, options[key]!));
    else strangers.push(key);
  }
  if (strangers.length > 0) await refuseUnknown(file, strangers, table);
  for (const [key, value] of Object.entries(section)) {
    if (!Object.hasOwn(options, key)) throw unknownKey(file, `${command}.${key}`, key, Object.keys(options));
    settings.set(key, settingOf(file, `${command}.${key}`, value, options[key]!));
  }
  return settings;
}

/** Undefined when the file does not exist. */
async function readObject(file: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  let text: string;
  try {
    if ((await stat(file)).size > bytesMax)
      throw badOption(`${file} is larger than 1 MiB: those are no settings`);
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code === 'option-invalid') throw error;
    throw badOption(`${file} cannot be read: ${message}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badOption(`${file} is not JSON: ${plain((error as Error).message)}`);
  }
  if (isObject(value)) return value;
  throw badOption(`${file}: the settings are an object, like { "out": "~/Music" }`);
}

/** A flag of another command is ignored; a key that no command knows is an error. */
async function refuseUnknown(file: string, keys: readonly string[], table: CommandTable): Promise<void> {
  const flags = new Set<string>(Object.keys(sharedOptions));
  for (const name of table.names) {
    for (const flag of Object.keys((await table.load(name)).options)) flags.add(flag);
  }
  for (const key of keys) {
    if (flags.has(key)) continue;
    if (!table.names.includes(key)) throw unknownKey(file, key, key, [...flags, ...table.names]);
    throw badOption(`${file}: "${key}" is a section: give it like { "${key}": { … } }`);
  }
}

function unknownKey(file: string, shown: string, key: string, known: Iterable<string>): CliError {
  const meant = nearestWord(key, known);
  const hint = meant === undefined ? 'keys are the names of flags' : `did you mean "${meant}"?`;
  return badOption(`${file}: there is no setting "${plain(shown)}"; ${hint}`);
}

/** The value as if typed. Throws when the flag does not take such a value. */
function settingOf(file: string, key: string, value: unknown, option: Options): unknown {
  const refusal = (what: string) =>
    badOption(`${file}: "${key}" takes ${what}, not ${plain(JSON.stringify(value))}`);
  if (option.type === 'boolean') {
    if (typeof value !== 'boolean') throw refusal('true or false');
    return value;
  }
  const isWord = (part: unknown) => typeof part === 'string' || typeof part === 'number';
  if (option.array === true) {
    const parts = Array.isArray(value) ? value : [value];
    if (!parts.every(isWord)) throw refusal('a text or a list of texts');
    return checked(file, parts.map(wordOf), option);
  }
  if (!isWord(value)) throw refusal('a text or a number');
  const { choices } = option;
  if (choices !== undefined && !choices.includes(wordOf(value)))
    throw refusal(`one of ${choices.join(', ')}`);
  return checked(file, wordOf(value), option);
}

/** No shell expands `~` in this file, so it is expanded here. */
function wordOf(value: unknown): string {
  const text = String(value);
  return text.startsWith('~/') ? join(homedir(), text.slice(2)) : text;
}

/** Runs the flag's own parser now, so that its error names this file. */
function checked<T>(file: string, value: T, { coerce }: Options): T {
  try {
    coerce?.(value);
  } catch (error) {
    throw badOption(`${file}: ${errorWords(error)}`);
  }
  return value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
