/** Records the help of every command, completions, and errors with their codes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFixedFolders } from './fixed-folders.ts';
import type { Stage } from './stage.ts';

const hash = '0123456789012345678901234567890123456789';
/** No program listens there. */
const nowhere = 'http://127.0.0.1:1';

/** Wrong command lines, each with another mistake. */
const refused: readonly (readonly string[])[] = [
  [],
  ['--jsno'],
  ['creat', 'Nested'],
  ['Nested.torrent'],
  ['magnet:?xt=urn:btih:x'],
  ['create'],
  ['create', 'Nested', '--piece-lenght', '1MiB'],
  ['create', 'Nested', '-l', '3MiB'],
  ['create', 'Nested', '-l'],
  ['create', 'Nested', '--format', 'v3'],
  ['create', 'Nested', '--format', 'v1', '--format', 'v2'],
  ['create', 'Nested', '-a', 'not an address'],
  ['create', 'Nested', '-t', 'many'],
  ['create', 'Nested', '-n', 'a/b'],
  ['create', 'nothing here'],
  ['create', 'no files'],
  ['create', 'Nested', '-o', 'there.torrent'],
  ['create', 'Nested', '--include', '*.none'],
  ['create', 'Nested', '-o', 'single.flac/x.torrent'],
  ['create', 'Nested', 'Nested'],
  ['info'],
  ['info', 'nothing.torrent'],
  ['info', 'broken.torrent'],
  ['info', 'cut.torrent'],
  ['info', 'Nested'],
  ['info', 'magnet:?xt=urn:btih:zz'],
  ['info', 'magnet:?dn=nothing'],
  ['info', '5'],
  ['info', 'one', 'two'],
  ['info', `${nowhere}/x.torrent`],
  ['info', 'ftp://127.0.0.1/x.torrent'],
  ['verify', 'there.torrent'],
  ['verify', 'there.torrent', 'nothing here'],
  ['verify', 'there.torrent', 'single.flac'],
  ['seed', 'there.torrent', 'nothing here'],
  ['seed', 'there.torrent', 'Edges', '--port', '0'],
  ['seed', 'there.torrent', 'Nested', '--port', '70000'],
  ['seed', 'there.torrent', 'Nested', '--seed-ratio', 'x'],
  ['get', 'nothing.torrent'],
  ['get', 'there.torrent', '--select-file', '99', '-o', 'out'],
  ['get', 'there.torrent', '--select-file', '3-1', '-o', 'out'],
  ['get', 'there.torrent', '--download-limit', 'fast'],
  ['get', 'there.torrent', '-o', 'single.flac'],
  ['get', 'there.torrent', '--peer', 'nowhere'],
  ['get', 'there.torrent', '--on-done', ''],
  ['get', hash, '--tracker', 'no address'],
  ['get', '1'],
  ['share', '/etc'],
  ['share', 'nothing here'],
  ['share', 'Nested', '--visibility', 'all'],
  ['status', '--forget', '3'],
  ['tracker', '--listen', 'here'],
  ['tracker', '--data', 'single.flac', '--listen', '127.0.0.1:0'],
  ['tracker', '--tls-cert', 'nothing.pem', '--listen', '127.0.0.1:0'],
  ['tracker', '--public-url', 'x', '--listen', '127.0.0.1:0'],
  ['completions', 'csh'],
  ['search', 'x'],
  ['search', 'x', '--tracker', nowhere],
  ['search', 'x', '--year', 'long ago', '--tracker', nowhere],
  ['search', 'x', '-n', '501', '--tracker', nowhere],
  ['browse', '--tracker', 'no address'],
  ['register', 'ada', '--tracker', nowhere],
  ['whoami'],
  ['publish', 'Nested'],
  ['report', 'x', 'y', '--tracker', nowhere],
  ['admin', 'dance', '--tracker', nowhere],
  ['admin', 'ban', '--tracker', nowhere],
  ['account', 'burn'],
];

export async function recordWords(stage: Stage): Promise<void> {
  const { stdout } = await stage.answer('--help', ['--help']);
  await stage.answer('--version', ['--version']);
  await stage.answer('help create', ['help', 'create']);
  const shells = ['bash', 'zsh', 'fish'].map((shell) => ['completions', shell]);
  await stage.answerAll([...commandsIn(stdout).map((name) => [name, '--help']), ...shells]);
}

/** The overview lists the commands, one per line after two spaces. */
function commandsIn(overview: string): string[] {
  const names = [...overview.matchAll(/^ {2}([a-z]+)\b/gm)].map(([, name]) => name!);
  return [...new Set(names)].filter((name) => name !== 'cicada');
}

export async function recordRefusals(stage: Stage): Promise<void> {
  makeFixedFolders(stage.in());
  mkdirSync(stage.in('no files'));
  await stage.do(['create', 'Nested', '-o', 'there.torrent']);
  writeFileSync(stage.in('broken.torrent'), 'd4:infod4:name1:xee');
  writeFileSync(stage.in('cut.torrent'), 'd8:announce20:http');
  // The document contains the text of the error too.
  await stage.answerAll(refused.map((args) => [...args, '--json']));
  await stage.answerAll(refused.filter((_, at) => at % 6 === 0));
  const settings = join(stage.place, 'home/ben/config/cicada');
  mkdirSync(settings, { recursive: true });
  writeFileSync(join(settings, 'config.json'), '{"piece-length":"32KiB","nonsense":1}');
  await stage.answer('settings with a key that is unknown', ['create', 'Nested', '--dry-run'], { by: 'ben' });
  writeFileSync(join(settings, 'config.json'), '{"piece-length":');
  await stage.answer('settings that are no JSON', ['create', 'Nested', '--dry-run'], { by: 'ben' });
  writeFileSync(join(settings, 'config.json'), '{"piece-length":"32KiB"}');
  await stage.answer('settings that count', ['create', 'Nested', '--dry-run', '--json'], { by: 'ben' });
  const env = { CICADA_PIECE_LENGTH: '64KiB' };
  await stage.answer('the environment counts more', ['create', 'Nested', '--dry-run', '--json'], {
    by: 'ben',
    env,
  });
}
