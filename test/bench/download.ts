/**
 * Downloads over loopback: a v1 torrent of 1 GiB with pieces of 1 MiB, from one seeder and from four, each in
 * its own process. Cicada and libtorrent download from their own seeders, aria2 from Cicada's. The
 * downloaders are compared.
 *
 * The time is that of the whole process, from its start to its last piece. Processor time and memory are the
 * downloader's own, threads included, as Linux reports them. Memory does not include mapped files.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Child, Children, cicada } from '../e2e/child.ts';
import { TemporaryFolder, writeAlbum } from '../e2e/shared-folder.ts';
import { loopback } from '../interop/lab.ts';
import { aria2, aria2Quiet, type ForeignClient, libtorrent, libtorrentCommand } from '../interop/peers.ts';

const albumBytes = 2 ** 30;
const tracks = 12;
/** Odd, so that there is a middle value. */
const rounds = 3;
const seederCounts = [1, 4];
const sampleMs = 50;

interface Contestant {
  readonly name: string;
  /** Resolves when the seeder is ready. */
  seed(torrent: string, parent: string): Promise<Child>;
  download(torrent: string, out: string): Child;
  /** Resolves when the download is complete. */
  complete(download: Child): Promise<unknown>;
}

interface Measured {
  readonly mebibytesPerSecond: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
}

export async function benchDownload(report: (line: string) => void): Promise<void> {
  using temporary = new TemporaryFolder();
  const album = temporary.in('Album');
  writeAlbum(album, albumBytes, tracks);
  const contestants = [
    ours,
    ...installed(libtorrent, report, [fast, usual]),
    ...installed(aria2, report, [aria]),
  ];
  report(`1 GiB over loopback, 1 MiB pieces, ${rounds} rounds in turn, medians`);
  for (const seeders of seederCounts) {
    const results = new Map(contestants.map((contestant) => [contestant, [] as Measured[]]));
    for (let round = 0; round < rounds; round++) {
      for (const [contestant, measured] of results)
        measured.push(await measure(contestant, seeders, temporary));
    }
    report(`${seeders} ${seeders === 1 ? 'seeder' : 'seeders'}`);
    reportTable(results, report);
  }
}

/** One download. Tracker and seeders start anew, so that nothing remains from the last one. */
async function measure(
  contestant: Contestant,
  seeders: number,
  temporary: TemporaryFolder,
): Promise<Measured> {
  await using children = new Children();
  const torrent = temporary.in('Album.torrent');
  const tracker = children.add(cicada(['tracker', '--listen', '127.0.0.1:0']));
  const announce = String((await tracker.event('listening')).announce);
  const create = [
    'create',
    temporary.in('Album'),
    '--format',
    'v1',
    '-l',
    '1MiB',
    '-a',
    announce,
    '-o',
    torrent,
    '--force',
  ];
  await children.add(cicada(create)).success();
  const ready = Array.from({ length: seeders }, () => contestant.seed(torrent, temporary.path));
  for (const seeder of await Promise.all(ready)) children.add(seeder);

  const out = temporary.in('out');
  mkdirSync(out);
  const startedMs = performance.now();
  const download = children.add(contestant.download(torrent, out));
  const usage = watchUsage(download.pid);
  await contestant.complete(download);
  const seconds = (performance.now() - startedMs) / 1000;
  const { cpuSeconds, peakMiB } = usage.stop();
  await download.kill();
  rmSync(out, { recursive: true });
  return { mebibytesPerSecond: albumBytes / 2 ** 20 / seconds, cpuSeconds, peakMiB };
}

const ours: Contestant = {
  name: 'cicada',
  seed: async (torrent, parent) => {
    const seeder = cicada(['seed', torrent, parent, '--no-verify', '--port', '0']);
    await seeder.event('tracker-answered');
    return seeder;
  },
  download: (torrent, out) => cicada(['download', torrent, '-o', out, '--port', '0']),
  complete: (download) => download.event('done'),
};

const [fast, usual] = (['fast', 'default'] as const).map(
  (preset): Contestant => ({
    name: preset === 'fast' ? 'libtorrent, its fastest settings' : 'libtorrent, its defaults',
    seed: async (torrent, parent) => {
      const seeder = new Child(libtorrentCommand('seed', torrent, parent, loopback.address, preset));
      await seeder.line('said that its tracker has answered', (line) =>
        line === 'announced' ? line : undefined,
      );
      return seeder;
    },
    download: (torrent, out) => new Child(libtorrentCommand('stay', torrent, out, loopback.address, preset)),
    complete: (download) =>
      download.line('fetched it all', (line) => (line.startsWith('complete') ? line : undefined)),
  }),
) as [Contestant, Contestant];

const aria: Contestant = {
  name: 'aria2, its defaults',
  seed: ours.seed,
  download: (torrent, out) =>
    new Child(['aria2c', ...aria2Quiet, '--disable-ipv6', '--seed-time=0', '-d', out, torrent]),
  complete: (download) => download.success(),
};

function installed(
  client: ForeignClient,
  report: (line: string) => void,
  contestants: Contestant[],
): Contestant[] {
  if (client.isInstalled()) return contestants;
  report(`${client.name}: not compared, apt-get install ${client.debianPackage}`);
  return [];
}

/**
 * Samples what Linux counts. A process that ends between two samples loses only the last interval. All zero
 * without /proc.
 */
function watchUsage(pid: number): { stop(): { cpuSeconds: number; peakMiB: number } } {
  let [cpuSeconds, peakMiB] = [0, 0];
  const look = () => {
    try {
      // The program's name, in brackets, may contain spaces. The fields after it are counted.
      const fields = readFileSync(join('/proc', String(pid), 'stat'), 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      const status = readFileSync(join('/proc', String(pid), 'status'), 'utf8');
      cpuSeconds = (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
      peakMiB = Math.max(peakMiB, (kibibytes(status, 'RssAnon') + kibibytes(status, 'RssShmem')) / 1024);
    } catch {
      // The process has ended, or the system is not Linux.
    }
  };
  const timer = setInterval(look, sampleMs);
  return {
    stop: () => {
      look();
      clearInterval(timer);
      return { cpuSeconds, peakMiB };
    },
  };
}

/** USER_HZ. Linux reports 100 to programs on all current architectures. */
const ticksPerSecond = 100;

function kibibytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
}

function reportTable(
  results: ReadonlyMap<Contestant, readonly Measured[]>,
  report: (line: string) => void,
): void {
  const median = (name: keyof Measured, of: readonly Measured[]) =>
    of.map((measured) => measured[name]).sort((a, b) => a - b)[of.length >> 1]!;
  const ourRate = median('mebibytesPerSecond', results.get(ours)!);
  for (const [{ name }, measured] of results) {
    const rates = measured.map(({ mebibytesPerSecond }) => mebibytesPerSecond);
    const rate = median('mebibytesPerSecond', measured);
    const columns = [
      `  ${name.padEnd(34)} ${rate.toFixed(0).padStart(5)} MiB/s`,
      `(${Math.min(...rates).toFixed(0)} to ${Math.max(...rates).toFixed(0)})`.padEnd(15),
      `${median('cpuSeconds', measured).toFixed(1).padStart(5)} s of processor`,
      `${median('peakMiB', measured).toFixed(0).padStart(5)} MiB of memory`,
      name === ours.name ? '' : `  ours is ${(ourRate / rate).toFixed(2)} x`,
    ];
    report(columns.join(' ').trimEnd());
  }
}
