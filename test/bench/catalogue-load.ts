/**
 * Announces beside a catalogue under load: a tracker with 80,000 releases in a process of its own, peers with and without
 * an account that announce what is published at a steady rate, and meanwhile people who search, read, talk, listen and
 * publish as fast as they are answered. What counts is how long an announce waits then, beside how long it waits alone.
 *
 * Announces leave on a schedule and are timed from the moment they should have left, so a tracker that stands still
 * delays all that fall into that time. What else the machine does delays them too, so the processor time that the
 * tracker's own thread takes between two turns of its loop is told beside them. CICADA_BENCH_CATALOGUE=FILE takes a copy of a database that is filled already.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Agent, type Dispatcher, request } from 'undici';
import { parseMetainfo } from '../../torrents/metainfo.ts';
import { encodeBytes } from '../../tracker/protocol/query.ts';
import { albumTorrent, releaseIdOf } from '../tracker/catalogue-album.ts';
import { fillCatalogue } from './catalogue-fill.ts';
import { musicLibrary } from './catalogue-music.ts';
import { createPrng } from './catalogue-prng.ts';
import { questionKinds } from './catalogue-questions.ts';

const releases = 80_000;
const announcesPerSecond = 200;
const measuredMs = 10_000;
const warmUpMs = 2_000;
const [searchers, readers, talkers, listeners, publishers] = [6, 2, 2, 20, 1];

interface Place {
  readonly url: string;
  readonly token: string;
}

export async function benchCatalogueLoad(report: (line: string) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cicada-bench-'));
  let child: ChildProcess | undefined;
  let load: Worker | undefined;
  const agent = new Agent({ connections: 64 });
  try {
    await prepareDatabase(join(folder, 'data'));
    const started = await startTracker(join(folder, 'data'));
    child = started.child;
    const place = { url: started.url, ...(await register(started, agent)) };
    report(
      `  ${announcesPerSecond} announces/s for ${measuredMs / 1000} s to a tracker of ${releases} releases, from the moment each was due`,
    );
    const paths = await announcePaths({ ...place, agent });
    await announceSteadily({ ...place, agent }, paths, warmUpMs);
    const turnsMs = turnsOf(started.child);
    await turnsMs();
    report(
      `  ${'announces alone'.padEnd(36)} ${percentiles(await announceSteadily({ ...place, agent }, paths, measuredMs))}`,
    );
    report(`  ${'  turns of its own thread'.padEnd(36)} ${percentiles(await turnsMs())}`);
    // On a thread of its own: what its questions cost it would delay the announces here.
    load = new Worker(new URL(import.meta.url), { workerData: place });
    await sleep(warmUpMs);
    const before = await countsOf(load);
    await turnsMs();
    const timesMs = await announceSteadily({ ...place, agent }, paths, measuredMs);
    const done = Object.entries(await countsOf(load)).map(([what, count]) => {
      const perSecond = (count - before[what]!) / (measuredMs / 1000);
      return `${perSecond.toFixed(0)} ${what}`;
    });
    report(`  ${'announces beside all the rest'.padEnd(36)} ${percentiles(timesMs)}`);
    report(`  ${'  turns of its own thread'.padEnd(36)} ${percentiles(await turnsMs())}`);
    report(`  all the rest, a second: ${done.join(', ')}, ${listeners} live streams`);
  } finally {
    await load?.terminate();
    if (child !== undefined) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    await agent.destroy();
    await rm(folder, { recursive: true, force: true });
  }
}

async function prepareDatabase(dataFolder: string): Promise<void> {
  await mkdir(dataFolder);
  const path = join(dataFolder, 'tracker.db');
  const kept = process.env.CICADA_BENCH_CATALOGUE;
  if (kept === undefined) fillCatalogue(path, releases, () => {});
  else await copyFile(kept, path);
}

/**
 * Behind a proxy that says who asks: everybody of the load is somebody else. It ends with its standard input, and says for
 * each byte there how long the turns of its loop have taken since the last one.
 */
async function startTracker(dataFolder: string) {
  const api = JSON.stringify(new URL('../../tracker/api.ts', import.meta.url).href);
  const program = `
    import { startTracker } from ${api};
    const tracker = await startTracker({ port: 0, dataFolder: ${JSON.stringify(dataFolder)}, trustedProxies: ['127.0.0.1'] });
    console.log(JSON.stringify({ url: tracker.url, setupToken: tracker.setupToken }));
    let turnsMs = [];
    let last = process.threadCpuUsage();
    setInterval(() => {
      const now = process.threadCpuUsage();
      turnsMs.push((now.user + now.system - last.user - last.system) / 1000);
      last = now;
    }, 1);
    process.stdin.on('end', () => tracker.close());
    process.stdin.on('data', () => {
      console.log(JSON.stringify(turnsMs));
      turnsMs = [];
    });`;
  // A file, since workers take over the options of their program.
  const file = join(dataFolder, 'tracker.mjs');
  await writeFile(file, program);
  const child = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the tracker ended: ${code}`)));
  const [line] = await Promise.race([once(child.stdout, 'data'), ended]);
  ended.catch(() => {});
  return { child, ...(JSON.parse(String(line)) as { url: string; setupToken: string }) };
}

function turnsOf(child: ChildProcess): () => Promise<number[]> {
  const lines = createInterface({ input: child.stdout! });
  return async () => {
    child.stdin!.write('?');
    const [line] = await once(lines, 'line');
    return JSON.parse(line);
  };
}

async function register({ url, setupToken }: { url: string; setupToken: string }, agent: Agent) {
  const body = { name: 'Olga', password: 'correct horse battery', setupToken };
  const { session } = (await (await ask({ url, agent }, 'POST', '/accounts', body)).body.json()) as {
    session: { token: string };
  };
  return { token: session.token };
}

let visitors = 0;

/** Each from an address of its own. */
function visitor(): Record<string, string> {
  visitors += 1;
  return { 'x-forwarded-for': `10.${(visitors >> 16) & 255}.${(visitors >> 8) & 255}.${visitors & 255}` };
}

function ask(
  { url, agent, token }: { url: string; agent: Agent; token?: string },
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<Dispatcher.ResponseData> {
  return request(`${url}/api/v1${path}`, {
    dispatcher: agent,
    method,
    headers: {
      ...visitor(),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

/** Of a thousand published releases, half of them with the passkey of an account for that release. */
async function announcePaths(place: { url: string; agent: Agent; token: string }): Promise<string[]> {
  const albumOf = musicLibrary();
  const paths: string[] = [];
  for (let n = 0; n < 1_000; n++) {
    const { infoHash } = parseMetainfo(albumTorrent(albumOf(n * 7)));
    let path = '/announce';
    if (n % 2 === 0) {
      const answer = await ask(place, 'GET', `/releases/${releaseIdOf(`bench ${n * 7}`)}`);
      const { announceUrl } = (await answer.body.json()) as { announceUrl: string };
      path = new URL(announceUrl).pathname;
    }
    const port = 1_024 + (n % 50_000);
    paths.push(
      `${path}?info_hash=${encodeBytes(infoHash!)}&peer_id=-XX0001-${String(n).padStart(12, '0')}&port=${port}&left=${n % 3}&compact=1`,
    );
  }
  return paths;
}

async function announceSteadily(
  place: { readonly url: string; readonly agent: Agent },
  paths: readonly string[],
  forMs: number,
): Promise<number[]> {
  const timesMs: number[] = [];
  const startedMs = performance.now();
  const under: Promise<void>[] = [];
  for (let n = 0; ; n++) {
    const dueMs = startedMs + (1000 / announcesPerSecond) * n;
    if (dueMs > startedMs + forMs) break;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await sleep(Math.ceil(waitMs));
    under.push(
      (async () => {
        const path = paths[n % paths.length]!;
        const { body } = await request(place.url + path, { dispatcher: place.agent, headers: visitor() });
        const text = await body.text();
        if (!text.includes('8:interval')) throw new Error(`an announce was refused: ${text}`);
        timesMs.push(performance.now() - dueMs);
      })(),
    );
  }
  await Promise.all(under);
  return timesMs;
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
      // Whoever says too much at once is told to wait.
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

function percentiles(timesMs: readonly number[]): string {
  const sorted = timesMs.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!.toFixed(1);
  return `p50 ${at(0.5).padStart(6)} ms   p99 ${at(0.99).padStart(6)} ms   worst ${at(1).padStart(6)} ms`;
}

if (!isMainThread) {
  const counts = startLoad(workerData as Place);
  parentPort!.on('message', () => parentPort!.postMessage(counts));
}
