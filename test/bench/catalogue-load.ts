/**
 * Announces beside a catalogue under load. A tracker with 80,000 releases runs in its own process. Peers with
 * and without an account announce published releases at a steady rate, while users search, read, chat, listen
 * and publish without a pause. The result is how long an announce takes then, compared with an idle
 * catalogue.
 *
 * Announces follow a schedule and are timed from the moment when they were due, so a pause of the tracker
 * delays all announces in that time. Other work of the machine delays them too, so the processor time of the
 * tracker’s own thread per turn of its event loop is reported beside them. CICADA_BENCH_CATALOGUE=FILE uses a
 * copy of a database that is already filled.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Agent, type Dispatcher, request } from 'undici';
import { albumTorrent, releaseIdOf } from '../tracker/catalogue/catalogue-album.ts';
import type { HostileLoad } from './catalogue-load-hostile.ts';
import {
  announcePaths,
  announceSteadily,
  announcesPerSecond,
  ask,
  type Place,
  percentiles,
  prepareDatabase,
  register,
  registerByKey,
  releases,
  startTracker,
  turnsOf,
  visitor,
  writeSteadily,
} from './catalogue-load-place.ts';
import { musicLibrary } from './catalogue-music.ts';
import { createPrng } from './catalogue-prng.ts';
import { questionKinds } from './catalogue-questions.ts';

const measuredMs = 10_000;
const warmUpMs = 2_000;
const [searchers, readers, talkers, listeners, publishers] = [6, 2, 2, 20, 1];
/**
 * Accounts that send two hostile uploads each at the same time, and accounts that send a message every two
 * seconds.
 */
const [attackers, writers] = [5, 40];

export async function benchCatalogueLoad(report: (line: string) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cicada-bench-'));
  let child: ChildProcess | undefined;
  const workers: Worker[] = [];
  const agent = new Agent({ connections: 64 });
  try {
    await prepareDatabase(join(folder, 'data'));
    const started = await startTracker(join(folder, 'data'));
    child = started.child;
    const place = { url: started.url, agent, ...(await register(started, agent)) };
    report(
      `  ${announcesPerSecond} announces/s for ${measuredMs / 1000} s to a tracker of ${releases} releases, from the moment each was due`,
    );
    const paths = await announcePaths(place);
    await announceSteadily(place, paths, warmUpMs);
    const turnsMs = turnsOf(started.child);
    const tokens: string[] = [];
    for (let n = 0; n < attackers + writers; n++) tokens.push(await registerByKey(place, `Person ${n}`));
    const small = tokens.slice(attackers);
    const measure = async (what: string) => {
      await turnsMs();
      const own = monitorEventLoopDelay({ resolution: 1 });
      own.enable();
      const [announcedMs, writtenMs] = await Promise.all([
        announceSteadily(place, paths, measuredMs),
        writeSteadily(place, small, measuredMs),
      ]);
      own.disable();
      const [peakMiB, nowMiB] = await memoryOf(started.child);
      report(`  ${what.padEnd(36)} ${percentiles(announcedMs)}`);
      const turns = await turnsMs();
      const [cpuMs, wallMs] = [turns.map(([cpu]) => cpu), turns.map(([, wall]) => wall)];
      report(`  ${'  turns of its own thread, processor'.padEnd(36)} ${percentiles(cpuMs)}`);
      report(`  ${'  the same by the clock'.padEnd(36)} ${percentiles(wallMs)}`);
      report(`  ${'  a small write of somebody else'.padEnd(36)} ${percentiles(writtenMs)}`);
      const [ownMs, ownWorstMs] = [own.percentile(99), own.max].map((ns) => (ns / 1e6).toFixed(1));
      report(`  ${'  those who ask stood still for'.padEnd(36)} p99 ${ownMs} ms, worst ${ownWorstMs} ms`);
      report(`  ${'  memory'.padEnd(36)} ${nowMiB} MiB now, ${peakMiB} MiB at most so far`);
    };
    await measure('announces alone');
    // In separate threads: the cost of sending these requests would delay the announces here.
    const hostile: HostileLoad = { url: place.url, tokens: tokens.slice(0, attackers) };
    const attack = new Worker(new URL('./catalogue-load-hostile.ts', import.meta.url), {
      workerData: { hostile },
    });
    workers.push(attack);
    await once(attack, 'message');
    await sleep(warmUpMs);
    await measure('announces beside hostile uploads');
    const answers = Object.entries(await countsOf(attack)).map(([what, count]) => `${count} ${what}`);
    report(`  hostile uploads, by answer and kind: ${answers.join(', ')}`);
    await attack.terminate();
    await sleep(warmUpMs);
    const load = new Worker(new URL(import.meta.url), {
      workerData: { load: { url: place.url, token: place.token } },
    });
    workers.push(load);
    await sleep(warmUpMs);
    const before = await countsOf(load);
    await measure('announces beside all the rest');
    const done = Object.entries(await countsOf(load)).map(([what, count]) => {
      const perSecond = (count - before[what]!) / (measuredMs / 1000);
      return `${perSecond.toFixed(0)} ${what}`;
    });
    report(`  all the rest, a second: ${done.join(', ')}, ${listeners} live streams`);
  } finally {
    for (const worker of workers) await worker.terminate();
    if (child !== undefined) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    await agent.destroy();
    await rm(folder, { recursive: true, force: true });
  }
}

/** In MiB: the peak so far, and the current value. Linux only. */
async function memoryOf({ pid }: ChildProcess): Promise<readonly [peak: string, now: string]> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const mebibytes = (field: string) => {
    const [, kibibytes] = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status) ?? [];
    return kibibytes === undefined ? '?' : (Number(kibibytes) / 1024).toFixed(0);
  };
  return [mebibytes('VmHWM'), mebibytes('VmRSS')];
}

function startLoad(place: Place): Record<string, number> {
  const counts = { searches: 0, pages: 0, messages: 0, publications: 0 };
  const albumOf = musicLibrary();
  const prng = createPrng(3);
  const at = { ...place, agent: new Agent({ connections: 32 }) };
  const kinds = Object.values(questionKinds);
  const run = async (what: keyof typeof counts, work: (n: number) => Promise<Dispatcher.ResponseData>) => {
    for (let n = 0; ; n++) {
      const { statusCode, body } = await work(n);
      await body.arrayBuffer();
      // The tracker's rate limit answered.
      if (statusCode === 429) await sleep(200);
      else if (statusCode >= 300) throw new Error(`${what}: ${statusCode}`);
      else counts[what] += 1;
    }
  };
  const search = (n: number) => {
    const { text } = kinds[n % kinds.length]!(albumOf(prng.below(releases)), prng);
    return ask(at, 'GET', `/search?q=${encodeURIComponent(text)}&limit=50`);
  };
  const read = (n: number) =>
    n % 2 === 0
      ? ask(at, 'GET', '/releases?limit=50')
      : ask(at, 'GET', `/releases/${releaseIdOf(`bench ${prng.below(releases)}`)}`);
  const talk = (n: number) => ask(at, 'POST', '/rooms/lobby/messages', { text: `hello ${n}` });
  const publish = (n: number) => ask(at, 'POST', '/releases', publication(albumOf(releases + n), n));
  const times = (count: number, work: () => Promise<unknown>) => Array.from({ length: count }, work);
  const listen = async () => {
    const { body } = await request(`${place.url}/api/v1/events`, {
      dispatcher: new Agent(),
      headers: visitor(),
    });
    for await (const _ of body);
  };
  void Promise.all([
    ...times(listeners, listen),
    ...times(searchers, () => run('searches', search)),
    ...times(readers, () => run('pages', read)),
    ...times(talkers, () => run('messages', talk)),
    ...times(publishers, () => run('publications', publish)),
  ]);
  return counts;
}

async function countsOf(load: Worker): Promise<Record<string, number>> {
  load.postMessage('?');
  const [counts] = await Promise.race([
    once(load, 'message'),
    once(load, 'error').then(([error]) => Promise.reject(error)),
  ]);
  return counts;
}

function publication(album: ReturnType<ReturnType<typeof musicLibrary>>, n: number) {
  const named = { ...album, album: `${album.album} ${process.pid}` };
  return {
    releaseId: releaseIdOf(`load ${process.pid} ${n}`),
    torrent: Buffer.from(albumTorrent(named)).toString('base64'),
    album: named.album,
    tracks: named.tracks.map((track, fileIndex) => ({
      fileIndex,
      title: typeof track === 'string' ? track : track.title,
    })),
    publishedAtMs: 1_700_000_000_000,
  };
}

if (!isMainThread && workerData?.load !== undefined) {
  const counts = startLoad(workerData.load as Place);
  parentPort!.on('message', () => parentPort!.postMessage(counts));
}
