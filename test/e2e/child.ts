/**
 * Real programs run by tests and benches: their output line by line, and how they end.
 *
 * Invariant: no child outlives the process that started it. `cicada` also ends by itself when that process is
 * killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** One line of `--json`. Its fields besides `event` depend on the command. */
export type Document = Readonly<Record<string, unknown>> & { readonly event?: string };

/** Far longer than any step takes. After this the test fails and says what it was waiting for. */
const patienceMs = 45_000;
/** aria2 waits for its tracker when it is asked to end. */
const politeMs = 8_000;
/** A failure shows the end of the output. The limit keeps a runaway program from filling the memory. */
const linesMax = 20_000;

export const cicadaMain = fileURLToPath(new URL('../../client/cli/main.ts', import.meta.url));

/** State of the programs, separate from the user's own. */
const home = join(tmpdir(), `cicada-test-home-${process.pid}`);

const running = new Set<ChildProcess>();
process.once('exit', () => {
  rmSync(home, { recursive: true, force: true });
  for (const child of running) child.kill('SIGKILL');
});

export interface ChildOptions {
  readonly cwd?: string;
  readonly withChannel?: boolean;
  /** Added to the environment of the test. */
  readonly env?: NodeJS.ProcessEnv;
}

export class Child {
  readonly name: string;
  /** All lines of stdout, and separately those of stderr. */
  readonly lines: string[] = [];
  readonly errorLines: string[] = [];
  /** The exit code; null if a signal ended it. Rejects if the program could not be started. */
  readonly ended: Promise<number | null>;
  /** True if it was still running and was killed by SIGKILL. */
  killed = false;
  readonly #process: ChildProcess;
  readonly #listeners = new Set<(line: string) => void>();

  constructor([program, ...args]: readonly string[], options: ChildOptions = {}) {
    this.name = [program, ...args].join(' ');
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    this.#process = spawn(program!, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...plainEnvironment(), ...options.env },
      stdio: options.withChannel ? [...stdio, 'ipc'] : [...stdio],
    });
    running.add(this.#process);
    createInterface({ input: this.#process.stdout! }).on('line', (line) => {
      if (this.lines.length < linesMax) this.lines.push(line);
      for (const listener of this.#listeners) listener(line);
    });
    createInterface({ input: this.#process.stderr! }).on('line', (line) => {
      if (this.errorLines.length < linesMax) this.errorLines.push(line);
    });
    this.ended = new Promise((resolve, reject) => {
      this.#process.once('error', reject);
      // After all its output has been read.
      this.#process.once('close', (code) => resolve(code));
    });
    const forget = () => running.delete(this.#process);
    this.ended.then(forget, forget);
  }

  /** True for `cicada`, false for other programs. */
  get isOurs(): boolean {
    return this.name.includes(cicadaMain);
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** For a child with a channel. */
  send(message: string | number): void {
    this.#process.send(message);
  }

  /** Waits for the first line of stdout, past or future, from which `read` returns a value. */
  async line<T>(what: string, read: (line: string) => T | undefined): Promise<T> {
    for (const line of this.lines) {
      const value = read(line);
      if (value !== undefined) return value;
    }
    return await this.nextLine(what, read);
  }

  /** The same for future lines only. */
  async nextLine<T>(what: string, read: (line: string) => T | undefined): Promise<T> {
    const heard = Promise.withResolvers<T>();
    const listener = (line: string) => {
      const value = read(line);
      if (value !== undefined) heard.resolve(value);
    };
    this.#listeners.add(listener);
    const timer = setTimeout(() => heard.reject(this.#failure(`has not ${what}`)), patienceMs);
    this.ended.then(
      (code) => heard.reject(this.#failure(`ended (${code}) and had not ${what}`)),
      (error: Error) => heard.reject(error),
    );
    try {
      return await heard.promise;
    } finally {
      clearTimeout(timer);
      this.#listeners.delete(listener);
    }
  }

  /** For a program with `--json`: the first document with this event that fits. */
  event(event: string, fits: (document: Document) => boolean = () => true): Promise<Document> {
    return this.line(`printed the event "${event}"`, documentReader(event, fits));
  }

  /** The same for future documents only. */
  nextEvent(event: string, fits: (document: Document) => boolean = () => true): Promise<Document> {
    return this.nextLine(`printed another event "${event}"`, documentReader(event, fits));
  }

  /** Resolves when it has ended by itself with exit code 0. */
  async success(): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(this.#failure('has not ended')), patienceMs);
    try {
      const code = await Promise.race([this.ended, late.promise]);
      if (code !== 0) throw this.#failure(`ended with ${code}`);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves when it has ended. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.#process.kill(signal) && signal === 'SIGKILL') this.killed = true;
    await this.ended.catch(() => {});
  }

  #failure(what: string): Error {
    const tail = [...this.lines.slice(-5), ...this.errorLines.slice(-10)].join('\n');
    return new Error(`${this.name}\n${what}. The last it printed:\n${tail || '(nothing)'}`);
  }
}

/**
 * Runs `cicada …` of this checkout with the test's Node. `inside`: a command that runs others, such as `ip
 * netns exec`.
 */
export function cicada(
  args: readonly string[],
  inside: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Child {
  return new Child([...inside, process.execPath, cicadaMain, ...args, '--json'], { withChannel: true, env });
}

/** For `await using`: all programs started in a test are ended at its end. */
export class Children implements AsyncDisposable {
  readonly #children: Child[] = [];

  add<C extends Child>(child: C): C {
    this.#children.push(child);
    return child;
  }

  /** Ends them by SIGTERM, as a shutdown does. Returns those that did not end and had to be killed. */
  async end(): Promise<Child[]> {
    const deaf = new Set(this.#children);
    const deadline = setTimeout(() => void this[Symbol.asyncDispose](), politeMs);
    await Promise.all(
      this.#children.map(async (child) => {
        await child.kill('SIGTERM');
        if (!child.killed) deaf.delete(child);
      }),
    );
    clearTimeout(deadline);
    return [...deaf];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map((child) => child.kill()));
  }
}

function documentReader(event: string, fits: (document: Document) => boolean) {
  return (line: string): Document | undefined => {
    const document = JSON.parse(line) as Document;
    return document.event === event && fits(document) ? document : undefined;
  };
}

/** The environment without the developer's own settings of `cicada` and those of vitest. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(CICADA_|npm_|VITEST|NODE_OPTIONS$)/.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    XDG_STATE_HOME: join(home, 'state'),
    XDG_CONFIG_HOME: join(home, 'config'),
  };
}
