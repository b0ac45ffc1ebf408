/**
 * `npm run sim -- --coverage [--seeds N]`: lists the branches of engine, wire, tracker and storage that no
 * drawn seed reaches. The simulator finds no bug in such a branch: make a plan draw it, or explain it in
 * unreached.ts.
 */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CoverageDone, CoverageWish, Stretch } from './coverage-worker.ts';
import { codeIn, explains } from './unreached.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const worker = new URL(`./coverage-worker${extname(import.meta.url)}`, import.meta.url);
/** The production code that simulated runs execute. */
const judged =
  /^(client\/(engine|wire|host)\/|tracker\/(registry|admission|swarm-access|presence|protocol)|torrents\/)/;

interface Gap {
  /** Counted from 1. */
  readonly line: number;
  /** The missed code, from the beginning of its first line. */
  readonly text: string;
  /** Offsets in the file's text. */
  readonly start: number;
  readonly end: number;
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
  const isOpen = (path: string, { text }: Gap) => !explains(path, text);
  const branches = {
    unreached: files.reduce((total, { gaps }) => total + gaps.length, 0),
    open: files.reduce((total, { path, gaps }) => total + gaps.filter((gap) => isOpen(path, gap)).length, 0),
  };
  if (json)
    console.log(JSON.stringify({ seed: from, seeds: count, failed: done.failed, ...branches, files }));
  else {
    for (const { path, linesCovered, lines, gaps } of files) {
      const open = gaps.filter((gap) => isOpen(path, gap));
      const percent = ((100 * linesCovered) / Math.max(1, lines)).toFixed(1).padStart(5);
      const rest = gaps.length === open.length ? '' : `, ${gaps.length - open.length} explained`;
      console.log(`${percent} %  ${path}: ${open.length} branches open${rest}`);
      for (const { line, text } of open) console.log(`         ${path}:${line}  ${text}`);
    }
    const [covered, all] = [sum(files, 'linesCovered'), sum(files, 'lines')];
    const explained = branches.unreached - branches.open;
    console.log(
      `${((100 * covered) / all).toFixed(1)} % of ${all} lines, seeds ${from} to ${from + count - 1}\n` +
        `${branches.unreached} branches unreached, ${explained} explained, ${branches.open} open`,
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
  // The innermost stretch around an offset has its count.
  const stretches = functions.flat().sort((a, b) => a.start - b.start || b.end - a.end);
  const isMissed = new Uint8Array(text.length);
  for (const { start, end, count } of stretches) isMissed.fill(count === 0 ? 1 : 0, start, end);
  const gaps: Gap[] = [];
  for (let at = 0; at < text.length; at++) {
    if (isMissed[at] === 0 || (at > 0 && isMissed[at - 1] === 1)) continue;
    let end = at;
    while (end < text.length && isMissed[end] === 1) end++;
    if (!/\w/.test(codeIn(text.slice(at, end)))) continue;
    const first = at + Math.max(0, text.slice(at, end).search(/\S/));
    const line = text.slice(0, first).split('\n').length;
    gaps.push({ line, text: shorten(around(text, first, end)), start: at, end });
  }
  const { lines, linesCovered } = countLines(text, isMissed);
  return { path: file.slice(root.length), lines, linesCovered, gaps };
}

/**
 * The code from the beginning of its line. A gap that starts its line includes the line before, which has the
 * condition.
 */
function around(text: string, first: number, end: number): string {
  const lineStart = text.lastIndexOf('\n', first) + 1;
  const isAlone = text.slice(lineStart, first).trim() === '';
  const from = isAlone ? text.lastIndexOf('\n', lineStart - 2) + 1 : lineStart;
  const lineEnd = text.indexOf('\n', first);
  return codeIn(text.slice(from, Math.max(end, lineEnd < 0 ? text.length : lineEnd)));
}

/** Characters printed for each branch. */
const wordsMax = 160;

function shorten(code: string): string {
  return code.slice(0, wordsMax);
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
