/**
 * Announces per second: Cicada's tracker and opentracker, each in its own process, measured in turn over
 * several rounds.
 *
 * There are 1,000 swarms of 50 peers, half of them seeds, and 32 connections that announce without a pause.
 * opentracker closes every connection, so it is compared with Cicada opening a new connection each time. The
 * other figure is for clients that keep connections alive. The load comes from wrk if it is installed, else
 * from undici, which is slower than the trackers.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Agent, request } from 'undici';

const swarms = 1000;
const peersPerSwarm = 50;
const connections = 32;
const rounds = 5;
const roundSeconds = 3;

interface Measured {
  readonly perSecond: number;
  readonly p99Ms: number;
}

interface Tracker {
  readonly url: string;
  readonly process: ChildProcess;
}

interface Contestant {
  readonly name: string;
  readonly tracker: Tracker;
  readonly keepAlive: boolean;
  readonly results: Measured[];
}

type Load = (url: string, keepAlive: boolean) => Promise<Measured>;

export async function benchAnnounce(report: (line: string) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cicada-bench-'));
  const started: Tracker[] = [];
  try {
    const load = (await isInstalled('wrk')) ? await wrkLoad(folder) : undiciLoad;
    const ours = await startOurs();
    started.push(ours);
    const contestants: Contestant[] = [
      { name: 'cicada, connections kept alive', tracker: ours, keepAlive: true, results: [] },
      { name: 'cicada, a new connection each', tracker: ours, keepAlive: false, results: [] },
    ];
    const theirs = await startOpentracker(folder);
    if (typeof theirs === 'string') {
      report(`opentracker: not compared, ${theirs}`);
    } else {
      started.push(theirs);
      const name = 'opentracker, which closes every one';
      contestants.push({ name, tracker: theirs, keepAlive: false, results: [] });
    }
    // An unmeasured round fills the swarms and warms up the code.
    for (const { tracker, keepAlive } of contestants) await load(tracker.url, keepAlive);
    for (let round = 0; round < rounds; round++) {
      for (const { tracker, keepAlive, results } of contestants) {
        results.push(await load(tracker.url, keepAlive));
      }
    }
    const loader = load === undiciLoad ? 'undici' : 'wrk';
    report(
      `announces to ${swarms} swarms of ${peersPerSwarm} peers, ${connections} connections, ` +
        `${rounds} rounds of ${roundSeconds} s with ${loader}, medians`,
    );
    reportMedians(contestants, report);
  } finally {
    await Promise.all(started.map(stop));
    await rm(folder, { recursive: true, force: true });
  }
}

function reportMedians(contestants: readonly Contestant[], report: (line: string) => void): void {
  const rates = contestants.map(({ results }) => median(results.map(({ perSecond }) => perSecond)));
  contestants.forEach(({ name, results }, index) => {
    const rate = Math.round(rates[index]!).toLocaleString('en');
    const p99 = median(results.map(({ p99Ms }) => p99Ms)).toFixed(1);
    report(`  ${name.padEnd(36)} ${rate.padStart(8)} /s   p99 ${p99} ms`);
  });
  const [keptAlive, newEach, theirs] = rates;
  if (theirs === undefined) return;
  report(`  ratio to opentracker: ${(newEach! / theirs).toFixed(2)} with a new connection each`);
  report(`                        ${(keptAlive! / theirs).toFixed(2)} with connections kept alive`);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/**
 * Runs Cicada's tracker as a separate program. It ends when its standard input closes, so it never outlives
 * the benchmark.
 */
async function startOurs(): Promise<Tracker> {
  const api = JSON.stringify(new URL('../../tracker/api.ts', import.meta.url).href);
  const program = `
    import { startTracker } from ${api};
    const tracker = await startTracker({ port: 0 });
    console.log(tracker.url);
    process.stdin.on('end', () => tracker.close()).resume();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  return { url: String(line).trim(), process: child };
}

/** Returns the reason if opentracker cannot run. */
async function startOpentracker(folder: string): Promise<Tracker | string> {
  if (!(await isInstalled('opentracker'))) return 'it is not installed';
  // Debian's build serves only listed torrents. An unprivileged user reads the list, so the folder must be
  // readable.
  const hashes = Array.from({ length: swarms }, (_, swarm) => infoHash(swarm).toString('hex'));
  await writeFile(join(folder, 'whitelist'), `${hashes.join('\n')}\n`);
  await chmod(folder, 0o755);
  const port = await freePort();
  const options = ['-i', '127.0.0.1', '-p', `${port}`, '-P', `${port}`, '-d', folder, '-w', 'whitelist'];
  const child = spawn('opentracker', options, { stdio: 'ignore' });
  const tracker = { url: `http://127.0.0.1:${port}`, process: child };
  for (let attempt = 0; attempt < 50 && child.exitCode === null; attempt++) {
    const answer = await fetch(tracker.url + announcePath(0, 0)).then((response) => response.text(), String);
    if (answer.includes('5:peers')) return tracker;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await stop(tracker);
  return 'it does not answer';
}

async function stop({ process: child }: Tracker): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill();
  await exited;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function isInstalled(program: string): Promise<boolean> {
  return promisify(execFile)('which', [program]).then(
    () => true,
    () => false,
  );
}

/** Two bytes that differ, and eighteen equal ones. */
function infoHash(swarm: number): Buffer {
  const hash = Buffer.alloc(20, 'a');
  hash.writeUInt16BE(swarm);
  return hash;
}

function announcePath(swarm: number, peer: number): string {
  const hash = infoHash(swarm).subarray(0, 2).toString('hex').replace(/../g, '%$&');
  const id = `-XX0001-${String(swarm).padStart(6, '0')}${String(peer).padStart(6, '0')}`;
  const left = peer % 2 === 0 ? 0 : 100;
  return (
    `/announce?info_hash=${hash}${'a'.repeat(18)}&peer_id=${id}&port=${1024 + peer}` +
    `&uploaded=0&downloaded=0&left=${left}&compact=1&numwant=50`
  );
}

/** wrk is a C program with a Lua script, so it leaves most of the machine to the tracker. */
async function wrkLoad(folder: string): Promise<Load> {
  const script = join(folder, 'announce.lua');
  await writeFile(
    script,
    `init = function(args)
      if args[1] == "close" then wrk.headers["Connection"] = "close" end
    end
    request = function()
      local swarm, peer = math.random(0, ${swarms - 1}), math.random(0, ${peersPerSwarm - 1})
      local hash = string.format("%%%02x%%%02x${'a'.repeat(18)}", math.floor(swarm / 256), swarm % 256)
      local id = string.format("-XX0001-%06d%06d", swarm, peer)
      return wrk.format("GET", "/announce?info_hash=" .. hash .. "&peer_id=" .. id .. "&port=" .. (1024 + peer)
        .. "&uploaded=0&downloaded=0&left=" .. (peer % 2 == 0 and 0 or 100) .. "&compact=1&numwant=50")
    end`,
  );
  return async (url, keepAlive) => {
    const options = ['-t1', `-c${connections}`, `-d${roundSeconds}s`, '--latency', '-s', script, url];
    const { stdout } = await promisify(execFile)('wrk', [...options, '--', keepAlive ? 'keep' : 'close']);
    if (stdout.includes('Non-2xx')) throw new Error(`the tracker at ${url} refuses:\n${stdout}`);
    const rate = /Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1];
    const [, p99, unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout) ?? [];
    return {
      perSecond: Number(rate),
      p99Ms: Number(p99) * ({ us: 0.001, ms: 1, s: 1000 }[unit!] ?? Number.NaN),
    };
  };
}

const undiciLoad: Load = async (url, keepAlive) => {
  const agent = new Agent({ connections });
  const latenciesMs: number[] = [];
  const startMs = performance.now();
  const endMs = startMs + 1000 * roundSeconds;
  const askWithoutPause = async () => {
    for (let nowMs = startMs; nowMs < endMs; ) {
      const path = announcePath(
        Math.floor(Math.random() * swarms),
        Math.floor(Math.random() * peersPerSwarm),
      );
      const response = await request(url + path, { dispatcher: agent, reset: !keepAlive });
      await response.body.arrayBuffer();
      const doneMs = performance.now();
      latenciesMs.push(doneMs - nowMs);
      nowMs = doneMs;
    }
  };
  await Promise.all(Array.from({ length: connections }, askWithoutPause));
  const seconds = (performance.now() - startMs) / 1000;
  await agent.close();
  latenciesMs.sort((a, b) => a - b);
  const p99Ms = latenciesMs[Math.floor(0.99 * latenciesMs.length)] ?? Number.NaN;
  return { perSecond: latenciesMs.length / seconds, p99Ms };
};
