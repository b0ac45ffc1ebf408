import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CliError } from '../../client/cli/cli-error.ts';
import { exitCode, exitCodeOf } from '../../client/cli/exit-codes.ts';

describe('exit codes', () => {
  it('are the documented ones: scripts rely on them', () => {
    expect(exitCode).toEqual({
      ...{ done: 0, unknown: 1, timedOut: 2, notFound: 3, network: 6, stopped: 7, diskFull: 9 },
      ...{ existsAlready: 13, fileError: 17, notAllowed: 24, badTorrent: 26, badMagnet: 27 },
      ...{ badOption: 28, dataMismatch: 32 },
    });
  });

  it.each([
    ['bencode-truncated', 26],
    ['metainfo-web-page', 26],
    ['path-traversal', 26],
    ['magnet-scheme', 27],
    ['option-invalid', 28],
    ['exists', 13],
    ['data-mismatch', 32],
    ['port-in-use', 6],
    ['fetch-timed-out', 2],
    ['fetch-not-found', 3],
    ['fetch-not-allowed', 24],
    ['interrupted', 7],
    ['ENOSPC', 9],
    ['EACCES', 17],
    ['uploads-busy', 6],
    ['body-too-slow', 6],
    ['length-required', 6],
    ['body-too-large', 28],
    ['body-too-complex', 28],
    ['upload-too-costly', 28],
    ['upload-unreadable', 26],
    ['something-new', 1],
  ])('%s ends with %d', (code, expected) => expect(exitCodeOf(new CliError(code, ''))).toBe(expected));

  it('an error without a code is nobody’s fault but ours', () => {
    expect(exitCodeOf(new TypeError('x'))).toBe(1);
    expect(exitCodeOf('not even an error')).toBe(1);
  });

  it('know every code that the doors of the three rooms throw', () => {
    const unknown = [...codesThrown()].filter(
      (code) => exitCodeOf(new CliError(code, '')) === exitCode.unknown,
    );
    expect(unknown).toEqual([]);
  });
});

/** Every literal code given to an error that the command line may see. */
function* codesThrown(): Generator<string> {
  for (const room of ['torrents', 'tracker', 'client/host', 'client/cli']) {
    const folder = fileURLToPath(new URL(`../../${room}`, import.meta.url));
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue;
      const source = readFileSync(`${folder}/${name}`, 'utf8');
      const errors =
        /new (?:Cli|Client|Create|Verify|Metainfo|Bencode|Magnet|Listen)Error\(\s*'([a-z][a-z-]+)'/g;
      for (const [, code] of source.matchAll(errors)) yield code!;
    }
  }
}
