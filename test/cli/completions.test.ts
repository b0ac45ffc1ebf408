/** Completion by Tab: each script runs in its own shell, where that shell is installed. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandTable } from '../../client/cli/commands.ts';
import completions from '../../client/cli/completions.ts';
import type { Output } from '../../client/cli/screen/output.ts';
import { temporaryFolder } from './run-cicada.ts';

async function scriptFor(shell: string): Promise<string> {
  let script = '';
  const output = { data: (text: string) => (script = text), document: () => {} } as unknown as Output;
  await completions.run({ shell } as never, output, commandTable);
  return script;
}

const has = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

describe.skipIf(!has('bash'))('bash', () => {
  it.each<[string[], string]>([
    [['cicada', 'see'], 'seed'],
    [['cicada', 'wish'], 'wish wishes'],
    [['cicada', 'get', '--seed-'], '--seed-ratio --seed-time'],
    [['cicada', 'seed', '--no-such'], ''],
    [['cicada', 'create', '--format', ''], 'v1 v2 hybrid'],
    [['cicada', 'create', 'Alb'], ''],
    [['cicada', 'admin', 'un'], 'unban unblock'],
    [['cicada', 'account', ''], 'export delete'],
    [['cicada', 'completions', 'z'], 'zsh'],
    [['cicada', 'admin', '--before'], '--before'],
    [['cicada', 'admin', 'ban', 'un'], ''],
  ])('bash completes %j', async (words, expected) => {
    const file = join(temporaryFolder(), 'cicada.bash');
    writeFileSync(file, await scriptFor('bash'));
    const line = `source ${file}; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _cicada; echo "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', line, 'bash', ...words], { encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: `${expected}\n`, stderr: '' });
  });
});

it.skipIf(!has('zsh'))('zsh reads its script', async () => {
  expect(spawnSync('zsh', ['-n'], { input: await scriptFor('zsh'), encoding: 'utf8' }).stderr).toBe('');
});

it.skipIf(!has('fish'))('fish reads its script', async () => {
  expect(spawnSync('fish', ['-n'], { input: await scriptFor('fish'), encoding: 'utf8' }).stderr).toBe('');
});

it('every completion script has every command and flag', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const script = await scriptFor(shell);
    for (const name of commandTable.names) {
      expect(script).toContain(name);
      for (const flag of Object.keys((await commandTable.load(name)).options)) expect(script).toContain(flag);
    }
  }
});

it('completions for an unknown shell are refused', async () => {
  await expect(scriptFor('tcsh')).rejects.toThrow(/no shell we know: bash, zsh or fish/);
  await expect(scriptFor('constructor')).rejects.toThrow(/no shell we know/);
});
