/**
 * Real programs run by tests and benches: what they print, line by line, and how they end.
 *
 * Invariant: no child outlives the process that started it; `cicada` also ends by itself when that one is killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** One line of `--json`. What is in it beside `event` depends on the command. */
export type Document = Readonly<Record<string, unknown>> & { readonly event?: string };

/** Far longer than anything here takes: it is the limit after which a test says what it was waiting for. */
const patienceMs = 45_000;
/** aria2 waits for its tracker when it is ended. */
const politeMs = 8_000;
/** A failure shows the end of what was printed; a program gone wild must not fill the memory. */
const linesMax = 20_000;

export const cicadaMain = fileURLToPath(new URL('../../client/cli/main.ts', import.meta.url));

/** What the programs remember is nobody's but theirs. */
const home = join(tmpdir(), `cicada-test-home-${process.pid}`);

const running = new Set<ChildProcess>();
process.once('exit', () => {
  rmSync(home, { recursive: true, force: true });
  for (const child of running) child.kill('SIGKILL');
});

export interface ChildOptions {
  readonly cwd?: string;
  readonly withChannel?: boolean;
  /** Besides what the test runs in. */
  readonly env?: NodeJS.ProcessEnv;
}

export class Child {
  readonly name: string;
  /** Everything on stdout, and apart from it what was on stderr. */
  readonly lines: string[] = [];
  readonly errorLines: string[] = [];
  /** The exit code; null when a signal ended it. Rejects when the program could not be started. */
  readonly ended: Promise<number | null>;
  /** By force, and it was still there. */
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
      // Only once all it has printed has been read.
      this.#process.once('close', (code) => resolve(code));
    });
    const forget = () => running.delete(this.#process);
    this.ended.then(forget, forget);
  }

  /** It is `cicada`, and not somebody else's program. */
  get isOurs(): boolean {
    return this.name.includes(cicadaMain);
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** Of one with a channel. */
  send(message: string | number): void {
    this.#process.send(message);
  }

  /** The first line on stdout, printed or to come, of which `read` makes something. */
  async line<T>(what: string, read: (line: string) => T | undefined): Promise<T> {
    for (const line of this.lines) {
      const value = read(line);
      if (value !== undefined) return value;
    }
    return await this.nextLine(what, read);
  }

  /** The same, of those to come. */
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

  /** Of a program that prints `--json`: the first document with this event that fits. */
  event(event: string, fits: (document: Document) => boolean = () => true): Promise<Document> {
    return this.line(`printed the event "${event}"`, documentReader(event, fits));
  }

  /** The same, of those to come. */
  nextEvent(event: string, fits: (document: Document) => boolean = () => true): Promise<Document> {
    return this.nextLine(`printed another event "${event}"`, documentReader(event, fits));
  }

  /** Resolves when it has ended by itself, well. */
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

  /** Resolves when it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.#process.kill(signal) && signal === 'SIGKILL') this.killed = true;
    await this.ended.catch(() => {});
  }

  #failure(what: string): Error {
    const tail = [...this.lines.slice(-5), ...this.errorLines.slice(-10)].join('\n');
    return new Error(`${this.name}\n${what}. The last it printed:\n${tail || '(nothing)'}`);
  }
}

/** `cicada …` in this checkout, under the Node that runs the test. `inside`: a command that runs others, such as `ip netns exec`. */
export function cicada(
  args: readonly string[],
  inside: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Child {
  return new Child([...inside, process.execPath, cicadaMain, ...args, '--json'], { withChannel: true, env });
}

/** For `await using`: whatever was started in a test is gone when it ends. */
export class Children implements AsyncDisposable {
  readonly #children: Child[] = [];

  add<C extends Child>(child: C): C {
    this.#children.push(child);
    return child;
  }

  /** Ends them as Ctrl-C and shutdowns do. Answers who did not listen and had to be ended by force. */
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

/** The developer's own settings of the program are not the test's; nor are vitest's. */
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
