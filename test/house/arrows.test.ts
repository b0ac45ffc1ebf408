/**
 * The house stands as it is drawn in docs/architecture.md: imports only along the arrows, no cycle, nothing that nobody
 * uses, and no world in the parts that decide.
 */
import { describe, expect, it } from 'vitest';
import { codeLines, type SourceFile, sourceFiles } from './source-files.ts';

const drawing = 'the house is drawn in docs/architecture.md, "Arrows"';

/**
 * Who may import whom beside itself. A name stands for a file or for a folder with all in it; the longest one that fits a
 * file is its place. An arrow may point to a part of a place.
 */
const arrows: Readonly<Record<string, readonly string[]>> = {
  torrents: [],
  'tracker/protocol': ['torrents'],
  'tracker/registry': ['tracker/protocol', 'torrents'],
  'tracker/registry.ts': ['tracker/registry', 'tracker/protocol', 'torrents'],
  'tracker/database': ['torrents/make-folders.ts'],
  'tracker/catalogue': ['tracker/database', 'tracker/protocol', 'tracker/sealed-numbers.ts', 'torrents'],
  'tracker/community': [
    ...['tracker/database', 'tracker/protocol', 'torrents'],
    ...['tracker/catalogue/contract.ts', 'tracker/catalogue/words.ts', 'tracker/catalogue/name-words.ts'],
    ...['tracker/catalogue/search-query.ts', 'tracker/catalogue/sound.ts'],
  ],
  'tracker/moderation': [...['tracker/catalogue', 'tracker/community', 'tracker/database', 'torrents']],
  'tracker/admission': ['tracker/protocol', 'tracker/catalogue/contract.ts'],
  'tracker/admission.ts': ['tracker/admission', 'tracker/community', 'tracker/catalogue/contract.ts'],
  'tracker/presence.ts': [],
  'tracker/online.ts': ['tracker/presence.ts', 'tracker/community', 'tracker/catalogue/contract.ts'],
  'tracker/public-figures.ts': ['tracker/catalogue/contract.ts'],
  'tracker/key-file.ts': ['torrents/whole-file.ts'],
  'tracker/departures.ts': ['tracker/catalogue/contract.ts', 'tracker/community'],
  'tracker/listening.ts': ['tracker/protocol'],
  'tracker/sealed-numbers.ts': ['tracker/key-file.ts', 'tracker/protocol'],
  'tracker/swarm-access.ts': [
    ...['tracker/admission.ts', 'tracker/presence.ts', 'tracker/registry.ts', 'tracker/registry'],
    ...[
      'tracker/protocol',
      'tracker/community',
      'tracker/catalogue/contract.ts',
      'tracker/swarm-snapshot.ts',
    ],
  ],
  'tracker/swarm-snapshot.ts': [
    ...['tracker/presence.ts', 'tracker/registry.ts', 'tracker/registry', 'tracker/protocol'],
  ],
  'tracker/snapshot-file.ts': ['tracker/key-file.ts', 'tracker/registry', 'torrents/whole-file.ts'],
  'tracker/swarm-keeper.ts': ['tracker/snapshot-file.ts', 'tracker/swarm-access.ts'],
  'tracker/library.ts': ['tracker', 'torrents'],
  'tracker/http': ['tracker', 'torrents'],
  'tracker/server.ts': ['tracker', 'torrents'],
  'tracker/api.ts': ['tracker', 'torrents'],
  'client/wire': [],
  'client/engine': [
    'client/wire',
    ...['geometry', 'file-layout', 'metainfo', 'merkle', 'bencode', 'bencode-encode'].map(
      (file) => `torrents/${file}.ts`,
    ),
  ],
  'client/host': ['client/engine', 'client/wire', 'torrents', 'tracker/protocol'],
  'client/community': ['client/host', 'torrents', 'tracker/protocol'],
  'client/api.ts': ['client/host', 'client/engine', 'client/community'],
  'client/cli': ['client', 'tracker', 'torrents'],
  'test/sim': [
    ...['client/host/driver.ts', 'client/host/other-family.ts', 'client/host/ports.ts', 'client/engine'],
    ...['client/host/action-digest.ts', 'client/host/recorded-fact.ts'],
    ...['tracker/registry', 'tracker/registry.ts', 'tracker/protocol', 'torrents'],
  ],
  /** Trackers and their models: who is let in where is decided by more than the registry. */
  'test/sim/tracker': [
    ...['test/sim', 'client/engine', 'tracker/registry', 'tracker/registry.ts', 'tracker/protocol'],
    ...['tracker/admission', 'tracker/swarm-access.ts', 'tracker/catalogue/contract.ts'],
    ...['tracker/community/contract.ts', 'tracker/community/secrets.ts'],
  ],
  /** The production storage code on a simulated disk. */
  'test/sim/world/file-system': ['client/host/file-system.ts', 'client/host/steps.ts', 'client/engine'],
  'test/sim/storage': ['test/sim', 'client/host', 'client/engine', 'torrents'],
  /** Actors speak the wire themselves: no engine would say what they say. Checkers hear what an engine says. */
  'test/sim/checkers': ['test/sim', 'client/engine', 'client/wire', 'torrents'],
  'test/sim/parts': ['test/sim', 'client/engine', 'client/wire', 'tracker/protocol', 'torrents'],
  'test/sim/wire-talk': ['test/sim', 'client/engine', 'client/wire', 'torrents'],
  'test/sim/actors': ['test/sim', 'client/host/ports.ts', 'client/engine', 'client/wire', 'torrents'],
};

/** Nothing imports these, and that is right: a program, and the doors of the package. */
const entrances = [
  ...['client/cli/main.ts', 'client/api.ts', 'torrents/api.ts', 'tracker/api.ts'],
  ...['test/sim/run.ts', 'test/sim/mutants/run.ts', 'test/sim/api.ts'],
];

/** Where runs of the simulated world are started and told of: processes, files and command lines. */
const aroundTheSimulator = /^test\/sim\/(run\.ts|cli\/|mutants\/|.*\.test\.ts$)/;

/** Decide, and know no clock, no socket, no file, no chance. `Math.pow` and the like differ between engines' versions. */
const deciders = [
  ...['client/engine', 'client/wire', 'client/host/claims/claim.ts', 'client/host/web-door.ts'],
  ...['tracker/registry', 'tracker/registry.ts', 'tracker/admission.ts', 'tracker/presence.ts'],
  ...[
    'tracker/swarm-access.ts',
    'tracker/swarm-snapshot.ts',
    'tracker/online.ts',
    'tracker/public-figures.ts',
  ],
  'tracker/community/permissions.ts',
];
const worldly =
  /\b(Date\b|performance\b|Math\.(random|pow|exp|log\w*|sin|cos|tan|sqrt|cbrt|hypot)\b|crypto\b|set(Timeout|Interval|Immediate)\b|queueMicrotask\b|process\b|Promise\b|async\b|await\b|Intl\b|to(Locale)?(Lower|Upper)Case\b|localeCompare\b|toLocaleString\b)/;

/** What the simulator runs over a file system of its own. */
const storageCode = [
  ...[
    'absent-content',
    'beneath',
    'block-reader',
    'content-check',
    'content-look',
    'content-watch',
    'descriptor-pool',
  ],
  ...[
    'download-folder',
    'file-disk',
    'file-stamp',
    'free-space',
    'part-file',
    'piece-check',
    'resume-journal',
  ],
  ...[
    'resume-recall',
    'resume-store',
    'served-files',
    'side-file',
    'side-recall',
    'storage-job',
    'strange-parts',
  ],
  ...['torrent-files', 'watched-content'],
].map((name) => `client/host/${name}.ts`);

const rooms = sourceFiles('torrents', 'tracker', 'client', 'test/sim');
const byPath = new Map(rooms.map((file) => [file.path, file]));

describe('arrows', () => {
  it('every file imports only along an arrow that is drawn', () => {
    const wrong = rooms.flatMap(({ path, ours }) =>
      ours.filter((target) => !isDrawn(path, target)).map((target) => `${path} ──▶ ${target}`),
    );
    expect(wrong, `no such arrow: ${drawing}`).toEqual([]);
  });

  it('every file has its place in the drawing', () => {
    const lost = rooms.filter(({ path }) => placeOf(path) === undefined).map(({ path }) => path);
    expect(lost, `in no room that is drawn: ${drawing}`).toEqual([]);
  });

  it('no file imports itself in the end, not even for a type', () => {
    expect(cycleIn(rooms), 'a cycle: one of these knows too much').toBeUndefined();
  });

  it('every file is imported by another one', () => {
    const imported = new Set(rooms.flatMap(({ ours }) => ours));
    const idle = rooms
      .map(({ path }) => path)
      .filter((path) => !imported.has(path) && !entrances.includes(path) && !/\.(d|test)\.ts$/.test(path));
    expect(idle, 'nothing imports these: use them or remove them').toEqual([]);
  });
});

describe('the parts that decide know no world', () => {
  const pure = rooms.filter(({ path }) => deciders.includes(placeOf(path) ?? ''));

  it('they import nothing of Node', () => {
    expect(pure.length).toBeGreaterThan(0);
    const wrong = pure.flatMap(({ path, foreign }) =>
      foreign.filter((name) => name.startsWith('node:')).map((name) => `${path} ──▶ ${name}`),
    );
    expect(wrong, `time, files and sockets come in as facts: ${drawing}`).toEqual([]);
  });

  it('they call nothing that has a clock, chance or a locale in it, and no promise', () => {
    const wrong = pure.flatMap(({ path, text }) =>
      codeLines(text).flatMap(({ line, code }) => {
        const match = worldly.exec(withoutTexts(code));
        return match === null ? [] : [`${path}:${line} ${match[0]}`];
      }),
    );
    expect(wrong, `one seed is one run, on every machine: ${drawing}`).toEqual([]);
  });

  it('the simulated world has no real one in it', () => {
    // Hashes, and a look at the private fields of the engine: both depend on nothing outside.
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
  const stored = rooms.filter(({ path }) => storageCode.includes(path));

  it('it imports no files and no threads of Node: they come through a port', () => {
    expect(stored.map(({ path }) => path).sort()).toEqual([...storageCode].sort());
    const wrong = stored.flatMap(({ path, foreign }) =>
      foreign
        .filter((name) => /^node:(fs|worker_threads|timers)/.test(name))
        .map((name) => `${path} ──▶ ${name}`),
    );
    expect(wrong, 'the simulator runs these: client/host/file-system.ts, timers.ts').toEqual([]);
  });

  it('it sets no timer and asks no clock of its own', () => {
    const wrong = stored.flatMap(({ path, text }) =>
      codeLines(text).flatMap(({ line, code }) => {
        const match = /\b(Date\b|performance\b|set(Timeout|Interval|Immediate)\b|queueMicrotask\b)/.exec(
          withoutTexts(code),
        );
        return match === null ? [] : [`${path}:${line} ${match[0]}`];
      }),
    );
    expect(wrong, 'client/host/timers.ts').toEqual([]);
  });
});

it('the bencode package sees only what our own scan has passed', () => {
  // Version 4.0.1 never returns from `l-3:e`.
  const wrong = rooms
    .filter(({ path, foreign }) => foreign.includes('bencode') && path !== 'torrents/bencode.ts')
    .map(({ path }) => path);
  expect(wrong, 'import scan or decode of torrents/bencode.ts').toEqual([]);
});

function placeOf(path: string): string | undefined {
  const fitting = Object.keys(arrows).filter((place) => isIn(path, place));
  return fitting.sort((a, b) => b.length - a.length)[0];
}

function isDrawn(from: string, to: string): boolean {
  const place = placeOf(from);
  return place === undefined || isIn(to, place) || arrows[place]!.some((target) => isIn(to, target));
}

function isIn(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}

/** 'a promise is kept' in a message is no promise. */
function withoutTexts(code: string): string {
  return code.replace(/'[^']*'|`[^`]*`/g, "''");
}

/** The first one found, as a path from a file back to itself. */
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
