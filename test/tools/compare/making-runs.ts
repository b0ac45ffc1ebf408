/**
 * Records what is made of fixed folders, what is printed about it, and the results of checking it. No
 * network.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { filesBelow, makeFixedFolders } from './fixed-folders.ts';
import type { Stage } from './stage.ts';

const formats = ['v1', 'v2', 'hybrid'];
const kinds = ['Nested', 'Scripts', 'Edges', 'Larger', 'single.flac'];

/** Options that change the bytes of a torrent, and options that select its files. */
const making: readonly (readonly string[])[] = [
  ['Nested', '-a', 'http://one.example/announce,http://two.example/announce', '-a', 'udp://three.example:1'],
  ['Nested', '--private', '-a', 'http://one.example/announce', '--source', 'here'],
  ['Nested', '--comment', 'A remark — ümläut', '--name', 'Another name', '-l', '32KiB'],
  ['Nested', '--web-seed', 'http://seed.example/music/', '--web-seed', 'https://two.example/'],
  ['Nested', '--include', '*.flac', '--exclude', 'CD2/**'],
  ['Nested', '-t', '1', '-l', '1MiB'],
  ['Nested', 'Edges', '-o', 'several'],
  ['Untidy'],
  ['Untidy', '--include-hidden', '--include-junk', '--include-secrets'],
  ['Untidy', '--follow-symlinks'],
  ['Untidy', '--dry-run'],
  ['Empty'],
  ['Library', '--per-album', '-o', 'albums'],
  ['Library', '--per-album', '-o', 'albums', '--skip-existing'],
  ['Library', '--per-album', '--dry-run'],
];

/** Records the info-hashes and the exact bytes of the torrents. */
export async function recordHashes(stage: Stage): Promise<void> {
  makeFixedFolders(stage.in());
  for (const format of formats) {
    for (const kind of kinds) {
      const file = `${kind} ${format}.torrent`;
      await stage.answer(`create ${kind} as ${format}`, [
        'create',
        kind,
        '--format',
        format,
        '-o',
        file,
        '--json',
      ]);
      noteTorrents(stage, `bytes of ${file}`, [stage.in(file)]);
    }
    const albums = [
      `Library as ${format}`,
      'Library',
      '--per-album',
      '--format',
      format,
      '-o',
      `albums ${format}`,
    ];
    await stage.answer(`create the albums of ${albums[0]}`, ['create', ...albums.slice(1), '--json']);
    noteTorrents(stage, `bytes of the albums of ${albums[0]}`, filesBelow(stage.in(`albums ${format}`)));
  }
}

export async function recordMaking(stage: Stage): Promise<void> {
  makeFixedFolders(stage.in());
  for (const args of making) {
    for (const more of [['--json'], []]) {
      // The `--json` run has already made the torrent.
      const force = more.length === 0 && !args.includes('--skip-existing') ? ['--force'] : [];
      const line = ['create', ...args, ...more];
      await stage.answer(line.join(' '), [...line, ...force]);
    }
    const made = filesBelow(stage.in()).filter((path) => path.endsWith('.torrent'));
    noteTorrents(stage, `bytes made by create ${args.join(' ')}`, made);
    for (const path of made) if (!path.startsWith(stage.in('albums'))) rmSync(path);
  }
  const { stdout } = await stage.run(['create', 'Nested', '-o', '-']);
  stage.note('create Nested -o - (bytes)', hashOf(stage, Buffer.from(stdout)));
  await recordInfo(stage);
  await recordVerify(stage);
}

async function recordInfo(stage: Stage): Promise<void> {
  for (const kind of kinds) {
    for (const format of formats) {
      const file = `${kind} ${format}.torrent`;
      await stage.do(['create', kind, '--format', format, '-a', 'http://one.example/announce', '-o', file]);
      await stage.answer(`info ${file} --json`, ['info', file, '--json']);
    }
    await stage.answer(`info ${kind}`, ['info', `${kind} hybrid.torrent`]);
    await stage.answer(`info --magnet ${kind}`, ['info', '--magnet', `${kind} v2.torrent`]);
  }
  const stdin = readFileSync(stage.in('Nested hybrid.torrent'));
  await stage.answer('info - --json', ['info', '-', '--json'], { stdin });
}

async function recordVerify(stage: Stage): Promise<void> {
  const torrent = (format: string) => stage.in(`Edges ${format}.torrent`);
  const both = async (what: string, ...args: string[]) => {
    await stage.answer(`verify ${what} --json`, ['verify', ...args, '--json']);
    await stage.answer(`verify ${what}`, ['verify', ...args]);
  };
  for (const kind of kinds) await both(`${kind}, all of it there`, `${kind} hybrid.torrent`, kind);
  await both('the folder that holds it', 'Scripts v1.torrent', '.');
  const damaged = stage.in('Edges/4 two');
  writeFileSync(damaged, Buffer.alloc(32 * 1024));
  for (const format of formats) await both(`damaged, ${format}`, torrent(format), 'Edges');
  truncateSync(damaged, 1_000);
  for (const format of formats) await both(`too short, ${format}`, torrent(format), 'Edges');
  rmSync(damaged);
  for (const format of formats) await both(`one missing, ${format}`, torrent(format), 'Edges');
  writeFileSync(stage.in('Nested/stranger.txt'), 'not of it');
  await both('with a file that is not of it', 'Nested v2.torrent', 'Nested');
}

function noteTorrents(stage: Stage, what: string, paths: readonly string[]): void {
  const lines = paths.map((path) => {
    const bytes = existsSync(path) ? hashOf(stage, readFileSync(path)) : 'not there';
    return `${relative(stage.in(), path)} ${bytes}`;
  });
  stage.note(what, lines.join('\n'));
}

/** Ignores the version of the program that made the torrent. */
function hashOf(stage: Stage, torrent: Buffer): string {
  const { version } = JSON.parse(readFileSync(join(stage.checkout, 'package.json'), 'utf8'));
  const by = `Cicada ${version}`;
  const bytes = torrent.toString('latin1').replace(`${by.length}:${by}`, 'VERSION');
  return createHash('sha256').update(bytes, 'latin1').digest('hex');
}
