/** The value of a flag that is not given: from the environment, else from the user's configuration file. */
import process from 'node:process';
import type { Options } from 'yargs';

export function standIn(key: string, option: Options, settings: ReadonlyMap<string, unknown>): Options {
  const fromHere = fromEnvironment(key, option);
  if (fromHere !== undefined || !settings.has(key)) return fromHere ?? {};
  const value = settings.get(key);
  return { default: value, defaultDescription: `${String(value)}, from the configuration file` };
}

function fromEnvironment(key: string, { type, array }: Options): Options | undefined {
  const name = environmentName(key);
  const text = process.env[name];
  if (text === undefined) return undefined;
  const isOn = !['', '0', 'false', 'no', 'off'].includes(text.toLowerCase());
  return {
    default: type === 'boolean' ? isOn : array ? [text] : text,
    defaultDescription: `${name}=${text}`,
  };
}

/** `upload-limit` → `CICADA_UPLOAD_LIMIT`. */
export function environmentName(key: string): string {
  return `CICADA_${key.toUpperCase().replaceAll('-', '_')}`;
}
