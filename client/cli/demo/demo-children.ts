/**
 * Runs this program as child processes, and reads their `--json` output. The demo uses no other interface of
 * the commands.
 *
 * Invariant: no child outlives the demo, however the demo ends; each child has an IPC channel to the demo,
 * and exits when the channel closes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';

/** One line of `--json`. Its fields beside `event` depend on the command. */
export type Document = Readonly<Record<string, unknown>>;

export class Child {
  /** Resolves with the exit code; null when a signal ended the process. */
  readonly ended: Promise<number | null>;
  readonly #name: string;
  readonly #process: ChildProcess;
  readonly #listeners = new Set<(document: Document) => void>();
  readonly #documents: Document[] = [];
  #errors = '';

  /** `home`: the child's own home folder, which has its state and no configuration file. */
  constructor(args: readonly string[], folder: string, home: string) {
    this.#name = args[0]!;
    const self = [...process.execArgv, process.argv[1]!];
    this.#process = spawn(process.execPath, [...self, ...args, '--json'], {
      cwd: folder,
      env: { ...withoutFlags(process.env), XDG_STATE_HOME: home, XDG_CONFIG_HOME: home, LOCALAPPDATA: home },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const lines = createInterface({ input: this.#process.stdout! });
    lines.on('line', (line) => this.#hear(JSON.parse(line) as Document));
    this.#process.stderr!.on('data', (text: Buffer) => {
      this.#errors += text;
    });
    this.ended = new Promise((resolve, reject) => {
      this.#process.once('error', reject);
      // `close` comes after all output has been read.
      this.#process.once('close', (code) => resolve(code));
    });
    this.ended.catch(() => {});
  }

  onDocument(listener: (document: Document) => void): void {
    this.#listeners.add(listener);
  }

  /** The first line with this event, earlier or later. Rejects when the program ends without it. */
  async event(name: string): Promise<Document> {
    const isIt = (document: Document) => document.event === name;
    const past = this.#documents.find(isIt);
    if (past !== undefined) return past;
    const heard = new Promise<Document>((resolve) => this.onDocument((d) => isIt(d) && resolve(d)));
    return await Promise.race([heard, this.ended.then(() => this.#refuse())]);
  }

  /** The document of a command that prints one. Resolves when the command has succeeded. */
  async document(): Promise<Document> {
    const code = await this.ended;
    const last = this.#documents.at(-1);
    if (code === 0 && last !== undefined) return last;
    throw this.#refuse();
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  #hear(document: Document): void {
    this.#documents.push(document);
    for (const listener of this.#listeners) listener(document);
  }

  #refuse(): never {
    const error = this.#documents.find(({ event }) => event === 'error');
    const message =
      error === undefined ? this.#errors.trim() || 'it ended without a word' : String(error.message);
    throw new ChildError(String(error?.code ?? 'demo-child-ended'), `cicada ${this.#name}: ${message}`);
  }
}

/** Passes on the error message of a child. */
class ChildError extends Error {
  override readonly name = 'ChildError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export class Children {
  readonly #all = new Set<Child>();
  readonly #folder: string;
  #over = false;
  #started = 0;
  readonly #killAll = () => {
    for (const child of this.#all) child.kill();
  };

  constructor(folder: string) {
    this.#folder = folder;
    process.once('exit', this.#killAll);
  }

  start(args: readonly string[]): Child {
    if (this.#over) throw new Error('the demo is over');
    // Each peer of the story gets its own home folder, as if on its own computer.
    const home = join(this.#folder, 'homes', String(++this.#started));
    const child = new Child(args, this.#folder, home);
    this.#all.add(child);
    const forget = () => this.#all.delete(child);
    child.ended.then(forget, forget);
    return child;
  }

  /** Resolves when all children have ended. */
  async end(): Promise<void> {
    this.#over = true;
    this.#killAll();
    await Promise.allSettled([...this.#all].map((child) => child.ended));
    process.off('exit', this.#killAll);
  }
}

/** Drops the variables for this program's flags: the user did not set them for the demo's children. */
function withoutFlags(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !name.startsWith('CICADA_') || name === 'CICADA_DEBUG');
  return Object.fromEntries(kept);
}
