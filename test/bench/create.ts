/**
 * Creating torrents: 1 GiB in twelve tracks with two threads, beside mktorrent (v1, whole processes) and libtorrent
 * (`set_piece_hashes`, all three formats, without the start of Python or Node); and 100,000 small files.
 *
 * OpenSSL's rates are printed first: with the processor's SHA instructions they are two to three times what they are
 * without, and then everybody's figures are.
 */
import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { chooseBackends } from '../../torrents/hashing/backend.ts';
import {
  albumBytes,
  type Contestant,
  contest,
  isThere,
  makeSmallFiles,
  ours,
  pieceLength,
  python,
  reportRates,
  run,
  timed,
  withAlbum,
} from './hash-contest.ts';

const formats = ['v1', 'v2', 'hybrid'] as const;
const smallFiles = 100_000;

export async function benchCreate(report: (line: string) => void): Promise<void> {
  for (const algorithm of ['sha1', 'sha256'] as const) {
    report(`OpenSSL ${algorithm}: ${opensslRate(algorithm).toFixed(0)} MiB/s a core`);
  }
  const { sha1, sha256 } = chooseBackends(2 ** 30);
  report(`chosen here: ${sha1} for SHA-1, ${sha256} for SHA-256`);

  await withAlbum(async (album, folder) => {
    const torrent = join(folder, 'out.torrent');
    const processes: Contestant[] = [
      { name: 'cicada v1', once: () => timed(() => ours('create', album, torrent)) },
    ];
    if (await isThere('mktorrent', ['-h'])) {
      const args = ['-t', '2', '-l', String(Math.log2(pieceLength)), '-a', 'http://a/', '-o', torrent, album];
      processes.push({
        name: 'mktorrent -t 2',
        once: async () => {
          await rm(torrent, { force: true });
          return timed(() => run('mktorrent', args));
        },
      });
    } else report('mktorrent: not compared, apt-get install mktorrent');
    report('1 GiB, whole processes:');
    reportRates(await contest(processes, albumBytes), 'mktorrent -t 2', report);

    const libtorrent = await isThere(python, ['-c', 'import libtorrent']);
    if (!libtorrent) report('libtorrent: not compared, apt-get install python3-libtorrent');
    report('1 GiB, hashing only:');
    for (const format of formats) {
      const hashing: Contestant[] = [
        {
          name: `cicada ${format}`,
          once: async () => (await ours('create', album, torrent, format)).milliseconds,
        },
      ];
      if (libtorrent) hashing.push({ name: `libtorrent ${format}`, once: () => libtorrentMs(album, format) });
      reportRates(await contest(hashing, albumBytes), `libtorrent ${format}`, report);
    }

    const many = join(folder, 'Many');
    await mkdir(many);
    await makeSmallFiles(many, smallFiles);
    report(`${smallFiles} files of 1 to 5 KB:`);
    for (const format of formats) {
      const { milliseconds, peakMiB } = await ours('create', many, torrent, format, 2 ** 18);
      report(
        `  cicada ${format.padEnd(7)} ${(milliseconds / 1000).toFixed(1)} s, ${peakMiB.toFixed(0)} MiB of memory`,
      );
    }
  });
}

async function libtorrentMs(album: string, format: string): Promise<number> {
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
  const { stdout } = await run(python, ['-c', script.join('\n'), album, format, String(pieceLength)]);
  return Number(stdout);
}

function opensslRate(algorithm: string): number {
  const message = new Uint8Array(2 ** 20);
  const startedMs = performance.now();
  let count = 0;
  while (performance.now() - startedMs < 300) {
    createHash(algorithm).update(message).digest();
    count++;
  }
  return (count / (performance.now() - startedMs)) * 1000;
}
