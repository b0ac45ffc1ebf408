/**
 * Forbids the real world during a run: clocks, timers, randomness, sockets, files and promises throw, so that
 * one seed is one run. After the run everything is restored.
 *
 * Functions are replaced for the duration of the run, also under the names that other modules imported.
 * Creating a promise cannot be prevented (async functions call no global), so the end of the run reports
 * them. Session runs need promises: they use guardedWithPromises and kernel/microtasks.ts, and never give the
 * real event loop a turn.
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

/** Runs `run` without access to the real world. Within another guarded run it only calls `run`. */
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

/** The same for runs that use promises. One run at a time, and it must wait only for promises of its own. */
export async function guardedWithPromises<T>(run: () => Promise<T>): Promise<T> {
  const letIn = shutOut((key) => key !== 'queueMicrotask');
  try {
    return await run();
  } finally {
    letIn();
  }
}

/** Returns the function that restores the real world. */
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

/** Every way to open or change a file goes through one of these. */
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
