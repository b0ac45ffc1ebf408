/**
 * The source follows the drawing in docs/architecture.md: imports only along its arrows, no cycles, no unused
 * files, and no clock, files or sockets in the deciding parts.
 */
import { describe, expect, it } from 'vitest';
import { isIn, readDrawing } from './drawing.ts';
import { codeLines, type SourceFile, sourceFiles } from './source-files.ts';

const drawing = 'the house is drawn in docs/architecture.md, "Arrows"';
const { arrows, kinds } = readDrawing();

/** Files that no other file imports: programs, and the entry points of the package. */
const entrances = [
  ...['client/cli/main.ts', 'client/api.ts', 'torrents/api.ts', 'tracker/api.ts'],
  ...['test/sim/run.ts', 'test/sim/mutants/run.ts', 'test/sim/api.ts'],
];

/** The part of the simulator that starts runs and reports them, with processes, files and command lines. */
const aroundTheSimulator = /^test\/sim\/(run\.ts|cli\/|mutants\/|.*\.test\.ts$)/;

/** `Math.pow` and similar functions differ between versions of the JavaScript engine. */
const worldly =
  /\b(Date\b|performance\b|Math\.(random|pow|exp|log\w*|sin|cos|tan|sqrt|cbrt|hypot)\b|crypto\b|set(Timeout|Interval|Immediate)\b|queueMicrotask\b|process\b|Promise\b|async\b|await\b|Intl\b|to(Locale)?(Lower|Upper)Case\b|localeCompare\b|toLocaleString\b)/;

const rooms = sourceFiles('torrents', 'tracker', 'client', 'test/sim');
const byPath = new Map(rooms.map((file) => [file.path, file]));

describe('arrows', () => {
  it('every file imports only along an arrow of the drawing', () => {
    const wrong = rooms.flatMap(({ path, ours }) =>
      ours.filter((target) => !isDrawn(path, target)).map((target) => `${path} ──▶ ${target}`),
    );
    expect(wrong, `no such arrow: ${drawing}`).toEqual([]);
  });

  it('every file belongs to a part of the drawing', () => {
    const lost = rooms.filter(({ path }) => partOf(path) === undefined).map(({ path }) => path);
    expect(lost, `in no room that is drawn: ${drawing}`).toEqual([]);
  });

  it('no file imports itself through others, not even for a type', () => {
    expect(cycleIn(rooms), 'a cycle: one of these knows too much').toBeUndefined();
  });

  it('every file is imported by another file', () => {
    const imported = new Set(rooms.flatMap(({ ours }) => ours));
    const idle = rooms
      .map(({ path }) => path)
      .filter((path) => !imported.has(path) && !entrances.includes(path) && !/\.(d|test)\.ts$/.test(path));
    expect(idle, 'nothing imports these: use them or remove them').toEqual([]);
  });
});

it('every part and every target in the drawing is a file or a folder', () => {
  const named = [...arrows, ...kinds].flatMap(([part, targets]) =>
    kinds.has(part) ? targets : [part, ...targets],
  );
  const missing = [...new Set(named)].filter((part) => !rooms.some(({ path }) => isIn(path, part)));
  expect(missing, drawing).toEqual([]);
});

describe('the parts that decide know no world', () => {
  const pure = rooms.filter(({ path }) => isOf('decides', path));

  it('the deciding parts import nothing of Node', () => {
    expect(pure.length).toBeGreaterThan(0);
    const wrong = pure.flatMap(({ path, foreign }) =>
      foreign.filter((name) => name.startsWith('node:')).map((name) => `${path} ──▶ ${name}`),
    );
    expect(wrong, `time, files and sockets come in as facts: ${drawing}`).toEqual([]);
  });

  it('the deciding parts use no clock, no randomness, no locale and no promise', () => {
    const wrong = pure.flatMap(({ path, text }) =>
      codeLines(text).flatMap(({ line, code }) => {
        const match = worldly.exec(withoutTexts(code));
        return match === null ? [] : [`${path}:${line} ${match[0]}`];
      }),
    );
    expect(wrong, `one seed is one run, on every machine: ${drawing}`).toEqual([]);
  });

  it('the simulated world imports nothing of the real one', () => {
    // Hashes, and reading private fields of the engine: neither depends on anything outside.
    const innerWorld = ['node:crypto', 'node:inspector'];
    const wrong = rooms
      .filter(({ path }) => path.startsWith('test/sim/') && !aroundTheSimulator.test(path))
      .flatMap(({ path, foreign }) =>
        foreign
          .filter((name) => name.startsWith('node:') && !innerWorld.includes(name))
          .map((name) => `${path} ──▶ ${name}`),
      );
    expect(wrong, `never sockets or files: ${drawing}`).toEqual([]);
  });
});

describe('the storage code runs over any file system', () => {
  const stored = rooms.filter(({ path }) => isOf('storage', path) && !isOf('world', path));

  it('the storage code imports no files and no threads of Node, but gets them through a port', () => {
    expect(stored.length).toBeGreaterThan(0);
    const wrong = stored.flatMap(({ path, foreign }) =>
      foreign
        .filter((name) => /^node:(fs|worker_threads|timers)/.test(name))
        .map((name) => `${path} ──▶ ${name}`),
    );
    expect(wrong, 'the simulator runs these: client/host/disk/file-system.ts, timers.ts').toEqual([]);
  });

  it('the storage code sets no timer and reads no clock of its own', () => {
    const wrong = stored.flatMap(({ path, text }) =>
      codeLines(text).flatMap(({ line, code }) => {
        const match = /\b(Date\b|performance\b|set(Timeout|Interval|Immediate)\b|queueMicrotask\b)/.exec(
          withoutTexts(code),
        );
        return match === null ? [] : [`${path}:${line} ${match[0]}`];
      }),
    );
    expect(wrong, 'client/host/disk/timers.ts').toEqual([]);
  });
});

it("the bencode package gets only input that Cicada's own scan has passed", () => {
  // Version 4.0.1 never returns from `l-3:e`.
  const wrong = rooms
    .filter(({ path, foreign }) => foreign.includes('bencode') && path !== 'torrents/bencode/bencode.ts')
    .map(({ path }) => path);
  expect(wrong, 'import scan or decode of torrents/bencode/bencode.ts').toEqual([]);
});

function partOf(path: string): string | undefined {
  const fitting = [...arrows.keys()].filter((part) => isIn(path, part));
  return fitting.sort((a, b) => b.length - a.length)[0];
}

function isDrawn(from: string, to: string): boolean {
  const part = partOf(from);
  return part === undefined || isIn(to, part) || arrows.get(part)!.some((target) => isIn(to, target));
}

function isOf(kind: string, path: string): boolean {
  return kinds.get(kind)?.some((part) => isIn(path, part)) ?? false;
}

/** Removes string contents: the word 'promise' in a message does not count. */
function withoutTexts(code: string): string {
  return code.replace(/'[^']*'|`[^`]*`/g, "''");
}

/** The first cycle found, as a path from a file back to itself. */
function cycleIn(files: readonly SourceFile[]): string | undefined {
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (path: string): string | undefined => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path].join(' ──▶ ');
    if (done.has(path)) return undefined;
    way.push(path);
    for (const target of byPath.get(path)?.ours ?? []) {
      const cycle = visit(target);
      if (cycle !== undefined) return cycle;
    }
    way.pop();
    done.add(path);
    return undefined;
  };
  for (const { path } of files) {
    const cycle = visit(path);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
