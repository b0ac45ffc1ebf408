/** The configuration file: its keys, its errors, and the priority of flags and environment. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { sharedOptions } from '../../../client/cli/command.ts';
import { commandTable } from '../../../client/cli/commands.ts';
import { readConfig } from '../../../client/cli/options/config-file.ts';
import { runCicada, temporaryFolder } from '../run-cicada.ts';

let file: string;
beforeEach(() => {
  file = join(temporaryFolder(), 'cicada', 'config.json');
  mkdirSync(dirname(file));
});

const write = (settings: unknown) =>
  writeFileSync(file, typeof settings === 'string' ? settings : JSON.stringify(settings));

async function settingsOf(command: string) {
  const { options } = await commandTable.load(command);
  return Object.fromEntries(await readConfig(file, command, { ...options, ...sharedOptions }, commandTable));
}

describe('a setting', () => {
  it('a setting applies to every command that has the flag', async () => {
    write({ 'upload-limit': '1MiB/s', out: '/music', port: 7000, seed: true });
    expect(await settingsOf('download')).toEqual({
      'upload-limit': '1MiB/s',
      out: '/music',
      port: '7000',
      seed: true,
    });
    expect(await settingsOf('seed')).toEqual({ 'upload-limit': '1MiB/s', port: '7000' });
    expect(await settingsOf('status')).toEqual({});
  });

  it('a setting in a section applies to one command, and has priority over the others', async () => {
    write({ port: 7000, seed: { port: 7001 }, tracker: { listen: '127.0.0.1:1' } });
    expect(await settingsOf('seed')).toEqual({ port: '7001' });
    expect(await settingsOf('download')).toEqual({ port: '7000' });
    expect(await settingsOf('tracker')).toEqual({ listen: '127.0.0.1:1' });
  });

  it('a setting may begin with ~, which is expanded', async () => {
    write({ out: '~/Music' });
    expect(await settingsOf('download')).toEqual({ out: join(homedir(), 'Music') });
  });

  it('a setting of a list may be one word', async () => {
    write({ tracker: 'http://a/announce', peer: ['h:1', 'h:2'] });
    expect(await settingsOf('download')).toEqual({ tracker: ['http://a/announce'], peer: ['h:1', 'h:2'] });
  });
});

it('a missing configuration file means no settings', async () =>
  expect(await settingsOf('download')).toEqual({}));

describe('is refused, by the name of the file and of the key', () => {
  it.each<[string, unknown, RegExp]>([
    ['an unknown key', { ot: 1 }, /there is no setting "ot"; did you mean "out"\?/],
    [
      'an unknown key in a section',
      { download: { prt: 1 } },
      /no setting "download\.prt"; did you mean "port"\?/,
    ],
    ['nothing near', { xyzzy: 1 }, /no setting "xyzzy"; keys are the names of flags/],
    ['__proto__', '{ "__proto__": {} }', /no setting "__proto__"/],
    ['a wrong type', { out: true }, /"out" takes a text or a number, not true/],
    ['an invalid switch', { quiet: 'yes' }, /"quiet" takes true or false, not "yes"/],
    ['a list where one is wanted', { out: ['a'] }, /"out" takes a text or a number, not \["a"\]/],
    ['what the flag itself refuses', { 'upload-limit': 'fast' }, /--upload-limit: "fast" is not a rate/],
    ['an invalid section', { create: 3 }, /"create" is a section: give it like/],
    ['no JSON', '{ "out": ', /is not JSON: /],
    ['no object', [], /the settings are an object/],
  ])('a faulty setting is refused by file and key: %s', async (_, settings, sentence) => {
    write(settings);
    const refused = expect(settingsOf('download')).rejects;
    await refused.toMatchObject({ code: 'option-invalid', message: expect.stringMatching(sentence) });
    await refused.toMatchObject({ message: expect.stringContaining(file) });
  });
});

describe('a flag comes before the environment, and that before the file', () => {
  const run = async (args: string[], env: NodeJS.ProcessEnv = {}) =>
    (
      await runCicada(['verify', 'nope', 'x', ...args], {
        env: { XDG_CONFIG_HOME: dirname(dirname(file)), ...env },
      })
    ).stdout;

  it.each<[string[], NodeJS.ProcessEnv, boolean]>([
    [[], {}, true],
    [[], { CICADA_JSON: '0' }, false],
    [['--json'], { CICADA_JSON: '0' }, true],
    [['--no-json'], {}, false],
  ])('a flag comes before the environment, and that before the file: %j %j', async (args, env, isJson) => {
    write({ json: true });
    expect((await run(args, env)) !== '').toBe(isJson);
  });

  it('help is shown even with an invalid configuration file', async () => {
    write('[');
    expect(await run(['--help'])).toContain('With every command:');
  });
});
