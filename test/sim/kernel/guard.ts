/**
 * While a run is under way the real world is out of bounds: clocks, timers, chance, sockets, files and promises throw,
 * so that one seed is one run. Before and after it everything is as it was.
 *
 * Functions are replaced for the time of the run, and so are the names other modules have imported. A promise cannot be
 * stopped where it is made (async functions ask nobody), so the end of the run tells of it. A session is made of promises:
 * its runs have them (kernel/microtasks.ts), and never give the real world a turn.
 */
const { promiseHooks } = process.getBuiltinModule('node:v8');
const { syncBuiltinESMExports } = process.getBuiltinModule('node:module');

interface Place {
  readonly owner: Record<string, unknown>;
  readonly key: string;
  readonly original: unknown;
  readonly forbidden: unknown;
}

let places: readonly Place[] | undefined;
let isUnderWay = false;

/** Runs `run` with the real world shut out. Inside of another run it is only run. */
export function guarded<T>(run: () => T): T {
  if (isUnderWay) return run();
  let promises = 0;
  const unhook = promiseHooks.onInit(() => {
    promises += 1;
  }) as () => void;
  const letIn = shutOut(() => true);
  let result: T;
  try {
    result = run();
  } finally {
    letIn();
    unhook();
  }
  if (promises > 0) throw new Error(`guard: ${promises} promises were made in a simulated run`);
  return result;
}

/** The same where promises are at work. One run at a time: it must wait for nothing but promises of its own. */
export async function guardedWithPromises<T>(run: () => Promise<T>): Promise<T> {
  const letIn = shutOut((key) => key !== 'queueMicrotask');
  try {
    return await run();
  } finally {
    letIn();
  }
}

/** Answers how to let the real world in again. */
function shutOut(isForbidden: (key: string) => boolean): () => void {
  places ??= realWorld();
  isUnderWay = true;
  const shut = places.filter(({ key }) => isForbidden(key));
  for (const { owner, key, forbidden } of shut) owner[key] = forbidden;
  syncBuiltinESMExports();
  return () => {
    for (const { owner, key, original } of shut) owner[key] = original;
    syncBuiltinESMExports();
    isUnderWay = false;
  };
}

function realWorld(): Place[] {
  const builtin = (id: string) => process.getBuiltinModule(id) as unknown as Record<string, unknown>;
  const prototypeOf = (type: unknown) => (type as { prototype: Record<string, unknown> }).prototype;
  const net = builtin('node:net');
  return [
    ...every(globalThis as unknown as Record<string, unknown>, 'globalThis', [
      ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch'],
    ]),
    {
      owner: globalThis as unknown as Record<string, unknown>,
      key: 'Date',
      original: Date,
      forbidden: NoDate,
    },
    ...every(performance as unknown as Record<string, unknown>, 'performance', ['now']),
    ...every(Math as unknown as Record<string, unknown>, 'Math', ['random']),
    ...every(process as unknown as Record<string, unknown>, 'process', ['nextTick', 'hrtime', 'uptime']),
    ...every(globalThis.crypto as unknown as Record<string, unknown>, 'crypto', [
      'getRandomValues',
      'randomUUID',
    ]),
    ...every(builtin('node:crypto'), 'crypto', ['randomBytes', 'randomInt', 'randomUUID', 'randomFillSync']),
    ...every(builtin('node:timers'), 'timers', ['setTimeout', 'setInterval', 'setImmediate']),
    ...every(prototypeOf(net.Socket), 'net.Socket', ['connect', 'write']),
    ...every(prototypeOf(net.Server), 'net.Server', ['listen']),
    ...every(prototypeOf(builtin('node:dgram').Socket), 'dgram.Socket', ['bind', 'send']),
    ...every(builtin('node:child_process'), 'child_process', [
      'spawn',
      'spawnSync',
      'exec',
      'execFile',
      'fork',
    ]),
    ...every(
      builtin('node:fs'),
      'fs',
      fileCalls.flatMap((call) => [call, `${call}Sync`]),
    ),
  ];
}

/** Every way to a file goes through one of these. */
const fileCalls = [
  ...[
    'open',
    'readFile',
    'writeFile',
    'appendFile',
    'copyFile',
    'cp',
    'readdir',
    'opendir',
    'mkdir',
    'mkdtemp',
  ],
  ...[
    'rename',
    'rm',
    'rmdir',
    'unlink',
    'stat',
    'lstat',
    'access',
    'truncate',
    'utimes',
    'chmod',
    'realpath',
  ],
];

class NoDate {
  static readonly now = refusal('Date.now');

  constructor() {
    refusal('Date')();
  }
}

function every(owner: Record<string, unknown>, name: string, keys: readonly string[]): Place[] {
  return keys.map((key) => ({ owner, key, original: owner[key], forbidden: refusal(`${name}.${key}`) }));
}

function refusal(name: string): () => never {
  return () => {
    throw new Error(
      `guard: ${name} was called in a simulated run; there is only virtual time and seeded chance`,
    );
  };
}
