/**
 * Creating torrents: 1 GiB in twelve tracks with two threads, compared with mktorrent (v1, whole programs)
 * and libtorrent (`set_piece_hashes`, all three formats, without starting Python or Node), and 100,000 small
 * files.
 *
 * The SHA instructions of a processor make OpenSSL two to three times as fast, for all programs. If the
 * processor has them, everything is measured again with OpenSSL told not to use them, as on an older machine.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import {
  albumBytes,
  type Contestant,
  cicada,
  contest,
  type Environment,
  environmentOf,
  isThere,
  makeSmallFiles,
  ours,
  pieceLength,
  python,
  ratesScript,
  reportRates,
  run,
  timed,
  withAlbum,
} from './hash-contest.ts';
import { hasShaInstructions } from './machine.ts';

const formats = ['v1', 'v2', 'hybrid'] as const;
const smallFiles = 100_000;
const smallPieceLength = 2 ** 14;

/** Bit 29 of the second word is SHA, for Intel and AMD. OpenSSL reads this variable. */
const withoutSha: Environment = { OPENSSL_ia32cap: '~0:~0x20000000' };

export async function benchCreate(report: (line: string) => void): Promise<void> {
  await withAlbum(async (album, folder) => {
    await compare(album, folder, {}, report);
    if (process.arch === 'x64' && hasShaInstructions()) {
      report('the same without SHA instructions:');
      await compare(album, folder, withoutSha, report);
    }
    const many = join(folder, 'Many');
    await mkdir(many);
    await makeSmallFiles(many, smallFiles);
    report(`${smallFiles} files of 1 to 5 KB in pieces of 16 KiB, whole programs, two threads:`);
    for (const format of formats) {
      const { milliseconds, peakMiB } = await cicada(creating(many, folder, format, smallPieceLength));
      const seconds = (milliseconds / 1000).toFixed(1);
      report(`  cicada ${format.padEnd(7)} ${seconds} s, ${peakMiB.toFixed(0)} MiB of memory at most`);
    }
  });
}

async function compare(
  album: string,
  folder: string,
  environment: Environment,
  report: (line: string) => void,
): Promise<void> {
  const chosen = JSON.parse(
    (await run(process.execPath, [ratesScript], { env: environmentOf(environment) })).stdout,
  );
  for (const algorithm of ['sha1', 'sha256']) {
    const { rate, backend } = chosen[algorithm];
    report(`OpenSSL ${algorithm}: ${rate.toFixed(0)} MiB/s a core; chosen here: ${backend}`);
  }
  const torrent = join(folder, 'out.torrent');
  const programs: Contestant[] = [
    {
      name: 'cicada v1',
      once: async () => (await cicada(creating(album, folder, 'v1', pieceLength), environment)).milliseconds,
    },
  ];
  if (await isThere('mktorrent', ['-h'])) {
    const args = ['-t', '2', '-l', String(Math.log2(pieceLength)), '-a', 'http://a/', '-o', torrent, album];
    programs.push({
      name: 'mktorrent -t 2',
      once: async () => {
        await rm(torrent, { force: true });
        return timed(() => run('mktorrent', args, { env: environmentOf(environment) }));
      },
    });
  } else report('mktorrent: not compared, apt-get install mktorrent');
  report('1 GiB, whole programs:');
  reportRates(await contest(programs, albumBytes), 'mktorrent -t 2', report);

  const libtorrent = await isThere(python, ['-c', 'import libtorrent']);
  if (!libtorrent) report('libtorrent: not compared, apt-get install python3-libtorrent');
  report('1 GiB, hashing only:');
  for (const format of formats) {
    const hashing: Contestant[] = [
      {
        name: `cicada ${format}`,
        once: () => ours({ what: 'create', folder: album, torrent, format, environment }),
      },
    ];
    if (libtorrent) {
      hashing.push({ name: `libtorrent ${format}`, once: () => libtorrentMs(album, format, environment) });
    }
    reportRates(await contest(hashing, albumBytes), `libtorrent ${format}`, report);
  }
}

function creating(path: string, folder: string, format: string, piece: number): string[] {
  const torrent = join(folder, 'out.torrent');
  return ['create', path, '-q', '-f', '-t', '2', '--format', format, '-l', String(piece), '-o', torrent];
}

async function libtorrentMs(album: string, format: string, environment: Environment): Promise<number> {
  const script = [
    'import libtorrent as lt, os, sys, time',
    'flags = {"v1": lt.create_torrent.v1_only, "v2": lt.create_torrent.v2_only, "hybrid": 0}[sys.argv[2]]',
    'files = lt.file_storage()',
    'lt.add_files(files, sys.argv[1])',
    'torrent = lt.create_torrent(files, int(sys.argv[3]), flags=flags)',
    'started = time.monotonic()',
    'lt.set_piece_hashes(torrent, os.path.dirname(sys.argv[1]))',
    'print((time.monotonic() - started) * 1000)',
  ];
  const args = ['-c', script.join('\n'), album, format, String(pieceLength)];
  const { stdout } = await run(python, args, { env: environmentOf(environment) });
  return Number(stdout);
}
