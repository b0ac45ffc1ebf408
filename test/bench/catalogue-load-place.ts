/**
 * Starts the tracker of catalogue-load.ts in its own process with a full catalogue, and sends the measured
 * announces. They follow a schedule, and each is timed from the moment when it was due.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Agent, type Dispatcher, request } from 'undici';
import { parseMetainfo } from '../../torrents/metainfo/metainfo.ts';
import { encodeBytes } from '../../tracker/protocol/query.ts';
import { albumTorrent, releaseIdOf } from '../tracker/catalogue/catalogue-album.ts';
import { musicLibrary } from './catalogue-music.ts';

/** CICADA_BENCH_RELEASES=N makes a smaller catalogue, for trying out. */
export const releases = Number(process.env.CICADA_BENCH_RELEASES ?? 80_000);
export const announcesPerSecond = 200;

export interface Place {
  readonly url: string;
  readonly token: string;
}

export interface PlaceWithAgent extends Place {
  readonly agent: Agent;
}

export async function prepareDatabase(dataFolder: string): Promise<void> {
  await mkdir(dataFolder);
  const path = join(dataFolder, 'tracker.db');
  const kept = process.env.CICADA_BENCH_CATALOGUE;
  if (kept === undefined) await fillElsewhere(path);
  else await copyFile(kept, path);
}

/** In its own process: garbage left on the heap would pause the measuring process for up to a second. */
async function fillElsewhere(path: string): Promise<void> {
  const module = JSON.stringify(new URL('./catalogue-fill.ts', import.meta.url).href);
  const program = `
    import { fillCatalogue } from ${module};
    fillCatalogue(${JSON.stringify(path)}, ${releases}, () => {});`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`the database could not be filled: exit code ${code}`);
}

/**
 * The tracker trusts a proxy's header for the client's address, so every request can have its own. It ends
 * when its standard input closes. For each byte there it prints how long the turns of its event loop took
 * since the last byte.
 */
export async function startTracker(dataFolder: string) {
  const api = JSON.stringify(new URL('../../tracker/api.ts', import.meta.url).href);
  const program = `
    import { startTracker } from ${api};
    const tracker = await startTracker({ port: 0, dataFolder: ${JSON.stringify(dataFolder)}, trustedProxies: ['127.0.0.1'] });
    console.log(JSON.stringify({ url: tracker.url, setupToken: tracker.setupToken }));
    let turnsMs = [];
    let last = process.threadCpuUsage();
    let lastMs = performance.now();
    setInterval(() => {
      const now = process.threadCpuUsage();
      const nowMs = performance.now();
      turnsMs.push([(now.user + now.system - last.user - last.system) / 1000, nowMs - lastMs]);
      last = now;
      lastMs = nowMs;
    }, 1);
    process.stdin.on('end', () => tracker.close());
    process.stdin.on('data', () => {
      console.log(JSON.stringify(turnsMs));
      turnsMs = [];
    });`;
  // A file instead of `-e`, because workers inherit the command-line options.
  const file = join(dataFolder, 'tracker.mjs');
  await writeFile(file, program);
  const child = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the tracker ended: ${code}`)));
  const [line] = await Promise.race([once(child.stdout, 'data'), ended]);
  ended.catch(() => {});
  return { child, ...(JSON.parse(String(line)) as { url: string; setupToken: string }) };
}

/** For each turn: its processor time, and the time until the next turn. */
export function turnsOf(child: ChildProcess): () => Promise<(readonly [cpuMs: number, wallMs: number])[]> {
  const lines = createInterface({ input: child.stdout! });
  return async () => {
    child.stdin!.write('?');
    const [line] = await once(lines, 'line');
    return JSON.parse(line);
  };
}

export async function register({ url, setupToken }: { url: string; setupToken: string }, agent: Agent) {
  const body = { name: 'Olga', password: 'correct horse battery', setupToken };
  const { session } = (await (await ask({ url, agent }, 'POST', '/accounts', body)).body.json()) as {
    session: { token: string };
  };
  return { token: session.token };
}

/** Registers with a key, because the tracker would spend processor time on hashing a password. */
export async function registerByKey({ url, agent }: PlaceWithAgent, name: string): Promise<string> {
  const { publicKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url').toString('base64');
  const answer = await ask({ url, agent }, 'POST', '/accounts', { name, publicKey: raw, mayShare: true });
  return ((await answer.body.json()) as { session: { token: string } }).session.token;
}

let visitors = 0;

/** A new address per request. */
export function visitor(): Record<string, string> {
  visitors += 1;
  return { 'x-forwarded-for': `10.${(visitors >> 16) & 255}.${(visitors >> 8) & 255}.${visitors & 255}` };
}

export function ask(
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

/** Announces for a thousand published releases. Half of them have an account's passkey for the release. */
export async function announcePaths(place: PlaceWithAgent): Promise<string[]> {
  const albumOf = musicLibrary();
  const paths: string[] = [];
  for (let n = 0; n < 1_000; n++) {
    const { infoHash } = parseMetainfo(albumTorrent(albumOf((n * 7) % releases)));
    let path = '/announce';
    if (n % 2 === 0) {
      const answer = await ask(place, 'GET', `/releases/${releaseIdOf(`bench ${(n * 7) % releases}`)}`);
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

export async function announceSteadily(
  place: PlaceWithAgent,
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

/**
 * Each account writes a message every 2.1 seconds, just below its rate limit. Returns the times until the
 * messages are stored.
 */
export async function writeSteadily(
  place: PlaceWithAgent,
  tokens: readonly string[],
  forMs: number,
): Promise<number[]> {
  const timesMs: number[] = [];
  const everyMs = 2_100 / tokens.length;
  const startedMs = performance.now();
  const under: Promise<void>[] = [];
  for (let n = 0; ; n++) {
    const dueMs = startedMs + everyMs * n;
    if (dueMs > startedMs + forMs) break;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await sleep(Math.ceil(waitMs));
    under.push(
      (async () => {
        const at = { ...place, token: tokens[n % tokens.length]! };
        const { statusCode, body } = await ask(at, 'POST', '/rooms/lobby/messages', { text: `hello ${n}` });
        await body.arrayBuffer();
        if (statusCode >= 300) throw new Error(`a small write was refused: ${statusCode}`);
        timesMs.push(performance.now() - dueMs);
      })(),
    );
  }
  await Promise.all(under);
  return timesMs;
}

export function percentiles(timesMs: readonly number[]): string {
  const sorted = timesMs.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!.toFixed(1);
  return `p50 ${at(0.5).padStart(6)} ms   p99 ${at(0.99).padStart(6)} ms   worst ${at(1).padStart(6)} ms`;
}
