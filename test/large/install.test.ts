/**
 * Installs the packed tarball into a project and for a whole user. npm downloads the dependencies from the
 * registry.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packedInto, runIn } from '../cli/packed.ts';
import { TemporaryFolder } from '../e2e/shared-folder.ts';
import { large } from './large.ts';

large('the tarball', () => {
  it('npm installs the tarball, and both of its programs run', { timeout: 5 * 60_000 }, async () => {
    using temporary = new TemporaryFolder();
    const tarball = await packedInto(temporary.in('.'));
    const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--silent'];
    const project = temporary.in('project');
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{ "private": true }');
    await runIn(project, 'npm', [...install, tarball]);
    await runIn(project, 'npm', [...install, '--global', '--prefix', temporary.in('prefix'), tarball]);
    for (const name of ['cicada', 'cicada-swarm']) {
      expect(await runIn(project, 'npx', ['--no-install', name, '--version'])).toBe('cicada 0.1.0\n');
      const program = temporary.in(join('prefix/bin', name));
      expect(await runIn(project, program, ['--version'], { npm: false })).toBe('cicada 0.1.0\n');
      expect(await runIn(project, program, ['--help'], { npm: false })).toMatch(
        /help: cicada COMMAND --help/,
      );
    }
    writeFileSync(
      join(project, 'program.mjs'),
      ['torrents', 'tracker', 'client', 'sim'].map((door) => `import 'cicada-swarm/${door}';`).join('\n'),
    );
    expect(await runIn(project, process.execPath, ['program.mjs'])).toBe('');
  });
});
