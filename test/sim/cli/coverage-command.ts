/**
 * `npm run sim -- --coverage [--seeds N]`: which branches of the engine, the wire and the tracker no drawn seed reaches. A
 * branch that is never reached is one in which nothing is ever found: it is drawn, or unreached.ts says why not.
 */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CoverageDone, CoverageWish, Stretch } from './coverage-worker.ts';
import { unreached } from './unreached.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const worker = new URL(`./coverage-worker${extname(import.meta.url)}`, import.meta.url);
/** What is judged: the parts that decide, as far as a simulated run is made of them. */
const judged =
  /^(client\/(engine|wire|host)\/|tracker\/(registry|admission|swarm-access|presence|protocol)|torrents\/)/;

interface Gap {
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

interface FileCoverage {
  readonly path: string;
  readonly linesCovered: number;
  readonly lines: number;
  readonly gaps: readonly Gap[];
}

export async function reportCoverage(
  { from, count }: CoverageWish,
  { json }: { readonly json: boolean },
): Promise<number> {
  const done = await ask({ from, count });
  const files = done.files
    .map(({ url, functions }) => coverageOf(fileURLToPath(url), functions))
    .filter(({ path }) => judged.test(path))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const explained = (path: string, { text }: Gap) =>
    unreached.some(({ file, code }) => file === path && text.includes(code));
  if (json) console.log(JSON.stringify({ seed: from, seeds: count, failed: done.failed, files }));
  else {
    for (const { path, linesCovered, lines, gaps } of files) {
      const open = gaps.filter((gap) => !explained(path, gap));
      const percent = ((100 * linesCovered) / Math.max(1, lines)).toFixed(1).padStart(5);
      const rest = gaps.length === open.length ? '' : `, ${gaps.length - open.length} explained`;
      console.log(`${percent} %  ${path}: ${open.length} branches unreached${rest}`);
      for (const { line, text } of open) console.log(`         ${path}:${line}  ${text}`);
    }
    const [covered, all] = [sum(files, 'linesCovered'), sum(files, 'lines')];
    console.log(
      `${((100 * covered) / all).toFixed(1)} % of ${all} lines, seeds ${from} to ${from + count - 1}`,
    );
  }
  for (const seed of done.failed) console.log(`FAILED: seed ${seed}; again: npm run sim -- --seed ${seed}`);
  return done.failed.length === 0 ? 0 : 1;
}

function ask(wish: CoverageWish): Promise<CoverageDone> {
  return new Promise((resolve, reject) => {
    const child = fork(worker);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the process that runs the seeds ended: ${code}`)));
    child.once('message', (done) => {
      child.removeAllListeners('exit');
      child.kill();
      resolve(done as CoverageDone);
    });
    child.send(wish);
  });
}

function coverageOf(file: string, functions: readonly (readonly Stretch[])[]): FileCoverage {
  const text = readFileSync(file, 'utf8');
  // The innermost stretch around a place says how often it was reached.
  const stretches = functions.flat().sort((a, b) => a.start - b.start || b.end - a.end);
  const isMissed = new Uint8Array(text.length);
  for (const { start, end, count } of stretches) isMissed.fill(count === 0 ? 1 : 0, start, end);
  const gaps: Gap[] = [];
  for (let at = 0; at < text.length; at++) {
    if (isMissed[at] === 0 || (at > 0 && isMissed[at - 1] === 1)) continue;
    let end = at;
    while (end < text.length && isMissed[end] === 1) end++;
    const code = codeIn(text.slice(at, end));
    if (code === '') continue;
    const first = at + Math.max(0, text.slice(at, end).search(/[\w'"`$([]/));
    gaps.push({ line: text.slice(0, first).split('\n').length, text: code });
  }
  const { lines, linesCovered } = countLines(text, isMissed);
  return { path: file.slice(root.length), lines, linesCovered, gaps };
}

/** Its first words; empty when there is nothing but brackets. */
function codeIn(text: string): string {
  const code = text
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  return /\w/.test(code) ? code.slice(0, 100) : '';
}

function countLines(text: string, isMissed: Uint8Array): { lines: number; linesCovered: number } {
  let [at, lines, linesCovered] = [0, 0, 0];
  for (const line of text.split('\n')) {
    const first = at + line.search(/\S/);
    if (/\w/.test(line) && !/^\s*(\/\*|\*|\/\/|import |export type)/.test(line)) {
      lines += 1;
      if (isMissed[first] === 0) linesCovered += 1;
    }
    at += line.length + 1;
  }
  return { lines, linesCovered };
}

function sum(files: readonly FileCoverage[], key: 'lines' | 'linesCovered'): number {
  return files.reduce((total, file) => total + file[key], 0);
}
